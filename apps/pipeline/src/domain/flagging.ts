/** What is decided about the flags of a Measurement Set before its data are read, and what came of it. */

/** Why a sample is flagged, in the order in which the reasons are asked: each counts what none before it had. */
export const flagRules = [
  "aoflagger",
  "zero",
  "non-finite",
  "autocorrelation",
  "antenna",
  "baseline",
  "scan",
  "time",
  "quack",
  "shadow",
  "channel",
  "clip",
  "rfi",
  "growth",
  "correlations",
  "dead-input",
  "noisy-input",
] as const;

export type FlagRule = (typeof flagRules)[number];

/** The reasons that take whole rows. */
export type RowRule = Extract<
  FlagRule,
  "autocorrelation" | "antenna" | "baseline" | "scan" | "time" | "quack" | "shadow"
>;

export type RuleCounts = Readonly<Record<FlagRule, number>>;

/** Rows with one DATA_DESC_ID: a spectral window and its correlations. */
export interface FlagWindow {
  readonly spwIndex: number;
  readonly freqHz: Float64Array;
  /** Such as XX, YY. */
  readonly corrs: readonly string[];
  /** Receptors (0: X or R, 1: Y or L) that each correlation takes from antenna 1 and antenna 2. */
  readonly receptors: readonly (readonly [number, number])[];
}

export interface FlagAntenna {
  readonly name: string;
  readonly station: string;
  readonly diameterM: number;
}

/** What a Measurement Set says of itself that decides how it is flagged. */
export interface FlaggableMs {
  readonly path: string;
  readonly telescope: string;
  readonly rowCount: number;
  readonly antennas: readonly FlagAntenna[];
  /** By DATA_DESC_ID. */
  readonly windows: readonly FlagWindow[];
  readonly scanNumbers: readonly number[];
  /** From the start of the first to the end of the last integration. */
  readonly startMjdSec: number;
  readonly endMjdSec: number;
}

/** Windows that are searched as one: side by side in frequency, ascending. */
export interface FlagBand {
  readonly dataDescIds: readonly number[];
  /** Channels that share one shape, 0: none do. */
  readonly subbandChannelCount: number;
}

export interface TimeSelection {
  readonly startSec: number;
  readonly endSec: number;
}

/** Rows by what they are. */
export interface RowSelection {
  readonly autocorrelations: boolean;
  readonly antennaIds: readonly number[];
  readonly baselines: readonly (readonly [number, number])[];
  readonly scanNumbers: readonly number[];
  /** TIME within, seconds since MJD 0. */
  readonly times: readonly TimeSelection[];
  readonly quack: { readonly intervalSec: number; readonly at: "begin" | "end" | "both" } | null;
  readonly shadow: { readonly toleranceM: number } | null;
}

/** Amplitudes that stay; in the unit of the data, which need not be calibrated. */
export interface ClipSelection {
  readonly minJy: number;
  readonly maxJy: number;
}

/** As `RfiSearchOptions` of the kernels, without what follows from the band. */
export interface RfiSettings {
  readonly binChannelCount: number;
  readonly sigmaChannelCount: number;
  readonly sigmaTimeCount: number;
  readonly firstThresholdSigmaRatio: number;
  readonly rhoRatio: number;
  readonly windowLengthMaxCount: number;
  readonly roundCount: number;
  readonly roundStepRatio: number;
  readonly etaTimeRatio: number;
  readonly etaFreqRatio: number;
}

export interface GrowthSettings {
  readonly growTimeRatio: number;
  readonly growFreqRatio: number;
  readonly flagNearTime: boolean;
  readonly flagNearFreq: boolean;
}

/** Everything that a run will do, decided from metadata. */
export interface FlagPlan {
  readonly ms: FlaggableMs;
  readonly dataColumn: string;
  readonly bands: readonly FlagBand[];
  readonly rows: RowSelection;
  /** One array for each DATA_DESC_ID, 1 = flag the channel; null: no channel. */
  readonly channels: readonly Uint8Array[] | null;
  readonly clip: ClipSelection | null;
  readonly rfi: RfiSettings | null;
  readonly growth: GrowthSettings | null;
  readonly extendsCorrelations: boolean;
  readonly judgesInputs: boolean;
  readonly aoflagger: { readonly command: string; readonly strategyPath: string | null } | null;
  /** The flags before the first run; made from the present ones when there is no such version. */
  readonly baseVersion: string;
  /** Whether flags start from that version, else from the present ones. */
  readonly startsFromBase: boolean;
}

/** Noise and power of one baseline between receptors of one kind, in the unit of the data squared. */
export interface BaselineRecord {
  readonly ant1: number;
  readonly ant2: number;
  readonly receptorIndex: number;
  readonly sampleCount: number;
  readonly flaggedCount: number;
  readonly noisePowerJyJy: number;
  readonly totalPowerJyJy: number;
}

/** An input that is flagged as a whole, and why. */
export interface BadInput {
  readonly antennaIndex: number;
  readonly receptorIndex: number;
  readonly verdict: "dead" | "noisy";
  readonly reasons: readonly string[];
  /** To the median of the array; NaN where nothing could be measured. */
  readonly noiseRatio: number;
  readonly sensitivityRatio: number;
}

/** Flagged part of something. */
export interface FlaggedPart {
  readonly flaggedCount: number;
  readonly sampleCount: number;
}

/** How much is flagged when all rules have been asked. */
export interface FlagTotals {
  readonly all: FlaggedPart;
  readonly before: FlaggedPart;
  readonly rules: RuleCounts;
  /** By DATA_DESC_ID. */
  readonly byWindow: readonly FlaggedPart[];
  /** By ANTENNA_ID; a row counts for both of its antennas. */
  readonly byAntenna: readonly FlaggedPart[];
  readonly flaggedRowCount: number;
}

/** A row of FLAG_CMD. */
export interface FlagCommand {
  readonly command: string;
  readonly reason: string;
}

export interface FlagReport {
  readonly msPath: string;
  readonly rowCount: number;
  readonly totals: FlagTotals;
  readonly badInputs: readonly BadInput[];
  /** The version that holds the flags as they were before the first run. */
  readonly baseVersion: string;
  /** Whether that version was made by this run. */
  readonly isBaseNew: boolean;
  /** Where flags were saved that somebody had changed since; null: nobody had. */
  readonly rescuedVersion: string | null;
  readonly timingsSec: {
    readonly open: number;
    readonly search: number;
    readonly write: number;
    readonly total: number;
  };
}

/** A saved state of FLAG and FLAG_ROW. */
export interface FlagVersion {
  readonly name: string;
  readonly comment: string;
}

export const flaggedFraction = ({ flaggedCount, sampleCount }: FlaggedPart): number =>
  sampleCount === 0 ? 0 : flaggedCount / sampleCount;
