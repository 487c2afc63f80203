/** What the stream adds to a conversion: another place when the first is full, and a last look at the input. */

import type { ConversionPlan, ConversionReport } from "../domain/conversion-plan.ts";
import { isPipelineError, PipelineError } from "../domain/error-codes.ts";
import type { ChainJob } from "../ports/chain-runner.ts";
import type { InputStaging } from "../ports/input-staging.ts";
import type { BuildOptions, MsBuilder } from "../ports/ms-builder.ts";

/**
 * Builds where the plan says, and once more in `otherDir` when there is no room: other groups may fill a tmpfs
 * meanwhile, which is no reason to stop.
 */
export async function buildWithRoom(
  builder: Pick<MsBuilder, "build">,
  plan: ConversionPlan,
  options: BuildOptions,
  otherDir: string,
): Promise<ConversionReport> {
  try {
    return await builder.build(plan, options);
  } catch (error) {
    if (!isPipelineError(error, "DISK_FULL") || plan.stagingDir === otherDir) throw error;
    return builder.build({ ...plan, stagingDir: otherDir }, options);
  }
}

/** What was read is what the group was claimed with. @throws PipelineError INPUT_CHANGED */
export function assertInputsUnchanged(
  { group, inputSignatures }: Pick<ChainJob, "group" | "inputSignatures">,
  signatureOf: InputStaging["signatureOf"],
): void {
  for (const { path, signature } of inputSignatures) {
    const found = signatureOf(path) ?? "no such file";
    if (found !== signature) {
      throw new PipelineError("INPUT_CHANGED", `${path}: expected ${signature}, found ${found}`, {
        subject: group.groupId,
      });
    }
  }
}
