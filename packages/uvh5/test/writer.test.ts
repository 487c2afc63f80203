import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { describeWith, hasCommand, pythonPath, pythonWith, runCommand } from "../../../tools/oracles.ts";
import { createUvh5Writer, isWhole, openUvh5 } from "../src/node.ts";
import { integration, onSiteHeader, SMALL, startFile } from "./on-site-file.ts";

const folder = mkdtempSync(join(tmpdir(), "uvh5-writer-"));
afterAll(() => rmSync(folder, { recursive: true }));

const TIMES = 6;

describe("a file written in the on-site layout", () => {
  const path = join(folder, "2025-10-03T11:48:50_sb00.hdf5");
  const writer = startFile(path, SMALL, TIMES);

  it("has a temporary name and does not look whole until it is closed", () => {
    expect(writer.temporaryPath).toBe(join(folder, "2025-10-03T11:48:50_sb00_incomplete.hdf5"));
    expect(isWhole(writer.temporaryPath)).toMatchObject({ verdict: "writing", code: "END_NOT_WRITTEN" });
    expect(existsSync(path)).toBe(false);
    expect(writer.close()).toBe(path);
    expect(existsSync(writer.temporaryPath)).toBe(false);
    expect(() => writer.append(integration(SMALL, 0))).toThrow(/already closed/);
    expect(isWhole(path, { expectedTimeCount: TIMES })).toMatchObject({
      verdict: "complete",
      timeCount: TIMES,
      bltCount: 1260,
    });
  });

  it("gives back what was written", () => {
    using file = openUvh5(path);
    const { header } = file;
    const given = onSiteHeader(SMALL);
    expect(header).toMatchObject({
      timeCount: TIMES,
      baselineCount: 210,
      telescopeName: given.telescopeName,
      instrument: given.instrument,
      history: given.history,
      phaseType: "drift",
      antennaNames: given.antennaNames,
      antennaNumbers: given.antennaNumbers,
      antennaPositionsM: given.antennaPositionsM,
      freqHz: given.freqHz,
      polarizations: given.polarizations,
      channelWidthStoredSign: 1,
      hasSpwAxis: true,
      version: null,
    });
    expect(header.latitudeRad).toBeCloseTo(given.latitudeRad, 14);
    expect(header.extraKeywords.get("phase_center_epoch")).toBe("HADEC");
    const perTime = 210 * 16;
    for (let i = 0; i < TIMES; i++) {
      const expected = integration(SMALL, i);
      const vis = new Float32Array(2 * perTime);
      const flags = new Uint8Array(perTime);
      const nsamples = new Float32Array(perTime);
      const range = { bltStart: 210 * i, bltEnd: 210 * (i + 1) };
      expect(file.readRows(range, { vis, flags, nsamples })).toEqual({ flagsUniform: undefined, nsamplesUniform: 96 });
      expect(vis).toEqual(expected.vis);
      expect(flags).toEqual(expected.flags);
      expect(nsamples.every((n) => n === 96)).toBe(true);
      expect(header.timeJd.slice(range.bltStart, range.bltEnd).every((t) => t === expected.timeJd)).toBe(true);
      expect(header.ant1.slice(range.bltStart, range.bltEnd)).toEqual(expected.ant1);
      expect(header.ant2.slice(range.bltStart, range.bltEnd)).toEqual(expected.ant2);
      expect(header.uvwM?.slice(3 * range.bltStart, 3 * range.bltEnd)).toEqual(Float64Array.from(expected.uvwM));
    }
  });
});

/** A closed file of six integrations, for other programs to read. */
const forOthers = (name: string): string => startFile(join(folder, name), SMALL, TIMES).close();

describeWith(hasCommand("h5dump"), "a written file in h5dump", () => {
  it("has the names, types, shapes, limits, chunks and fill settings of the on-site writer", () => {
    const structure = runCommand("h5dump", ["-pH", forOthers("dump.hdf5")]);
    const lines = structure.split("\n").filter((line) => !line.includes("OFFSET") && !line.startsWith("HDF5"));
    expect(lines.join("\n")).toBe(readFileSync(join(import.meta.dirname, "golden/on-site-layout.txt"), "utf8"));
  });
});

describeWith(pythonWith("h5py"), "a written file in h5py", () => {
  it("gives the values that were written", () => {
    const path = forOthers("h5py.hdf5");
    const script = join(import.meta.dirname, "hash-datasets.py");
    const all = JSON.parse(runCommand(pythonPath, [script, path])) as Record<string, { rows: string[] }>;
    const [found] = Object.values(all);
    const given = Array.from({ length: TIMES }, (_, i) => integration(SMALL, i));
    const vis = Buffer.concat(given.map(({ vis }) => new Uint8Array(vis.buffer)));
    const flags = Buffer.concat(given.map(({ flags }) => flags as Uint8Array));
    const nsamples = new Float32Array(flags.length).fill(96);
    const hash = (data: NodeJS.ArrayBufferView): string => createHash("sha256").update(data).digest("hex");
    expect(found?.rows).toEqual([vis, flags, nsamples].map(hash));
    // Each of the 38 datasets of the layout, and the rows.
    expect(Object.keys(found ?? {}).length).toBe(39);
  });
});

describe("a file that is not whole", () => {
  it("cut at any multiple of 4 KiB is truncated", () => {
    const path = startFile(join(folder, "cut.hdf5"), SMALL, 3).close();
    const bytes = readFileSync(path);
    expect(bytes.length).toBeGreaterThan(40 * 4096);
    for (let length = 0; length < bytes.length; length += 4096) {
      const part = join(folder, "part.hdf5");
      writeFileSync(part, bytes.subarray(0, length));
      expect(isWhole(part), `${length} bytes`).toMatchObject({
        verdict: "truncated",
        code: length === 0 ? "EMPTY_FILE" : "SHORTER_THAN_DECLARED",
      });
      if (length > 0) expect(() => openUvh5(part)).toThrow(/cut off/);
    }
  });

  it("left by a writer that died is being written", () => {
    const writer = startFile(join(folder, "dead.hdf5"), SMALL, 2);
    writer.abandon();
    expect(isWhole(writer.temporaryPath)).toMatchObject({ verdict: "writing", code: "END_NOT_WRITTEN" });
    expect(() => openUvh5(writer.temporaryPath)).toThrow(/damaged/);
  });

  it("with a zero tail is corrupt or complete, never read with wrong structure", () => {
    const path = startFile(join(folder, "tail.hdf5"), SMALL, 2).close();
    const bytes = readFileSync(path);
    bytes.fill(0, bytes.length - 4096);
    writeFileSync(path, bytes);
    expect(isWhole(path)).toMatchObject({ verdict: "corrupt", code: "CORRUPT" });
  });

  it("of another kind says so", () => {
    const text = join(folder, "text.hdf5");
    writeFileSync(text, Buffer.from("not HDF5 at all\n".repeat(100)));
    expect(isWhole(text)).toMatchObject({ verdict: "corrupt", code: "NOT_HDF5" });
    expect(() => openUvh5(text)).toThrow(expect.objectContaining({ tag: "not-hdf5" }));
  });
});

describe("the writer", () => {
  it("refuses arrays that do not fit, and counts of baselines that change", () => {
    const writer = createUvh5Writer(join(folder, "odd.hdf5"), onSiteHeader(SMALL));
    const good = integration(SMALL, 0);
    expect(() => writer.append({ ...good, vis: good.vis.subarray(1) })).toThrow(
      /vis: expected 6720 elements, found 6719/,
    );
    writer.append(good);
    expect(() => writer.append(integration({ ...SMALL, antennaDataCount: 4 }, 1))).toThrow(/ant1: expected 210/);
    writer.abandon();
    expect(() => createUvh5Writer(join(folder, "x.hdf5"), { ...onSiteHeader(SMALL), antennaNames: [] })).toThrow(
      /antennaNames/,
    );
  });

  it("keeps its memory bounded while the file grows", () => {
    const writer = createUvh5Writer(join(folder, "long.hdf5"), onSiteHeader(SMALL));
    const one = integration(SMALL, 0);
    for (let i = 0; i < 50; i++) writer.append(one);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 400; i++) writer.append(one);
    const grown = process.memoryUsage().arrayBuffers - before;
    const path = writer.close();
    expect(statSync(path).size).toBeGreaterThan(20 << 20);
    // The index of chunks grows, a hundred bytes for 12 KiB; the data must not stay.
    expect(grown).toBeLessThan(10 << 20);
    using file = openUvh5(path);
    expect(file.header.timeCount).toBe(450);
  });
});
