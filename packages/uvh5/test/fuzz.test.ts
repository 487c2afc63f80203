import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isUvh5Error } from "../src/errors.ts";
import { bytesInMemory } from "../src/hdf5/byte-source.ts";
import { type Container, readContainer } from "../src/hdf5/container.ts";
import type { Dataset } from "../src/hdf5/dataset.ts";
import { judgeWhole } from "../src/is-whole.ts";
import { nodeCodecs } from "../src/node.ts";
import { hdf5Bytes, openUvh5Source } from "../src/open-uvh5.ts";
import { type Snapshot, sameSnapshot, snapshot } from "./snapshot.ts";

/** Mutations over all files together; 10⁶ with CONTIMG_FUZZ=1000000. */
const MUTATIONS = Number(process.env.CONTIMG_FUZZ ?? 100_000);
/** Another seed makes other mutations, with CONTIMG_FUZZ_SEED. */
const SEED = Number(process.env.CONTIMG_FUZZ_SEED ?? 0x5eed);
/** One open and read of these files takes a tenth of a millisecond to one; a hang is another order. */
const LONGEST_MS = 2000;
const LARGEST_GROWTH_BYTES = 400 << 20;

const FILES = [
  "fuzz-legacy.uvh5",
  "fuzz-current-lzf.uvh5",
  "fuzz-fletcher32.uvh5",
  "fuzz-contiguous.uvh5",
  "fuzz-superblock-3.uvh5",
];

/** A small fast generator with a fixed seed (mulberry32), so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function* datasetsOf(members: Container["members"]): Generator<Dataset> {
  for (const member of members.values()) {
    if (member.kind === "group") yield* datasetsOf(member.members);
    else if (member.kind === "dataset") yield member.dataset;
  }
}

type Interval = readonly [startByte: number, endByte: number];

/** Bytes of a dataset's values in the file. */
function storage({ layout, chunks, shape, type }: Dataset): Interval[] {
  if (layout.kind === "compact") return [[layout.address, layout.address + layout.bytes.length]];
  if (layout.kind === "contiguous")
    return [[layout.address, layout.address + (shape ?? []).reduce((a, b) => a * b, shape === null ? 0 : type.bytes)]];
  const found: Interval[] = [];
  for (const [i, address] of (chunks?.addressBytes ?? []).entries())
    found.push([address, address + (chunks?.storedBytes[i] as number)]);
  return found;
}

const STRUCTURE = 1;
const PAYLOAD = 2;

/**
 * What each byte of a file is: part of a structure, a value (nothing in HDF5 protects it, unless there is a checksum
 * filter), or free. Names of links and the texts of a global heap are values in this sense.
 */
function classify(bytes: Uint8Array, container: Container): Uint8Array {
  const kinds = new Uint8Array(bytes.length);
  for (const [start, end] of container.extents.intervals()) kinds.fill(STRUCTURE, start, end);
  for (const dataset of datasetsOf(container.members))
    for (const [start, end] of storage(dataset)) kinds.fill(PAYLOAD, start, end);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf("HEAP"); at >= 0; at = buffer.indexOf("HEAP", at + 1)) {
    const segment = Number(buffer.readBigUInt64LE(at + 24));
    kinds.fill(PAYLOAD, segment, segment + Number(buffer.readBigUInt64LE(at + 8)));
  }
  for (let at = buffer.indexOf("GCOL"); at >= 0; at = buffer.indexOf("GCOL", at + 1))
    kinds.fill(PAYLOAD, at, at + Number(buffer.readBigUInt64LE(at + 8)));
  return kinds;
}

/**
 * Why structures without a checksum may yield other values and no reader can know: the one bit that gives the byte
 * order of a type, the bit by which a chunk of no compression says that it skipped shuffle, and an address that now
 * lies on bytes which no structure of the file claims. Null for anything else.
 */
function explain(original: Container, mutated: Container, kinds: Uint8Array): string | null {
  const before = new Map([...datasetsOf(original.members)].map((dataset) => [dataset.path, dataset]));
  for (const dataset of datasetsOf(mutated.members)) {
    const was = before.get(dataset.path);
    if (was === undefined) return null;
    const order = (type: unknown): string =>
      JSON.stringify(type).replaceAll('"isBigEndian":true', '"isBigEndian":false');
    if (JSON.stringify(dataset.type) !== JSON.stringify(was.type))
      return order(dataset.type) === order(was.type) ? "byte order" : null;
    if (JSON.stringify(dataset.chunks?.skippedFilters) !== JSON.stringify(was.chunks?.skippedFilters))
      return "filter mask";
    const own = storage(was);
    for (const [i, [start, end]] of storage(dataset).entries()) {
      const [oldStart, oldEnd] = own[i] as Interval;
      if (start === oldStart && end === oldEnd) continue;
      for (let at = start; at < end; at++) if (kinds[at] !== 0 && !(at >= oldStart && at < oldEnd)) return null;
      return "moved to free bytes";
    }
  }
  return null;
}

const open = (bytes: Uint8Array) =>
  openUvh5Source({ ...bytesInMemory(bytes), close() {} }, nodeCodecs, { maxHeaderBytes: 64 << 20 });
const containerOf = (bytes: Uint8Array): Container => readContainer(hdf5Bytes(bytesInMemory(bytes), {}));

/** Changes one to eight bytes at `at`; the kinds of damage that disks, networks and programs make. */
function damage(bytes: Uint8Array, at: number, random: (below: number) => number): number {
  const kind = random(8);
  if (kind < 4) bytes[at] = (bytes[at] as number) ^ (1 << random(8));
  else if (kind === 4) bytes[at] = random(256);
  else if (kind === 5) bytes[at] = random(2) * 255;
  else {
    const end = Math.min(at + 1 + random(8), bytes.length);
    for (let i = at; i < end; i++) bytes[i] = kind === 6 ? 0 : random(256);
    return end;
  }
  return at + 1;
}

interface Tally {
  same: number;
  refused: number;
  payload: number;
  explained: Record<string, number>;
  slowestMs: number;
}

/** Reads one damaged file and says what came of it; throws for what must never happen. */
function judge(
  bytes: Uint8Array,
  reference: Snapshot,
  original: Container,
  kinds: Uint8Array,
  touched: Interval,
  tally: Tally,
  context: string,
): void {
  const began = process.cpuUsage();
  let found: Snapshot;
  try {
    found = snapshot(open(bytes));
  } catch (error) {
    if (!isUvh5Error(error)) throw new Error(`${context}: an error that is not of this package`, { cause: error });
    tally.refused++;
    return;
  } finally {
    // CPU time: a busy machine is no hang.
    const { user, system } = process.cpuUsage(began);
    tally.slowestMs = Math.max(tally.slowestMs, (user + system) / 1000);
  }
  if (sameSnapshot(found, reference)) {
    tally.same++;
    return;
  }
  if (kinds.subarray(...touched).includes(PAYLOAD)) {
    tally.payload++;
    return;
  }
  const reason = explain(original, containerOf(bytes), kinds);
  if (reason === null) throw new Error(`${context}: other values and no error`);
  tally.explained[reason] = (tally.explained[reason] ?? 0) + 1;
}

describe.each(FILES)("%s, damaged", (name) => {
  const pristine = new Uint8Array(readFileSync(join(import.meta.dirname, "corpus", name)));
  const bytes = pristine.slice();
  const original = containerOf(bytes);
  const kinds = classify(bytes, original);
  const structure = Uint32Array.from([...kinds.keys()].filter((at) => kinds[at] === STRUCTURE));
  const count = Math.ceil(MUTATIONS / FILES.length);

  it(`gives the same values, or an error, ${count} times`, { timeout: 60_000 + MUTATIONS * 5 }, () => {
    const reference = snapshot(open(bytes));
    const random = generator(SEED + FILES.indexOf(name));
    const tally: Tally = { same: 0, refused: 0, payload: 0, explained: {}, slowestMs: 0 };
    const memory = process.memoryUsage();
    for (let i = 0; i < count; i++) {
      // Nine of ten hit a structure: values are most of a file, and damage to them mostly cannot be seen.
      const at = random(10) < 9 ? (structure[random(structure.length)] as number) : random(bytes.length);
      const end = damage(bytes, at, random);
      judge(bytes, reference, original, kinds, [at, end], tally, `${name}, mutation ${i} of bytes ${at} to ${end}`);
      bytes.set(pristine.subarray(at, end), at);
    }
    expect(tally.slowestMs).toBeLessThan(LONGEST_MS);
    const after = process.memoryUsage();
    expect(after.rss - memory.rss).toBeLessThan(LARGEST_GROWTH_BYTES);
    expect(tally.refused).toBeGreaterThan(count / 10);
    if (process.env.CONTIMG_FUZZ !== undefined) console.info(name, tally);
  });
});

describe("a file with checksums", () => {
  it("refuses every flipped bit of its filtered data", () => {
    const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, "corpus", "fuzz-fletcher32.uvh5")));
    const data = containerOf(bytes).members.get("Data");
    if (data?.kind !== "group") throw new Error("no Data");
    let count = 0;
    for (const dataset of datasetsOf(data.members)) {
      for (const [start, end] of storage(dataset)) {
        for (let at = start; at < end; at += 3) {
          bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
          // Bits of a deflate stream that do not change what it gives are the only ones that may pass.
          let isRefused = false;
          try {
            snapshot(open(bytes));
          } catch (error) {
            isRefused = isUvh5Error(error, "corrupt");
          }
          expect(isRefused, `byte ${at}`).toBe(true);
          bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
          count++;
        }
      }
    }
    expect(count).toBeGreaterThan(200);
  });
});

describe("a file that is cut off", () => {
  it("is never judged complete, nor read, at any length", () => {
    for (const name of FILES) {
      const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, "corpus", name)));
      for (let length = 0; length < bytes.length; length += 97) {
        const part = bytes.subarray(0, length);
        expect(judgeWhole(bytesInMemory(part), nodeCodecs).verdict, `${name} at ${length}`).toBe("truncated");
        expect(() => open(part)).toThrow(/memory: (not an HDF5 file|damaged)/);
      }
      expect(judgeWhole(bytesInMemory(bytes), nodeCodecs).verdict).toBe("complete");
    }
  });
});
