/** Orthographic and slant orthographic: paper II, 5.1.5. */
import type { Projection } from "./projection.ts";

/** Beyond the edge by rounding alone. */
const EDGE_TOLERANCE = 1e-13;

/** @param xi, eta  PVi_1 and PVi_2: direction of the slant, both 0 for the plain projection of a coplanar array's own plane */
export function sin(xi: number, eta: number): Projection {
  const isSlant = xi !== 0 || eta !== 0;
  return {
    referenceLatRad: Math.PI / 2,
    project(lonRad, latRad, out) {
      const fromPole = 1 - Math.sin(latRad);
      const cosLat = Math.cos(latRad);
      out.aRad = cosLat * Math.sin(lonRad) + xi * fromPole;
      out.bRad = -cosLat * Math.cos(lonRad) + eta * fromPole;
      // Seen from the direction of projection the far half is hidden.
      return isSlant ? latRad >= -Math.atan(xi * Math.sin(lonRad) - eta * Math.cos(lonRad)) : latRad >= 0;
    },
    deproject(xRad, yRad, out) {
      let sinLat: number;
      let cosLat: number;
      let x = xRad;
      let y = yRad;
      if (isSlant) {
        // The quadratic for sin θ that both equations of the projection make.
        const a = xi * xi + eta * eta + 1;
        const b = xi * (xRad - xi) + eta * (yRad - eta);
        const c = (xRad - xi) ** 2 + (yRad - eta) ** 2 - 1;
        const discriminant = b * b - a * c;
        if (!(discriminant >= -EDGE_TOLERANCE)) return false;
        const root = Math.sqrt(Math.max(0, discriminant));
        sinLat = Math.min(1, (-b + root) / a);
        if (sinLat < -1) return false;
        x -= xi * (1 - sinLat);
        y -= eta * (1 - sinLat);
        cosLat = Math.hypot(x, y);
        out.bRad = Math.atan2(sinLat, cosLat);
      } else {
        cosLat = Math.hypot(x, y);
        if (!(cosLat <= 1 + EDGE_TOLERANCE)) return false;
        sinLat = Math.sqrt(Math.max(0, (1 - cosLat) * (1 + cosLat)));
        out.bRad = Math.atan2(sinLat, cosLat);
      }
      out.aRad = x === 0 && y === 0 ? 0 : Math.atan2(x, -y);
      return true;
    },
  };
}
