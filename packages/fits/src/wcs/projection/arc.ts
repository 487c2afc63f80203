/** Zenithal equidistant: paper II, 5.1.6. */
import type { Projection } from "./projection.ts";

const QUARTER_TURN_RAD = Math.PI / 2;

export const arc: Projection = {
  referenceLatRad: QUARTER_TURN_RAD,
  project(lonRad, latRad, out) {
    const radius = QUARTER_TURN_RAD - latRad;
    out.aRad = radius * Math.sin(lonRad);
    out.bRad = -radius * Math.cos(lonRad);
    return true;
  },
  deproject(xRad, yRad, out) {
    const radius = Math.hypot(xRad, yRad);
    out.aRad = radius === 0 ? 0 : Math.atan2(xRad, -yRad);
    out.bRad = QUARTER_TURN_RAD - radius;
    return radius <= Math.PI * (1 + 1e-13);
  },
};
