/** Solves on the Measurement Set of one group of the stream; what comes of it is registered by who holds the lease. */

import { dirname, join } from "node:path/posix";
import { defaultCalSolveConfig } from "../domain/cal-solve.ts";
import { isPipelineError, PipelineError } from "../domain/error-codes.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { SourceCatalog } from "../ports/source-catalog.ts";
import { withContent } from "./find-calibration.ts";
import { defaultSkyChoice, type SolveCalibrationPorts, solveTables } from "./solve-calibration.ts";
import type { SolveGroup } from "./solve-due.ts";

export interface SolveGroupOptions {
  readonly workerCount: number;
  readonly softwareVersion: string;
  onProgress(step: string, doneCount: number, totalCount: number): void;
}

/** Of tables of one group: those that were no good, or were left by a worker that died, keep their names. */
const MAX_ATTEMPT_COUNT = 100;

/** `<timestamp>_<fields>`, beside the Measurement Set; a later attempt ends in `_r2`, `_r3`, … */
const prefixOf = ({ path, groupId }: MeasurementSet, attempt: number) =>
  join(dirname(path), `${groupId}_0${attempt === 1 ? "" : `_r${attempt}`}`);

export function groupSolver(
  ms: MeasurementSet,
  sky: SourceCatalog,
  ports: Omit<SolveCalibrationPorts, "locks">,
  { workerCount, softwareVersion, onProgress }: SolveGroupOptions,
): SolveGroup {
  return async ({ types, priorTables, parameters, signal }) => {
    for (let attempt = 1; attempt <= MAX_ATTEMPT_COUNT; attempt++) {
      try {
        const { report, entries } = await solveTables(ms.path, sky, null, ports, {
          config: { ...defaultCalSolveConfig, types, priorTables },
          choice: defaultSkyChoice,
          modelColumn: null,
          dataColumn: "DATA",
          outputPrefix: prefixOf(ms, attempt),
          workerCount,
          softwareVersion,
          solverCommand: "contimg stream",
          signal,
          onProgress,
        });
        return entries.map((entry, at) => {
          const { verdict, reasons } = report.tables[at]!.verdict;
          const table = withContent(ports.files, { ...entry, parameters: { ...entry.parameters, ...parameters } });
          return { table, verdict, reasons: reasons.map(({ severity, text }) => `${severity}: ${text}`) };
        });
      } catch (error) {
        if (!isPipelineError(error, "OUTPUT_EXISTS")) throw error;
      }
    }
    const message = `${prefixOf(ms, 1)}: the names of ${MAX_ATTEMPT_COUNT} attempts are taken; move old tables away`;
    throw new PipelineError("OUTPUT_EXISTS", message, { subject: ms.groupId });
  };
}
