import type { Vector } from "../vector/vector.ts";

/**
 * By how much the path to each antenna changes from an old to a new phase centre: r·(s_new − s_old).
 *
 * For a baseline (1, 2) take element 2 minus element 1; visibilities phased to the old centre are brought to the new one
 * by V·exp(−2πi ν/c · path) (`rotateRows`, `rotateVisibilities`). Data of a drift telescope have as their old centre the
 * meridian of each integration: `hourAngleDecToItrf(site, 0, ptDecRad)`.
 *
 * @param antennaPositionsM  ITRF minus the array centre; row-major [ant, 3]
 * @param fromItrf, toItrf  apparent directions along ITRF axes at the time of the data (`icrsToItrf`)
 * @returns metres, [ant]
 */
export function phaseShiftPathM(antennaPositionsM: Float64Array, fromItrf: Vector, toItrf: Vector): Float64Array {
  const antCount = Math.floor(antennaPositionsM.length / 3);
  const pathM = new Float64Array(antCount);
  const dx = toItrf.x - fromItrf.x;
  const dy = toItrf.y - fromItrf.y;
  const dz = toItrf.z - fromItrf.z;
  for (let ant = 0; ant < antCount; ant++) {
    pathM[ant] =
      antennaPositionsM[3 * ant]! * dx + antennaPositionsM[3 * ant + 1]! * dy + antennaPositionsM[3 * ant + 2]! * dz;
  }
  return pathM;
}

/** [baseline] from [ant]: path[ant2] − path[ant1]. */
export function baselinePathM(antennaPathM: Float64Array, ant1: Int32Array, ant2: Int32Array): Float64Array {
  if (ant1.length !== ant2.length) {
    throw new RangeError(`ant2 holds ${ant2.length} elements, expected ${ant1.length} as ant1`);
  }
  return Float64Array.from(ant1, (first, row) => antennaPathM[ant2[row]!]! - antennaPathM[first]!);
}
