/**
 * The queue and the ledger in memory, for tests of what uses them. It is held to the same contract as the real one, and
 * does everything the plain way; its parts are cut as those of the real one are.
 */

import type { HostClock } from "../../src/ports/clock.ts";
import type { GroupRecord, QueueControl, QueueDatabase } from "../../src/ports/group-queue.ts";
import { memoryClaims } from "./memory-claims.ts";
import { memoryLedger } from "./memory-ledger.ts";
import {
  emptyQueueState,
  type MemoryGroup,
  type MemoryQueueState,
  type MemoryStore,
  memoryStore,
} from "./memory-store.ts";

export function createMemoryQueue(
  clock: HostClock,
  expectedSubbandCount: number,
  state: MemoryQueueState = emptyQueueState(),
): QueueDatabase {
  const store = memoryStore(clock, state);
  return { ...memoryLedger(store, expectedSubbandCount), ...memoryClaims(store), ...memoryControl(store), close() {} };
}

/** What operators see and do. */
function memoryControl(store: MemoryStore): QueueControl {
  const { groups, waitMs, change, adoptArrivals, releaseMoved, freshBudget, filesOf, entriesOf } = store;

  const toRecord = (group: MemoryGroup): GroupRecord => ({
    groupId: group.groupId,
    state: group.state,
    processingStage: group.processingStage,
    receivedUnixSec: group.receivedUnixSec,
    lastUpdateUnixSec: group.lastUpdateUnixSec,
    expectedSubbandCount: group.expectedSubbandCount,
    presentSubbands: [...group.members.keys()].sort((a, b) => a - b),
    retryCount: group.retryCount,
    crashCount: group.crashCount,
    error: group.error,
    errorCode: group.errorCode,
    checkpointPath: group.checkpointPath,
    leaseOwner: group.lease?.owner ?? null,
    leaseToken: group.leaseToken,
    retryInMs: group.state === "pending" ? waitMs(group) : 0,
  });

  return {
    list({ states, maxCount, newestFirst }) {
      return [...groups.values()]
        .filter((group) => !states || states.includes(group.state))
        .sort((a, b) => (newestFirst ? b.startUnixSec - a.startUnixSec : a.startUnixSec - b.startUnixSec))
        .slice(0, maxCount)
        .map(toRecord);
    },

    show(groupId) {
      const group = groups.get(groupId);
      return (
        group && {
          ...toRecord(group),
          files: filesOf(group),
          arrivals: entriesOf(groupId, undefined),
          stageRuns: group.stageRuns,
          timings: group.completion?.timings ?? null,
          msPath: group.completion?.msPath ?? null,
        }
      );
    },

    retry(groupId) {
      const group = groups.get(groupId);
      if (group?.state !== "failed") return false;
      adoptArrivals(group);
      releaseMoved(group);
      const isWhole = group.members.size >= group.expectedSubbandCount;
      change(group, isWhole ? "pending" : "collecting", { processingStage: "collecting", ...freshBudget() });
      return true;
    },

    cancel(groupId, reason) {
      const group = groups.get(groupId);
      if (!group || group.state === "completed" || group.isCancelled) return false;
      change(group, "failed", { isCancelled: true, error: `Cancelled: ${reason}`, errorCode: null });
      return true;
    },

    requeue(groupId) {
      const group = groups.get(groupId);
      if (!group) return false;
      adoptArrivals(group);
      releaseMoved(group);
      change(group, "pending", { processingStage: "collecting", lease: null, ...freshBudget() });
      return true;
    },
  };
}
