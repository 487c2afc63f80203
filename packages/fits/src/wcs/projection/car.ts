/** Plate carrée: paper II, 5.2.3. */
import type { Projection } from "./projection.ts";

/** A quarter and half a turn with room for rounding. */
const MAX_LAT_RAD = (Math.PI / 2) * (1 + 1e-13);
const MAX_LON_RAD = Math.PI * (1 + 1e-13);

export const car: Projection = {
  referenceLatRad: 0,
  project(lonRad, latRad, out) {
    out.aRad = lonRad;
    out.bRad = latRad;
    return true;
  },
  deproject(xRad, yRad, out) {
    out.aRad = xRad;
    out.bRad = yRad;
    return Math.abs(xRad) <= MAX_LON_RAD && Math.abs(yRad) <= MAX_LAT_RAD;
  },
};
