/** Directions as people write them. */

import type { PhaseCentreChoice } from "./config.ts";

const RADIANS_PER_DEGREE = Math.PI / 180;

/**
 * An angle as astronomers write it, in degrees: `177.2`, `177.2deg`, `11h48m50.1s`, `+54d26m30s`, `11:48:50.1` (hours
 * where `isRa`, else degrees).
 */
export function parseAngleDeg(text: string, isRa: boolean): number | undefined {
  const trimmed = text.trim();
  const plain = /^([+-]?\d+(?:\.\d*)?)(?:deg)?$/.exec(trimmed);
  if (plain) return Number(plain[1]);
  const parts = /^([+-])?(\d+)(h|d|:)(\d+)(?:m|'|:)(\d+(?:\.\d*)?)(?:s|")?$/.exec(trimmed);
  if (!parts) return undefined;
  const [, sign, whole, unit, minutes, seconds] = parts;
  if (Number(minutes) >= 60 || Number(seconds) >= 60) return undefined;
  const value = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600;
  const inHours = unit === "h" || (unit === ":" && isRa);
  return (sign === "-" ? -1 : 1) * value * (inHours ? 15 : 1);
}

/** `mid`, `none` or `RA,DEC`; undefined: none of these. */
export function parsePhaseCentre(text: string): PhaseCentreChoice | undefined {
  if (text === "mid" || text === "none") return { kind: text };
  const [ra, dec, ...rest] = text.split(",");
  const raDeg = ra === undefined ? undefined : parseAngleDeg(ra, true);
  const decDeg = dec === undefined ? undefined : parseAngleDeg(dec, false);
  if (rest.length > 0 || raDeg === undefined || decDeg === undefined) return undefined;
  if (!(Math.abs(decDeg) <= 90 && Math.abs(raDeg) <= 360)) return undefined;
  return {
    kind: "icrs",
    raRad: (((raDeg % 360) + 360) % 360) * RADIANS_PER_DEGREE,
    decRad: decDeg * RADIANS_PER_DEGREE,
  };
}
