/** The ledger in memory: what became of every file. */

import { decideFate, type FileFate, type FileVersion, fileFates, type WholeSubband } from "../../src/domain/arrival.ts";
import { groupIdOf, startUnixSecOf } from "../../src/domain/group.ts";
import type { ArrivalLedger, ArrivalOutcome } from "../../src/ports/group-queue.ts";
import type { Arrival, MemoryGroup, MemoryStore } from "./memory-store.ts";

const directoryOf = (path: string) => path.slice(0, path.lastIndexOf("/"));
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

export function memoryLedger(store: MemoryStore, expectedSubbandCount: number): ArrivalLedger {
  const { clock, groups, arrivals, now, newestOf, groupAt, change, releaseMoved, freshBudget, entriesOf } = store;

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
    const isSameForeign =
      previous?.fate === "foreign" && fate === "foreign" && groupId === null && !("subbandIndex" in file);
    if (previous && (previous.fate === "settling" || isSameForeign)) return Object.assign(previous, fields);
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
        heldSince: null,
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
  };
}
