/** Which sources of one list are near to which of another. */

import { type CatalogSource, normalizedRaDeg, raReachDeg, separationDeg } from "./catalog-source.ts";
import type { Neighbour } from "./master-source.ts";

const ARCSEC_PER_DEG = 3600;
/** What rounding may take from the edge of a window. */
const MARGIN_DEG = 1e-9;

/**
 * Prepares a list to be looked into many times.
 *
 * @param sources  in any order
 * @returns the sources within a radius of a place, the nearest first
 */
export function neighbourFinder(
  sources: readonly CatalogSource[],
): (place: CatalogSource, radiusArcsec: number) => readonly Neighbour[] {
  const eastwards = sources.toSorted((a, b) => a.raDeg - b.raDeg);
  const rasDeg = Float64Array.from(eastwards, ({ raDeg }) => raDeg);

  function collect(
    fromDeg: number,
    toDeg: number,
    place: CatalogSource,
    radiusArcsec: number,
    into: Neighbour[],
  ): void {
    for (let at = firstFrom(rasDeg, fromDeg); at < rasDeg.length && rasDeg[at]! <= toDeg; at++) {
      const source = eastwards[at]!;
      const sepArcsec = separationDeg(place, source) * ARCSEC_PER_DEG;
      if (sepArcsec <= radiusArcsec) into.push({ source, sepArcsec });
    }
  }

  return (place, radiusArcsec) => {
    const reachDeg = raReachDeg(place.decDeg, radiusArcsec / ARCSEC_PER_DEG) + MARGIN_DEG;
    const found: Neighbour[] = [];
    if (reachDeg >= 180) collect(0, 360, place, radiusArcsec, found);
    else {
      const fromDeg = normalizedRaDeg(place.raDeg - reachDeg);
      const toDeg = fromDeg + 2 * reachDeg;
      collect(fromDeg, Math.min(toDeg, 360), place, radiusArcsec, found);
      if (toDeg >= 360) collect(0, toDeg - 360, place, radiusArcsec, found);
    }
    return found.toSorted((a, b) => a.sepArcsec - b.sepArcsec);
  };
}

/** Index of the first value that is not below `fromDeg`. */
function firstFrom(rasDeg: Float64Array, fromDeg: number): number {
  let [low, high] = [0, rasDeg.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rasDeg[middle]! < fromDeg) low = middle + 1;
    else high = middle;
  }
  return low;
}
