/**
 * What watching costs: a listing of a million names, the time from a file's rename to its row in the queue, and an idle
 * stream beside a hundred thousand old files.
 *
 *   node --conditions=@contimg/source apps/pipeline/bench/watch-directory.ts
 */
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { incomingDirectory } from "../src/adapters/incoming/incoming-directory.ts";
import { KnownFiles } from "../src/services/known-files.ts";

const NAME_COUNT = 1_000_000;
const OLD_COUNT = 100_000;
const FILE_COUNT = 500;
const root = mkdtempSync(join(tmpdir(), "watch-bench-"));
const launcher = join(import.meta.dirname, "../bin/contimg.js");

function fill(directory: string, count: number): void {
  mkdirSync(directory);
  for (let i = 0; i < count; i++) closeSync(openSync(join(directory, `old-${i}.dat`), "w"));
}

async function listing(): Promise<void> {
  const directory = join(root, "million");
  fill(directory, NAME_COUNT);
  const incoming = incomingDirectory(directory);
  const known = new KnownFiles(NAME_COUNT);
  await incoming.list((names) => names.forEach((name) => known.set(name, "1")), false);
  const timesSec: number[] = [];
  const rssBytes = process.memoryUsage.rss();
  for (let run = 0; run < 5; run++) {
    const startMs = performance.now();
    let newCount = 0;
    await incoming.list((names) => {
      for (const name of names) if (!known.has(name)) newCount++;
    }, false);
    timesSec.push((performance.now() - startMs) / 1000);
    if (newCount > 0) throw new Error(`${newCount} of the known names were taken for new`);
  }
  const median = timesSec.toSorted((a, b) => a - b)[2]!;
  console.log(
    `scan of ${NAME_COUNT} known names: ${median.toFixed(2)} s (median of 5), table ${(known.sizeBytes / 1e6).toFixed(0)} MB, memory +${((process.memoryUsage.rss() - rssBytes) / 1e6).toFixed(0)} MB`,
  );
  rmSync(directory, { recursive: true });
}

/** CPU seconds of a process so far. */
function cpuSec(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function watching(): Promise<void> {
  const incoming = join(root, "incoming");
  const source = join(root, "source");
  const queueDb = join(root, "queue.sqlite3");
  fill(incoming, OLD_COUNT);
  spawnSync(process.execPath, [launcher, "simulate", "--output-dir", source, "--small"]);
  const [file] = readdirSync(source).filter((name) => name.endsWith("sb15.hdf5"));
  // A subband of a group that stays incomplete: nothing is converted meanwhile.
  const stream = spawn(
    process.execPath,
    [
      "--conditions=@contimg/source",
      join(import.meta.dirname, "../src/cli/main.ts"),
      "stream",
      "--input-dir",
      incoming,
      "--output-dir",
      join(root, "ms"),
      "--queue-db",
      queueDb,
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  );
  try {
    while (!existsSync(queueDb)) await sleep(100);
    const database = new DatabaseSync(queueDb, { readOnly: true, timeout: 10_000 });
    const count = (fate: string) =>
      (database.prepare("SELECT count(*) AS n FROM arrivals WHERE fate = ?").get(fate) as { n: number }).n;
    while (count("foreign") < OLD_COUNT) await sleep(500);
    const isRecorded = database.prepare("SELECT 1 FROM arrivals WHERE name = ? AND fate <> 'settling'");
    for (const [how, bring] of [
      [
        "rename",
        (from: string, to: string) => (
          copyFileSync(from, `${incoming}/.x.partial`), renameSync(`${incoming}/.x.partial`, to)
        ),
      ],
      ["copy in place", (from: string, to: string) => copyFileSync(from, to)],
    ] as const) {
      const latencyMs: number[] = [];
      for (let i = 0; i < FILE_COUNT / 2; i++) {
        const name =
          new Date(Date.UTC(2025, 0, 1) + i * 1000).toISOString().slice(0, 19) +
          `_sb${how === "rename" ? 14 : 15}.hdf5`;
        bring(join(source, file!), join(incoming, name));
        const startMs = performance.now();
        while (isRecorded.get(name) === undefined) await sleep(1);
        latencyMs.push(performance.now() - startMs);
      }
      const sorted = latencyMs.toSorted((a, b) => a - b);
      console.log(
        `there by ${how} until recorded: p50 ${sorted[sorted.length >> 1]!.toFixed(0)} ms, p99 ${sorted[Math.floor(0.99 * sorted.length)]!.toFixed(0)} ms, longest ${sorted.at(-1)!.toFixed(0)} ms (${sorted.length} files)`,
      );
    }
    database.close();
    await sleep(5_000);
    const before = cpuSec(stream.pid!);
    await sleep(60_000);
    console.log(
      `idle beside ${OLD_COUNT} old files: ${((100 * (cpuSec(stream.pid!) - before)) / 60).toFixed(2)} % of a core over 60 s`,
    );
  } finally {
    stream.kill("SIGTERM");
  }
}

try {
  await listing();
  await watching();
} finally {
  rmSync(root, { recursive: true, force: true });
}
