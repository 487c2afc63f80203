/**
 * Any call by which a stream changes the disk may fail: then the attempt fails, says why, and leaves nothing behind, and
 * a later attempt completes the group.
 *
 * A sample of the calls is tried; CONTIMG_TEST_ALL_FAULTS=1 tries each. Each fault has a group of its own, so that one
 * stream goes through many.
 */

import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { RandomStream } from "../../src/simulate/random.ts";
import { type CallKind, callKinds, type Fault, type SeenCall, seenCalls } from "./fault-plan.ts";
import { type FaultyRun, prepareRun } from "./faulty-run.ts";

const SEED = 20_251_003;
const triesAll = process.env["CONTIMG_TEST_ALL_FAULTS"] === "1";
const GROUPS_PER_STREAM = 30;

type Place = Pick<Fault, "call" | "occurrence">;

/** Conditions of the machine, for which no group is to blame. */
const waitErrnos = ["ENOSPC", "EDQUOT", "EROFS"] as const;
const codeOfErrno = {
  EIO: "DISK_ERROR",
  ENOSPC: "DISK_FULL",
  EDQUOT: "DISK_FULL",
  EROFS: "OUTPUT_NOT_WRITABLE",
} as const;

/** Whether a copy failed for where it comes from or where it goes, the system does not say. */
const codeOf = (errno: keyof typeof codeOfErrno, call: CallKind) =>
  errno === "EIO" && call === "copy" ? "INPUT_UNREADABLE" : codeOfErrno[errno];

let run: FaultyRun | undefined;
const random = new RandomStream(SEED, 0);
const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random.uniform() * items.length)]!;

/** How often each kind is called for a group that nothing disturbs: for one and for another. */
const countsOf = new Map<CallKind, readonly number[]>();
const countOf = (call: CallKind) => countsOf.get(call)![0]!;
/** Lock, final name, its way to disk, checkpoint, and what is removed behind a completed group. */
const DECISIVE =
  /^(open \S+\.ms\.lock|rename \S+\/science\/\S+\.ms|sync \S+\/science\/[^/]+|rename \S+\.checkpoint\.uvh5|remove \S+\.checkpoint\.uvh5)$/;
const decisive: Place[] = [];
let undisturbed: readonly string[] = ["was not run"];

beforeAll(async () => {
  run = prepareRun(2, SEED);
  try {
    run.send(2);
    await run.start();
    await run.until("two groups complete", () => isDone(run!, 2));
    await run.stop();
    undisturbed = await run.check();
    const calls = seenCalls(run.recordsDir);
    const [first, second] = run.groupIds.map((groupId) => calls.filter((seen) => seen.groupId === groupId));
    const ofKind = (seen: readonly SeenCall[], kind: CallKind) => seen.filter(({ call }) => call === kind);
    for (const kind of callKinds) {
      countsOf.set(kind, [ofKind(first!, kind).length, ofKind(second!, kind).length]);
      for (const [at, { call, path }] of ofKind(first!, kind).entries())
        if (DECISIVE.test(`${call} ${path}`)) decisive.push({ call, occurrence: at + 1 });
    }
  } finally {
    await run.end();
  }
});

afterEach(async () => {
  await run?.end();
});

const isDone = ({ groups }: FaultyRun, count: number) =>
  groups().filter(({ state }) => state === "completed").length === count;

/** One of each kind, for kinds that are called seldom would be missing in a sample of all. */
function places(): readonly Place[] {
  return callKinds.flatMap((call) => {
    const occurrences = Array.from({ length: countOf(call) }, (_, index) => index + 1);
    const tried = triesAll ? occurrences : [pick(occurrences)];
    return tried.map((occurrence) => ({ call, occurrence }));
  });
}

/** No room is needed to remove something. */
const errnosOf = (call: CallKind): readonly Fault["errno"][] =>
  call === "remove" ? ["EIO", "EROFS"] : ["EIO", ...waitErrnos, ...(call === "write" ? (["SHORT"] as const) : [])];

function inPortions<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / GROUPS_PER_STREAM) }, (_, at) =>
    items.slice(at * GROUPS_PER_STREAM, (at + 1) * GROUPS_PER_STREAM),
  );
}

/** The groups are known by their files before a stream has seen them. */
function groupIdsOf({ root }: FaultyRun): readonly string[] {
  const names = readdirSync(`${root}/correlator`);
  return [...new Set(names.map((name) => name.replace(/_sb.*$/, "")))].toSorted();
}

test("a group that nothing disturbs makes the same calls as any other", () => {
  expect(undisturbed).toEqual([]);
  for (const [kind, [one, other]] of countsOf) expect(one, kind).toBe(other);
  expect(countOf("sync")).toBeGreaterThan(100);
  expect(decisive).toHaveLength(5);
});

const firedOf = ({ recordsDir }: FaultyRun) => seenCalls(recordsDir).filter(({ errno }) => errno !== null);

/** A stream that is started anew removes what the one before could not. */
async function startAndStop({ start, until, stop, logLines }: FaultyRun): Promise<void> {
  const startCount = () => logLines().filter((line) => line.startsWith("Watching ")).length;
  const before = startCount();
  await start();
  await until("the stream runs again", () => startCount() > before);
  await stop();
}

describe("a call that fails once", () => {
  test(
    "costs its group one attempt at most: everything is completed, once, and what was wrong is said",
    async () => {
      for (const portion of inPortions(triesAll ? places() : [...places(), ...decisive])) {
        run = prepareRun(portion.length, SEED);
        const faults = onGroups(run, portion, false, errnosOf);
        run.send(faults.length);
        await run.start(faults);
        await run.until("all groups complete", () => isDone(run!, faults.length));
        await run.stop();
        expect(firedOf(run).length).toBe(faults.length);
        expect(unsaid(run, faults)).toEqual([]);
        expect(nameless(run)).toEqual([]);
        await startAndStop(run);
        expect(await run.check()).toEqual([]);
        await run.end();
      }
    },
    triesAll ? 3_600_000 : 120_000,
  );
});

describe("a call that fails again and again", () => {
  test(
    "fails its group for good, with the reason, while the others are completed; a retry after the repair completes it",
    async () => {
      const tried = places().filter(({ call }) => call !== "remove");
      for (const portion of inPortions(tried)) {
        run = prepareRun(portion.length + 2, SEED);
        const faults = onGroups(run, portion, true, () => ["EIO"]);
        run.send(faults.length + 2);
        await run.start(faults);
        await run.until(
          "faulty groups fail, others complete",
          () => isDone(run!, 2) && run!.groups().every(({ state }) => state === "failed" || state === "completed"),
        );
        const failed = run.groups().filter(({ state }) => state === "failed");
        expect(failed.map((row) => row.group_id)).toEqual(faults.map(({ groupId }) => groupId));
        for (const row of failed) {
          expect(row.error).toContain("EIO");
          const { call } = faults.find(({ groupId }) => groupId === row.group_id)!;
          expect(row.error_code).toBe(codeOf("EIO", call));
        }
        expect(tornOrEarly(run)).toEqual([]);
        run.endFaults();
        run.retryFailed();
        await run.until("all groups complete", () => isDone(run!, faults.length + 2));
        await run.stop();
        await startAndStop(run);
        expect(await run.check()).toEqual([]);
        await run.end();
      }
    },
    triesAll ? 3_600_000 : 120_000,
  );

  test("for want of room fails nothing: the group waits, says so, and is completed when there is room", async () => {
    // Full and read-only file systems are tried for real elsewhere.
    for (const errno of triesAll ? waitErrnos : (["EDQUOT"] as const)) {
      run = prepareRun(2, SEED, true);
      const [, last] = groupIdsOf(run);
      const place = pick(places().filter(({ call }) => call === "write" || call === "make"));
      run.send(2);
      await run.start([{ ...place, groupId: last!, errno, persists: true }]);
      const row = () => run!.groups().find(({ group_id }) => group_id === last);
      const pauses = () => run!.logLines().filter((line) => line.startsWith("Processing pauses"));
      await run.until("the first completes, the last waits", () => isDone(run!, 1) && pauses().length > 2);
      await run.until("the last waits", () => row()?.state === "pending");
      expect(row()).toMatchObject({ error_code: codeOfErrno[errno] });
      expect(row()!.error).toContain(errno);
      for (const line of pauses()) expect(line).toContain(`${codeOfErrno[errno]}: `);
      expect(tornOrEarly(run)).toEqual([]);
      run.endFaults();
      await run.until("all groups complete", () => isDone(run!, 2));
      await run.stop();
      expect(await run.check()).toEqual([]);
      await run.end();
    }
  });
});

/** One fault for each of the first groups. */
function onGroups(
  at: FaultyRun,
  portion: readonly Place[],
  persists: boolean,
  errnos: (call: CallKind) => readonly Fault["errno"][],
): readonly Fault[] {
  const groupIds = groupIdsOf(at);
  return portion.map((place, index) => {
    return { ...place, groupId: groupIds[index]!, errno: pick(errnos(place.call)), persists };
  });
}

/** Faults of which neither a row of the queue nor, when all is done but the cleaning, the log tells the truth. */
function unsaid(at: FaultyRun, faults: readonly Fault[]): readonly string[] {
  const history = at.errorHistory();
  const fired = firedOf(at);
  return faults.flatMap(({ groupId, call, occurrence, errno }) => {
    const { path } = fired.find((seen) => seen.groupId === groupId)!;
    const errors = history.filter((row) => row.group_id === groupId);
    if (errno === "SHORT") return errors.length === 0 ? [] : [`a short write is an error: ${JSON.stringify(errors)}`];
    if (errors.some((row) => row.error!.includes(errno) && row.error_code === codeOf(errno, call))) return [];
    const warned = at.logLines().filter((line) => line.startsWith(`Group ${groupId}: what it leaves stays`));
    if (call === "remove" && errors.length === 0 && warned.some((line) => line.includes(errno))) return [];
    return [`${call} ${occurrence} ${errno} ${path}: ${JSON.stringify(errors)}`];
  });
}

/** Groups whose Measurement Set was recorded before its name was on disk. */
function nameless({ recordsDir, groupIds }: FaultyRun): readonly string[] {
  const calls = seenCalls(recordsDir);
  return groupIds.filter((groupId) => {
    const own = calls.filter((seen) => seen.groupId === groupId && seen.errno === null);
    const named = own.findLastIndex(({ call, path }) => call === "rename" && path.endsWith(`/${groupId}.ms`));
    const recorded = own.findLastIndex(({ call, path }) => call === "rename" && path.endsWith(".checkpoint.uvh5"));
    const folder = dirname(own[named]!.path);
    return !own.slice(named, recorded).some(({ call, path }) => call === "sync" && path === folder);
  });
}

/** Measurement Sets under their final names of groups in which a call failed before they could get them. */
function tornOrEarly({ setup, recordsDir, groups }: FaultyRun): readonly string[] {
  const { outputDir } = setup.chain;
  const open = new Set(groups().flatMap((row) => (row.state === "completed" ? [] : [`${row.group_id}.ms`])));
  const calls = seenCalls(recordsDir);
  return readdirSync(outputDir, { recursive: true, encoding: "utf8" }).filter((path) => {
    if (!open.has(basename(path))) return false;
    const own = calls.filter(({ groupId }) => groupId === basename(path, ".ms"));
    const named = own.findIndex((seen) => seen.call === "rename" && seen.path === join(outputDir, path));
    return named < 0 || own.slice(0, named).some(({ errno }) => errno !== null);
  });
}
