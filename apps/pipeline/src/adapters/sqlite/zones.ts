/**
 * Where on disk a part of the sky lies: strips of declination, and in each a run of right ascension or two (Gray et al.,
 * "The Zones Algorithm for Finding Points-Near-a-Point", 2007). The windows hold all of a region and a little more.
 */

import { normalizedRaDeg, raReachDeg, separationDeg } from "../../domain/catalog-source.ts";
import type { SkyRegion } from "../../ports/source-catalog.ts";

/** A cone of a primary beam is a dozen zones; a zone of NVSS holds 3000 sources. */
const ZONE_DEG = 0.25;
const LAST_ZONE = 180 / ZONE_DEG - 1;
/** What rounding may take from the edge of a window: 4 µas. */
const MARGIN_DEG = 1e-9;

type Range = readonly [fromDeg: number, toDeg: number];

interface Windows {
  /** The last included. */
  readonly zones: readonly [first: number, last: number];
  readonly rasDeg: readonly Range[];
}

/** The zone of a declination within −90 to 90. */
export function zoneOf(decDeg: number): number {
  return Math.max(0, Math.min(LAST_ZONE, Math.floor((decDeg + 90) / ZONE_DEG)));
}

/** @throws RangeError when a number of the region is none */
export function windowsOf(region: SkyRegion): Windows {
  if (!Object.values(region).every((value) => typeof value === "string" || Number.isFinite(value)))
    throw new RangeError(`region: expected numbers, found ${JSON.stringify(region)}`);
  if (region.kind === "cone") {
    const { raDeg, decDeg, radiusDeg } = region;
    const reachDeg = raReachDeg(decDeg, radiusDeg) + MARGIN_DEG;
    return {
      zones: [zoneOf(decDeg - radiusDeg - MARGIN_DEG), zoneOf(decDeg + radiusDeg + MARGIN_DEG)],
      rasDeg: reachDeg >= 180 ? [[0, 360]] : eastwards(raDeg - reachDeg, 2 * reachDeg),
    };
  }
  const { raFromDeg, raToDeg, decFromDeg, decToDeg } = region;
  return {
    zones: [zoneOf(decFromDeg - MARGIN_DEG), zoneOf(decToDeg + MARGIN_DEG)],
    rasDeg: eastwards(raFromDeg, widthDeg(raFromDeg, raToDeg)),
  };
}

/** 0 to 360 is the whole sky; 10 to 10 is one meridian. */
function widthDeg(raFromDeg: number, raToDeg: number): number {
  const across = raToDeg - raFromDeg;
  return across >= 0 && across <= 360 ? across : normalizedRaDeg(across);
}

function eastwards(fromDeg: number, acrossDeg: number): readonly Range[] {
  const startDeg = normalizedRaDeg(fromDeg);
  const endDeg = startDeg + acrossDeg;
  if (endDeg < 360) return [[startDeg, endDeg]];
  return [
    [startDeg, 360],
    [0, Math.min(endDeg - 360, startDeg)],
  ];
}

interface Place {
  readonly raDeg: number;
  readonly decDeg: number;
}

/** The angle from the centre of a cone, null in a box; undefined outside the region. */
export function sepWithin(region: SkyRegion, place: Place): number | null | undefined {
  if (region.kind === "cone") {
    const sepDeg = separationDeg(region, place);
    return sepDeg <= region.radiusDeg ? sepDeg : undefined;
  }
  const isWithin =
    place.decDeg >= region.decFromDeg &&
    place.decDeg <= region.decToDeg &&
    normalizedRaDeg(place.raDeg - region.raFromDeg) <= widthDeg(region.raFromDeg, region.raToDeg);
  return isWithin || isAtEnd(region.raToDeg, place.raDeg, place.decDeg, region) ? null : undefined;
}

/** The difference of two angles may be rounded beyond the width that it should equal. */
function isAtEnd(
  raToDeg: number,
  raDeg: number,
  decDeg: number,
  { decFromDeg, decToDeg }: { readonly decFromDeg: number; readonly decToDeg: number },
): boolean {
  return normalizedRaDeg(raToDeg) === raDeg && decDeg >= decFromDeg && decDeg <= decToDeg;
}

/** In a cone the nearest first, in a box from west to east. */
export function inOrder<Row extends Place & { readonly sepDeg: number | null }>(
  region: SkyRegion,
  rows: readonly Row[],
): readonly Row[] {
  if (region.kind === "cone") return rows.toSorted((a, b) => a.sepDeg! - b.sepDeg!);
  const fromWestDeg = ({ raDeg }: Row) => normalizedRaDeg(raDeg - region.raFromDeg);
  return rows.toSorted((a, b) => fromWestDeg(a) - fromWestDeg(b));
}
