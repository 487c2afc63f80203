/** Takes groups from the queue and has them processed, until it is told to stop. */

import { asPipelineError, type PipelineError } from "../domain/error-codes.ts";
import type { ClaimedGroup } from "../domain/queue.ts";
import type { QueueControl } from "../ports/group-queue.ts";
import type { HostProcesses } from "../ports/host-processes.ts";
import type { Orphans } from "../ports/orphans.ts";
import { type GroupEnd, type GroupOptions, type GroupPorts, processGroup } from "./process-group.ts";
import { createWakeUp } from "./wake-up.ts";

export interface StreamWorkerPorts extends GroupPorts {
  readonly processes: HostProcesses;
  readonly orphans: Orphans;
  readonly groups: Pick<QueueControl, "show">;
}

export interface StreamWorkerOptions extends Omit<GroupOptions, "haltWaitMs"> {
  /** Groups at a time. */
  readonly groupCount: number;
  /** How long an idle worker waits before it looks again. */
  readonly pollMs: number;
  readonly graceMs: number;
  /** Between looks for groups of workers that died. */
  readonly recoveryMs: number;
}

export interface StreamWorker {
  /**
   * @param stop   aborted: no group is begun any more; those in work may end within the grace period
   * @param force  aborted: those in work are handed back now
   * @throws AggregateError when loops ended by an error that no group explains
   */
  run(stop: AbortSignal, force: AbortSignal): Promise<void>;
  /** A group may have become ready. */
  wake(): void;
  activeGroupIds(): readonly string[];
}

/** Pauses between attempts while the machine is not fit to process any group. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
const GIVES_WAY_MS = 1_000;

export function createStreamWorker(ports: StreamWorkerPorts, options: StreamWorkerOptions): StreamWorker {
  const { queue, processes, log, clock } = ports;
  const active = new Set<string>();
  const idle = createWakeUp();
  /** Not undefined: claiming rests until then, and one group at a time is tried afterwards. */
  let pause: { readonly untilMs: number; readonly lengthMs: number } | undefined;

  /** The child of a worker that died lives a moment longer: what it leaves is found by a second look. */
  let mustSweepAgain = false;

  const isDead = (owner: string) => processes.state(owner) === "dead";

  function recover(): void {
    const recovered = queue.recoverStale(isDead, options.retry);
    for (const { groupId, state, leaseOwner } of recovered) {
      if (state === "pending")
        log.warning(`Recovered stale in-progress group ${groupId}; re-queued for processing`, { groupId, leaseOwner });
      else log.error(`Group ${groupId} failed for good: its workers died too often`, { groupId, leaseOwner });
    }
    if (recovered.length > 0) {
      mustSweepAgain = true;
      sweep();
      idle.wake();
    } else if (mustSweepAgain) {
      mustSweepAgain = false;
      sweep();
    }
  }

  function sweep(): void {
    const { removed, failed } = ports.orphans.sweep(active);
    for (const path of removed) log.info(`Removed ${path}, which a worker that died left`, { path });
    for (const { path, reason } of failed) log.warning(`${path} cannot be removed: ${reason}`, { path });
  }

  /** Checkpoints of groups that were completed at the instant of a crash. */
  function removeSpentCheckpoints(): void {
    for (const groupId of ports.checkpoints.groupIds())
      if (ports.groups.show(groupId)?.state === "completed") ports.checkpoints.remove(groupId);
  }

  function claim(): ClaimedGroup | undefined {
    if (pause !== undefined && (clock.monotonicMs() < pause.untilMs || active.size > 0)) return undefined;
    const claimed = queue.claim(processes.identity, options.leaseMs);
    if (claimed === undefined) return undefined;
    active.add(claimed.lease.groupId);
    options.onStep("claimed", claimed.lease.groupId);
    return claimed;
  }

  const nextPauseMs = () => Math.min(LONGEST_PAUSE_MS, pause === undefined ? FIRST_PAUSE_MS : 2 * pause.lengthMs);
  // The pause may be over for others: a disk of its own that is full must not keep every group waiting.
  const groupOptions: GroupOptions = { ...options, haltWaitMs: () => nextPauseMs() + GIVES_WAY_MS };

  function rest(error: PipelineError, groupId: string): void {
    const lengthMs = nextPauseMs();
    pause = { untilMs: clock.monotonicMs() + lengthMs, lengthMs };
    log.error(
      `Processing pauses for ${(lengthMs / 1000).toFixed(0)} s: ${error.code}: ${error.message} (group ${groupId} keeps its place)`,
      { groupId, code: error.code },
    );
  }

  function note(end: GroupEnd, groupId: string): void {
    if (end.kind === "halted") rest(end.error, groupId);
    else if (end.kind === "completed" && pause !== undefined) {
      pause = undefined;
      log.info("Processing goes on");
      idle.wake();
    }
  }

  /** One of the groups at a time: claims, processes, waits. */
  async function work(stop: AbortSignal, giveBack: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const claimed = attempt(claim);
      if (claimed === undefined) {
        const pausedMs = pause === undefined ? options.pollMs : pause.untilMs - clock.monotonicMs();
        await idle.wait(Math.max(1, Math.min(options.pollMs, pausedMs)), stop);
        continue;
      }
      const { groupId } = claimed.lease;
      try {
        note(await processGroup(claimed, ports, groupOptions, giveBack), groupId);
      } catch (error) {
        // The queue could not be told how the group ended: its lease runs out, and it is tried again.
        endure(error, groupId);
      } finally {
        active.delete(groupId);
      }
    }
  }

  /** What has a code may pass by itself: the service goes on, and says what is wrong. @throws what has none */
  function endure(error: unknown, groupId: string): void {
    const coded = asPipelineError(error, groupId);
    if (coded.code === "INTERNAL") throw error;
    rest(coded, groupId);
  }

  function attempt<Result>(act: () => Result): Result | undefined {
    try {
      return act();
    } catch (error) {
      endure(error, "-");
      return undefined;
    }
  }

  return {
    wake: () => idle.wake(),
    activeGroupIds: () => [...active],
    async run(stop, force) {
      attempt(recover);
      mustSweepAgain = true;
      attempt(sweep);
      attempt(removeSpentCheckpoints);
      const giveUp = new AbortController();
      const broken = new AbortController();
      const errors: unknown[] = [];
      const onBroken = (error: unknown) => {
        errors.push(error);
        broken.abort();
      };
      const stopping = AbortSignal.any([stop, broken.signal]);
      const onStop = () => {
        if (active.size > 0) log.info(`Stopping: waiting for ${active.size} groups in work`, { groups: [...active] });
        graceTimer = setTimeout(() => giveUp.abort(), options.graceMs);
      };
      let graceTimer: NodeJS.Timeout | undefined;
      stopping.addEventListener("abort", onStop);
      const recovery = setInterval(() => {
        try {
          attempt(recover);
        } catch (error) {
          onBroken(error);
        }
      }, options.recoveryMs);
      const giveBack = AbortSignal.any([giveUp.signal, force]);
      await Promise.all(Array.from({ length: options.groupCount }, () => work(stopping, giveBack).catch(onBroken)));
      clearInterval(recovery);
      if (mustSweepAgain) sweep();
      clearTimeout(graceTimer);
      stopping.removeEventListener("abort", onStop);
      if (errors.length === 1) throw errors[0];
      if (errors.length > 1) throw new AggregateError(errors, `${errors.length} workers ended by errors`);
    },
  };
}
