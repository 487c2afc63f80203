/**
 * Runs real streams on real directories, kills them, starts them again, and looks whether anything was lost, doubled or
 * left behind.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { openTable } from "@contimg/casacore-tables/node";
import { lockHolders } from "@contimg/file-locks/node";
import { defaultRetryPolicy } from "../../src/domain/queue.ts";
import type { ProtocolStep, StreamSetup } from "../../src/services/stream-setup.ts";
import { nodeSimulatorDeps } from "../../src/simulate/node-deps.ts";
import { RandomStream } from "../../src/simulate/random.ts";
import { simulateGroups } from "../../src/simulate/simulate-groups.ts";
import { defaultConvertConfig } from "../../src/stages/convert/config.ts";

export const SUBBAND_COUNT = 3;

/** Steps at which a stream can be told to kill itself. */
export const protocolSteps: readonly ProtocolStep[] = [
  "arrival-recorded",
  "claimed",
  "inputs-staged",
  "chain-started",
  "checkpoint-recorded",
  "chain-ended",
  "completed-committed",
  "cleaned-up",
];

/** A change of one source file. */
export interface Mutant {
  readonly name: string;
  /** How the file's path ends. */
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
}

export interface CrashRun {
  readonly groupCount: number;
  /** Kills at random instants, on top of one at each step. */
  readonly killCount: number;
  readonly seed: number;
  readonly usesSubprocess: boolean;
  readonly mutant?: Mutant;
  onProgress(text: string): void;
}

export interface CrashReport {
  readonly killCount: number;
  /** What was found wrong; empty: nothing. */
  readonly findings: readonly string[];
}

/** A stream that hangs is killed; the groups it left are findings. Of a mutant that is expected. */
const LAST_RUN_MS = 120_000;
const LAST_RUN_OF_MUTANT_MS = 15_000;

type Setup = Omit<StreamSetup, "log" | "onStep">;

/** The stream of a crash run, in a directory of its own. */
export function setupIn(root: string, usesSubprocess: boolean): Setup {
  return {
    incomingDir: join(root, "incoming"),
    queuePath: join(root, "state/queue.sqlite3"),
    productsPath: join(root, "state/products.sqlite3"),
    expectedSubbandCount: SUBBAND_COUNT,
    settleMs: 1000,
    pollMs: 200,
    // Here workers die by design, so often that a group would look like the cause.
    retry: { ...defaultRetryPolicy, baseDelayMs: 10, maxDelayMs: 20, maxCrashCount: 100_000 },
    collecting: { timeoutMs: 600_000, minSubbandCount: SUBBAND_COUNT, closeAfterMs: 86_400_000 },
    chain: {
      convert: defaultConvertConfig,
      outputDir: join(root, "ms"),
      scratchDir: join(root, "scratch"),
      tmpfsDir: null,
      checkpointDir: join(root, "checkpoints"),
      workerCount: 1,
      earthOrientationFiles: { finalsPath: null, leapSecondsPath: null },
      locks: { isEnabled: true, lockDir: null, timeoutMs: 60_000 },
    },
    worker: {
      groupCount: 2,
      usesSubprocess,
      ompThreadCount: 1,
      pollMs: 50,
      leaseMs: 5_000,
      graceMs: 30_000,
      stagesInputs: true,
      stageWorkerCount: 2,
      cleansUpTemp: true,
      chunkDurationMin: 5,
    },
    monitoring: { isEnabled: true, intervalMs: 100, profiles: true },
  };
}

/** Simulates tiny groups, one cadence after the other. @returns the names of their files */
function simulate(directory: string, groupCount: number, seed: number): readonly string[] {
  simulateGroups(
    {
      outputDir: directory,
      seed,
      groupCount,
      subbandCount: SUBBAND_COUNT,
      antennaCount: 4,
      integrationCount: 2,
      channelCount: 4,
      sourceCount: 2,
    },
    nodeSimulatorDeps,
  );
  return readdirSync(directory).filter((name) => name.endsWith(".hdf5"));
}

interface Doom {
  readonly step: ProtocolStep | null;
  readonly occurrence: number;
  readonly groupCount: number;
}

function startStream(setup: Setup, doom: Doom, mutant: Mutant | undefined): ChildProcess {
  const here = import.meta.dirname;
  return spawn(
    process.execPath,
    ["--conditions=@contimg/source", join(here, "doomed-stream.ts"), JSON.stringify({ setup, ...doom })],
    {
      stdio: ["ignore", "ignore", mutant ? "ignore" : "inherit"],
      env: {
        ...process.env,
        ...(mutant
          ? { NODE_OPTIONS: `--import=${join(here, "mutate-source.ts")}`, CONTIMG_TEST_MUTANT: JSON.stringify(mutant) }
          : {}),
      },
    },
  );
}

/** Kills and restarts streams while files arrive, lets the last one finish, and checks what is there. */
export async function crash(run: CrashRun): Promise<CrashReport> {
  const root = mkdtempSync(join(tmpdir(), "contimg-crash-"));
  const random = new RandomStream(run.seed, 0);
  const uniform = () => random.uniform();
  try {
    const setup = setupIn(root, run.usesSubprocess);
    const correlator = join(root, "correlator");
    for (const directory of [correlator, setup.incomingDir, join(root, "state")]) mkdirSync(directory);
    const names = simulate(correlator, run.groupCount, run.seed);
    const order = names.map((name) => ({ name, key: uniform() })).toSorted((a, b) => a.key - b.key);
    const waiting = order.map(({ name }) => name);

    let hidden: readonly string[] = [];
    /** What was sent under hidden names before gets its name, and some more are sent. */
    const arrive = (count: number) => {
      const partial = (name: string) => join(setup.incomingDir, `.${name}.partial`);
      for (const name of hidden) renameSync(partial(name), join(setup.incomingDir, name));
      hidden = waiting.splice(0, count);
      for (const name of hidden) renameSync(join(correlator, name), partial(name));
    };
    const plannedCount = protocolSteps.length + run.killCount;
    // Every step can be reached in the first round: some groups are whole.
    arrive(Math.ceil(names.length / 2));
    let killCount = 0;
    for (let round = 0; round < plannedCount; round++) {
      const step = protocolSteps[round] ?? null;
      arrive(Math.ceil(waiting.length / (plannedCount - round)));
      const stream = startStream(setup, { step, occurrence: 1, groupCount: 0 }, run.mutant);
      const ended = once(stream, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
      const killer = new AbortController();
      const limitMs = step === null ? 250 + 900 * uniform() : 3_000;
      const kill = sleep(limitMs, undefined, { signal: killer.signal }).then(
        () => stream.kill("SIGKILL"),
        () => undefined,
      );
      const [, signal] = await ended;
      killer.abort();
      await kill;
      if (signal === "SIGKILL") killCount++;
      // Once the checkpoints are lost as well, as with the disk they were on: what was made must be found by what it is.
      if (step === "chain-ended") rmSync(setup.chain.checkpointDir, { recursive: true, force: true });
      run.onProgress(`${killCount} kills, ${names.length - waiting.length} of ${names.length} files arrived`);
    }
    arrive(waiting.length);
    arrive(0);
    const findings = await finish(setup, run);
    return { killCount, findings: [...findings, ...(await check(root, setup, run, names.length))] };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A stream that is left alone ends when all groups are done. */
async function finish(setup: Setup, run: CrashRun): Promise<readonly string[]> {
  const stream = startStream(setup, { step: null, occurrence: 0, groupCount: run.groupCount }, run.mutant);
  const timer = setTimeout(() => stream.kill("SIGKILL"), run.mutant ? LAST_RUN_OF_MUTANT_MS : LAST_RUN_MS);
  const [status, signal] = (await once(stream, "exit")) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  return status === 0 ? [] : [`the last stream ended with ${signal ?? `status ${status}`}`];
}

async function check(root: string, setup: Setup, run: CrashRun, fileCount: number): Promise<readonly string[]> {
  const findings: string[] = [];
  const expectEqual = (what: string, found: unknown, expected: unknown) => {
    if (found !== expected) findings.push(`${what}: expected ${String(expected)}, found ${String(found)}`);
  };
  const database = new DatabaseSync(setup.queuePath, { readOnly: true });
  const count = (sql: string) => (database.prepare(`SELECT count(*) AS n FROM ${sql}`).get() as { n: number }).n;
  expectEqual("groups", count("ingest_queue"), run.groupCount);
  expectEqual("completed groups", count("ingest_queue WHERE state = 'completed'"), run.groupCount);
  expectEqual("arrivals", count("arrivals"), fileCount);
  expectEqual("queued files", count("arrivals WHERE fate = 'queued'"), fileCount);
  expectEqual("members of groups", count("subband_files"), fileCount);
  expectEqual("rows of performance_metrics", count("performance_metrics"), run.groupCount);
  expectEqual("rows of ms_index", count("ms_index"), run.groupCount);
  expectEqual("groups with checkpoints", count("ingest_queue WHERE checkpoint_path IS NOT NULL"), 0);
  expectEqual("groups with leases", count("ingest_queue WHERE lease_owner IS NOT NULL"), 0);
  const paths = (database.prepare("SELECT path FROM ms_index ORDER BY path").all() as { path: string }[]).map(
    (row) => row.path,
  );
  const failures = database.prepare("SELECT group_id, state, error FROM ingest_queue WHERE state <> 'completed'").all();
  for (const row of failures.slice(0, 3)) findings.push(JSON.stringify(row));
  database.close();
  const products = new DatabaseSync(setup.productsPath!, { readOnly: true });
  expectEqual(
    "rows of products",
    (products.prepare("SELECT count(*) AS n FROM ms_index").get() as { n: number }).n,
    run.groupCount,
  );
  products.close();

  const entries = readdirSync(root, { recursive: true, encoding: "utf8" });
  const leftovers = entries.filter((path) => /staging~|stream_|\.checkpoint\.uvh5|\.partial$/.test(path));
  for (const path of leftovers.slice(0, 5)) findings.push(`left behind: ${path}`);
  const onDisk = entries.filter((path) => /^ms\/.*\/[^/.][^/]*\.ms$/.test(path));
  expectEqual("Measurement Sets", onDisk.length, run.groupCount);
  for (const path of entries.filter((entry) => entry.endsWith(".ms.lock"))) {
    if (lockHolders(join(root, path)).length > 0) findings.push(`still locked: ${path}`);
  }
  findings.push(...(await compareWithReference(root, setup, paths)));
  return findings;
}

/** Every Measurement Set holds what a conversion that nobody disturbed makes of the same files. */
async function compareWithReference(root: string, setup: Setup, paths: readonly string[]): Promise<readonly string[]> {
  const { composeServices } = await import("../../src/compose.ts");
  const services = composeServices();
  const groups = services.findGroups({
    inputs: [setup.incomingDir],
    startUnixSec: Number.NEGATIVE_INFINITY,
    endUnixSec: Number.POSITIVE_INFINITY,
  }).groups;
  const outputDir = join(root, "reference");
  const outcomes = await services.convertGroups(
    {
      config: { ...defaultConvertConfig, expectedSubbandCount: SUBBAND_COUNT },
      outputDir,
      scratchDir: null,
      tmpfsPath: null,
      workerCount: 1,
      earthOrientationFiles: setup.chain.earthOrientationFiles,
      locks: setup.chain.locks,
    },
    groups,
    {
      dryRun: false,
      skipExisting: false,
      signal: new AbortController().signal,
      onStart() {},
      onProgress() {},
      onOutcome() {},
      onWait() {},
    },
  );
  const reference = new Map(
    outcomes.flatMap((outcome) =>
      outcome.kind === "converted" ? [[outcome.groupId, outcome.report.msPath] as const] : [],
    ),
  );
  return paths.flatMap((path) => {
    const groupId = path.slice(path.lastIndexOf("/") + 1, -".ms".length);
    const other = reference.get(groupId);
    if (!existsSync(path)) return [`${path}: is in ms_index and not on disk`];
    if (other === undefined) return [`${path}: of no group`];
    return contentDigest(path) === contentDigest(other) ? [] : [`${path}: differs from an undisturbed conversion`];
  });
}

const SCALARS = ["TIME", "ANTENNA1", "ANTENNA2", "DATA_DESC_ID", "FIELD_ID"] as const;
const ARRAYS = ["UVW", "DATA", "FLAG", "WEIGHT_SPECTRUM"] as const;

function contentDigest(msPath: string): string {
  using table = openTable(msPath);
  const hash = createHash("sha256").update(String(table.rowCount));
  for (let row = 0; row < table.rowCount; row++) {
    for (const name of SCALARS) hash.update(`${table.column(name).getScalar(row) as number},`);
    for (const name of ARRAYS) {
      const { data } = table.column(name).getArray(row) as { readonly data: Float64Array };
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest("hex");
}
