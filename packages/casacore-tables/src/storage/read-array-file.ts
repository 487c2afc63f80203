/** The file `table.fNi`: arrays of any shape, each found by its offset, for managers whose buckets hold fixed sizes. */
import { decodeText } from "../aipsio/text.ts";
import { TableFormatError, UnsupportedFormatError } from "../errors.ts";
import { type NumericType, numericLayouts } from "../table/data-types.ts";
import type { DataType, NumericArray } from "../table/model.ts";
import { assertInside, type ByteSource, PagedReader } from "./byte-source.ts";
import { readBitsAt, readNumbersAt } from "./stored-column.ts";

const headerBytes = 16;
/** Version 1 has a reference count before each array (IncrementalStMan). */
const maxVersion = 1;
/** More axes than casacore arrays are made with; a damaged count is caught here. */
const maxAxisCount = 64;

interface ArrayHeader {
  readonly offsetBytes: number;
  readonly shape: readonly number[];
  readonly elementCount: number;
  readonly dataBytes: number;
}

/** Reads arrays by offset. Each array's extent is checked against the file before it is read. */
export class ArrayFileReader {
  private readonly pages: PagedReader;
  private readonly source: ByteSource;
  private readonly hasReferenceCounts: boolean;
  private lastHeader: ArrayHeader | undefined;

  constructor(source: ByteSource, littleEndian: boolean) {
    this.source = source;
    this.pages = new PagedReader(source, littleEndian);
    const version = this.pages.u32(0, "version of the array file");
    if (version > maxVersion) {
      throw new UnsupportedFormatError(source.name, "array file", `versions up to ${maxVersion}`, `${version}`);
    }
    this.hasReferenceCounts = version > 0;
  }

  close(): void {
    this.source.close();
  }

  private header(offsetBytes: number, type: Exclude<DataType, "record">): ArrayHeader {
    if (this.lastHeader?.offsetBytes === offsetBytes) return this.lastHeader;
    if (!(Number.isSafeInteger(offsetBytes) && offsetBytes >= headerBytes)) {
      throw new TableFormatError(this.source.name, "offset of an array", `${headerBytes} or more`, `${offsetBytes}`);
    }
    let at = offsetBytes + (this.hasReferenceCounts ? 4 : 0);
    const axisCount = this.pages.u32(at, "number of axes of an array");
    if (axisCount > maxAxisCount) {
      throw new TableFormatError(
        this.source.name,
        `number of axes of the array at byte ${offsetBytes}`,
        `at most ${maxAxisCount}`,
        `${axisCount}`,
      );
    }
    const shape: number[] = [];
    let elementCount = axisCount === 0 ? 0 : 1;
    for (let axis = 0; axis < axisCount; axis++) {
      at += 4;
      const length = this.pages.i32(at, "shape of an array");
      if (length < 0) {
        throw new TableFormatError(
          this.source.name,
          `shape of the array at byte ${offsetBytes}`,
          "0 or more",
          `${length}`,
        );
      }
      shape.push(length);
      elementCount *= length;
    }
    at += 4;
    const bits = type === "bool" ? 1 : type === "string" ? 32 : numericLayouts[type].elementBytes * 8;
    assertInside(this.source, at, Math.ceil((elementCount * bits) / 8), `array at byte ${offsetBytes}`);
    this.lastHeader = { offsetBytes, shape, elementCount, dataBytes: at };
    return this.lastHeader;
  }

  shapeAt(offsetBytes: number, type: Exclude<DataType, "record">): readonly number[] {
    return this.header(offsetBytes, type).shape;
  }

  /** @returns the number of elements of `into` written */
  readNumbers(offsetBytes: number, type: NumericType, into: NumericArray, intoStart: number): number {
    const header = this.header(offsetBytes, type);
    const what = `array at byte ${offsetBytes}`;
    const count = header.elementCount * numericLayouts[type].parts;
    if (type === "bool") {
      readBitsAt(this.pages, header.dataBytes, 0, count, into as Uint8Array, intoStart, what);
    } else {
      readNumbersAt(this.pages, header.dataBytes, type, into, intoStart, intoStart + count, what);
    }
    return count;
  }

  /** @returns the number of strings written */
  readStrings(offsetBytes: number, into: string[], intoStart: number): number {
    const header = this.header(offsetBytes, "string");
    for (let i = 0; i < header.elementCount; i++) {
      const stringBytes = this.pages.u32(header.dataBytes + 4 * i, "offset of a string");
      into[intoStart + i] = stringBytes === 0 ? "" : this.stringAt(stringBytes);
    }
    return header.elementCount;
  }

  private stringAt(offsetBytes: number): string {
    const byteCount = this.pages.u32(offsetBytes, "length of a string");
    return decodeText(this.pages.bytes(offsetBytes + 4, byteCount, "string"));
  }
}
