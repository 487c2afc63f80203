/** Which stations take part, in which order, and which baselines that makes. */

import { geodeticToGeocentricM } from "@contimg/sky";
import { ARRAY_CENTRE } from "./instrument.ts";
import { STATION_ROWS } from "./station-table.ts";

export const STATION_COUNT = STATION_ROWS.length;

/** Stations without a working antenna on 2026-01-25. */
const INACTIVE = new Set([10, 21, 22, 23, ...Array.from({ length: 16 }, (_, k) => 52 + k), 117]);
const ACTIVE = Array.from({ length: STATION_COUNT }, (_, k) => k + 1).filter((station) => !INACTIVE.has(station));

/** Most antennas that can be simulated: the active stations. */
export const MAX_ANTENNA_COUNT = ACTIVE.length;

/** Stations that the correlator has early in its order, which makes baselines with ant1 > ant2. */
const EARLY_STATIONS = [116, 102];

export interface AntennaLayout {
  /** Stations (from 1) in the order of the correlator; station s has antenna number s − 1. */
  readonly stationOrder: readonly number[];
  /** All stations, ITRF minus the array centre; row-major [station, 3]. */
  readonly stationPositionsM: Float64Array;
  /** Those that take part, in correlator order; row-major [ant, 3]. */
  readonly positionsM: Float64Array;
  /** For each baseline, autocorrelations included, the two places in correlator order. */
  readonly firstIndex: Int32Array;
  readonly secondIndex: Int32Array;
}

/** @throws RangeError when `antennaCount` is not 2 … MAX_ANTENNA_COUNT */
export function layOutAntennas(antennaCount: number): AntennaLayout {
  const stationOrder = orderStations(antennaCount);
  const centreM = geodeticToGeocentricM(ARRAY_CENTRE.latitudeRad, ARRAY_CENTRE.longitudeRad, ARRAY_CENTRE.altitudeM);
  const stationPositionsM = new Float64Array(3 * STATION_COUNT);
  STATION_ROWS.forEach(([latitudeDeg, longitudeDeg, heightM], station) => {
    const positionM = geodeticToGeocentricM((latitudeDeg * Math.PI) / 180, (longitudeDeg * Math.PI) / 180, heightM);
    for (let axis = 0; axis < 3; axis++) stationPositionsM[3 * station + axis] = positionM[axis]! - centreM[axis]!;
  });
  const positionsM = new Float64Array(3 * antennaCount);
  stationOrder.forEach((station, ant) => {
    positionsM.set(stationPositionsM.subarray(3 * (station - 1), 3 * station), 3 * ant);
  });
  // Baselines as the on-site writer has them: for each antenna, all antennas up to it come first in the pair.
  const pairs = stationOrder.flatMap((_, second) =>
    Array.from({ length: second + 1 }, (__, first) => [first, second] as const),
  );
  return {
    stationOrder,
    stationPositionsM,
    positionsM,
    firstIndex: Int32Array.from(pairs, ([first]) => first),
    secondIndex: Int32Array.from(pairs, ([, second]) => second),
  };
}

function orderStations(antennaCount: number): readonly number[] {
  if (!Number.isInteger(antennaCount) || antennaCount < 2 || antennaCount > MAX_ANTENNA_COUNT) {
    throw new RangeError(`antennaCount: expected a whole number 2 … ${MAX_ANTENNA_COUNT}, found ${antennaCount}`);
  }
  const chosen = antennaCount === MAX_ANTENNA_COUNT ? ACTIVE : chooseStations(antennaCount);
  const early = EARLY_STATIONS.filter((station) => chosen.includes(station));
  const rest = chosen.filter((station) => !early.includes(station));
  const before = Math.min(20, Math.floor(rest.length / 3));
  return [...rest.slice(0, before), ...early, ...rest.slice(before)];
}

/** A share of each part of the array: the east-west arm, a third in the north-south arm, a seventh far out. */
function chooseStations(antennaCount: number): readonly number[] {
  const outriggerCount = Math.max(2, Math.floor(antennaCount / 7));
  const northSouthCount = Math.max(3, Math.floor(antennaCount / 3));
  const eastWestCount = antennaCount - outriggerCount - northSouthCount;
  const parts = [
    ...spread(
      ACTIVE.filter((station) => station <= 51),
      eastWestCount,
    ),
    ...spread(
      ACTIVE.filter((station) => station > 51 && station <= 102),
      northSouthCount,
    ),
    ...spread(
      ACTIVE.filter((station) => station > 102),
      outriggerCount,
    ),
  ];
  const distinct = [...new Set(parts)];
  // Too few, or nearly all: then the parts cannot be served as wished.
  const stations = distinct.length === antennaCount ? distinct : spread(ACTIVE, antennaCount);
  return stations.toSorted((a, b) => a - b);
}

/** `count` of a list's elements at even distances, the first and last among them. */
function spread(list: readonly number[], count: number): readonly number[] {
  if (count <= 1) return list.slice(0, Math.max(0, count));
  return Array.from({ length: count }, (_, k) => list[roundHalfEven((k * (list.length - 1)) / (count - 1))]!);
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}
