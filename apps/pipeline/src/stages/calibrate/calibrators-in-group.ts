/** Which calibrators a group of drift-scan data holds, and how strong they seem through the primary beam. */

import {
  airyPower,
  type EarthOrientation,
  hourAngleDecToItrf,
  type IcrsDirection,
  icrsToItrf,
  meridianCentreIcrs,
  observeFrom,
  separationRad,
  utcFromMjdSec,
} from "@contimg/sky";
import {
  bandOf,
  C_CONFIGURATION_INDEX,
  type CalibratorMatch,
  lBandFluxJy,
  type VlaCalibrator,
} from "../../domain/calibrator.ts";
import type { Site } from "../../domain/subband-header.ts";
import { transitNear } from "./transit.ts";

/** A group as its headers describe it: the sky drifts past a beam that stands on the meridian. */
export interface DriftWindow {
  /** UTC; from the start of the first integration to the end of the last. */
  readonly startMjd: number;
  readonly endMjd: number;
  /** Apparent declination of the beam's centre. */
  readonly ptDecRad: number;
  readonly site: Site;
}

export interface Beam {
  readonly freqHz: number;
  readonly diameterM: number;
}

/** The middle of the band, and the dishes, of DSA-110. */
export const dsa110Beam: Beam = { freqHz: 1.405e9, diameterM: 4.65 };

const DAY_SEC = 86_400;
const DEG = Math.PI / 180;
/** The beam hardly changes within 26 s. */
const SAMPLE_COUNT = 13;

const epochAt = (mjd: number, { site }: DriftWindow, earthOrientation: EarthOrientation) =>
  observeFrom(utcFromMjdSec(mjd * DAY_SEC), site, { earthOrientation, outOfRange: "degrade" });

const middleOf = ({ startMjd, endMjd }: DriftWindow) => startMjd + (endMjd - startMjd) / 2;

/** ICRS of the meridian at the pointing declination, in the middle of the group. */
export function middleOfDrift(window: DriftWindow, earthOrientation: EarthOrientation): IcrsDirection {
  return meridianCentreIcrs(epochAt(middleOf(window), window, earthOrientation), window.ptDecRad);
}

/**
 * What the group sees of each calibrator. Those without a flux at 20 cm are left out: none is assumed.
 *
 * @param calibrators  that may be in the beam, from a cone about {@link middleOfDrift}
 */
export function calibratorsInGroup(
  calibrators: readonly VlaCalibrator[],
  window: DriftWindow,
  beam: Beam,
  earthOrientation: EarthOrientation,
): readonly CalibratorMatch[] {
  const { startMjd, endMjd, ptDecRad, site } = window;
  const centre = hourAngleDecToItrf(site, 0, ptDecRad);
  // Middles of equal parts, so that none of them stands for an end; the seventh is the middle.
  const epochs = Array.from({ length: SAMPLE_COUNT }, (_, at) =>
    epochAt(startMjd + ((at + 0.5) / SAMPLE_COUNT) * (endMjd - startMjd), window, earthOrientation),
  );
  return calibrators.flatMap((calibrator) => {
    const fluxJy = lBandFluxJy(calibrator);
    if (fluxJy === null) return [];
    const direction = { raRad: calibrator.raDeg * DEG, decRad: calibrator.decDeg * DEG };
    const separationsRad = epochs.map((epoch) => separationRad(icrsToItrf(epoch, direction), centre));
    const powers = separationsRad.map((offAxisRad) => beamPower(offAxisRad, beam));
    const beamFactor = powers.reduce((sum, power) => sum + power, 0) / powers.length;
    const transitMjd = transitNear(middleOf(window), direction, site, earthOrientation);
    return {
      name: calibrator.name,
      raDeg: calibrator.raDeg,
      decDeg: calibrator.decDeg,
      sepDeg: separationsRad[(SAMPLE_COUNT - 1) / 2]! / DEG,
      fluxJy,
      beamFactor,
      weightedFluxJy: fluxJy * beamFactor,
      transitMjd,
      transitsWithin: transitMjd >= startMjd && transitMjd < endMjd,
      quality: bandOf(calibrator, "L")!.qualities[C_CONFIGURATION_INDEX],
    };
  });
}

/** The formula has its axis on both sides of the sky; the dish has not. */
function beamPower(offAxisRad: number, { freqHz, diameterM }: Beam): number {
  return offAxisRad < Math.PI / 2 ? airyPower(offAxisRad, freqHz, diameterM) : 0;
}

/**
 * The group to solve on for a calibrator: the one that sees most of it, and of equal ones the one whose middle is
 * nearest to its transit. undefined when none has it.
 */
export function bestGroupFor<
  Group extends { readonly window: DriftWindow; readonly matches: readonly CalibratorMatch[] },
>(name: string, groups: readonly Group[]): Group | undefined {
  const seen = groups.flatMap((group) => {
    const match = group.matches.find((one) => one.name === name);
    return match ? [{ group, match, offsetDay: Math.abs(match.transitMjd - middleOf(group.window)) }] : [];
  });
  return seen.toSorted((a, b) => b.match.weightedFluxJy - a.match.weightedFluxJy || a.offsetDay - b.offsetDay)[0]
    ?.group;
}
