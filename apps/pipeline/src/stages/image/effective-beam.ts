/** The beam that an image of drifting data has: the mean of the beams of its integrations and channels. */

import { airyPower, type IcrsDirection, icrsUnitVector, tangentAxes, type Vector } from "@contimg/sky";

export interface BeamOptions {
  /** Phase centre, in the middle of pixel (width / 2, height / 2) counted from 0, as WSClean has it. */
  readonly centre: IcrsDirection;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly scaleRad: number;
  /** Where the dishes point in each integration; one direction for all that track. */
  readonly pointings: readonly IcrsDirection[];
  readonly freqHz: Float64Array;
  readonly diameterM: number;
}

/** Between nodes the beam is taken as bilinear: for 4.65 m at 1.4 GHz and 3″ that is right to 2e-5. */
const STEP_PX = 16;
/** Of the profile over the angle from the axis, likewise to 1e-7. */
const PROFILE_STEP_RAD = 2e-5;

/** @returns [row, column], 0 … 1; NaN where there is no sky */
export function effectiveBeam(options: BeamOptions): Float32Array {
  const { widthPx, heightPx } = options;
  const columnCount = Math.ceil((widthPx - 1) / STEP_PX) + 1;
  const rowCount = Math.ceil((heightPx - 1) / STEP_PX) + 1;
  const nodes = beamAtNodes(options, columnCount, rowCount);
  const beam = new Float32Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y++) {
    const row = Math.min(rowCount - 2, Math.floor(y / STEP_PX));
    const down = y / STEP_PX - row;
    for (let x = 0; x < widthPx; x++) {
      const column = Math.min(columnCount - 2, Math.floor(x / STEP_PX));
      const across = x / STEP_PX - column;
      const at = row * columnCount + column;
      const upper = nodes[at]! + across * (nodes[at + 1]! - nodes[at]!);
      const lower = nodes[at + columnCount]! + across * (nodes[at + columnCount + 1]! - nodes[at + columnCount]!);
      beam[y * widthPx + x] = upper + down * (lower - upper);
    }
  }
  return beam;
}

function beamAtNodes(options: BeamOptions, columnCount: number, rowCount: number): Float64Array {
  const { centre, widthPx, heightPx, scaleRad, pointings } = options;
  const axes = tangentAxes(centre);
  const profile = beamProfile(options);
  const pointingVectors = pointings.map(icrsUnitVector);
  const nodes = new Float64Array(columnCount * rowCount);
  for (let row = 0; row < rowCount; row++) {
    const m = (row * STEP_PX - heightPx / 2) * scaleRad;
    for (let column = 0; column < columnCount; column++) {
      // Right ascension grows to the left.
      const l = -(column * STEP_PX - widthPx / 2) * scaleRad;
      const square = l * l + m * m;
      if (square >= 1) {
        nodes[row * columnCount + column] = Number.NaN;
        continue;
      }
      const n = Math.sqrt(1 - square);
      const direction = {
        x: l * axes.l.x + m * axes.m.x + n * axes.n.x,
        y: l * axes.l.y + m * axes.m.y + n * axes.n.y,
        z: l * axes.l.z + m * axes.m.z + n * axes.n.z,
      };
      let sum = 0;
      for (const pointing of pointingVectors) sum += profile(chordOf(direction, pointing));
      nodes[row * columnCount + column] = sum / pointings.length;
    }
  }
  return nodes;
}

/** Exact for small angles too, where the scalar product is not. */
const chordOf = (a: Vector, b: Vector) => Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z);

/** The beam averaged over frequency, as a function of the chord of the angle from the axis. */
function beamProfile({ widthPx, heightPx, scaleRad, freqHz, diameterM, centre, pointings }: BeamOptions) {
  const farthest = Math.max(...pointings.map((pointing) => chordOf(icrsUnitVector(pointing), icrsUnitVector(centre))));
  const corner = Math.min(2, (Math.hypot(widthPx + STEP_PX, heightPx + STEP_PX) / 2) * scaleRad * Math.SQRT2);
  const mostChord = Math.min(2, farthest + corner);
  const count = Math.ceil(mostChord / PROFILE_STEP_RAD) + 2;
  const profile = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const angleRad = 2 * Math.asin(Math.min(1, (at * PROFILE_STEP_RAD) / 2));
    let sum = 0;
    for (const hz of freqHz) sum += angleRad < Math.PI / 2 ? airyPower(angleRad, hz, diameterM) : 0;
    profile[at] = sum / freqHz.length;
  }
  return (chord: number): number => {
    const place = chord / PROFILE_STEP_RAD;
    const at = Math.min(count - 2, Math.floor(place));
    return profile[at]! + (place - at) * (profile[at + 1]! - profile[at]!);
  };
}
