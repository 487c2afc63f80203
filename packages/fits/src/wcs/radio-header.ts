/** Keywords of a radio image, as WSClean, CASA, CARTA and DS9 look for them. */
import { FitsHeader } from "../header/header.ts";
import type { ProjectionCode } from "./projection/projection.ts";

/** The restoring beam. */
export interface BeamEllipse {
  /** Full widths at half maximum. */
  readonly majorDeg: number;
  readonly minorDeg: number;
  /** From north through east. */
  readonly positionAngleDeg: number;
}

/** An image with axes RA, Dec, frequency and Stokes. */
export interface RadioImage {
  readonly projection: ProjectionCode;
  /** World coordinates of the reference pixel. */
  readonly raDeg: number;
  readonly decDeg: number;
  /** Its position, from 0. Of an image of even size N, with the reference at pixel N / 2 + 1 of FITS: N / 2. */
  readonly referencePx: readonly [x: number, y: number];
  /** Size of a pixel, positive; RA grows to the left. */
  readonly pixelSizeDeg: number;
  /** Centre and width of the first channel. */
  readonly freqHz: number;
  readonly freqStepHz: number;
  /** Number of the first Stokes parameter; default 1, Stokes I. */
  readonly stokesCode?: number;
  /** Default "JY/BEAM". */
  readonly unit?: string;
  readonly beam?: BeamEllipse;
  readonly restFreqHz?: number;
  /** Default "ICRS". With FK5 the equinox is J2000. */
  readonly frame?: "ICRS" | "FK5";
  /** Default "TOPOCENT". */
  readonly spectralFrame?: string;
  readonly telescope?: string;
  readonly object?: string;
  readonly observer?: string;
  readonly origin?: string;
  /** UTC, as in "2025-10-03T11:48:56.0". */
  readonly dateObs?: string;
}

/** A header to which the layout of data, HISTORY and keywords of one's own are added. */
export function radioHeader(image: RadioImage): FitsHeader {
  const header = new FitsHeader();
  header.set("BUNIT", image.unit ?? "JY/BEAM", "units of the values");
  header.set("BTYPE", "Intensity");
  if (image.beam !== undefined) {
    header.setReal("BMAJ", image.beam.majorDeg, "major axis of the beam at half maximum, deg");
    header.setReal("BMIN", image.beam.minorDeg, "minor axis of the beam at half maximum, deg");
    header.setReal("BPA", image.beam.positionAngleDeg, "its position angle, north through east, deg");
  }
  const texts = [
    ["TELESCOP", image.telescope],
    ["OBSERVER", image.observer],
    ["OBJECT", image.object],
    ["ORIGIN", image.origin],
  ] as const;
  for (const [keyword, text] of texts) if (text !== undefined) header.set(keyword, text);
  header.setReal("EQUINOX", 2000, "J2000");
  header.set("RADESYS", image.frame ?? "ICRS");
  const [x, y] = image.referencePx;
  const axes = [
    [`RA---${image.projection}`, x + 1, image.raDeg, -image.pixelSizeDeg, "deg"],
    [`DEC--${image.projection}`, y + 1, image.decDeg, image.pixelSizeDeg, "deg"],
    ["FREQ", 1, image.freqHz, image.freqStepHz, "Hz"],
    ["STOKES", 1, image.stokesCode ?? 1, 1, ""],
  ] as const;
  for (const [index, [type, reference, value, step, unit]] of axes.entries()) {
    const number = index + 1;
    header.set(`CTYPE${number}`, type);
    header.setReal(`CRPIX${number}`, reference);
    header.setReal(`CRVAL${number}`, value);
    header.setReal(`CDELT${number}`, step);
    header.set(`CUNIT${number}`, unit);
  }
  if (image.restFreqHz !== undefined) header.setReal("RESTFRQ", image.restFreqHz, "rest frequency, Hz");
  header.set("SPECSYS", image.spectralFrame ?? "TOPOCENT");
  if (image.dateObs !== undefined) {
    header.set("DATE-OBS", image.dateObs, "start of the observation");
    header.set("TIMESYS", "UTC");
  }
  return header;
}
