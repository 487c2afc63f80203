/** Where sources are seen in each integration, from the direction that the array is stopped to. */

import {
  hourAngleDecToItrf,
  type IcrsDirection,
  icrsToItrf,
  meridianCentreIcrs,
  observeFrom,
  separationRad,
  utcFromJd,
} from "@contimg/sky";
import { ARRAY_CENTRE, CADENCE_SEC, GROUP_INTEGRATION_COUNT, INTEGRATION_SEC } from "./instrument.ts";
import type { SkySource } from "./sky-model.ts";

const DAY_SEC = 86_400;

/** Centres of the integrations of a group, JD (UTC). Groups follow each other by 24 integrations, whatever they hold. */
export function integrationTimesJd(startJd: number, groupIndex: number, integrationCount: number): Float64Array {
  const groupStartJd = startJd + (groupIndex * GROUP_INTEGRATION_COUNT * INTEGRATION_SEC) / DAY_SEC;
  return Float64Array.from({ length: integrationCount }, (_, k) => groupStartJd + k * (CADENCE_SEC / DAY_SEC));
}

export function meanOf(values: Float64Array): number {
  return values.reduce((total, value) => total + (value - values[0]!) / values.length, values[0]!);
}

/** ICRS of the meridian at the pointing declination. */
export function pointingCentre(timeJd: number, ptDecRad: number): IcrsDirection {
  return meridianCentreIcrs(observeFrom(utcFromJd(timeJd), ARRAY_CENTRE), ptDecRad);
}

/** The sky as one integration sees it. */
export interface IntegrationGeometry {
  readonly timeJd: number;
  readonly ut1MinusUtcSec: number;
  readonly centre: IcrsDirection;
  /** Path of each source over that of the meridian at each antenna, r·(s − s0); [ant, source]. */
  readonly pathM: Float64Array;
  /** Angle of each source from the pointing centre; [source]. */
  readonly separationRad: Float64Array;
}

/** @param positionsM  ITRF minus the array centre; row-major [ant, 3] */
export function integrationGeometry(
  timeJd: number,
  ptDecRad: number,
  sky: readonly SkySource[],
  positionsM: Float64Array,
): IntegrationGeometry {
  const epoch = observeFrom(utcFromJd(timeJd), ARRAY_CENTRE);
  const stop = hourAngleDecToItrf(ARRAY_CENTRE, 0, ptDecRad);
  const directions = sky.map((source) => icrsToItrf(epoch, source));
  const antCount = positionsM.length / 3;
  const pathM = new Float64Array(antCount * sky.length);
  for (let ant = 0; ant < antCount; ant++) {
    directions.forEach((s, source) => {
      pathM[ant * sky.length + source] =
        positionsM[3 * ant]! * (s.x - stop.x) +
        positionsM[3 * ant + 1]! * (s.y - stop.y) +
        positionsM[3 * ant + 2]! * (s.z - stop.z);
    });
  }
  return {
    timeJd,
    ut1MinusUtcSec: epoch.orientation.ut1MinusUtcSec,
    centre: meridianCentreIcrs(epoch, ptDecRad),
    pathM,
    separationRad: Float64Array.from(directions, (s) => separationRad(s, stop)),
  };
}

/** The `uvw_array` that the on-site writer stores: baselines r2 − r1 towards the meridian, [baseline, 3]. */
export function meridianUvwM(
  positionsM: Float64Array,
  firstIndex: Int32Array,
  secondIndex: Int32Array,
  ptDecRad: number,
): Float32Array {
  const { longitudeRad } = ARRAY_CENTRE;
  const w = hourAngleDecToItrf(ARRAY_CENTRE, 0, ptDecRad);
  const v = hourAngleDecToItrf(ARRAY_CENTRE, 0, ptDecRad + Math.PI / 2);
  const axes = [{ x: -Math.sin(longitudeRad), y: Math.cos(longitudeRad), z: 0 }, v, w];
  const uvwM = new Float32Array(3 * firstIndex.length);
  for (let row = 0; row < firstIndex.length; row++) {
    const one = 3 * firstIndex[row]!;
    const two = 3 * secondIndex[row]!;
    axes.forEach((along, axis) => {
      uvwM[3 * row + axis] =
        along.x * (positionsM[two]! - positionsM[one]!) +
        along.y * (positionsM[two + 1]! - positionsM[one + 1]!) +
        along.z * (positionsM[two + 2]! - positionsM[one + 2]!);
    });
  }
  return uvwM;
}
