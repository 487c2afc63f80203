/** Says what becomes of arrivals and of the groups that wait for them. */

import type { FileFate, FileVersion } from "../domain/arrival.ts";
import { asPipelineError } from "../domain/error-codes.ts";
import type { CollectingPolicy } from "../domain/queue.ts";
import type { ArrivalOutcome, GroupQueue, IncompleteGroup } from "../ports/group-queue.ts";
import type { Log } from "../ports/log.ts";
import { createWakeUp } from "./wake-up.ts";

export interface GroupAssemblerOptions {
  readonly queue: Pick<GroupQueue, "reviewCollecting">;
  readonly policy: CollectingPolicy;
  readonly log: Log;
  /** A group became ready: somebody may wait for it. */
  onPending(groupId: string): void;
}

export interface GroupAssembler {
  noteArrival(file: FileVersion, outcome: ArrivalOutcome): void;
  /** Warns of groups that wait too long, and lets those go on, or closes them, that the policy says. */
  review(): void;
}

/** Fates that an operator should hear of. */
const REMARKABLE: ReadonlySet<FileFate> = new Set(["late", "changed", "corrupt", "abandoned"]);

export function createGroupAssembler({ queue, policy, log, onPending }: GroupAssemblerOptions): GroupAssembler {
  const describe = ({ presentCount, missingSubbands }: IncompleteGroup) =>
    `${presentCount} of ${presentCount + missingSubbands.length} subbands, missing ${missingSubbands.join(", ")}`;
  const fieldsOf = (group: IncompleteGroup) => ({
    group_id: group.groupId,
    missing_subbands: group.missingSubbands.map(String),
  });

  return {
    noteArrival(file, { fate, reason, groupId, becamePending }) {
      const fields = { path: file.path, fate, group_id: groupId };
      const why = reason === "" ? "" : `: ${reason}`;
      if (REMARKABLE.has(fate)) log.warning(`${file.path} is ${fate}${why}`, fields);
      else log.debug(`${file.path} is ${fate}${why}`, fields);
      if (!becamePending || groupId === null) return;
      log.info(`Group ${groupId} is complete; queued for processing`, { group_id: groupId });
      onPending(groupId);
    },

    review() {
      const { overdue, promoted, closed } = queue.reviewCollecting(policy);
      for (const group of overdue) {
        log.warning(
          `Group ${group.groupId} has been waiting for missing subbands longer than ${Math.round(policy.timeoutMs / 1000)} s`,
          fieldsOf(group),
        );
      }
      for (const group of promoted) {
        log.warning(`Group ${group.groupId} is processed incomplete: ${describe(group)}`, fieldsOf(group));
        onPending(group.groupId);
      }
      for (const group of closed)
        log.error(`Group ${group.groupId} is closed as failed: ${describe(group)}`, fieldsOf(group));
    },
  };
}

/**
 * Reviews the waiting groups again and again until `signal` is aborted. A queue that cannot be written is said once and
 * tried again.
 *
 * @throws what has no code: a mistake of the program
 */
export async function reviewGroups(
  assembler: GroupAssembler,
  log: Log,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  const wakeUp = createWakeUp();
  let trouble: string | undefined;
  while (!signal.aborted) {
    try {
      assembler.review();
      trouble = undefined;
    } catch (error) {
      const coded = asPipelineError(error, "incomplete groups");
      if (coded.code === "INTERNAL") throw error;
      if (trouble !== coded.message) log.error(`${coded.message}; it is tried again`, { code: coded.code });
      trouble = coded.message;
    }
    await wakeUp.wait(intervalMs, signal);
  }
}
