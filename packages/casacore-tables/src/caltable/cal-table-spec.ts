/** What a CASA calibration table is made of. */
import type { SubtableRow } from "../ms/ms-spec.ts";
import type { KeywordValue } from "../table/model.ts";
import type { FinishOptions } from "../table/table-spec.ts";

/** B: bandpass, G: gain, K: delay; each one value an antenna, receptor and, for B, channel. */
export type CalKind = "B" | "G" | "K";

/** Subtables of a calibration table, with the columns of those of a Measurement Set. */
export type CalSubtable = "OBSERVATION" | "ANTENNA" | "FIELD" | "SPECTRAL_WINDOW" | "HISTORY";

/** Solutions, one a row: an antenna in a spectral window and solution interval. */
export interface CalSolutions {
  readonly rowCount: number;
  /** Receptors and channels of each solution: [2, chan] for B, [2, 1] for G and K. */
  readonly cellShape: readonly [receptorCount: number, chanCount: number];
  /** Middle of the solution interval, UTC [row]. */
  readonly timeMjdSec: Float64Array;
  /** Length of the solution interval [row]. Default 0, as CASA writes it. */
  readonly intervalSec?: Float64Array;
  readonly fieldIds: Int32Array;
  readonly spectralWindowIds: Int32Array;
  readonly antennaIds: Int32Array;
  /** Reference antenna [row], -1: none. */
  readonly refAntennaIds: Int32Array;
  readonly scanNumbers: Int32Array;
  /** Default 0. */
  readonly observationIds?: Int32Array;
  /** B, G: complex gains, interleaved re, im, [row, chan, receptor]; the data are divided by g₁·g₂*. */
  readonly gains?: Float32Array;
  /** K: delays [row, chan, receptor]. */
  readonly delaysNs?: Float32Array;
  /** Errors of the parameters [row, chan, receptor], in the parameters' unit. */
  readonly paramErrorSigma: Float32Array;
  /** 1 where there is no solution [row, chan, receptor]. */
  readonly flags: Uint8Array;
  /** Signal-to-noise ratio [row, chan, receptor]. */
  readonly snrRatio: Float32Array;
  /** [row, chan, receptor]. Default: no values, as CASA writes it. */
  readonly weights?: Float32Array;
}

export interface CalTableSpec {
  readonly kind: CalKind;
  /** Name of the Measurement Set that was solved on. */
  readonly msName: string;
  /** Default "unknown", as CASA writes it. */
  readonly polBasis?: string;
  /** Version of CASA that the table claims to be written by; CASA reads it. Default "6.6.3-22". */
  readonly casaVersion?: string;
  readonly solutions: CalSolutions;
  readonly subtables: { readonly [name in CalSubtable]?: readonly SubtableRow[] };
  /** Keywords of subtable columns that differ from the Measurement Set's, such as another frame in MEASINFO. */
  readonly subtableColumnKeywords?: readonly {
    readonly table: CalSubtable;
    readonly columnName: string;
    readonly keyword: string;
    readonly value: KeywordValue;
  }[];
}

export type CalTableOptions = FinishOptions;
