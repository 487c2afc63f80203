/** Calibrators of the catalogue that groups hold, and when calibrators cross the meridian. */

import { airyFwhmRad, airyPower, type EarthOrientation, type IcrsDirection } from "@contimg/sky";
import {
  bandOf,
  C_CONFIGURATION_INDEX,
  type CalibratorChoice,
  type CalibratorMatch,
  chooseCalibrators,
  lBandFluxJy,
  type VlaCalibrator,
} from "../domain/calibrator.ts";
import { PipelineError } from "../domain/error-codes.ts";
import type { Site, SubbandHeader } from "../domain/subband-header.ts";
import type { CalibratorCatalog } from "../ports/source-catalog.ts";
import {
  type Beam,
  calibratorsInGroup,
  type DriftWindow,
  middleOfDrift,
} from "../stages/calibrate/calibrators-in-group.ts";

const DEG = Math.PI / 180;
const MJD_ZERO_JD = 2_400_000.5;
const DAY_SEC = 86_400;
/** Of the power beam at half maximum, to either side: to where the beam falls to 6 %. */
const REACH_IN_FWHM = 1;

/** The centre of DSA-110's arms. Where there are headers, their site counts. */
export const dsa110Site: Site = {
  latitudeRad: 0.6498455107238486,
  longitudeRad: -2.064427799136453,
  altitudeM: 1188.0519,
};

/** The calibrators of one group, the best to solve on first. */
export function calibratorsOf(
  catalog: CalibratorCatalog,
  window: DriftWindow,
  choice: CalibratorChoice,
  beam: Beam,
  earthOrientation: EarthOrientation,
): readonly CalibratorMatch[] {
  const { raRad, decRad } = middleOfDrift(window, earthOrientation);
  const driftDeg = 360 * ((window.endMjd - window.startMjd) / 2);
  const calibrators = catalog.find({
    region: {
      kind: "cone",
      raDeg: raRad / DEG,
      decDeg: decRad / DEG,
      radiusDeg: Math.min(180, (REACH_IN_FWHM * airyFwhmRad(beam.freqHz, beam.diameterM)) / DEG + driftDeg),
    },
    minFluxJy: choice.minWeightedFluxJy,
  });
  return chooseCalibrators(calibratorsInGroup(calibrators, window, beam, earthOrientation), choice);
}

/** When and where a group looks, from the header of any of its files; null when it is not a drift scan on the meridian. */
export function driftWindowOf({ phasing, site, timeJd, integrationTimeSec }: SubbandHeader): DriftWindow | null {
  if (phasing.kind !== "meridian") return null;
  let [startMjd, endMjd] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [blt, middleJd] of timeJd.entries()) {
    const halfDay = integrationTimeSec[blt]! / 2 / DAY_SEC;
    startMjd = Math.min(startMjd, middleJd - MJD_ZERO_JD - halfDay);
    endMjd = Math.max(endMjd, middleJd - MJD_ZERO_JD + halfDay);
  }
  return { startMjd, endMjd, ptDecRad: phasing.apparentDecRad, site };
}

/** Entries of a name. @throws PipelineError CALIBRATOR_UNKNOWN */
export function calibratorNamed(catalog: CalibratorCatalog, name: string): readonly VlaCalibrator[] {
  const found = catalog.findName(name);
  if (found.length > 0) return found;
  const message = `${name}: expected the name of one of ${catalog.calibratorCount} calibrators, as 0834+555, found none`;
  throw new PipelineError("CALIBRATOR_UNKNOWN", message, { subject: name });
}

export const directionOf = ({ raDeg, decDeg }: { readonly raDeg: number; readonly decDeg: number }): IcrsDirection => ({
  raRad: raDeg * DEG,
  decRad: decDeg * DEG,
});

/** Whether a calibrator crosses the meridian so near to the middle of the beam, at whatever time, that it can be solved on. */
export function hasCalibratorsAtDec(
  catalog: CalibratorCatalog,
  decDeg: number,
  choice: CalibratorChoice,
  beam: Beam,
): boolean {
  const reachDeg = (REACH_IN_FWHM * airyFwhmRad(beam.freqHz, beam.diameterM)) / DEG;
  const region = {
    kind: "box",
    raFromDeg: 0,
    raToDeg: 360,
    decFromDeg: Math.max(-90, decDeg - reachDeg),
    decToDeg: Math.min(90, decDeg + reachDeg),
  } as const;
  return catalog.find({ region, minFluxJy: choice.minWeightedFluxJy }).some((calibrator) => {
    const fluxJy = lBandFluxJy(calibrator);
    const quality = bandOf(calibrator, "L")?.qualities[C_CONFIGURATION_INDEX];
    if (fluxJy === null || quality === undefined || !choice.qualities.includes(quality)) return false;
    const power = airyPower(Math.abs(calibrator.decDeg - decDeg) * DEG, beam.freqHz, beam.diameterM);
    return fluxJy * power >= choice.minWeightedFluxJy;
  });
}
