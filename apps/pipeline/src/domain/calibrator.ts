/** Calibrators of the VLA list, and which of them a group of data holds. */

/**
 * How good a source is in one configuration of the VLA: P amplitude errors below 3 %, S 3 to 10 %, W 10 % and more,
 * C confused, X not to be used, ? not known.
 */
export type CalibratorQuality = "P" | "S" | "W" | "C" | "X" | "?";

export interface CalibratorBand {
  /** As the list has it: `20cm`. */
  readonly wavelength: string;
  /** P L C X U K Q. */
  readonly bandCode: string;
  /** In the A, B, C and D configuration. */
  readonly qualities: readonly [CalibratorQuality, CalibratorQuality, CalibratorQuality, CalibratorQuality];
  readonly fluxJy: number | null;
  /** Baselines from which and to which the source is good, in kilo-wavelengths. */
  readonly uvMinKLambda: number | null;
  readonly uvMaxKLambda: number | null;
}

export interface VlaCalibrator {
  /** IAU name of the J2000 place: `0834+555`. Four names stand for two entries each. */
  readonly name: string;
  readonly raDeg: number;
  readonly decDeg: number;
  /** A: better than 2 mas, B: 2 to 10, C: 10 to 150, T: worse. */
  readonly positionCode: string;
  /** Of B1950, and what else the list calls it. */
  readonly b1950Name: string;
  readonly altName: string | null;
  readonly bands: readonly CalibratorBand[];
}

/** Place of the configuration whose baselines are like those of DSA-110 in `qualities`. */
export const C_CONFIGURATION_INDEX = 2;

export const bandOf = (calibrator: VlaCalibrator, bandCode: string): CalibratorBand | undefined =>
  calibrator.bands.find((band) => band.bandCode === bandCode);

/** At 20 cm; null where the list gives none. No flux is ever assumed. */
export const lBandFluxJy = (calibrator: VlaCalibrator): number | null => bandOf(calibrator, "L")?.fluxJy ?? null;

/** A calibrator as a group sees it. */
export interface CalibratorMatch {
  readonly name: string;
  readonly raDeg: number;
  readonly decDeg: number;
  /** From the centre of the beam, in the middle of the group. */
  readonly sepDeg: number;
  readonly fluxJy: number;
  /** Power of the beam on the calibrator, averaged over the group. */
  readonly beamFactor: number;
  /** Flux × beam: what the group sees of it. */
  readonly weightedFluxJy: number;
  /** When it crosses the meridian next to the middle of the group. */
  readonly transitMjd: number;
  /** It crosses the meridian while the group is taken. */
  readonly transitsWithin: boolean;
  readonly quality: CalibratorQuality;
}

export interface CalibratorChoice {
  /** Calibrators that seem weaker are none. */
  readonly minWeightedFluxJy: number;
  /** Of the C configuration, whose baselines are like those of DSA-110. */
  readonly qualities: readonly CalibratorQuality[];
  readonly maxCount: number;
}

export const defaultCalibratorChoice: CalibratorChoice = {
  minWeightedFluxJy: 1,
  qualities: ["P", "S"],
  maxCount: 3,
};

/** The calibrators of a group, the one with most flux × beam first. The first is the one to solve on. */
export function chooseCalibrators(
  matches: readonly CalibratorMatch[],
  choice: CalibratorChoice = defaultCalibratorChoice,
): readonly CalibratorMatch[] {
  return matches
    .filter(
      ({ weightedFluxJy, quality }) => weightedFluxJy >= choice.minWeightedFluxJy && choice.qualities.includes(quality),
    )
    .toSorted((a, b) => b.weightedFluxJy - a.weightedFluxJy || a.sepDeg - b.sepDeg || (a.name < b.name ? -1 : 1))
    .slice(0, choice.maxCount);
}

/** What `ingest_queue.calibrators` holds: JSON, with the names that operators know. */
export function calibratorsText(matches: readonly CalibratorMatch[]): string {
  return JSON.stringify(
    matches.map(({ name, raDeg, decDeg, sepDeg, weightedFluxJy }) => ({
      name,
      ra_deg: raDeg,
      dec_deg: decDeg,
      sep_deg: sepDeg,
      weighted_flux: weightedFluxJy,
    })),
  );
}
