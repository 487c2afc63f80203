/**
 * The apply stage as the stream has it: tables that turn out not to fit a group are an alert, and the group goes on
 * uncalibrated and marked so.
 */

import type { AlertChange } from "../domain/alert.ts";
import type { ArtifactKind, Artifacts } from "../domain/artifacts.ts";
import { defaultApplyOptions } from "../domain/cal-apply.ts";
import { type ErrorCode, isPipelineError } from "../domain/error-codes.ts";
import type { GroupCalibration } from "../domain/group-calibration.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { Stage } from "../stages/stage.ts";
import type { ChainStage } from "./run-chain.ts";

/** About the tables and this group, not about the machine. */
const NOT_FITTING: readonly ErrorCode[] = ["CAL_NOT_APPLICABLE", "CAL_RESULT_TRIVIAL"];

const ALERT_KEY = "calibration-apply";

interface StreamPlan<Plan> {
  readonly inner: Plan;
  readonly ms: MeasurementSet;
  readonly calibration: GroupCalibration;
}

/** The apply stage in either mode. */
type ApplyStage<Out extends ArtifactKind, Plan> = Stage<"ms:DATA" | "ms:FLAG" | "ms:WEIGHT" | "calibration", Out, Plan>;

export function applyInStream<Out extends ArtifactKind, Plan>(
  stage: ApplyStage<Out, Plan>,
  onAlert: (change: AlertChange) => void,
): ChainStage {
  // What is made of a group without calibration is what it was; CORRECTED_DATA is none of it.
  const produces: readonly ArtifactKind[] = stage.produces.filter((kind) => kind !== "ms:CORRECTED_DATA");
  const unchanged = ({ ms }: StreamPlan<Plan>): Partial<Artifacts> => ({
    ...Object.fromEntries(produces.filter((kind) => kind.startsWith("ms:")).map((kind) => [kind, ms])),
    "applied-calibration": { msPath: ms.path, dataColumn: "DATA", requests: [], options: defaultApplyOptions },
  });
  return {
    name: stage.name,
    consumes: stage.consumes,
    produces: [...produces, "calibration"],
    async plan(inputs, context): Promise<StreamPlan<Plan>> {
      return { inner: await stage.plan(inputs, context), ms: inputs["ms:DATA"], calibration: inputs.calibration };
    },
    msPathOf: (plan) => (plan as StreamPlan<Plan>).ms.path,
    isAdopting: (plan) => (plan as StreamPlan<Plan>).calibration.tables.length === 0,
    async run(given, context) {
      const plan = given as StreamPlan<Plan>;
      const { calibration, ms } = plan;
      if (calibration.tables.length === 0) return { ...unchanged(plan), calibration };
      try {
        const made = await stage.run(plan.inner, context);
        onAlert({ kind: "resolve", key: ALERT_KEY });
        return { ...made, calibration };
      } catch (error) {
        if (!isPipelineError(error, ...NOT_FITTING)) throw error;
        const text = `group ${ms.groupId} goes on uncalibrated: ${error.code}: ${error.message}`;
        onAlert({ kind: "raise", key: ALERT_KEY, severity: "ERROR", text });
        const reasons = [...calibration.reasons, error.message];
        return { ...unchanged(plan), calibration: { ...calibration, status: "uncalibrated", tables: [], reasons } };
      }
    },
  };
}
