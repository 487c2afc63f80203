/** What the queue in memory keeps, and how groups and files change together. */

import type { FileFate, FileVersion, WholeSubband } from "../../src/domain/arrival.ts";
import type { GroupState, Lease, ProcessingStage } from "../../src/domain/queue.ts";
import type { HostClock } from "../../src/ports/clock.ts";
import type { Completion, LedgerEntry, StageRun } from "../../src/ports/group-queue.ts";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
export type Arrival = Mutable<LedgerEntry> & { file: FileVersion & Partial<WholeSubband> };
type Member = WholeSubband & { readonly arrivalId: number };

/** A moment as both clocks have it: time since boot counts within one boot, the wall clock after that. */
export interface Moment {
  readonly bootId: string;
  readonly bootMs: number;
  readonly unixSec: number;
}

export interface MemoryGroup {
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
  /** Since when it waits for calibration. */
  heldSince: Moment | null;
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

export type MemoryStore = ReturnType<typeof memoryStore>;

export function memoryStore(clock: HostClock, state: MemoryQueueState) {
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
    heldSince: null,
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

  const entriesOf = (groupId: string | undefined, fate: FileFate | undefined) =>
    arrivals
      .filter((row) => (fate === undefined || row.fate === fate) && (groupId === undefined || row.groupId === groupId))
      .toReversed()
      .map(toEntry);

  return {
    clock,
    groups,
    arrivals,
    now,
    ageMs,
    waitMs,
    byDataTime,
    held,
    newestOf,
    groupAt,
    change,
    adoptArrivals,
    releaseMoved,
    toPending,
    freshBudget,
    filesOf,
    entriesOf,
  };
}
