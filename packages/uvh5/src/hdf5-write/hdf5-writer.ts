/** Writes one HDF5 file: superblock version 0, symbol tables, chunks under B-trees of version 1. */
import { ByteWriter } from "./byte-writer.ts";
import {
  chunkedMessage,
  contiguousMessage,
  dataspaceMessage,
  datatypeMessage,
  fillMessage,
  objectHeader,
  symbolTableMessage,
  typeBytes,
  type WriteType,
} from "./messages.ts";
import { RowAppender } from "./row-appender.ts";
import {
  GROUP_INTERNAL_K,
  GROUP_LEAF_K,
  type Placement,
  writeChunkTree,
  writeGlobalHeap,
  writeSymbolTable,
} from "./trees.ts";

/** Where the file's bytes go. */
export interface ByteTarget {
  write(bytes: Uint8Array, offsetBytes: number): void;
}

/** Bytes that the superblock and the first structures take; a file that was never closed declares this as its end. */
const FIRST_FREE_BYTE = 2048;

interface GroupNode {
  readonly members: Map<string, GroupNode | number>;
}

/**
 * Data is written as it comes, metadata when the file is finished: until then the superblock declares an end
 * that is not the file's, like that of a libhdf5 writer which did not flush.
 */
export class Hdf5Writer implements Placement {
  readonly #target: ByteTarget;
  readonly #root: GroupNode = { members: new Map() };
  readonly #appenders = new Map<string, RowAppender>();
  #end = FIRST_FREE_BYTE;

  constructor(target: ByteTarget) {
    this.#target = target;
    target.write(new Uint8Array(FIRST_FREE_BYTE), 0);
    target.write(superblock(FIRST_FREE_BYTE, 96, 0, 0), 0);
  }

  nextAddress(): number {
    return Math.ceil(this.#end / 8) * 8;
  }

  place(bytes: Uint8Array): number {
    const at = this.nextAddress();
    this.#target.write(bytes, at);
    this.#end = at + bytes.length;
    return at;
  }

  /** A dataset of fixed shape, written at once. [] for a scalar. */
  dataset(path: string, type: WriteType, shape: readonly number[], bytes: Uint8Array): void {
    const expected = shape.reduce((product, size) => product * size, typeBytes(type));
    if (bytes.length !== expected) throw new RangeError(`${path}: expected ${expected} bytes, found ${bytes.length}`);
    const address = this.place(bytes);
    const messages = [
      dataspaceMessage(shape),
      datatypeMessage(type),
      fillMessage(type, false),
      contiguousMessage(address, expected),
    ];
    this.#link(path, this.place(objectHeader(messages)));
  }

  /** A scalar variable-length string. */
  vlenString(path: string, text: string): void {
    const bytes = new TextEncoder().encode(text);
    const reference = new ByteWriter().u32(bytes.length);
    if (bytes.length === 0) reference.zeros(12);
    else reference.u64(writeGlobalHeap(this, [bytes])).u32(1);
    this.dataset(path, { kind: "vlen-string" }, [], reference.done());
  }

  /** A chunked dataset that grows along its first dimension. */
  growing(path: string, type: WriteType, rowShape: readonly number[], chunkShape: readonly number[]): RowAppender {
    const appender = new RowAppender(this, type, rowShape, chunkShape);
    this.#appenders.set(path, appender);
    return appender;
  }

  /** Writes what is pending and all metadata; the superblock comes last. @returns the size of the file */
  finish(): number {
    for (const [path, appender] of this.#appenders) {
      const { rowCount, rowShape, chunks, type } = appender.finish();
      const tree = writeChunkTree(this, chunks);
      const messages = [
        dataspaceMessage([rowCount, ...rowShape], [-1, ...rowShape]),
        datatypeMessage(type),
        fillMessage(type, true),
        chunkedMessage(tree, chunks.chunkShape, chunks.elementBytes),
      ];
      this.#link(path, this.place(objectHeader(messages)));
    }
    const { header, btree, heap } = this.#writeGroup(this.#root);
    const end = this.nextAddress();
    if (end > this.#end) this.#target.write(new Uint8Array(end - this.#end), this.#end);
    this.#target.write(superblock(end, header, btree, heap), 0);
    return end;
  }

  #link(path: string, address: number): void {
    const names = path.split("/");
    const last = names.pop() as string;
    let group = this.#root;
    for (const name of names) {
      let next = group.members.get(name);
      if (next === undefined) {
        next = { members: new Map() };
        group.members.set(name, next);
      }
      if (typeof next === "number") throw new RangeError(`${path}: ${name} is a dataset`);
      group = next;
    }
    if (group.members.has(last)) throw new RangeError(`${path}: written twice`);
    group.members.set(last, address);
  }

  #writeGroup(group: GroupNode): { readonly header: number; readonly btree: number; readonly heap: number } {
    const members = new Map<string, number>();
    for (const [name, member] of group.members)
      members.set(name, typeof member === "number" ? member : this.#writeGroup(member).header);
    const { btree, heap } = writeSymbolTable(this, members);
    return { btree, heap, header: this.place(objectHeader([symbolTableMessage(btree, heap)])) };
  }
}

function superblock(end: number, rootHeader: number, btree: number, heap: number): Uint8Array {
  const writer = new ByteWriter().u8(0x89).ascii("HDF\r\n").u8(0x1a).ascii("\n");
  writer.u8(0, 0, 0, 0, 0, 8, 8, 0).u16(GROUP_LEAF_K, GROUP_INTERNAL_K).u32(0);
  writer.u64(0).undefined64().u64(end).undefined64();
  return writer.u64(0, rootHeader).u32(1, 0).u64(btree, heap).done();
}
