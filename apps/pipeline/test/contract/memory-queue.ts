/**
 * The queue and the ledger in memory, for tests of what uses them. It is held to the same contract as the real one
 * (queue-contract.ts), and does everything the plain way.
 */

import { decideFate, type FileFate, type FileVersion, fileFates, type WholeSubband } from "../../src/domain/arrival.ts";
import { groupIdOf, startUnixSecOf } from "../../src/domain/group.ts";
import {
  type GroupState,
  groupStates,
  type Lease,
  type ProcessingStage,
  retryDelayMs,
} from "../../src/domain/queue.ts";
import type { HostClock } from "../../src/ports/clock.ts";
import type {
  ArrivalOutcome,
  Completion,
  GroupRecord,
  IncompleteGroup,
  LedgerEntry,
  QueueDatabase,
  StageRun,
} from "../../src/ports/group-queue.ts";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Arrival = Mutable<LedgerEntry> & { file: FileVersion & Partial<WholeSubband> };
type Member = WholeSubband & { readonly arrivalId: number };

/** A moment as both clocks have it: time since boot counts within one boot, the wall clock after that. */
interface Moment {
  readonly bootId: string;
  readonly bootMs: number;
  readonly unixSec: number;
}

interface MemoryGroup {
  readonly groupId: string;
  readonly startUnixSec: number;
  readonly expectedSubbandCount: number;
  readonly receivedUnixSec: number;
  readonly members: Map<number, Member>;
  readonly stageRuns: StageRun[];
  state: GroupState;
  processingStage: ProcessingStage;
  waitingSince: Moment;
  lastUpdateUnixSec: number;
  retryCount: number;
  crashCount: number;
  error: string | null;
  errorCode: string | null;
  checkpointPath: string | null;
  leaseToken: number;
  lease: { readonly owner: string; readonly bootId: string; readonly expiresBootMs: number } | null;
  notBefore: Moment | null;
  isCancelled: boolean;
  isOverdue: boolean;
  completion: Completion | null;
  completedAt: Moment | null;
}

/** What outlives a restart. */
export interface MemoryQueueState {
  readonly groups: Map<string, MemoryGroup>;
  readonly arrivals: Arrival[];
}

export const emptyQueueState = (): MemoryQueueState => ({ groups: new Map(), arrivals: [] });

const directoryOf = (path: string) => path.slice(0, path.lastIndexOf("/"));
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

export function createMemoryQueue(
  clock: HostClock,
  expectedSubbandCount: number,
  state: MemoryQueueState = emptyQueueState(),
): QueueDatabase {
  const { groups, arrivals } = state;
  const now = (): Moment => ({ bootId: clock.bootId, bootMs: clock.sinceBootMs(), unixSec: clock.nowUnixSec() });
  const ageMs = (since: Moment) =>
    since.bootId === clock.bootId
      ? clock.sinceBootMs() - since.bootMs
      : Math.max(0, (clock.nowUnixSec() - since.unixSec) * 1000);
  const waitMs = ({ notBefore }: MemoryGroup) =>
    notBefore?.bootId === clock.bootId ? Math.max(0, notBefore.bootMs - clock.sinceBootMs()) : 0;
  const byDataTime = (wanted: GroupState) =>
    [...groups.values()].filter((group) => group.state === wanted).sort((a, b) => a.startUnixSec - b.startUnixSec);
  const held = ({ groupId, token }: Lease) => {
    const group = groups.get(groupId);
    return group?.state === "in_progress" && group.leaseToken === token ? group : undefined;
  };
  const newestOf = (path: string) => arrivals.findLast((arrival) => arrival.path === path);
  const groupAt = (startUnixSec: number) =>
    [...groups.values()].find((group) => Math.abs(group.startUnixSec - startUnixSec) < 1);

  function change(group: MemoryGroup, to: GroupState, fields: Partial<MemoryGroup> = {}): void {
    const changesState = group.state !== to;
    Object.assign(
      group,
      { state: to, lastUpdateUnixSec: clock.nowUnixSec() },
      changesState ? { lease: null } : {},
      fields,
    );
  }

  /** What came while a group was taken is its own at the next attempt. @returns files of other content than before */
  function adoptArrivals(group: MemoryGroup): number {
    let adoptedCount = 0;
    for (const [subbandIndex, member] of group.members) {
      const newer = arrivals.filter(
        ({ path, groupId, fate, arrivalId }) =>
          path === member.path &&
          groupId === group.groupId &&
          arrivalId > member.arrivalId &&
          (fate === "changed" || fate === "resent"),
      );
      const newest = newer.at(-1);
      if (!newest) continue;
      const supersede = (row: Arrival) =>
        Object.assign(row, { fate: "superseded", reason: "replaced while its group was in progress" });
      for (const row of newer) if (row.fate === "changed" && row !== newest) supersede(row);
      const file = newest.file as WholeSubband;
      if (newest.fate === "resent") {
        group.members.set(subbandIndex, { ...file, arrivalId: member.arrivalId });
      } else {
        supersede(arrivals.find(({ arrivalId }) => arrivalId === member.arrivalId)!);
        newest.fate = "queued";
        newest.reason = "";
        group.members.set(subbandIndex, { ...file, arrivalId: newest.arrivalId });
        adoptedCount++;
      }
    }
    for (const row of arrivals.toReversed()) {
      const file = row.file as WholeSubband;
      if (row.fate !== "late" || row.groupId !== group.groupId || newestOf(row.path) !== row) continue;
      if (group.members.has(file.subbandIndex)) continue;
      Object.assign(row, { fate: "queued", reason: "" });
      group.members.set(file.subbandIndex, { ...file, arrivalId: row.arrivalId });
      adoptedCount++;
    }
    return adoptedCount;
  }

  /** Files whose names were given to another observation are no longer a group's. */
  function releaseMoved(group: MemoryGroup): void {
    const moved = [...group.members].filter(([, { path, arrivalId }]) =>
      arrivals.some(
        (row) =>
          row.path === path && row.arrivalId > arrivalId && row.groupId !== null && row.groupId !== group.groupId,
      ),
    );
    for (const [subbandIndex, { arrivalId }] of moved) {
      group.members.delete(subbandIndex);
      const row = arrivals.find((one) => one.arrivalId === arrivalId)!;
      Object.assign(row, { fate: "superseded", reason: "replaced by data of another observation" });
    }
    if (moved.length > 0 && group.state === "pending" && group.members.size < group.expectedSubbandCount)
      change(group, "collecting");
  }

  function toPending(group: MemoryGroup, waitForMs: number, fields: Partial<MemoryGroup>): void {
    const notBefore = { ...now(), bootMs: clock.sinceBootMs() + waitForMs };
    change(group, "pending", { notBefore: waitForMs > 0 ? notBefore : null, ...fields });
    adoptArrivals(group);
    releaseMoved(group);
  }

  const freshBudget = (): Partial<MemoryGroup> => ({
    retryCount: 0,
    crashCount: 0,
    error: null,
    errorCode: null,
    isCancelled: false,
    isOverdue: false,
    waitingSince: now(),
    notBefore: null,
  });

  function write(file: FileVersion & Partial<WholeSubband>, fate: FileFate, reason: string, groupId: string | null) {
    const previous = newestOf(file.path);
    const at = clock.nowUnixSec();
    const fields = {
      file,
      signature: file.signature,
      sizeBytes: file.sizeBytes,
      fate,
      reason,
      groupId,
      subbandIndex: file.subbandIndex ?? null,
      decidedUnixSec: fate === "settling" ? null : at,
    };
    if (previous?.fate === "settling") return Object.assign(previous, fields);
    const arrival = { arrivalId: arrivals.length + 1, path: file.path, firstSeenUnixSec: at, ...fields };
    arrivals.push(arrival);
    return arrival;
  }

  const outcomeOf = ({ fate, reason, groupId }: Arrival, becamePending: boolean): ArrivalOutcome => ({
    fate,
    reason,
    groupId,
    groupState: groups.get(groupId ?? "")?.state ?? null,
    becamePending,
  });

  const toEntry = (row: Arrival): LedgerEntry => ({
    arrivalId: row.arrivalId,
    path: row.path,
    signature: row.signature,
    sizeBytes: row.sizeBytes,
    fate: row.fate,
    reason: row.reason,
    groupId: row.groupId,
    subbandIndex: row.subbandIndex,
    firstSeenUnixSec: row.firstSeenUnixSec,
    decidedUnixSec: row.decidedUnixSec,
  });

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

  const filesOf = (group: MemoryGroup) =>
    [...group.members.values()]
      .sort((a, b) => a.subbandIndex - b.subbandIndex)
      .map((member) => ({
        subbandIndex: member.subbandIndex,
        path: member.path,
        sizeBytes: member.sizeBytes,
        signature: member.signature,
        sampleDigest: member.sampleDigest,
        firstTimeJd: member.firstTimeJd,
        integrationTimeSec: member.integrationTimeSec,
        topFreqHz: member.topFreqHz,
      }));

  const isStale = ({ lease }: MemoryGroup, isDead: (owner: string) => boolean) =>
    !lease || lease.bootId !== clock.bootId || lease.expiresBootMs <= clock.sinceBootMs() || isDead(lease.owner);

  const entriesOf = (groupId: string | undefined, fate: FileFate | undefined) =>
    arrivals
      .filter((row) => (fate === undefined || row.fate === fate) && (groupId === undefined || row.groupId === groupId))
      .toReversed()
      .map(toEntry);

  return {
    *knownFiles(directory) {
      const newest = new Map(
        arrivals.filter(({ path }) => directoryOf(path) === directory).map((row) => [row.path, row]),
      );
      for (const { path, signature, fate } of newest.values()) yield { name: nameOf(path), signature, fate };
    },

    recordSubband(file) {
      const startUnixSec = startUnixSecOf(file.firstTimeJd, file.integrationTimeSec);
      const known = groupAt(startUnixSec);
      const previous = newestOf(file.path);
      const member = known?.members.get(file.subbandIndex);
      const decision = decideFate(file, {
        expectedSubbandCount,
        samePath: previous && { ...previous, sampleDigest: previous.file.sampleDigest ?? null },
        group: known,
        member,
      });
      if (!decision) return outcomeOf(previous!, false);
      if (decision.supersedesMember) {
        const replaced = arrivals.find(({ arrivalId }) => arrivalId === member!.arrivalId)!;
        replaced.fate = "superseded";
        replaced.reason = "replaced by a newer version";
      }
      const groupId = known?.groupId ?? groupIdOf(startUnixSec);
      const arrival = write(file, decision.fate, decision.reason, known || decision.joins ? groupId : null);
      for (const other of groups.values()) {
        const isOpen =
          ["collecting", "pending"].includes(other.state) || (other.state === "failed" && !other.isCancelled);
        if (isOpen && other !== known && arrival.groupId !== null) releaseMoved(other);
      }
      if (!decision.joins) return outcomeOf(arrival, false);
      const group: MemoryGroup = known ?? {
        groupId,
        startUnixSec,
        expectedSubbandCount,
        receivedUnixSec: clock.nowUnixSec(),
        members: new Map(),
        stageRuns: [],
        state: "collecting",
        processingStage: "collecting",
        waitingSince: now(),
        lastUpdateUnixSec: clock.nowUnixSec(),
        retryCount: 0,
        crashCount: 0,
        error: null,
        errorCode: null,
        checkpointPath: null,
        leaseToken: 0,
        lease: null,
        notBefore: null,
        isCancelled: false,
        isOverdue: false,
        completion: null,
        completedAt: null,
      };
      groups.set(groupId, group);
      const keptId = decision.fate === "resent" && member ? member.arrivalId : arrival.arrivalId;
      group.members.set(file.subbandIndex, { ...file, arrivalId: keptId });
      const before = group.state;
      const isWhole = group.members.size >= group.expectedSubbandCount;
      change(
        group,
        isWhole ? "pending" : before === "failed" ? "collecting" : before,
        before === "failed" ? freshBudget() : {},
      );
      return outcomeOf(arrival, group.state === "pending" && before !== "pending");
    },

    recordUnusable(file, fate, reason) {
      const previous = newestOf(file.path);
      if (previous && previous.fate !== "settling" && previous.signature === file.signature) {
        return outcomeOf(previous, false);
      }
      return outcomeOf(write(file, fate, reason, null), false);
    },

    recordVanished(paths) {
      const unfinished = paths.map(newestOf).filter((row) => row?.fate === "settling");
      for (const row of unfinished) Object.assign(row!, { fate: "vanished", decidedUnixSec: clock.nowUnixSec() });
      return unfinished.length;
    },

    ledgerSummary() {
      const countOf = (fate: FileFate) => arrivals.filter((arrival) => arrival.fate === fate).length;
      return {
        arrivalCount: arrivals.length,
        countOfFate: Object.fromEntries(fileFates.map((fate) => [fate, countOf(fate)])) as Record<FileFate, number>,
      };
    },
    ledgerEntries: ({ fate, groupId, maxCount }) => entriesOf(groupId, fate).slice(0, maxCount),

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

    close() {},
  };
}
