/** What becomes of files in a real directory, however they come. */

import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { uvh5SubbandReader } from "../../src/adapters/fs/subband-reader.ts";
import { incomingDirectory } from "../../src/adapters/incoming/incoming-directory.ts";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import { PipelineError } from "../../src/domain/error-codes.ts";
import type { QueueDatabase } from "../../src/ports/group-queue.ts";
import type { SubbandReader } from "../../src/ports/subband-reader.ts";
import { createDirectoryWatcher, type DirectoryWatcher, watchDirectory } from "../../src/services/directory-watcher.ts";
import { recordingLog } from "../contract/recording-log.ts";
import { TestClock } from "../contract/test-clock.ts";
import { scratchDirectory } from "./run-contimg.ts";
import { simulatedGroup } from "./simulated-group.ts";

const SETTLE_MS = 60_000;
const HOUR_MS = 3_600_000;
let root: string;
let incoming: string;
let source: string;
let names: readonly string[];
let queue: QueueDatabase;
let clock: TestClock;
let log: ReturnType<typeof recordingLog>;
let watcher: DirectoryWatcher;
let pendingCount: number;

function start(reader: SubbandReader = uvh5SubbandReader): void {
  watcher = createDirectoryWatcher({
    directory: incomingDirectory(incoming),
    reader,
    ledger: queue,
    clock,
    log,
    settleMs: SETTLE_MS,
    abandonedMs: HOUR_MS,
    fullScanMs: 60_000,
    onArrival: (_, { becamePending }) => {
      if (becamePending) pendingCount++;
    },
  });
  watcher.recall();
}

beforeEach(() => {
  root = scratchDirectory();
  incoming = join(root, "incoming");
  mkdirSync(incoming);
  source = simulatedGroup({ subbandCount: 3 });
  names = readdirSync(source).filter((name) => name.endsWith(".hdf5"));
  clock = new TestClock();
  log = recordingLog();
  pendingCount = 0;
  queue = openQueueDatabase({
    path: join(root, "queue.sqlite3"),
    productsPath: null,
    clock,
    expectedSubbandCount: 3,
    chunkMinutes: 5,
  });
  start();
});
afterEach(() => queue.close());

const at = (name: string) => join(incoming, name);
const copy = (name: string, as = name) => copyFileSync(join(source, name), at(as));

async function look(afterMs = 100): Promise<void> {
  clock.pass(afterMs);
  await watcher.scan();
  await watcher.examineDue();
}

/** Fates that occur, with their counts. */
function fates(): Readonly<Record<string, number>> {
  const { arrivalCount, countOfFate } = queue.ledgerSummary();
  const found = Object.entries(countOfFate).filter(([, count]) => count > 0);
  expect(found.reduce((sum, [, count]) => sum + count, 0)).toBe(arrivalCount);
  return Object.fromEntries(found);
}

describe("whole files", () => {
  test("that are renamed into place make a group (the old watcher looked for them under their old names)", async () => {
    for (const name of names) {
      copy(name, `.${name}.Xk3vQ2`);
      await look();
      expect(fates()).toEqual({
        ...(queue.ledgerSummary().arrivalCount > 0 && { queued: queue.ledgerSummary().arrivalCount }),
      });
      renameSync(at(`.${name}.Xk3vQ2`), at(name));
    }
    await look();
    expect(fates()).toEqual({ queued: 3 });
    expect(pendingCount).toBe(1);
  });

  test("are not looked into while the correlator calls them incomplete", async () => {
    const unfinished = names[0]!.replace(".hdf5", "_incomplete.hdf5");
    copy(names[0]!, unfinished);
    await look();
    expect(fates()).toEqual({});
    renameSync(at(unfinished), at(names[0]!));
    await look();
    expect(fates()).toEqual({ queued: 1 });
  });

  test("that are copied in place enter when they are whole, not before (half-written files were dropped for ever)", async () => {
    const bytes = readFileSync(join(source, names[0]!));
    const stepBytes = Math.ceil(bytes.length / 5);
    for (let startByte = 0; startByte < bytes.length; startByte += stepBytes) {
      expect(fates()).not.toHaveProperty("queued");
      appendFileSync(at(names[0]!), bytes.subarray(startByte, startByte + stepBytes));
      await look(20_000);
    }
    await look(20_000);
    expect(fates()).toEqual({ queued: 1 });
  });

  test("are looked into once, also after a restart", async () => {
    for (const name of names) copy(name);
    await look();
    let probeCount = 0;
    start({
      ...uvh5SubbandReader,
      probe(path) {
        probeCount++;
        return uvh5SubbandReader.probe(path);
      },
    });
    await look();
    await look(HOUR_MS);
    expect([probeCount, watcher.candidateCount]).toEqual([0, 0]);
    expect(fates()).toEqual({ queued: 3 });
  });
});

describe("broken files", () => {
  test.each([
    ["cut short", () => truncateSync(at(names[0]!), 20_000)],
    ["empty", () => truncateSync(at(names[0]!), 0)],
    ["overwritten inside", () => writeFileSync(at(names[0]!), Buffer.alloc(5_000, 7))],
  ])("%s settle first, are corrupt when they stay so, and enter when they are repaired", async (_, spoil) => {
    copy(names[0]!);
    spoil();
    await look();
    expect(fates()).toEqual({ settling: 1 });
    await look(SETTLE_MS + 1);
    expect(fates()).toEqual({ corrupt: 1 });
    expect(queue.ledgerEntries({ maxCount: 1 })[0]!.reason).toMatch(/^UVH5_/);
    copy(names[0]!);
    await look(SETTLE_MS);
    expect(fates()).toEqual({ corrupt: 1, queued: 1 });
  });

  test("that vanish before they were whole say so", async () => {
    writeFileSync(at(names[0]!), "");
    await look();
    unlinkSync(at(names[0]!));
    await look(20_000);
    expect(fates()).toEqual({ vanished: 1 });
  });

  test("that cannot be opened for a while are tried for as long as they are there", async () => {
    let isOpenable = false;
    start({
      ...uvh5SubbandReader,
      probe(path) {
        if (isOpenable) return uvh5SubbandReader.probe(path);
        throw new PipelineError("INPUT_UNREADABLE", `${path}: EMFILE: too many open files`, { subject: path });
      },
    });
    copy(names[0]!);
    for (let i = 0; i < 20; i++) await look(SETTLE_MS);
    expect(fates()).toEqual({ settling: 1 });
    expect(log.lines.filter((line) => line.startsWith("WARNING"))).toHaveLength(1);
    isOpenable = true;
    await look(SETTLE_MS);
    expect(fates()).toEqual({ queued: 1 });
  });
});

describe("other files", () => {
  test("are foreign once, and transfers that stopped are abandoned", async () => {
    writeFileSync(at("notes.txt"), "x");
    copy(names[0]!, "2025-10-03T11:48:50_sb99.hdf5");
    copy(names[0]!, "no-time.hdf5");
    copy(names[1]!, names[1]!.replace(".hdf5", "_incomplete.hdf5"));
    mkdirSync(at("directory"));
    for (let i = 0; i < 3; i++) await look();
    expect(fates()).toEqual({ foreign: 3 });
    await look(HOUR_MS + 20_000);
    await look();
    expect(fates()).toEqual({ foreign: 3, abandoned: 1 });
  });

  test("copies, repeats and changes of files each have their fate", async () => {
    for (const name of names) copy(name);
    await look();
    const [first] = names as readonly [string, string, string];
    copy(first, first.replace("11:48", "11:49"));
    await look();
    expect(fates()).toEqual({ queued: 3, duplicate: 1 });
    // The same again: another version of the same content.
    unlinkSync(at(first));
    copy(first);
    watcher.noteEvent(first);
    await look();
    expect(fates()).toEqual({ queued: 3, duplicate: 1, resent: 1 });
    // Other content, while the group waits.
    copyFileSync(join(simulatedGroup({ subbandCount: 3, seed: 9 }), first), at(first));
    watcher.noteEvent(first);
    await look();
    expect(fates()).toEqual({ queued: 3, duplicate: 1, resent: 1, superseded: 1 });
    const { lease } = queue.claim("worker", 60_000)!;
    copyFileSync(join(source, first), at(first));
    watcher.noteEvent(first);
    await look();
    expect(fates()).toMatchObject({ changed: 1 });
    expect(queue.show(lease.groupId)!.state).toBe("in_progress");
  });

  test("an old file that is rewritten without an event is found by the rescan", async () => {
    copy(names[0]!);
    await look();
    copyFileSync(join(simulatedGroup({ subbandCount: 3, seed: 9 }), names[0]!), at(names[0]!));
    utimesSync(at(names[0]!), 1, 1);
    await look(HOUR_MS);
    expect(fates()).toEqual({ queued: 1, superseded: 1 });
  });
});

describe("a running watch", () => {
  test("sees what comes in a burst, and a directory that was removed and made anew", async () => {
    const directory = incomingDirectory(incoming);
    const stop = new AbortController();
    const real = { nowUnixSec: () => Date.now() / 1000, monotonicMs: () => performance.now() };
    let arrivedCount = 0;
    const arrived = Promise.withResolvers<void>();
    const again = Promise.withResolvers<void>();
    const live = createDirectoryWatcher({
      directory,
      reader: uvh5SubbandReader,
      ledger: queue,
      clock: real,
      log,
      settleMs: SETTLE_MS,
      abandonedMs: HOUR_MS,
      fullScanMs: 60_000,
      onArrival(file) {
        arrivedCount++;
        if (arrivedCount === 3000) arrived.resolve();
        if (file.path.endsWith(names[0]!)) again.resolve();
      },
    });
    const firstScan = Promise.withResolvers<void>();
    const watching = watchDirectory(live, directory, log, {
      clock: real,
      pollMs: 300,
      signal: stop.signal,
      onFirstScan: firstScan.resolve,
    });
    await firstScan.promise;
    // This thread does nothing else meanwhile: events may be lost, files may not.
    for (let i = 0; i < 3000; i++) writeFileSync(at(`burst-${i}.dat`), "");
    await arrived.promise;
    rmSync(incoming, { recursive: true });
    mkdirSync(incoming);
    copy(names[0]!, `.${names[0]}.part`);
    renameSync(at(`.${names[0]}.part`), at(names[0]!));
    await again.promise;
    stop.abort();
    await watching;
    expect(fates()).toEqual({ foreign: 3000, queued: 1 });
  });

  test("waits for a directory that is not there, and says so once", async () => {
    rmSync(incoming, { recursive: true });
    const directory = incomingDirectory(incoming);
    const stop = new AbortController();
    const real = { nowUnixSec: () => Date.now() / 1000, monotonicMs: () => performance.now() };
    const firstScan = Promise.withResolvers<void>();
    const watching = watchDirectory(watcher, directory, log, {
      clock: real,
      pollMs: 20,
      signal: stop.signal,
      onFirstScan: firstScan.resolve,
    });
    setTimeout(() => mkdirSync(incoming), 200);
    await firstScan.promise;
    stop.abort();
    await watching;
    expect(log.lines.filter((line) => line.includes("it is tried again"))).toHaveLength(1);
    expect(log.lines.filter((line) => line.includes("watched again"))).toHaveLength(1);
  });
});
