/** Claims and leases in memory. */

import { type GroupState, groupStates, retryDelayMs } from "../../src/domain/queue.ts";
import type { Completion, GroupQueue, IncompleteGroup } from "../../src/ports/group-queue.ts";
import type { MemoryGroup, MemoryStore } from "./memory-store.ts";

export function memoryClaims(store: MemoryStore): GroupQueue {
  const { clock, groups, now, ageMs, waitMs, byDataTime, held, change, adoptArrivals, toPending, filesOf } = store;

  const isStale = ({ lease }: MemoryGroup, isDead: (owner: string) => boolean) =>
    !lease || lease.bootId !== clock.bootId || lease.expiresBootMs <= clock.sinceBootMs() || isDead(lease.owner);

  return {
    claim(owner, leaseMs) {
      const group = byDataTime("pending").find((candidate) => waitMs(candidate) <= 0);
      if (!group) return undefined;
      const processingStage = group.checkpointPath === null ? "processing_fresh" : "resuming";
      change(group, "in_progress", {
        processingStage,
        leaseToken: group.leaseToken + 1,
        lease: { owner, bootId: clock.bootId, expiresBootMs: clock.sinceBootMs() + leaseMs },
      });
      return {
        lease: { groupId: group.groupId, token: group.leaseToken, owner },
        startUnixSec: group.startUnixSec,
        files: filesOf(group),
        expectedSubbandCount: group.expectedSubbandCount,
        retryCount: group.retryCount,
        processingStage,
        checkpointPath: group.checkpointPath,
        heldMs: group.heldSince === null ? 0 : ageMs(group.heldSince),
      };
    },

    renew(lease, leaseMs) {
      const group = held(lease);
      if (!group) return false;
      group.lastUpdateUnixSec = clock.nowUnixSec();
      group.lease = { owner: lease.owner, bootId: clock.bootId, expiresBootMs: clock.sinceBootMs() + leaseMs };
      return true;
    },

    saveCheckpoint(lease, checkpointPath) {
      const group = held(lease);
      if (group) Object.assign(group, { checkpointPath, lastUpdateUnixSec: clock.nowUnixSec() });
      return group !== undefined;
    },

    recordStage(lease, run) {
      const group = held(lease);
      group?.stageRuns.push(run);
      return group !== undefined;
    },

    complete(lease, completion) {
      const group = held(lease);
      if (!group) return "lease-lost";
      change(group, "completed", {
        processingStage: "completed",
        error: null,
        errorCode: null,
        checkpointPath: null,
        heldSince: null,
        completion,
        completedAt: now(),
      });
      return "done";
    },

    fail(lease, failure, policy, randomFraction) {
      const group = held(lease);
      if (!group) return "lease-lost";
      const isCrash = failure.code === "WORKER_CRASHED";
      const retryCount = group.retryCount + (isCrash ? 0 : 1);
      const crashCount = group.crashCount + (isCrash ? 1 : 0);
      const isExhausted = isCrash ? crashCount > policy.maxCrashCount : retryCount >= policy.maxRetryCount;
      const fields = { retryCount, crashCount, error: failure.message, errorCode: failure.code };
      if (failure.isRetryable && !isExhausted) {
        toPending(group, retryDelayMs(policy, isCrash ? crashCount : retryCount, randomFraction), fields);
        return "will-retry";
      }
      if (adoptArrivals(group) > 0) {
        toPending(group, 0, { ...fields, retryCount: 0, crashCount: 0 });
        return "will-retry";
      }
      change(group, "failed", fields);
      return "failed";
    },

    handBack(lease, waitForMs, reason) {
      const group = held(lease);
      if (!group) return "lease-lost";
      toPending(group, waitForMs, reason ? { error: reason.message, errorCode: reason.code } : {});
      if (reason?.code === "CALIBRATION_MISSING") group.heldSince ??= now();
      return "done";
    },

    recoverStale(isDead, policy) {
      return byDataTime("in_progress")
        .filter((group) => isStale(group, isDead))
        .map((group) => {
          const leaseOwner = group.lease?.owner ?? "";
          const crashCount = group.crashCount + 1;
          if (crashCount > policy.maxCrashCount) {
            const error = `its worker died ${crashCount} times while it had this group; no further attempt is made`;
            change(group, "failed", { crashCount, error, errorCode: "WORKER_CRASHED" });
            return { groupId: group.groupId, state: "failed" as const, leaseOwner };
          }
          toPending(group, 0, {
            crashCount,
            error: "Recovered from stale in_progress state",
            errorCode: "WORKER_CRASHED",
          });
          return { groupId: group.groupId, state: "pending" as const, leaseOwner };
        });
    },

    reviewCollecting(policy) {
      const overdue: IncompleteGroup[] = [];
      const promoted: IncompleteGroup[] = [];
      const closed: IncompleteGroup[] = [];
      for (const group of byDataTime("collecting")) {
        if (ageMs(group.waitingSince) <= policy.timeoutMs) continue;
        const missingSubbands = Array.from({ length: group.expectedSubbandCount }, (_, index) => index).filter(
          (index) => !group.members.has(index),
        );
        const presentCount = group.members.size;
        const incomplete = { groupId: group.groupId, presentCount, missingSubbands };
        if (!group.isOverdue) overdue.push(incomplete);
        group.isOverdue = true;
        if (presentCount >= policy.minSubbandCount) {
          change(group, "pending");
          promoted.push(incomplete);
        } else if (ageMs(group.waitingSince) > policy.closeAfterMs) {
          const error = `Collecting timeout: ${presentCount} of ${group.expectedSubbandCount} subbands came; missing: ${missingSubbands.join(", ")}`;
          change(group, "failed", { error, errorCode: "UVH5_SUBBAND_MISSING" });
          closed.push(incomplete);
        }
      }
      return { overdue, promoted, closed };
    },

    stats(isDead) {
      const pending = byDataTime("pending").map((group) => ageMs(group.waitingSince) / 1000);
      const within = (hourCount: number) =>
        [...groups.values()].filter(
          ({ state: is, completedAt }) =>
            is === "completed" && completedAt && ageMs(completedAt) < hourCount * 3_600_000,
        );
      const timings = within(24).map(({ completion }) => completion!.timings);
      const mean = (name: keyof Completion["timings"]) =>
        timings.reduce((sum, timing) => sum + timing[name], 0) / timings.length;
      return {
        countOfState: Object.fromEntries(groupStates.map((name) => [name, byDataTime(name).length])) as Record<
          GroupState,
          number
        >,
        staleCount: byDataTime("in_progress").filter((group) => isStale(group, isDead)).length,
        oldestPendingAgeSec: pending.length === 0 ? null : Math.max(...pending),
        completedLastHourCount: within(1).length,
        meanTimings:
          timings.length === 0
            ? null
            : {
                loadSec: mean("loadSec"),
                phaseSec: mean("phaseSec"),
                writeSec: mean("writeSec"),
                totalSec: mean("totalSec"),
              },
      };
    },
  };
}
