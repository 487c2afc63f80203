/** Calibration tables on disk. */

export type CalTableCondition =
  | {
      readonly kind: "whole";
      readonly contentDigest: string;
      /** What CASA calls it, such as `B Jones`. */
      readonly visCal: string;
      /** Middle of the times of its solutions; null: it has none. */
      readonly referenceMjd: number | null;
    }
  | { readonly kind: "vanished" }
  /** Perhaps only for now: a disk that is not mounted, no permission, an error of input and output. */
  | { readonly kind: "unreachable"; readonly reason: string }
  | { readonly kind: "corrupt"; readonly reason: string };

/** Solutions as the table has them: rows of an antenna in a spectral window and solution interval. */
export interface SolutionValues {
  readonly visCal: string;
  readonly rowCount: number;
  /** Receptors and channels of each row. */
  readonly cellShape: readonly [receptorCount: number, chanCount: number];
  readonly antennaIds: Int32Array;
  readonly spectralWindowIds: Int32Array;
  /** [row, chan, receptor], interleaved re, im; null for delays. */
  readonly gains: Float32Array | null;
  /** [row, chan, receptor]; null for gains. */
  readonly delaysNs: Float32Array | null;
  /** [row, chan, receptor]. */
  readonly flags: Uint8Array;
}

export interface CalTableFiles {
  /** Reads all of it: a table that cannot be read whole is not applied. */
  inspect(path: string): CalTableCondition;

  /** @throws PipelineError TABLE_UNREADABLE, INPUT_UNREADABLE */
  readSolutions(path: string): SolutionValues;
}
