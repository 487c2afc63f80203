import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bytesInMemory } from "../src/hdf5/byte-source.ts";
import { readContainer } from "../src/hdf5/container.ts";
import type { Datatype } from "../src/hdf5/datatype.ts";
import { isWhole, nodeCodecs, openUvh5 } from "../src/node.ts";
import { hdf5Bytes } from "../src/open-uvh5.ts";
import { storedTree } from "../src/own-container.ts";
import type { StoredGroup } from "../src/stored.ts";

const CORPUS = join(import.meta.dirname, "corpus");

interface Golden {
  readonly engine: "own" | "h5wasm";
  readonly whole: readonly [verdict: string, code: string];
  readonly datasets: Readonly<
    Record<string, { readonly shape: readonly number[] | null; readonly sha256: string | null }>
  >;
  readonly rows: Readonly<Record<"vis32" | "vis64" | "flags" | "nsamples", string>>;
}

const golden: Readonly<Record<string, Golden>> = JSON.parse(readFileSync(join(CORPUS, "golden.json"), "utf8"));
const files = readdirSync(CORPUS).filter((name) => name.endsWith(".uvh5"));

const sha256 = (data: string | NodeJS.ArrayBufferView): string => createHash("sha256").update(data).digest("hex");

/** The order in which the golden hashes were made. */
function toLittleEndian(bytes: Uint8Array, type: Datatype): Uint8Array {
  const part = type.kind === "complex" ? type.part : type;
  if (!("isBigEndian" in part) || !part.isBigEndian) return bytes;
  const swapped = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++)
    swapped[i] = bytes[i - (i % part.bytes) + part.bytes - 1 - (i % part.bytes)] as number;
  return swapped;
}

function hashes(
  group: StoredGroup,
  into: Record<string, { shape: readonly number[] | null; sha256: string | null }> = {},
) {
  for (const member of group.members.values()) {
    if (member.kind === "unsupported") throw member.error;
    if (member.kind === "group") hashes(member, into);
    else if (member.shape === null) into[member.path] = { shape: null, sha256: null };
    else {
      const data =
        member.type.kind === "vlen-string"
          ? member.readVlenStrings().join("\0")
          : toLittleEndian(member.readBytes(), member.type);
      into[member.path] = { shape: member.shape, sha256: sha256(data) };
    }
  }
  return into;
}

it("a chunk that was never written is refused unless it may be filled", () => {
  using file = openUvh5(join(CORPUS, "missing-chunks.uvh5"));
  const nsamples = new Float32Array(file.header.bltCount * file.header.channelCount * file.header.polarizationCount);
  expect(() => file.readRows({ bltStart: 0, bltEnd: file.header.bltCount }, { nsamples })).toThrow(
    /Data\/nsamples: expected stored bytes, found none/,
  );
});

it("the golden file names every file of the corpus", () => {
  expect(Object.keys(golden).sort()).toEqual([...files].sort());
  expect(files.length).toBeGreaterThan(35);
});

describe.each(files)("%s", (name) => {
  const path = join(CORPUS, name);
  const expected = golden[name] as Golden;

  // Files of the fallback have no tree of the own reader.
  if (expected.engine === "own")
    it("gives every dataset as h5py does", () => {
      const hdf5 = hdf5Bytes(bytesInMemory(readFileSync(path), path), { missingChunks: "fill" });
      const found = hashes(storedTree(hdf5, nodeCodecs, readContainer(hdf5)));
      for (const [dataset, hash] of Object.entries(expected.datasets)) {
        // h5py visits an object of several names once.
        expect(found[dataset], dataset).toEqual(hash);
      }
    });

  it("gives the rows as h5py does, at once and in odd blocks, in both precisions", () => {
    using file = openUvh5(path, { missingChunks: "fill" });
    expect(file.engine).toBe(expected.engine);
    const { bltCount, channelCount, polarizationCount } = file.header;
    const perRow = channelCount * polarizationCount;
    for (const step of [Math.max(1, bltCount), 7, 17]) {
      if (step !== bltCount && expected.engine === "h5wasm" && step === 7) continue;
      const vis = new Float32Array(2 * bltCount * perRow).fill(-1);
      const vis64 = new Float64Array(2 * bltCount * perRow).fill(-1);
      const flags = new Uint8Array(bltCount * perRow).fill(9);
      const nsamples = new Float32Array(bltCount * perRow).fill(-1);
      for (let bltStart = 0; bltStart < bltCount; bltStart += step) {
        const range = { bltStart, bltEnd: Math.min(bltCount, bltStart + step) };
        const part = { flags: flags.subarray(bltStart * perRow), nsamples: nsamples.subarray(bltStart * perRow) };
        file.readRows(range, { vis: vis.subarray(2 * bltStart * perRow), ...part });
        file.readRows(range, { vis: vis64.subarray(2 * bltStart * perRow) });
      }
      expect({ vis32: sha256(vis), flags: sha256(flags), nsamples: sha256(nsamples) }).toEqual({
        vis32: expected.rows.vis32,
        flags: expected.rows.flags,
        nsamples: expected.rows.nsamples,
      });
      expect(sha256(vis64)).toBe(expected.rows.vis64);
    }
  });

  it("has the header arrays that h5py gives", () => {
    using file = openUvh5(path, { missingChunks: "fill" });
    const { header } = file;
    const hash = (item: string): string | null | undefined => expected.datasets[`Header/${item}`]?.sha256;
    expect(sha256(header.timeJd)).toBe(hash("time_array"));
    expect(sha256(header.integrationTimeSec)).toBe(hash("integration_time"));
    expect(sha256(BigInt64Array.from(header.ant1, BigInt))).toBe(hash("ant_1_array"));
    expect(sha256(BigInt64Array.from(header.ant2, BigInt))).toBe(hash("ant_2_array"));
    expect(sha256(Float32Array.from(header.uvwM as Float64Array))).toBe(hash("uvw_array"));
    expect(sha256(header.freqHz)).toBe(hash("freq_array"));
    expect(sha256(header.antennaPositionsM)).toBe(hash("antenna_positions"));
    expect(header.antennaNames).toEqual([0, 3, 6, 9, 12, 15, 18].map((n) => `ant${n}`));
    expect(header.telescopeName).toBe("OVRO_MMA");
    expect(header.channelWidthHz.every((width) => width === 244140.625)).toBe(true);
    expect(header.extraKeywords.get("phase_center_epoch")).toBe("HADEC");
    expect(header.extraKeywords.get("big")).toBe(2n ** 62n + 1n);
    expect(header.extraKeywords.get("flag")).toBe(true);
    if (header.version !== null) {
      expect(header.channelWidthStoredSign).toBe(-1);
      expect(header.phaseCenterCatalog.get(7)).toMatchObject({
        name: "field",
        type: "sidereal",
        frame: "icrs",
        epochYear: 2000,
        timeJd: null,
        distancePc: null,
      });
      expect([...(header.phaseCenterIdArray ?? [])].every((id) => id === 7)).toBe(true);
      expect(sha256(header.appRaRad as Float64Array)).toBe(hash("phase_center_app_ra"));
      expect(header.hasSpwAxis).toBe(false);
    }
  });

  it("is judged as expected", () => {
    const { verdict, code, bltCount } = isWhole(path);
    expect([verdict, code]).toEqual(expected.whole);
    expect(bltCount).toBe(expected.datasets["Header/time_array"]?.shape?.[0]);
  });
});
