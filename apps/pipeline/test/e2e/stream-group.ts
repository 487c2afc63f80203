/** A stream on directories of its own, and groups put into its queue as the assembler would. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { signatureOf } from "../../src/adapters/fs/input-staging.ts";
import { uvh5SubbandReader } from "../../src/adapters/fs/subband-reader.ts";
import { hostClock } from "../../src/adapters/host/host-clock.ts";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import { composeStream } from "../../src/compose/stream.ts";
import { assembleGroups } from "../../src/domain/group.ts";
import { defaultRetryPolicy } from "../../src/domain/queue.ts";
import type { QueueDatabase } from "../../src/ports/group-queue.ts";
import type { ProtocolStep, StreamSetup } from "../../src/services/stream-setup.ts";
import { defaultConvertConfig } from "../../src/stages/convert/config.ts";
import { recordingLog } from "../contract/recording-log.ts";
import { scratchDirectory } from "./run-contimg.ts";
import { simulatedGroup } from "./simulated-group.ts";

export const SUBBAND_COUNT = 3;

export interface StreamPlace {
  readonly root: string;
  readonly setup: StreamSetup;
  readonly lines: readonly string[];
  /** Steps of the protocol in order of time. */
  readonly steps: readonly ProtocolStep[];
  queue(): QueueDatabase;
}

export type WorkerSettings = StreamSetup["worker"];

/** @param root  a directory that outlives the test, for several that follow each other */
export function streamPlace(worker: Partial<WorkerSettings> = {}, root = scratchDirectory()): StreamPlace {
  const steps: ProtocolStep[] = [];
  const log = recordingLog();
  const incomingDir = join(root, "incoming");
  mkdirSync(incomingDir);
  const setup: StreamSetup = {
    incomingDir,
    queuePath: join(root, "queue.sqlite3"),
    productsPath: null,
    expectedSubbandCount: SUBBAND_COUNT,
    settleMs: 1_000,
    pollMs: 100,
    retry: { ...defaultRetryPolicy, baseDelayMs: 10, maxDelayMs: 20 },
    collecting: { timeoutMs: 600_000, minSubbandCount: SUBBAND_COUNT, closeAfterMs: 86_400_000 },
    chain: {
      convert: defaultConvertConfig,
      outputDir: join(root, "ms"),
      scratchDir: join(root, "scratch"),
      tmpfsDir: null,
      checkpointDir: join(root, "checkpoints"),
      workerCount: 1,
      earthOrientationFiles: { finalsPath: null, leapSecondsPath: null },
      flag: null,
      calibratorCatalogPath: null,
      calibration: null,
      locks: { isEnabled: true, lockDir: null, timeoutMs: 60_000 },
    },
    worker: {
      groupCount: 1,
      usesSubprocess: false,
      ompThreadCount: 1,
      pollMs: 50,
      leaseMs: 60_000,
      graceMs: 30_000,
      stagesInputs: false,
      stageWorkerCount: 2,
      cleansUpTemp: false,
      chunkDurationMin: 5,
      calibrationPollMs: 200,
      ...worker,
    },
    alertRepeatMs: 3_600_000,
    monitoring: { isEnabled: false, intervalMs: 60_000, profiles: false },
    log,
    onStep: (step) => steps.push(step),
  };
  return {
    root,
    setup,
    lines: log.lines,
    steps,
    queue: () =>
      openQueueDatabase({
        path: setup.queuePath,
        productsPath: null,
        clock: hostClock(),
        expectedSubbandCount: SUBBAND_COUNT,
        chunkMinutes: 5,
      }),
  };
}

/** Puts a small simulated group into the incoming directory and into the queue. @returns its id */
export function addGroup(place: StreamPlace): string {
  const source = simulatedGroup({ subbandCount: SUBBAND_COUNT });
  const paths = readdirSync(source)
    .filter((name) => name.endsWith(".hdf5"))
    .map((name) => {
      const path = join(place.setup.incomingDir, name);
      copyFileSync(join(source, name), path);
      return path;
    });
  const group = assembleGroups(paths.map((path) => uvh5SubbandReader.probe(path)))[0]!;
  const queue = place.queue();
  try {
    for (const file of group.files) {
      queue.recordSubband({
        ...file,
        sizeBytes: file.fileSizeBytes,
        signature: signatureOf(file.path)!,
        sampleDigest: `content of ${file.subbandIndex}`,
      });
    }
  } finally {
    queue.close();
  }
  return group.groupId;
}

/** Runs the stream until `isOver`, asked at each step and a few times a second, then stops it. */
export async function runStreamUntil(place: StreamPlace, isOver: () => boolean, change: Partial<StreamSetup> = {}) {
  const [stop, force] = [new AbortController(), new AbortController()];
  const setup = { ...place.setup, ...change };
  const look = setInterval(() => {
    if (isOver()) stop.abort();
  }, 50);
  try {
    await composeStream(setup).run(stop.signal, force.signal);
  } finally {
    clearInterval(look);
  }
}

/** What may be left nowhere when all is done. */
export function leftovers(place: StreamPlace): readonly string[] {
  return readdirSync(place.root, { recursive: true, encoding: "utf8" }).filter(
    (path) => /staging~|stream_|checkpoint\.uvh5/.test(path) && existsSync(join(place.root, path)),
  );
}

/** Starts a stream in a process of its own, which sends itself `signal` at the `occurrence`-th `step`. */
export function startStream(place: StreamPlace, step: ProtocolStep, signal: NodeJS.Signals, occurrence = 1) {
  const { log: _log, onStep: _onStep, ...setup } = place.setup;
  const script = join(import.meta.dirname, "stream-process.ts");
  const child = spawn(
    process.execPath,
    ["--conditions=@contimg/source", script, JSON.stringify({ setup, step, signal, occurrence })],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const said: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => said.push(text));
  return { child, ended: once(child, "exit"), said: () => said.join("") };
}
