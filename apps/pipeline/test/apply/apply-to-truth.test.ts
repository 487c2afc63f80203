/** From raw simulated files to CORRECTED_DATA, beside the sky and the gains that were put in. */

import { join } from "node:path";
import { openTable } from "@contimg/casacore-tables/node";
import { gainIndex } from "@contimg/kernels/solve";
import { beforeAll, describe, expect, test } from "vitest";
import { applyBlocksOf } from "../../src/adapters/fs/ms-calibration/apply-ms.ts";
import { CalibratedReader } from "../../src/adapters/fs/ms-calibration/calibrated-reader.ts";
import { prepareApplication } from "../../src/adapters/fs/ms-calibration/ms-application.ts";
import { defaultApplyOptions } from "../../src/domain/cal-apply.ts";
import { contimg, type Ran } from "../e2e/run-contimg.ts";
import { readSkyGroup, type SkyGroup } from "../solve/simulated-sky.ts";
import { applyTo, copyOfMs, type MsColumns, readColumns, type SolvedGroup, solvedGroup } from "./applied-group.ts";

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Calibrated by tables, over calibrated by the gains put in: for each baseline the mean over times and channels. */
function ratiosToTruth(msPath: string, columns: MsColumns, { truth, gains, freqHz }: SkyGroup): readonly number[] {
  using main = openTable(msPath);
  using antennas = main.subtable("ANTENNA");
  using spectral = main.subtable("SPECTRAL_WINDOW");
  const names = antennas.column("NAME").getScalarRange(0, antennas.rowCount) as string[];
  const stations = truth.layout.antenna_order_stations.map(String);
  const indexOf = names.map((name) => stations.indexOf(name));
  const bins = Array.from({ length: spectral.rowCount }, (_, spw) =>
    Array.from(spectral.column("CHAN_FREQ").getArray(spw).data as Float64Array, (hz) =>
      freqHz.findIndex((other) => Math.abs(other - hz) < 1),
    ),
  );
  const ints = (name: string) => main.column(name).getScalarRange(0, main.rowCount) as Int32Array;
  const [ant1, ant2, windows] = [ints("ANTENNA1"), ints("ANTENNA2"), ints("DATA_DESC_ID")];
  const sums = new Map<string, [re: number, im: number, power: number]>();
  for (let row = 0; row < columns.rowCount; row++) {
    const [i, j] = [indexOf[ant1[row]!]!, indexOf[ant2[row]!]!];
    for (let at = 0; at < columns.perRow; at++) {
      const k = row * columns.perRow + at;
      if (columns.flags[k] !== 0) continue;
      const [chan, pol] = [at >> 1, at & 1];
      const bin = bins[windows[row]!]![chan]!;
      const [a, b] = [gainIndex(gains, 0, i, bin, pol), gainIndex(gains, 0, j, bin, pol)];
      const g = gains.gains;
      const gRe = g[2 * a]! * g[2 * b]! + g[2 * a + 1]! * g[2 * b + 1]!;
      const gIm = g[2 * a + 1]! * g[2 * b]! - g[2 * a]! * g[2 * b + 1]!;
      // Corrected × true gains is DATA, if the gains found are those put in.
      const [re, im] = [columns.corrected![2 * k]!, columns.corrected![2 * k + 1]!];
      const [xRe, xIm] = [re * gRe - im * gIm, re * gIm + im * gRe];
      const [dRe, dIm] = [columns.data[2 * k]!, columns.data[2 * k + 1]!];
      const sum = sums.get(`${i} ${j} ${pol}`) ?? [0, 0, 0];
      sums.set(`${i} ${j} ${pol}`, [
        sum[0] + xRe * dRe + xIm * dIm,
        sum[1] + xIm * dRe - xRe * dIm,
        sum[2] + dRe * dRe + dIm * dIm,
      ]);
    }
  }
  return [...sums.values()].map(([re, im, power]) => Math.hypot(re / power - 1, im / power));
}

describe.each([33, 5151])("raw files of seed %i, converted, flagged, solved and applied", (seed) => {
  let group: SolvedGroup;
  let applied: Ran;
  let before: MsColumns;
  let after: MsColumns;
  beforeAll(() => {
    group = solvedGroup(seed);
    before = readColumns(group.msPath);
    applied = applyTo(group.msPath, group, "--mode", "corrected-data");
    after = readColumns(group.msPath);
  }, 120_000);

  test("say what was chosen, planned and done", () => {
    expect(applied.status, applied.stderr).toBe(0);
    expect(applied.events.map(({ event }) => event)).toEqual(["cal_chosen", "cal_plan", "cal_applied"]);
    expect(applied.events[1]!["terms"]).toMatchObject([
      { table_type: "BP", kind: "bandpass", time_interpolation: "nearest", freq_interpolation: "linearflag" },
      { table_type: "GP", kind: "gain", time_interpolation: "linear" },
      { table_type: "2G", kind: "gain", time_interpolation: "linear" },
    ]);
    const { amplitude_ratio: found, expected_ratio: expected } = applied.events[2] as Record<string, number>;
    expect(found! / expected!).toBeGreaterThan(0.7);
    expect(found! / expected!).toBeLessThan(1.4);
  });

  test("become what the gains put in make of them, to 1.5 % in the median baseline", () => {
    const sky = readSkyGroup(group.raw);
    const ratios = ratiosToTruth(group.msPath, after, sky);
    expect(ratios.length).toBeGreaterThan(150);
    expect(median(ratios)).toBeLessThan(0.015);
    expect(Math.max(...ratios)).toBeLessThan(0.1);
  });

  test("keep DATA, and every flag that was there", () => {
    expect(after.data).toEqual(before.data);
    expect(before.flags.every((flag, at) => flag <= after.flags[at]!)).toBe(true);
    expect(before.corrected).toBeNull();
  });

  test("read on the fly give the same numbers, bit for bit, whatever was applied before", () => {
    const paths = ["_bpcal", "_gpcal", "_2gcal"].map((suffix) => `${group.prefix}${suffix}`);
    const { ms, factors } = prepareApplication({
      msPath: group.msPath,
      dataColumn: "DATA",
      requests: paths.map((path) => ({ type: null, orderIndex: null, paths: [path] })),
      options: defaultApplyOptions,
    });
    using main = openTable(group.msPath);
    const reader = new CalibratedReader(main, ms, { factors, calibratesWeights: true });
    const [corrCount, perRow] = [2, after.perRow];
    for (const block of applyBlocksOf(ms)) {
      const { vis, flags, weights, spectralWeights } = reader.read(block);
      const part = <T extends Float32Array | Uint8Array>(values: T, each: number) =>
        Buffer.from(
          values.buffer,
          values.byteOffset + block.rowStart * each * values.BYTES_PER_ELEMENT,
          (block.rowEnd - block.rowStart) * each * values.BYTES_PER_ELEMENT,
        );
      const bytes = (values: Float32Array | Uint8Array) =>
        Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      expect(bytes(vis).equals(part(after.corrected!, 2 * perRow))).toBe(true);
      expect(bytes(flags).equals(part(after.flags, perRow))).toBe(true);
      expect(bytes(weights).equals(part(after.weights, corrCount))).toBe(true);
      expect(bytes(spectralWeights!).equals(part(after.spectralWeights, perRow))).toBe(true);
    }
  });

  test("applied twice are what they are applied once, and without weights have those of before", () => {
    const again = applyTo(group.msPath, group, "--mode", "corrected-data");
    expect(again.status, again.stderr).toBe(0);
    expect(again.events[2]!["flag_version"]).toBe("before_contimg_applycal");
    const twice = readColumns(group.msPath);
    for (const name of ["corrected", "flags", "flagRows", "weights", "spectralWeights", "data"] as const)
      expect(Buffer.from(twice[name]!.buffer).equals(Buffer.from(after[name]!.buffer)), name).toBe(true);
    const copy = copyOfMs(group.msPath);
    expect(applyTo(copy, group, "--mode", "corrected-data", "--no-calwt").status).toBe(0);
    const plain = readColumns(copy);
    expect(plain.weights).toEqual(before.weights);
    expect(plain.spectralWeights).toEqual(before.spectralWeights);
    expect(plain.corrected).toEqual(after.corrected);
    expect(plain.columnNames.toSorted()).toEqual([...before.columnNames, "CORRECTED_DATA"].toSorted());
    expect(contimg("ms", "verify", copy).status).toBe(0);
  });

  test("say in HISTORY which tables, how, and by whom", () => {
    using history = openTable(join(group.msPath, "HISTORY"));
    const messages = history.column("MESSAGE").getScalarRange(0, history.rowCount) as string[];
    const origins = history.column("ORIGIN").getScalarRange(0, history.rowCount) as string[];
    const ours = messages.filter((_, row) => origins[row] === "contimg cal apply");
    expect(ours[0]).toMatch(/^contimg [\d.]+: CORRECTED_DATA from DATA$/);
    expect(ours[1]).toBe(`BP ${group.prefix}_bpcal: bandpass, nearest in time, linearflag in frequency`);
    expect(ours[4]).toContain('"calibratesWeights":true');
    expect(ours[6]).toMatch(/^flags crc32 [0-9a-f]{8} from before_contimg_applycal$/);
  });
});
