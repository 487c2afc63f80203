/**
 * Where on disk a part of the sky lies: strips of declination, and in each a run of right ascension or two (Gray et al.,
 * "The Zones Algorithm for Finding Points-Near-a-Point", 2007). The windows hold all of a region and a little more.
 */

import { normalizedRaDeg, raReachDeg, separationDeg } from "../../domain/catalog-source.ts";
import type { SkyBox, SkyRegion } from "../../ports/source-catalog.ts";

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
  return {
    zones: [zoneOf(region.decFromDeg), zoneOf(region.decToDeg)],
    rasDeg: rangesOf(region),
  };
}

/** Compared, not computed: what lies on an edge is inside. 0 to 360 is the whole sky. */
function rangesOf({ raFromDeg, raToDeg }: SkyBox): readonly Range[] {
  if (raFromDeg > raToDeg)
    return [
      [raFromDeg, 360],
      [0, raToDeg],
    ];
  const range: Range = [raFromDeg, raToDeg];
  // 360 is 0 by another name.
  return raToDeg === 360 && raFromDeg > 0 ? [range, [0, 0]] : [range];
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
    rangesOf(region).some(([fromDeg, toDeg]) => place.raDeg >= fromDeg && place.raDeg <= toDeg);
  return isWithin ? null : undefined;
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
