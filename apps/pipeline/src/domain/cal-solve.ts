/** What is solved for on a Measurement Set, and what came of it. */

import type { QualityVerdict, SolutionQuality } from "./cal-quality.ts";
import type { CalTableType } from "./cal-table.ts";

/** Which sources make up the sky. Directions are ICRS; sizes are full widths at half maximum. */
export interface SkySource {
  readonly name: string;
  readonly raDeg: number;
  readonly decDeg: number;
  /** At `refFreqHz`, before the primary beam. */
  readonly fluxJy: number;
  readonly refFreqHz: number;
  /** α of S = S₀ (ν / ν₀)^α. */
  readonly spectralIndexRatio: number;
  readonly majorArcsec: number;
  readonly minorArcsec: number;
  readonly paDeg: number;
}

/**
 * How the beam stands: "drift" on the meridian at the declination of the phase centre while the sky goes by, "tracking" on
 * the phase centre, "none" everywhere 1.
 */
export const beamKinds = ["drift", "tracking", "none"] as const;
export type BeamKind = (typeof beamKinds)[number];

export interface CalSolveConfig {
  readonly beam: BeamKind;
  /** Of the dishes; null: as the Measurement Set says. */
  readonly dishDiameterM: number | null;
  /** Baselines outside are left out of solves. */
  readonly minUvM: number;
  readonly maxUvM: number;
  readonly minBaselineCount: number;
  readonly bandpassMinSnrRatio: number;
  readonly gainMinSnrRatio: number;
  /** Solution interval of gains; null: one for all times. */
  readonly gainIntervalSec: number | null;
  /** Of the phases that are solved on top of them, as `_2gcal`; null: none. */
  readonly phaseIntervalSec: number | null;
  /** Names of antennas to refer phases to, the best first, as far as they have solutions. */
  readonly refants: readonly string[];
}

/** Outriggers first, east before north: they are the least coupled. 103 comes last of the old pipeline's list. */
const DSA110_REFANTS = [
  "104",
  "105",
  "106",
  "107",
  "108",
  "109",
  "110",
  "111",
  "112",
  "113",
  "114",
  "115",
  "116",
  "103",
];

export const defaultCalSolveConfig: CalSolveConfig = {
  beam: "drift",
  dishDiameterM: null,
  minUvM: 0,
  maxUvM: Number.POSITIVE_INFINITY,
  minBaselineCount: 4,
  bandpassMinSnrRatio: 3,
  gainMinSnrRatio: 3,
  gainIntervalSec: null,
  phaseIntervalSec: 60,
  refants: DSA110_REFANTS,
};

/** One table of a solve. */
export interface SolvedTable {
  readonly type: CalTableType;
  readonly path: string;
  readonly quality: SolutionQuality;
  readonly verdict: QualityVerdict;
  /** Cells of the solve, an interval, bin and polarisation each, by how they ended. */
  readonly outcomeCounts: {
    readonly convergedCount: number;
    readonly limitCount: number;
    readonly noDataCount: number;
  };
  /** Scatter of the data about the model in units of what their weights say; null where no cell has any. */
  readonly residualSigma: number | null;
}

export interface CalSolveReport {
  readonly msPath: string;
  readonly fieldName: string;
  readonly refant: string;
  readonly sourceCount: number;
  /** Apparent flux of the model in the middle of the data and of the band. */
  readonly modelFluxJy: number;
  /** Of visibilities between different antennas, how many went in. */
  readonly usedFraction: number;
  readonly tables: readonly SolvedTable[];
  readonly startMjd: number;
  readonly endMjd: number;
  readonly timingsSec: {
    readonly bandpass: number;
    readonly gains: number;
    readonly write: number;
    readonly total: number;
  };
}
