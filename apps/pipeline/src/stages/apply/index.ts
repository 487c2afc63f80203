/**
 * The apply stage: calibration tables are applied to a Measurement Set, into CORRECTED_DATA or by whoever reads it.
 *
 * on the fly: consumes ms:DATA, ms:FLAG, ms:WEIGHT, calibration · produces applied-calibration
 * corrected-data: consumes the same · produces ms:CORRECTED_DATA, ms:FLAG, ms:WEIGHT
 */

import type { ApplyMode, ApplyOptions } from "../../domain/cal-apply.ts";
import {
  type AppliedCalibration,
  type ApplyReport,
  type CalTableRequest,
  historyLines,
} from "../../domain/cal-apply-report.ts";
import type { CalChoice } from "../../domain/cal-validity.ts";
import { PipelineError } from "../../domain/error-codes.ts";
import type { GroupCalibration } from "../../domain/group-calibration.ts";
import type { MeasurementSet } from "../../domain/measurement-set.ts";
import type { ApplyRunOptions, MsApplication } from "../../ports/ms-application.ts";
import { defineStage, type StageContext } from "../stage.ts";

const consumes = ["ms:DATA", "ms:FLAG", "ms:WEIGHT", "calibration"] as const;

/** Only reads the Measurement Set, under a shared lock. */
export const applyOnTheFlyDeclaration = { name: "apply", consumes, produces: ["applied-calibration"] } as const;

/** Changes it, under an exclusive one. */
export const applyDeclaration = {
  name: "apply",
  consumes,
  produces: ["ms:CORRECTED_DATA", "ms:FLAG", "ms:WEIGHT"],
} as const;

export interface ApplyStageOptions {
  readonly application: MsApplication;
  readonly options: ApplyOptions;
  readonly workerCount: number;
  readonly software: string;
  readonly monotonicMs: () => number;
  /** Called with what came of each run. */
  onReport?(report: ApplyReport): void;
}

interface StagePlan {
  readonly ms: MeasurementSet;
  readonly applied: AppliedCalibration;
}

/** The tables of a choice, each type with its neighbours in time. */
export const requestsOf = ({ choices }: Pick<CalChoice, "choices">): readonly CalTableRequest[] =>
  choices.map(({ type, tables }) => ({
    type,
    orderIndex: tables[0]!.table.orderIndex,
    paths: tables.map(({ table }) => table.path),
  }));

/** Tables of one type are neighbours in time. */
function planned(ms: MeasurementSet, { tables }: GroupCalibration, options: ApplyOptions): StagePlan {
  const requests = [...Map.groupBy(tables, ({ type }) => type)].map(([type, some]) => ({
    type,
    orderIndex: null,
    paths: some.map(({ path }) => path),
  }));
  return { ms, applied: { msPath: ms.path, dataColumn: "DATA", requests, options } };
}

/** Verifies that the tables apply, and records which; writes nothing. */
export function applyOnTheFlyStage(stage: ApplyStageOptions) {
  return defineStage({
    ...applyOnTheFlyDeclaration,
    plan: async (inputs): Promise<StagePlan> => planned(inputs["ms:DATA"], inputs.calibration, stage.options),
    msPathOf: ({ ms }) => ms.path,
    async run({ applied }, context) {
      if (applied.requests.length > 0) stage.onReport?.(await runApplication(applied, "on-the-fly", stage, context));
      return { "applied-calibration": applied };
    },
  });
}

/** Writes CORRECTED_DATA with its weights and flags. */
export function applyStage(stage: ApplyStageOptions) {
  return defineStage({
    ...applyDeclaration,
    plan: async (inputs): Promise<StagePlan> => planned(inputs["ms:DATA"], inputs.calibration, stage.options),
    msPathOf: ({ ms }) => ms.path,
    async run({ ms, applied }, context) {
      if (applied.requests.length === 0) {
        const message = `${ms.path}: tables to apply: expected some, found none; CORRECTED_DATA is not made of data without calibration`;
        throw new PipelineError("CAL_MISSING", message, { subject: ms.path });
      }
      stage.onReport?.(await runApplication(applied, "corrected-data", stage, context));
      return { "ms:CORRECTED_DATA": ms, "ms:FLAG": ms, "ms:WEIGHT": ms };
    },
  });
}

/**
 * Matches, tries a sample, and writes where the mode asks for it. The lock of the Measurement Set is the caller's: shared on
 * the fly, else exclusive.
 *
 * @throws PipelineError CAL_NOT_APPLICABLE, CAL_RESULT_TRIVIAL, MS_UNSUITABLE, MS_IN_USE, INTERRUPTED, …
 */
export async function runApplication(
  applied: AppliedCalibration,
  mode: ApplyMode,
  { application, workerCount, software, monotonicMs }: Omit<ApplyStageOptions, "options" | "onReport">,
  { signal, onProgress }: StageContext,
): Promise<ApplyReport> {
  const startedMs = monotonicMs();
  if (mode === "corrected-data") await application.recover(applied.msPath);
  const prepared = application.prepare(applied);
  const { plan } = prepared;
  const plannedMs = monotonicMs();
  const sample = prepared.trySample();
  const run: ApplyRunOptions = {
    workerCount,
    signal,
    onProgress: (step, doneBytes, totalBytes) => onProgress({ step, doneBytes, totalBytes }),
  };
  const written =
    mode === "on-the-fly" ? null : await prepared.write((counts) => historyLines(software, applied, plan, counts), run);
  const endedMs = monotonicMs();
  return {
    applied,
    mode,
    plan,
    sample,
    written,
    timingsSec: {
      plan: (plannedMs - startedMs) / 1000,
      run: (endedMs - plannedMs) / 1000,
      total: (endedMs - startedMs) / 1000,
    },
  };
}
