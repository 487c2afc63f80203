import { framePositionAngleRad } from "../frames/apparent-place.ts";
import { type IcrsDirection, icrsToItrf, icrsUnitVector, unitVectorToItrf } from "../frames/directions.ts";
import type { ObservingEpoch } from "../frames/observing-epoch.ts";
import { addScaled, cross, normalized, type Vector } from "../vector/vector.ts";

export interface UvwOptions {
  /**
   * "sky" (default): u and v are the change of the path along ICRS l and m. Images are right to 0.02″ at 1.5° off centre.
   *
   * "rigid": u, v, w are a pure rotation of the baseline, as pyuvdata computes them, `frame_pa` included. The observer's
   * velocity stretches the apparent sky by up to 1e-4, which such coordinates do not know, and `frame_pa` is up to 1e-4
   * rad off: sources at 1.5° off centre appear up to 0.5″ from their places.
   */
  readonly axes?: "sky" | "rigid";
}

/** The axes of l, m, n = east, north, centre of an ICRS direction, along ICRS axes. At a pole, east is that of its RA. */
export function tangentAxes(centre: IcrsDirection): { readonly l: Vector; readonly m: Vector; readonly n: Vector } {
  const n = icrsUnitVector(centre);
  const l: Vector = { x: -Math.sin(centre.raRad), y: Math.cos(centre.raRad), z: 0 };
  return { l, m: cross(n, l), n };
}

/** Step of l and m over which the path's change is taken: rounding and the third derivative both stay below 1e-11. */
const STEP_RAD = 1e-4;

/** ITRF vectors whose scalar products with a baseline are its u, v and w. */
function uvwAxes(epoch: ObservingEpoch, centre: IcrsDirection, axes: "sky" | "rigid"): [Vector, Vector, Vector] {
  const w = icrsToItrf(epoch, centre);
  if (axes === "rigid") {
    const apparentEast = normalized({ x: -w.y, y: w.x, z: 0 });
    const apparentNorth = cross(w, apparentEast);
    const turnRad = framePositionAngleRad(epoch, centre);
    const cos = Math.cos(turnRad);
    const sin = Math.sin(turnRad);
    const turned = (a: Vector, ca: number, b: Vector, cb: number) =>
      addScaled({ x: ca * a.x, y: ca * a.y, z: ca * a.z }, cb, b);
    return [turned(apparentEast, cos, apparentNorth, -sin), turned(apparentNorth, cos, apparentEast, sin), w];
  }
  const { l, m, n } = tangentAxes(centre);
  const remainder = Math.sqrt(1 - STEP_RAD * STEP_RAD);
  const slope = (axis: Vector): Vector => {
    const centreOnSphere = { x: remainder * n.x, y: remainder * n.y, z: remainder * n.z };
    const ahead = unitVectorToItrf(epoch, addScaled(centreOnSphere, STEP_RAD, axis));
    const behind = unitVectorToItrf(epoch, addScaled(centreOnSphere, -STEP_RAD, axis));
    const scale = 1 / (2 * STEP_RAD);
    return { x: (ahead.x - behind.x) * scale, y: (ahead.y - behind.y) * scale, z: (ahead.z - behind.z) * scale };
  };
  return [slope(l), slope(m), w];
}

/**
 * UVW of each antenna about the array centre, towards a phase centre in ICRS, with axes along ICRS east and north. Of a
 * baseline (1, 2) it is element 2 minus element 1: `baselineUvw`.
 *
 * w is the path to the phase centre exactly. A source at direction cosines l, m, n from the centre has the path
 * difference u·l + v·m + w·(n − 1) up to the second order of its distance times the observer's velocity: for "sky"
 * axes |b| · 1e-4 · θ² at most, as if it were 0.02″ off at 1.5° (antenna-uvw.test.ts measures it).
 *
 * @param antennaPositionsM  ITRF minus the array centre; row-major [ant, 3]
 * @param centre  not within 1° of a pole for "rigid" axes
 * @returns metres, row-major [ant, 3]
 */
export function uvwForPhaseCentre(
  epoch: ObservingEpoch,
  antennaPositionsM: Float64Array,
  centre: IcrsDirection,
  options: UvwOptions = {},
): Float64Array {
  const axes = uvwAxes(epoch, centre, options.axes ?? "sky");
  const antennaUvwM = new Float64Array(antennaPositionsM.length);
  for (let k = 0; k < antennaPositionsM.length; k += 3) {
    const x = antennaPositionsM[k]!;
    const y = antennaPositionsM[k + 1]!;
    const z = antennaPositionsM[k + 2]!;
    for (let axis = 0; axis < 3; axis++) {
      const along = axes[axis]!;
      antennaUvwM[k + axis] = along.x * x + along.y * y + along.z * z;
    }
  }
  return antennaUvwM;
}

/**
 * UVW of baselines from that of antennas: uvw[ant2] − uvw[ant1].
 *
 * @param antennaUvwM  row-major [ant, 3]
 * @param ant1 @param ant2  rows of `antennaUvwM`, one each a baseline
 * @returns metres, row-major [baseline, 3]
 * @throws RangeError when the two lists differ in length
 */
export function baselineUvw(antennaUvwM: Float64Array, ant1: Int32Array, ant2: Int32Array): Float64Array {
  if (ant1.length !== ant2.length) {
    throw new RangeError(`ant2 holds ${ant2.length} elements, expected ${ant1.length} as ant1`);
  }
  const uvwM = new Float64Array(3 * ant1.length);
  for (let row = 0; row < ant1.length; row++) {
    for (let axis = 0; axis < 3; axis++) {
      uvwM[3 * row + axis] = antennaUvwM[3 * ant2[row]! + axis]! - antennaUvwM[3 * ant1[row]! + axis]!;
    }
  }
  return uvwM;
}
