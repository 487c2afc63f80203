import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { layOutAntennas } from "../../src/simulate/antenna-layout.ts";
import { unitGains } from "../../src/simulate/gains.ts";
import { integrationGeometry } from "../../src/simulate/geometry.ts";
import { NO_RFI } from "../../src/simulate/rfi.ts";
import { parseSky } from "../../src/simulate/sky-model.ts";
import { allocateVisibilities, type GroupPlan, simulateIntegration } from "../../src/simulate/visibilities.ts";

interface Golden {
  /** ITRF minus the array centre, metres, by station. */
  readonly stations: Readonly<Record<string, readonly number[]>>;
  readonly ptDecRad: number;
  readonly cases: readonly {
    readonly timeJd: number;
    readonly freqHz: number;
    readonly sources: readonly unknown[];
    /** [station 1, station 2] */
    readonly re: readonly (readonly number[])[];
    readonly im: readonly (readonly number[])[];
  }[];
}

const golden = JSON.parse(readFileSync(resolve(import.meta.dirname, "golden/visibilities.json"), "utf8")) as Golden;
const stations = Object.keys(golden.stations).map(Number);
const all = layOutAntennas(96);
const antIndex = stations.map((station) => all.stationOrder.indexOf(station));

// Measured: 2e-9 m.
test("stations stand where ERFA's ellipsoid puts them", () => {
  for (const [station, offsetM] of Object.entries(golden.stations)) {
    const found = all.stationPositionsM.subarray(3 * (Number(station) - 1), 3 * Number(station));
    offsetM.forEach((value, axis) => expect(Math.abs(found[axis]! - value)).toBeLessThan(1e-8));
  }
});

// Measured: 1.2e-7 of the value, which is the rounding to float32.
test("noise-free visibilities of a perfect instrument equal those from ERFA's directions and scipy's beam to 1e-6", () => {
  for (const { timeJd, freqHz, sources, re, im } of golden.cases) {
    const sky = parseSky(JSON.stringify(sources));
    const plan: GroupPlan = {
      seed: 1,
      groupIndex: 0,
      antennas: all,
      sky,
      freqHz: Float64Array.of(freqHz),
      channelWidthHz: 244_140.625,
      gains: { ...unitGains(96, 1), sefdJy: new Float64Array(192) },
      rfi: NO_RFI,
      noiseScaleFactor: 0,
      middleJd: timeJd,
    };
    const buffers = allocateVisibilities(plan, 1);
    simulateIntegration(plan, integrationGeometry(timeJd, golden.ptDecRad, sky, all.positionsM), 0, 0, 1, buffers);
    let comparedCount = 0;
    all.firstIndex.forEach((first, row) => {
      const one = antIndex.indexOf(first);
      const two = antIndex.indexOf(all.secondIndex[row]!);
      if (one < 0 || two < 0) return;
      comparedCount++;
      const expectedRe = re[one]![two]!;
      const expectedIm = one === two ? 0 : im[one]![two]!;
      const scale = Math.hypot(expectedRe, expectedIm);
      for (let pol = 0; pol < 2; pol++) {
        expect(Math.abs(buffers.vis[2 * (2 * row + pol)]! - expectedRe) / scale).toBeLessThan(1e-6);
        expect(Math.abs(buffers.vis[2 * (2 * row + pol) + 1]! - expectedIm) / scale).toBeLessThan(1e-6);
      }
    });
    expect(comparedCount).toBe(15);
  }
});
