/** Calibration tables on disk. */

import type { CalSolutions } from "../domain/cal-solutions.ts";

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

export interface CalTableFiles {
  /** Reads all of it: a table that cannot be read whole is not applied. */
  inspect(path: string): CalTableCondition;

  /** @throws PipelineError TABLE_UNREADABLE, INPUT_UNREADABLE */
  readSolutions(path: string): CalSolutions;
}
