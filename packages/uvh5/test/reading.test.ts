import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readContainer } from "../src/hdf5/container.ts";
import * as front from "../src/index.ts";
import { isUvh5Error, nodeCodecs, openUvh5 } from "../src/node.ts";
import { hdf5Bytes } from "../src/open-uvh5.ts";

const CORPUS = join(import.meta.dirname, "corpus");
const open = (name: string, options = {}) => openUvh5(join(CORPUS, name), options);

describe("readRows", () => {
  it("refuses ranges and buffers that do not fit, naming them", () => {
    using file = open("legacy.uvh5");
    const { bltCount } = file.header;
    expect(() => file.readRows({ bltStart: 0, bltEnd: bltCount + 1 }, {})).toThrow(/expected a range within 0 to 45/);
    expect(() => file.readRows({ bltStart: 0, bltEnd: 2 }, { vis: new Float32Array(79) })).toThrow(
      /buffer vis: expected at least 80 elements, found 79/,
    );
    expect(() => file.readRows({ bltStart: 0, bltEnd: 2 }, { flags: new Uint8Array(39) })).toThrow(/buffer flags/);
  });

  it("reads nothing of an empty range", () => {
    using file = open("legacy.uvh5");
    const vis = new Float32Array(4).fill(7);
    expect(file.readRows({ bltStart: 3, bltEnd: 3 }, { vis, flags: new Uint8Array(1) })).toEqual({
      flagsUniform: undefined,
      nsamplesUniform: undefined,
    });
    expect([...vis]).toEqual([7, 7, 7, 7]);
  });

  it("touches no element past the range, and none of an array that is uniform when told to leave it", () => {
    for (const name of ["legacy-uniform.uvh5", "lzf-uniform.uvh5", "legacy-one-pol-chunks.uvh5"]) {
      using file = open(name);
      const perRow = file.header.channelCount * file.header.polarizationCount;
      const flags = new Uint8Array(10 * perRow).fill(9);
      const nsamples = new Float32Array(10 * perRow).fill(9);
      const range = { bltStart: 5, bltEnd: 9 };
      expect(file.readRows(range, { flags, nsamples }, { skipUniform: true })).toEqual({
        flagsUniform: 0,
        nsamplesUniform: 96,
      });
      expect(flags.every((flag) => flag === 9) && nsamples.every((n) => n === 9)).toBe(true);
      expect(file.readRows(range, { flags, nsamples })).toEqual({ flagsUniform: 0, nsamplesUniform: 96 });
      expect(flags.findIndex((flag) => flag === 9)).toBe(4 * perRow);
      expect(nsamples.findIndex((n) => n === 9)).toBe(4 * perRow);
    }
  });

  it("fills in an array that is not uniform even when told to leave uniform ones", () => {
    using file = open("legacy.uvh5");
    const count = 45 * file.header.channelCount * file.header.polarizationCount;
    const read = (skipUniform: boolean) => {
      const flags = new Uint8Array(count).fill(9);
      const nsamples = new Float32Array(count).fill(9);
      expect(file.readRows({ bltStart: 0, bltEnd: 45 }, { flags, nsamples }, { skipUniform })).toEqual({
        flagsUniform: undefined,
        nsamplesUniform: undefined,
      });
      return { flags, nsamples };
    };
    expect(read(true)).toEqual(read(false));
    expect(read(true).flags.every((flag) => flag <= 1)).toBe(true);
  });

  it("refuses flags that are neither 0 nor 1, among others and alone", () => {
    for (const everywhere of [false, true]) {
      const bytes = new Uint8Array(readFileSync(join(CORPUS, "legacy-uniform.uvh5")));
      const data = readContainer(hdf5Bytes(front.bytesInMemory(bytes), {})).members.get("Data");
      const flags = data?.kind === "group" ? data.members.get("flags") : undefined;
      if (flags?.kind !== "dataset" || flags.dataset.chunks === null) throw new Error("no chunks of flags");
      const { addressBytes, storedBytes } = flags.dataset.chunks;
      for (const [i, address] of addressBytes.entries()) {
        if (everywhere) bytes.fill(3, address, address + (storedBytes[i] as number));
        else bytes[address + 5] = 2;
      }
      const file = front.openUvh5Source({ ...front.bytesInMemory(bytes), close: () => undefined }, nodeCodecs);
      const range = { bltStart: 0, bltEnd: file.header.bltCount };
      const into = { flags: new Uint8Array(range.bltEnd * file.header.channelCount * 2) };
      expect(() => file.readRows(range, into)).toThrow(/Data\/flags: expected bytes of 0 or 1/);
    }
  });

  it("needs an open file", () => {
    const file = open("legacy.uvh5");
    file.close();
    file.close();
    expect(() => file.readRows({ bltStart: 0, bltEnd: 1 }, {})).toThrow(/read after close/);
  });
});

describe("openUvh5", () => {
  it("refuses what the own reader does not know when there must be no fallback", () => {
    expect(() => open("bitshuffle.uvh5", { fallback: "refuse" })).toThrow(
      expect.objectContaining({ tag: "unsupported", found: "bitshuffle" }),
    );
    expect(() => open("latest-gzip.uvh5", { fallback: "refuse" })).toThrow(
      expect.objectContaining({ tag: "unsupported" }),
    );
  });

  it("gives the system's error for a path that is not there", () => {
    expect(() => open("nothing.uvh5")).toThrow(expect.objectContaining({ code: "ENOENT" }));
  });

  it("keeps to the limit on memory", () => {
    expect(() => open("legacy.uvh5", { maxHeaderBytes: 100 })).toThrow(expect.objectContaining({ tag: "limit" }));
  });

  it("gives the same whatever the size of metadata pages", () => {
    for (const metadataPageBytes of [512, 65536]) {
      using file = open("legacy.uvh5", { metadataPageBytes });
      expect(file.header.bltCount).toBe(45);
    }
  });

  it("suggests blocks that are multiples of the chunks' rows", () => {
    using file = open("fuzz-legacy.uvh5");
    expect(file.blockRowCount).toBeGreaterThan(0);
    expect(file.blockRowCount).toBeLessThanOrEqual(file.header.bltCount);
  });
});

describe("the package's front", () => {
  it("narrows errors by tag", () => {
    const error = new front.NotHdf5Error({ file: "f", field: "superblock", expected: "a", found: "b" });
    expect(error.message).toBe("f: not an HDF5 file: superblock: expected a, found b");
    expect([
      isUvh5Error(error),
      isUvh5Error(error, "corrupt"),
      isUvh5Error(error, "not-hdf5", "limit"),
      isUvh5Error(new Error("x")),
    ]).toEqual([true, false, true, false]);
  });

  it.each([
    ["/a/b_sb00_incomplete.hdf5", true],
    ["/a/.2025-10-03T11:48:50_sb00.hdf5.x7Gq2a", true],
    ["a.hdf5.part", true],
    ["/a.b/2025-10-03T11:48:50_sb00.hdf5", false],
    ["/incoming_incomplete/x.hdf5", false],
  ])("takes %s for temporary: %s", (path, expected) => {
    expect(front.isTemporaryName(path)).toBe(expected);
  });
});
