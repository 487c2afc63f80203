/** What is solved for on a Measurement Set, and what came of it. */

import type { QualityVerdict, SolutionQuality } from "./cal-quality.ts";
import type { CalTableType } from "./cal-table.ts";
import { PipelineError } from "./error-codes.ts";

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

/** What a solve can make, in the order in which it is solved, each on top of those before. */
export const solveTypes = ["K", "BP", "GP", "2G"] as const satisfies readonly CalTableType[];
export type SolveType = (typeof solveTypes)[number];

/** A table that was solved before, on top of which this solve is made. */
export interface PriorTable {
  readonly type: CalTableType;
  readonly path: string;
}

/** What a solution may take together; what is not named begins a new one. */
export const combinables = ["field", "spw", "scan"] as const;
export type Combinable = (typeof combinables)[number];

/** p: phases alone, a: amplitudes alone, ap: both. */
export const calModes = ["p", "a", "ap"] as const;
export type CalMode = (typeof calModes)[number];

export const smoothKinds = ["hanning", "boxcar", "gaussian"] as const;
export type SmoothKind = (typeof smoothKinds)[number];

/** How baselines that lie off a solution lose weight: Student's t, or beyond a limit (Huber). */
export type RobustConfig =
  | { readonly kind: "student"; readonly degreesCount: number }
  | { readonly kind: "huber"; readonly limitSigma: number };

export interface CalSolveConfig {
  /** Which tables are made, in any order. */
  readonly types: readonly SolveType[];
  /** Known before, of types that are not solved: gains alone need a bandpass here. */
  readonly priorTables: readonly PriorTable[];
  readonly beam: BeamKind;
  /** Of the dishes; null: as the Measurement Set says. */
  readonly dishDiameterM: number | null;
  /** Whether the model is smeared over integrations and channels, as data of a telescope are. */
  readonly isSmeared: boolean;
  /** Names or numbers of fields that are solved on; none: all. */
  readonly fields: readonly string[];
  /** Baselines outside are left out of solves: metres, and wavelengths in the middle of each window. */
  readonly minUvM: number;
  readonly maxUvM: number;
  readonly minUvLambda: number;
  readonly maxUvLambda: number;
  /** What solutions of gains, bandpass and delays take together. Delays are always of all spectral windows. */
  readonly combine: readonly Combinable[];
  readonly minBaselineCount: number;
  /** null: every baseline has the weight that its data have. */
  readonly robust: RobustConfig | null;
  readonly delayMinSnrRatio: number;
  /** Interval of phases that are taken out before the bandpass is solved, and then dropped; null: none. */
  readonly preBandpassIntervalSec: number | null;
  readonly bandpassMinSnrRatio: number;
  /** Whether the mean square of a bandpass is made 1 in each window. */
  readonly isBandpassNormalised: boolean;
  /** Whole width in channels, odd; of a Gaussian the full width at half maximum. */
  readonly bandpassSmoothing: { readonly kind: SmoothKind; readonly widthCount: number } | null;
  /** Gaps of up to so many channels between solutions are filled. */
  readonly fillGapsChanCount: number;
  /** Of the polynomial that amplitudes of each window are replaced by; null: they stay. */
  readonly bandpassDegreeCount: number | null;
  readonly gainMinSnrRatio: number;
  readonly gainMode: CalMode;
  /** Solution interval of gains; null: one for all times, 0: each integration. */
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
  types: ["BP", "GP", "2G"],
  priorTables: [],
  beam: "drift",
  dishDiameterM: null,
  isSmeared: true,
  fields: [],
  minUvM: 0,
  maxUvM: Number.POSITIVE_INFINITY,
  minUvLambda: 0,
  maxUvLambda: Number.POSITIVE_INFINITY,
  combine: ["field", "scan"],
  minBaselineCount: 4,
  robust: null,
  delayMinSnrRatio: 5,
  preBandpassIntervalSec: null,
  bandpassMinSnrRatio: 3,
  isBandpassNormalised: true,
  bandpassSmoothing: null,
  fillGapsChanCount: 0,
  bandpassDegreeCount: null,
  gainMinSnrRatio: 3,
  gainMode: "ap",
  gainIntervalSec: null,
  phaseIntervalSec: 60,
  refants: DSA110_REFANTS,
};

/** Those of the old pipeline: quick looks, the usual, and each integration by itself. */
export const calPresets = {
  development: { gainMode: "p", minUvLambda: 1000 },
  standard: {},
  high_precision: { gainIntervalSec: 0, bandpassMinSnrRatio: 5, gainMinSnrRatio: 5 },
} as const satisfies Readonly<Record<string, Partial<CalSolveConfig>>>;
export type CalPreset = keyof typeof calPresets;

const BANDPASS_TYPES: readonly CalTableType[] = ["BA", "BP"];
const GAIN_TYPES: readonly CalTableType[] = ["GA", "GP"];

/**
 * Gains are solved on top of a bandpass, and phases of short intervals on top of gains: each must be solved too, or be known.
 *
 * @param subject  the Measurement Set, as the message names it
 * @throws PipelineError PRIOR_UNUSABLE
 */
export function assertPriors({ types, priorTables }: CalSolveConfig, subject: string): void {
  const refuse = (what: string, expected: string, found: string): never => {
    throw new PipelineError("PRIOR_UNUSABLE", `${subject}: ${what}: expected ${expected}, found ${found}`, { subject });
  };
  const known = new Set<CalTableType>(priorTables.map(({ type }) => type));
  const solved = new Set<CalTableType>(types);
  if (solved.size === 0) refuse("types to solve for", `some of ${solveTypes.join(", ")}`, "none");
  const twice = types.find((type) => known.has(type));
  if (twice !== undefined) refuse("tables solved before", "only types that are not solved for", twice);
  if (known.size < priorTables.length)
    refuse("tables solved before", "one of each type", priorTables.map(({ type }) => type).join(", "));
  const has = (all: readonly CalTableType[]) => all.some((type) => known.has(type) || solved.has(type));
  const foundText = [...known, ...solved].join(", ");
  if (solved.has("GP") && !has(BANDPASS_TYPES))
    refuse("what gains are solved on top of", "a bandpass, of --types BP, a --prior-table or the registry", foundText);
  if (solved.has("2G") && !(has(BANDPASS_TYPES) && has(GAIN_TYPES)))
    refuse("what short phases are solved on top of", "a bandpass and gains", foundText);
}

/** One table of a solve. */
export interface SolvedTable {
  readonly type: CalTableType;
  readonly path: string;
  readonly quality: SolutionQuality;
  readonly verdict: QualityVerdict;
  /** Cells of the solve, an interval, bin and polarisation each, by how they ended. */
  readonly outcomeCounts: OutcomeCounts;
  /** Scatter of the data about the model in units of what their weights say; null where no cell has any. */
  readonly residualSigma: number | null;
  /** Rms of closure phases of the data about the model, of gains alone: what no gain can take away. */
  readonly closurePhaseDeg: number | null;
}

/** `limit`: the iterations ended before the gains stood still. */
export interface OutcomeCounts {
  readonly convergedCount: number;
  readonly limitCount: number;
  readonly noDataCount: number;
}

export const outcomesText = ({ convergedCount, limitCount, noDataCount }: OutcomeCounts): string =>
  `${convergedCount} cells converged, ${limitCount} ended at the limit of iterations, ${noDataCount} had too few data`;

/** What is said of a solve where its table is looked at. */
export const solveMessage = (counts: OutcomeCounts, closurePhaseDeg: number | null): string =>
  [outcomesText(counts), ...(closurePhaseDeg === null ? [] : [`closure phases ${closurePhaseDeg.toFixed(2)}°`])].join(
    ", ",
  );

/** Cells that did not converge, above it. */
const WARN_LIMIT_FRACTION = 0.01;
/** Phases of no meaning have 104°. */
const WARN_CLOSURE_DEG = 30;
const MAX_CLOSURE_DEG = 80;

/** Adds to the verdict on a table what only its solve knows. */
export function judgeSolve(
  { verdict, reasons }: QualityVerdict,
  { convergedCount, limitCount }: OutcomeCounts,
  closurePhaseDeg: number | null,
): QualityVerdict {
  const more: QualityVerdict["reasons"][number][] = [];
  if (limitCount > WARN_LIMIT_FRACTION * (convergedCount + limitCount))
    more.push({ severity: "warning", text: `${limitCount} cells ended at the limit of iterations` });
  if (closurePhaseDeg !== null && closurePhaseDeg > WARN_CLOSURE_DEG)
    more.push({
      severity: closurePhaseDeg > MAX_CLOSURE_DEG ? "bad" : "warning",
      text: `closure phases of ${closurePhaseDeg.toFixed(0)}°: is the model the sky?`,
    });
  if (more.length === 0) return { verdict, reasons };
  const isBad = verdict === "bad" || more.some(({ severity }) => severity === "bad");
  return { verdict: isBad ? "bad" : "usable", reasons: [...reasons, ...more] };
}

export interface CalSolveReport {
  readonly msPath: string;
  readonly fieldName: string;
  readonly refant: string;
  /** 0 when the model is a column. */
  readonly sourceCount: number;
  /** Apparent flux of the model in the middle of the data and of the band; null when the model is a column. */
  readonly modelFluxJy: number | null;
  /** Of visibilities between different antennas, how many went in. */
  readonly usedFraction: number;
  readonly tables: readonly SolvedTable[];
  readonly startMjd: number;
  readonly endMjd: number;
  /** By the clock. */
  readonly timingsSec: {
    /** Reading, prediction and sums, on all threads. */
    readonly accumulate: number;
    readonly solve: number;
    readonly write: number;
    readonly total: number;
  };
  /** Of processors, all threads together. */
  readonly cpuSec: {
    readonly read: number;
    readonly predict: number;
    readonly accumulate: number;
    readonly solve: number;
  };
}

/** A model that was written into a Measurement Set. */
export interface PredictReport {
  readonly msPath: string;
  readonly column: string;
  /** Whether there was one before. */
  readonly isReplaced: boolean;
  readonly sourceCount: number;
  readonly peakJy: number;
}
