/** Gnomonic: paper II, 5.1.3. */
import type { Projection } from "./projection.ts";

export const tan: Projection = {
  referenceLatRad: Math.PI / 2,
  project(lonRad, latRad, out) {
    const radius = 1 / Math.tan(latRad);
    out.aRad = radius * Math.sin(lonRad);
    out.bRad = -radius * Math.cos(lonRad);
    return latRad > 0;
  },
  deproject(xRad, yRad, out) {
    out.aRad = xRad === 0 && yRad === 0 ? 0 : Math.atan2(xRad, -yRad);
    out.bRad = Math.atan2(1, Math.hypot(xRad, yRad));
    return Number.isFinite(out.bRad);
  },
};
