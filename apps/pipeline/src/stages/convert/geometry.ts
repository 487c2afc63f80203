/** Directions and baselines at one instant, for one site. */

import {
  type EarthOrientation,
  hourAngleDecToItrf,
  icrsToItrf,
  meridianCentreIcrs,
  observeFrom,
  TimeOutOfRangeError,
  utcFromJd,
  uvwForPhaseCentre,
  type Vector,
} from "@contimg/sky";
import { PipelineError } from "../../domain/error-codes.ts";
import type { Site } from "../../domain/subband-header.ts";

interface Direction {
  /** ICRS. */
  readonly raRad: number;
  readonly decRad: number;
}

export interface EpochGeometry {
  /** ICRS direction of hour angle 0 at an apparent declination. */
  meridianCentre(apparentDecRad: number): Direction;
  /** Unit vector along ITRF axes towards where an ICRS direction appears. */
  direction(icrs: Direction): Vector;
  meridianDirection(apparentDecRad: number): Vector;
  /** UVW of each antenna about the array centre; row-major [antenna, 3]. */
  antennaUvwM(positionsM: Float64Array, centre: Direction): Float64Array;
}

/** @throws PipelineError TIME_OUT_OF_RANGE when the Earth-orientation table does not cover the time */
export function geometryAt(timeJd: number, site: Site, earthOrientation: EarthOrientation): EpochGeometry {
  try {
    const epoch = observeFrom(utcFromJd(timeJd), site, { earthOrientation });
    return {
      meridianCentre: (apparentDecRad) => meridianCentreIcrs(epoch, apparentDecRad),
      direction: (icrs) => icrsToItrf(epoch, icrs),
      meridianDirection: (apparentDecRad) => hourAngleDecToItrf(site, 0, apparentDecRad),
      antennaUvwM: (positionsM, centre) => uvwForPhaseCentre(epoch, positionsM, centre),
    };
  } catch (error) {
    if (!(error instanceof TimeOutOfRangeError)) throw error;
    const { table, startMjd, endMjd, foundMjd } = error;
    throw new PipelineError(
      "TIME_OUT_OF_RANGE",
      `${table}: expected a time within MJD ${startMjd} to ${endMjd}, found MJD ${foundMjd}; give newer tables with --iers-finals and --leap-seconds`,
      { subject: `MJD ${foundMjd}`, cause: error },
    );
  }
}
