/** Solutions of one calibration table, as they are looked at, judged and compared. */

/** `other`: leakages, polynomials and what else CASA has; neither judged nor drawn. */
export type SolutionKind = "bandpass" | "gain" | "delay" | "other";

/** Rows of an antenna in a spectral window and solution interval. */
export interface CalSolutions {
  /** What CASA calls it, such as `B Jones`. */
  readonly visCal: string;
  readonly kind: SolutionKind;
  readonly rowCount: number;
  /** Receptors and channels of each row. */
  readonly cellShape: readonly [receptorCount: number, chanCount: number];
  readonly antennaIds: Int32Array;
  readonly spectralWindowIds: Int32Array;
  /** Middle of the solution interval, UTC [row]. */
  readonly timesMjdSec: Float64Array;
  /** [row, chan, receptor], interleaved re, im; null for delays. */
  readonly gains: Float32Array | null;
  /** [row, chan, receptor]; null for gains. */
  readonly delaysNs: Float32Array | null;
  /** [row, chan, receptor]; 1 where there is no solution. */
  readonly flags: Uint8Array;
  /** [row, chan, receptor]; null: the table has none. */
  readonly snrRatio: Float32Array | null;
  /** By antenna id. */
  readonly antennaNames: readonly string[];
  /** Messages of HISTORY, in their order. */
  readonly history: readonly string[];
  /** Channels of each spectral window, by its id. */
  readonly spwFreqHz: readonly Float64Array[];
}
