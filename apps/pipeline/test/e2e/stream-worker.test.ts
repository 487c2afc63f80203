import { existsSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { composeStream } from "../../src/compose/stream.ts";
import { organisedMsPath } from "../../src/domain/measurement-set.ts";
import { contimg } from "./run-contimg.ts";
import { addGroup, leftovers, runStreamUntil, type StreamPlace, startStream, streamPlace } from "./stream-group.ts";

/** What the queue knows of a group. */
function show(place: StreamPlace, groupId: string) {
  const queue = place.queue();
  try {
    return queue.show(groupId);
  } finally {
    queue.close();
  }
}

const msPathOf = (place: StreamPlace, groupId: string) =>
  organisedMsPath(place.setup.chain.outputDir, "science", groupId);
const isCompleted = (place: StreamPlace, groupId: string) => () => show(place, groupId)?.state === "completed";

describe.each([
  ["a thread", false],
  ["a process of its own", true],
] as const)("in %s", (_name, usesSubprocess) => {
  test("a claimed group ends as a Measurement Set, rows in the database and the lines that operators look for", async () => {
    const place = streamPlace({ usesSubprocess, stagesInputs: true });
    const groupId = addGroup(place);
    await runStreamUntil(place, () => place.steps.includes("cleaned-up"));
    const msPath = msPathOf(place, groupId);
    expect(place.lines.filter((line) => !/^(INFO|DEBUG)/.test(line))).toEqual([]);
    expect(existsSync(join(msPath, "table.dat"))).toBe(true);
    expect(show(place, groupId)).toMatchObject({
      state: "completed",
      retryCount: 0,
      crashCount: 0,
      msPath,
      stageRuns: [{ stage: "convert", outcome: "done", error: null }],
    });
    expect(leftovers(place)).toEqual([]);
    const said = place.lines.join("\n");
    for (const line of [
      /INFO: Loaded 3 subbands in \d+\.\d s/,
      /INFO: Phasing complete in \d+\.\d s/,
      /INFO: MS write completed in \d+\.\d s/,
      /INFO: Group \S+ completed in \d+\.\d s/,
    ])
      expect(said).toMatch(line);
  });
});

/** Processes that this one started. */
const children = () =>
  readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);

test("a child that is killed costs its group nothing but a crash, and leaves nothing", async () => {
  const place = streamPlace({ usesSubprocess: true, stagesInputs: true });
  const groupId = addGroup(place);
  const others = new Set(children());
  let hasKilled = false;
  await runStreamUntil(place, () => {
    const child = children().find((pid) => !others.has(pid));
    if (!hasKilled && child !== undefined) {
      process.kill(child, "SIGKILL");
      hasKilled = true;
    }
    return isCompleted(place, groupId)();
  });
  expect(hasKilled).toBe(true);
  expect(place.lines.join("\n")).toMatch(/will be tried again: WORKER_CRASHED: .* by signal SIGKILL/);
  expect(show(place, groupId)).toMatchObject({ state: "completed", crashCount: 1, retryCount: 0 });
  expect(leftovers(place)).toEqual([]);
});

test("a group whose Measurement Set is there, made of the same files, is taken over and recorded as skipped", async () => {
  const place = streamPlace();
  const groupId = addGroup(place);
  await runStreamUntil(place, isCompleted(place, groupId));
  const msPath = msPathOf(place, groupId);
  const before = statSync(msPath).ino;
  const queue = place.queue();
  expect(queue.requeue(groupId)).toBe(true);
  queue.close();
  await runStreamUntil(place, isCompleted(place, groupId));
  expect(show(place, groupId)?.stageRuns.map((run) => run.outcome)).toEqual(["done", "skipped"]);
  expect(statSync(msPath).ino).toBe(before);
  expect(place.lines).toContain(`INFO: Group ${groupId}: ${msPath} was there already, whole and of the same files`);
});

test("any other Measurement Set under its name is never touched, and the group fails at once", async () => {
  const place = streamPlace();
  const groupId = addGroup(place);
  const msPath = msPathOf(place, groupId);
  const source = place.setup.incomingDir;
  expect(
    contimg("convert", source, "--output-dir", place.setup.chain.outputDir, "--expected-subbands", "3").status,
  ).toBe(0);
  const before = statSync(msPath).ino;
  await runStreamUntil(place, () => show(place, groupId)?.state === "failed");
  expect(show(place, groupId)).toMatchObject({ errorCode: "OUTPUT_EXISTS", retryCount: 1 });
  expect(statSync(msPath).ino).toBe(before);
  expect(leftovers(place)).toEqual([]);
});

test.each(["claimed", "inputs-staged", "checkpoint-recorded", "chain-ended", "completed-committed"] as const)(
  "a stream killed at %s is followed by one that ends the group, once, and tidies up",
  async (step) => {
    const place = streamPlace({ stagesInputs: true });
    const groupId = addGroup(place);
    const killed = startStream(place, step, "SIGKILL");
    expect(await killed.ended).toEqual([null, "SIGKILL"]);
    const wasCompleted = step === "completed-committed";
    expect(show(place, groupId)?.state).toBe(wasCompleted ? "completed" : "in_progress");
    await runStreamUntil(place, isCompleted(place, groupId));
    expect(show(place, groupId)).toMatchObject({ crashCount: wasCompleted ? 0 : 1, retryCount: 0 });
    expect(leftovers(place)).toEqual([]);
    const { stageRuns } = show(place, groupId)!;
    expect(stageRuns.filter((run) => run.outcome === "done")).toHaveLength(1);
    expect(place.lines.some((line) => line.includes(`Group ${groupId} resumes behind the last stage`))).toBe(
      step === "checkpoint-recorded" || step === "chain-ended",
    );
  },
);

test("a stream that stood still past its lease finds its group taken, and records nothing", async () => {
  const place = streamPlace({ leaseMs: 600 });
  const groupId = addGroup(place);
  const stopped = startStream(place, "chain-ended", "SIGSTOP");
  while (!/\) T /.test(readFileSync(`/proc/${stopped.child.pid}/stat`, "utf8"))) await wait(20);
  await runStreamUntil(place, isCompleted(place, groupId));
  const after = show(place, groupId)!;
  stopped.child.kill("SIGCONT");
  expect(await stopped.ended).toEqual([0, null]);
  expect(stopped.said()).toContain(`WARNING: Group ${groupId} was taken from this worker`);
  expect(stopped.said()).not.toContain("completed in");
  expect(show(place, groupId)).toEqual({ ...after, leaseOwner: after.leaseOwner });
  expect(place.lines.join("\n")).toContain(`Recovered stale in-progress group ${groupId}`);
});

test("a stop by force gives the group back unharmed, without a trace", async () => {
  const place = streamPlace({ stagesInputs: true, graceMs: 0 });
  const groupId = addGroup(place);
  const [stop, force] = [new AbortController(), new AbortController()];
  const stream = composeStream({
    ...place.setup,
    onStep(step) {
      if (step !== "chain-started") return;
      stop.abort();
      force.abort();
    },
  });
  await stream.run(stop.signal, force.signal);
  expect(show(place, groupId)).toMatchObject({ state: "pending", retryCount: 0, crashCount: 0, retryInMs: 0 });
  expect(leftovers(place)).toEqual([]);
  expect(existsSync(msPathOf(place, groupId))).toBe(false);
});

test("what input changes into while it is converted is never given a name", async () => {
  const place = streamPlace({ leaseMs: 60_000 });
  const groupId = addGroup(place);
  const [first] = show(place, groupId)!.files;
  let touched = false;
  await runStreamUntil(place, () => place.lines.some((line) => line.includes("INPUT_CHANGED")), {
    onStep(step) {
      if (step !== "chain-started" || touched) return;
      touched = true;
      utimesSync(first!.path, 1, 1);
    },
  });
  expect(touched).toBe(true);
  expect(leftovers(place)).toEqual([]);
});
