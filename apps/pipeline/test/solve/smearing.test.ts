/** Smearing of drifting data, beside a sum over many short moments and narrow channels. */

import {
  baselineUvw,
  geocentricToGeodetic,
  icrsUnitVector,
  meridianCentreIcrs,
  observeFrom,
  shippedEarthOrientation,
  tangentAxes,
  utcFromMjdSec,
  uvwForPhaseCentre,
  type Vector,
} from "@contimg/sky";
import { expect, test } from "vitest";
import type { CalMs } from "../../src/adapters/fs/ms-calibration/cal-ms.ts";
import { ModelPredictor } from "../../src/adapters/fs/ms-calibration/model-sky.ts";

const C_M_PER_SEC = 299_792_458;
const EXPOSURE_SEC = 12.885;
const CHAN_WIDTH_HZ = 244_140.625;
const FREQ_HZ = Float64Array.of(1.32e9, 1.32e9 + CHAN_WIDTH_HZ, 1.32e9 + 2 * CHAN_WIDTH_HZ);
/** Antennas of the telescope's site and of its longest baselines, ITRF. */
const POSITIONS_M = Float64Array.of(
  -2409150,
  -4478573,
  3838617,
  -2409000,
  -4478900,
  3838330,
  -2410900,
  -4477100,
  3839240,
);
const MIDDLE_MJD_SEC = 60_951.5 * 86_400;
/** How far from the middle of the data, where the phase centre is on the meridian, the integration is. */
const OFF_SEC = 148;
const dot = (a: Vector, b: Vector) => a.x * b.x + a.y * b.y + a.z * b.z;

const site = geocentricToGeodetic(POSITIONS_M[0]!, POSITIONS_M[1]!, POSITIONS_M[2]!);
const epochAt = (mjdSec: number) =>
  observeFrom(utcFromMjdSec(mjdSec), site, { earthOrientation: shippedEarthOrientation() });
const DEC_RAD = 0.95;
const field = meridianCentreIcrs(epochAt(MIDDLE_MJD_SEC), DEC_RAD);
const timeMjdSec = MIDDLE_MJD_SEC + OFF_SEC;
const [ANT1, ANT2] = [Int32Array.of(0, 0, 1), Int32Array.of(1, 2, 2)];

function predicted(raRad: number, decRad: number, isSmeared: boolean): Float32Array {
  const window = {
    dataDescId: 0,
    spwId: 0,
    freqHz: FREQ_HZ,
    chanWidthHz: FREQ_HZ.map(() => CHAN_WIDTH_HZ),
    referenceHz: FREQ_HZ[0]!,
    corrCount: 2,
    parallelCorrs: [0, 1],
    receptors: [
      [0, 0],
      [1, 1],
    ] as const,
  };
  const ms: CalMs = {
    path: "",
    antennaNames: ["1", "2", "3"],
    positionsM: POSITIONS_M,
    diametersM: Float64Array.of(4.65, 4.65, 4.65),
    windows: [window],
    fields: [{ name: "drift", ...field }],
    telescope: "",
    rowCount: 3,
    ant1: ANT1,
    ant2: ANT2,
    dataDescIds: new Int32Array(3),
    fieldIds: new Int32Array(3),
    scans: new Int32Array(3),
    timesMjdSec: new Float64Array(3).fill(timeMjdSec),
    exposureSec: EXPOSURE_SEC,
    startMjdSec: timeMjdSec,
    endMjdSec: timeMjdSec,
  };
  const predictor = new ModelPredictor(ms, {
    sources: [
      {
        name: "off",
        raDeg: (raRad * 180) / Math.PI,
        decDeg: (decRad * 180) / Math.PI,
        fluxJy: 1,
        refFreqHz: 1.32e9,
        spectralIndexRatio: 0,
        majorArcsec: 0,
        minorArcsec: 0,
        paDeg: 0,
      },
    ],
    beam: "drift",
    dishDiameterM: 0.01,
    earthOrientation: shippedEarthOrientation(),
    isSmeared,
  });
  const block = { rowStart: 0, rowEnd: 3, windowIndex: 0, fieldId: 0, scan: 1, timeMjdSec };
  return predictor.predict(block, uvwTowards(timeMjdSec, field)).slice();
}

const uvwTowards = (mjdSec: number, centre: { readonly raRad: number; readonly decRad: number }) =>
  baselineUvw(uvwForPhaseCentre(epochAt(mjdSec), POSITIONS_M, centre), ANT1, ANT2);

/** w of a direction: the path between two antennas towards it. */
const pathM = (uvwM: Float64Array, row: number) => uvwM[3 * row + 2]!;

/** Averages what a correlator sees that stops fringes of the point on the meridian, then turns it to the field. */
function averaged(raRad: number, decRad: number, row: number, hz: number): { re: number; im: number } {
  const [stepCount, chanCount] = [60, 12];
  const tracked = meridianCentreIcrs(epochAt(timeMjdSec), DEC_RAD);
  // Turned to the phase centre by the geometry of the middle of the integration, at the middle of the channel.
  const turnM = pathM(uvwTowards(timeMjdSec, tracked), row) - pathM(uvwTowards(timeMjdSec, field), row);
  let [re, im] = [0, 0];
  for (let step = 0; step < stepCount; step++) {
    const atMjdSec = timeMjdSec + ((step + 0.5) / stepCount - 0.5) * EXPOSURE_SEC;
    const restM = pathM(uvwTowards(atMjdSec, { raRad, decRad }), row) - pathM(uvwTowards(atMjdSec, tracked), row);
    for (let chan = 0; chan < chanCount; chan++) {
      const atHz = hz + ((chan + 0.5) / chanCount - 0.5) * CHAN_WIDTH_HZ;
      const phaseRad = (2 * Math.PI * (atHz * restM + hz * turnM)) / C_M_PER_SEC;
      re += Math.cos(phaseRad);
      im += Math.sin(phaseRad);
    }
  }
  return { re: re / stepCount / chanCount, im: im / stepCount / chanCount };
}

test.each([
  ["at the phase centre, which the dishes do not track", 0, 0, 0.0005],
  ["half a degree to the west", -0.5, 0, 0.003],
  ["far off in both", -1.2, 1.1, 0.01],
])("a source %s loses what an average over moments and channels loses", (_, eastDeg, northDeg, leastLoss) => {
  const decRad = field.decRad + (northDeg * Math.PI) / 180;
  const raRad = field.raRad + (eastDeg * Math.PI) / 180 / Math.cos(decRad);
  const smeared = predicted(raRad, decRad, true);
  const sharp = predicted(raRad, decRad, false);
  const at = icrsUnitVector({ raRad, decRad });
  expect(dot(at, tangentAxes(field).n)).toBeGreaterThan(0.99);
  const losses: number[] = [];
  for (let row = 0; row < 3; row++) {
    for (const [chan, hz] of FREQ_HZ.entries()) {
      const from = 2 * (row * FREQ_HZ.length + chan);
      const { re, im } = averaged(raRad, decRad, row, hz);
      const sharpLength = Math.hypot(sharp[from]!, sharp[from + 1]!);
      const length = Math.hypot(smeared[from]!, smeared[from + 1]!) / sharpLength;
      losses.push(1 - Math.hypot(re, im));
      // Left out of the model: that time and frequency multiply, and the curvature of phase over an integration.
      expect(Math.abs(length - Math.hypot(re, im)), `${row} ${chan}`).toBeLessThan(1e-4);
      // The phase is that of the path, to 1e-4 |b| θ² of the geometry.
      expect(smeared[from]! * im).toBeCloseTo(smeared[from + 1]! * re, 2);
    }
  }
  // Without the distance of the tracked point the first would lose nothing.
  expect(Math.max(...losses)).toBeGreaterThan(leastLoss);
});
