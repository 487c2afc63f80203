/** Converts groups one after the other; an error of one never stops the next, unless it says halt. */

import type { Artifacts } from "../domain/artifacts.ts";
import type { ConversionPlan, ConversionReport } from "../domain/conversion-plan.ts";
import { asPipelineError, isPipelineError, PipelineError } from "../domain/error-codes.ts";
import type { Group } from "../domain/group.ts";
import type { Stage, StageContext, StageProgress } from "../stages/stage.ts";

export type GroupOutcome =
  | { readonly kind: "converted"; readonly groupId: string; readonly report: ConversionReport }
  | { readonly kind: "planned"; readonly groupId: string; readonly plan: ConversionPlan }
  | { readonly kind: "skipped"; readonly groupId: string; readonly reason: string }
  | { readonly kind: "failed"; readonly groupId: string; readonly error: PipelineError };

export interface ConvertGroupsOptions {
  readonly dryRun: boolean;
  readonly skipExisting: boolean;
  readonly signal: AbortSignal;
  onStart(group: Group): void;
  onProgress(group: Group, progress: StageProgress): void;
  onOutcome(outcome: GroupOutcome): void;
  /** The Measurement Set of a group is locked by others. */
  onWait(message: string): void;
}

/** The convert stage, as this service uses it. */
export type GroupConverter = Pick<
  Stage<"uvh5-group", "ms:DATA" | "ms:FLAG" | "ms:WEIGHT", ConversionPlan>,
  "plan" | "run"
>;

export async function convertGroups(
  converter: GroupConverter,
  groups: readonly Group[],
  options: ConvertGroupsOptions,
): Promise<readonly GroupOutcome[]> {
  const outcomes: GroupOutcome[] = [];
  let halted: PipelineError | undefined;
  for (const group of groups) {
    const outcome = halted
      ? failed(
          group,
          new PipelineError(halted.code, `not tried: ${halted.message}`, { subject: group.groupId, cause: halted }),
        )
      : await convertOne(converter, group, options);
    if (outcome.kind === "failed" && outcome.error.disposition === "halt") halted ??= outcome.error;
    outcomes.push(outcome);
    options.onOutcome(outcome);
  }
  return outcomes;
}

const failed = (group: Group, error: PipelineError): GroupOutcome => ({
  kind: "failed",
  groupId: group.groupId,
  error,
});

async function convertOne(
  converter: GroupConverter,
  group: Group,
  options: ConvertGroupsOptions,
): Promise<GroupOutcome> {
  const { groupId } = group;
  options.onStart(group);
  const context: StageContext = {
    signal: options.signal,
    onProgress: (progress) => options.onProgress(group, progress),
  };
  const inputs: Pick<Artifacts, "uvh5-group"> = { "uvh5-group": group };
  try {
    if (options.signal.aborted)
      throw new PipelineError("INTERRUPTED", `group ${groupId}: stopped before it began`, { subject: groupId });
    const plan = await converter.plan(inputs, context);
    if (options.dryRun) return { kind: "planned", groupId, plan };
    const outputs = await converter.run(plan, context);
    return { kind: "converted", groupId, report: outputs["ms:DATA"].conversion };
  } catch (error) {
    if (options.skipExisting && isPipelineError(error, "OUTPUT_EXISTS"))
      return { kind: "skipped", groupId, reason: error.message };
    return failed(group, asPipelineError(error, groupId));
  }
}
