/**
 * File systems that are full or read-only, for real: SQLite and the system's own copying are refused as well. Nothing is
 * failed; the stream waits, says so, and goes on by itself.
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { describeWith } from "../../../../tools/oracles.ts";
import { type FaultyRun, prepareRun } from "./faulty-run.ts";
import { canMount, mountSmallDisk, type SmallDisk } from "./small-disk.ts";

const SEED = 20_251_004;
const DISK_BYTES = 16 * 2 ** 20;

let run: FaultyRun | undefined;
let disk: SmallDisk | undefined;

afterEach(async () => {
  disk?.unmount();
  disk = undefined;
  await run?.end();
});

/** A stream of which one directory lies on a small disk; one group is done already. */
async function startWith(directory: string, groupCount: number): Promise<{ run: FaultyRun; disk: SmallDisk }> {
  run = prepareRun(groupCount, SEED);
  disk = mountSmallDisk(join(run.root, directory), DISK_BYTES);
  run.send(1);
  await run.start();
  await run.until("the first group completes", () => completedCount(run!) === 1);
  return { run, disk };
}

const completedCount = ({ groups }: FaultyRun) => groups().filter(({ state }) => state === "completed").length;
const linesWith = ({ logLines }: FaultyRun, text: string) => logLines().filter((line) => line.includes(text));

/** One more group comes, waits, and says for what. */
async function sendAndWait(at: FaultyRun, code: string): Promise<void> {
  const doneCount = completedCount(at);
  const pauseCount = linesWith(at, "Processing pauses").length;
  at.send(1);
  await at.until("the stream pauses twice", () => linesWith(at, "Processing pauses").length > pauseCount + 1);
  await at.until("a group says what it waits for", () =>
    at.groups().some((row) => row.state === "pending" && row.error_code === code),
  );
  expect(linesWith(at, "Processing pauses").filter((line) => !line.includes(`${code}: `))).toEqual([]);
  expect(completedCount(at)).toBe(doneCount);
  expect(measurementSetCount(at)).toBe(doneCount);
}

/** Those under their final names. */
function measurementSetCount({ setup }: FaultyRun): number {
  const paths = readdirSync(setup.chain.outputDir, { recursive: true, encoding: "utf8" });
  return paths.filter((path) => /\/[^./][^/]*\.ms$/.test(path)).length;
}

/** What is wrong at the end. */
async function finish(at: FaultyRun): Promise<readonly string[]> {
  await at.stop();
  return at.check();
}

describeWith(canMount(), "on a small disk", () => {
  test.each([
    // The second is enough by the count of bytes, and not by that of the file system's blocks.
    { directory: "ms", freeBytes: [0, 300_000] },
    { directory: "scratch", freeBytes: [0, 300_000] },
  ])("$directory that is full lets groups wait; they are completed when there is room", async (place) => {
    const { run, disk } = await startWith(place.directory, 3);
    for (const [at, freeBytes] of place.freeBytes.entries()) {
      disk.fill(freeBytes);
      await sendAndWait(run, "DISK_FULL");
      disk.free();
      await run.until("the group completes", () => completedCount(run) === at + 2);
    }
    expect(await finish(run)).toEqual([]);
  });

  test("a checkpoint without room lets a group wait whose Measurement Set is there; it is not made again", async () => {
    const { run, disk } = await startWith("checkpoints", 2);
    disk.fill(0);
    run.send(1);
    await run.until("the stream pauses twice", () => linesWith(run, "Processing pauses").length > 1);
    expect(measurementSetCount(run)).toBe(2);
    disk.free();
    await run.until("the group completes", () => completedCount(run) === 2);
    expect(linesWith(run, "was there already, whole and of the same files")).toHaveLength(1);
    expect(await finish(run)).toEqual([]);
  });

  test("a queue without room records arrivals and ends when there is room", async () => {
    // No arrival of a group fits; nor does one; a smaller record would; all fit, and the end of the group does not.
    const steps = [0, 4096, 32_768, 165_000];
    const { run, disk } = await startWith("state", steps.length + 1);
    for (const [at, freeBytes] of steps.entries()) {
      const before = linesWith(run, "database or disk is full").length;
      disk.fill(freeBytes);
      run.send(1);
      await run.until("the queue is full", () => linesWith(run, "database or disk is full").length > before);
      // Longer than it takes until a verdict on a file is final.
      await sleep(1.5 * run.setup.settleMs);
      disk.free();
      await run.until("the group completes", () => completedCount(run) === at + 2);
    }
    expect(linesWith(run, "Processing pauses").length).toBeGreaterThan(0);
    expect(await finish(run)).toEqual([]);
  });

  test("an output directory that became read-only lets groups wait; they are completed when it can be written", async () => {
    const { run, disk } = await startWith("ms", 2);
    await disk.setReadOnly(true);
    await sendAndWait(run, "OUTPUT_NOT_WRITABLE");
    await disk.setReadOnly(false);
    await run.until("the group completes", () => completedCount(run) === 2);
    expect(await finish(run)).toEqual([]);
  });
});
