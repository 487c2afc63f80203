import { beforeEach, expect, test } from "vitest";
import { recordingLog } from "../../test/contract/recording-log.ts";
import type { ArrivalOutcome, CollectingReview } from "../ports/group-queue.ts";
import { createGroupAssembler, type GroupAssembler } from "./group-assembler.ts";

let log: ReturnType<typeof recordingLog>;
let review: CollectingReview;
let pending: string[];
let assembler: GroupAssembler;
const nothing: CollectingReview = { overdue: [], promoted: [], closed: [] };
const file = { path: "/in/a_sb00.hdf5", sizeBytes: 1, signature: "1" };
const outcome = (change: Partial<ArrivalOutcome>): ArrivalOutcome => ({
  fate: "queued",
  reason: "",
  groupId: "2025-10-05T12:30:00",
  groupState: "collecting",
  becamePending: false,
  ...change,
});

beforeEach(() => {
  log = recordingLog();
  review = nothing;
  pending = [];
  assembler = createGroupAssembler({
    queue: { reviewCollecting: () => review },
    policy: { timeoutMs: 600_000, minSubbandCount: 16, closeAfterMs: 1 },
    log,
    onPending: (groupId) => pending.push(groupId),
  });
});

test("a group that became complete wakes a worker", () => {
  assembler.noteArrival(file, outcome({}));
  expect(pending).toEqual([]);
  assembler.noteArrival(file, outcome({ becamePending: true }));
  expect(pending).toEqual(["2025-10-05T12:30:00"]);
  expect(log.lines.at(-1)).toBe("INFO: Group 2025-10-05T12:30:00 is complete; queued for processing");
});

test("what an operator should hear of is a warning with its reason", () => {
  for (const fate of ["late", "changed", "corrupt", "abandoned", "foreign", "duplicate", "resent"] as const)
    assembler.noteArrival(file, outcome({ fate, reason: "why" }));
  expect(log.lines).toEqual([
    "WARNING: /in/a_sb00.hdf5 is late: why",
    "WARNING: /in/a_sb00.hdf5 is changed: why",
    "WARNING: /in/a_sb00.hdf5 is corrupt: why",
    "WARNING: /in/a_sb00.hdf5 is abandoned: why",
    "DEBUG: /in/a_sb00.hdf5 is foreign: why",
    "DEBUG: /in/a_sb00.hdf5 is duplicate: why",
    "DEBUG: /in/a_sb00.hdf5 is resent: why",
  ]);
});

test("incomplete groups are told in the known words", () => {
  const group = { groupId: "2025-10-05T12:30:00", presentCount: 14, missingSubbands: [3, 7] };
  review = { overdue: [group], promoted: [group], closed: [group] };
  assembler.review();
  expect(log.lines).toEqual([
    "WARNING: Group 2025-10-05T12:30:00 has been waiting for missing subbands longer than 600 s",
    "WARNING: Group 2025-10-05T12:30:00 is processed incomplete: 14 of 16 subbands, missing 3, 7",
    "ERROR: Group 2025-10-05T12:30:00 is closed as failed: 14 of 16 subbands, missing 3, 7",
  ]);
  expect(pending).toEqual(["2025-10-05T12:30:00"]);
});
