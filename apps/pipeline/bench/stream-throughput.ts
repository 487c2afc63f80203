/**
 * Groups of full size arriving back to back at a running `contimg stream`: how much faster than the telescope is it, and
 * does its memory stay flat?
 *
 *   node --conditions=@contimg/source apps/pipeline/bench/stream-throughput.ts --group DIR [--groups 30] [--flag] [--sky-catalog FILE]
 *
 * Without more it converts only; `--flag` flags as well, and with a catalogue of the sky groups are calibrated: the first by a
 * bandpass of its own, those behind it by what is there.
 * DIR holds one group (see `contimg simulate`) and is used up: each group's files are taken back when it is converted,
 * moved on by one cadence (needs h5py) and sent again, and its Measurement Set is removed, so that the disk holds one of each.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const CADENCE_SEC = 309.24;
const { values: flags } = parseArgs({
  options: {
    group: { type: "string" },
    groups: { type: "string", default: "30" },
    subprocess: { type: "boolean" },
    flag: { type: "boolean" },
    "sky-catalog": { type: "string" },
  },
});
if (flags.group === undefined) throw new Error("--group DIR: a folder with one simulated group");
const source = resolve(flags.group);
const groupCount = Number(flags.groups);
const scratch = mkdtempSync(join(dirname(source), "stream-bench-"));
const incoming = join(scratch, "incoming");
const queueDb = join(scratch, "queue.sqlite3");
mkdirSync(incoming);

const launcher = join(import.meta.dirname, "../bin/contimg.js");
const command = ["stream", "--input-dir", incoming, "--output-dir", join(scratch, "ms"), "--queue-db", queueDb];
const skyCatalog = flags["sky-catalog"];
const options = [
  ...(flags.subprocess ? ["--use-subprocess"] : []),
  ...(flags.flag || skyCatalog !== undefined ? [] : ["--no-flag"]),
  ...(skyCatalog === undefined ? [] : ["--sky-catalog", resolve(skyCatalog)]),
];
const stream = spawn(process.execPath, [launcher, ...command, ...options], {
  stdio: ["ignore", "ignore", "inherit"],
  env: { ...process.env, CONTIMG_CAL_REGISTRY_DB: join(scratch, "cal_registry.sqlite3") },
});
const exited = once(stream, "exit").then(() => {
  throw new Error("the stream ended");
});

/** Resident memory and CPU time of the stream with all its children. */
function usage(): { readonly rssBytes: number; readonly cpuSec: number } {
  const of = (pid: number): readonly number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .split(" ")
      .filter(Boolean)
      .flatMap((child) => of(Number(child)))
      .concat(pid);
  let rssBytes = 0;
  let cpuSec = 0;
  for (const pid of of(stream.pid!)) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    cpuSec += fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
    rssBytes += Number(fields[21]) * 4096;
  }
  return { rssBytes, cpuSec };
}

/** What the correlator would call the file so many cadences later. */
function laterName(name: string, cadenceCount: number): string {
  const nameTimeMs = Date.parse(`${name.slice(0, 19)}Z`) + cadenceCount * CADENCE_SEC * 1000;
  return new Date(nameTimeMs).toISOString().slice(0, 19) + name.slice(19);
}

const isCompleted = (count: number): boolean => {
  const database = new DatabaseSync(queueDb, { readOnly: true });
  try {
    const row = database
      .prepare("SELECT sum(state = 'completed') AS done, sum(state = 'failed') AS failed FROM ingest_queue")
      .get() as { readonly done: number | null; readonly failed: number | null };
    if (row.failed) throw new Error(`${row.failed} groups failed`);
    return (row.done ?? 0) >= count;
  } finally {
    database.close();
  }
};

try {
  const names = readdirSync(source).filter((name) => /_sb\d\d\.hdf5$/.test(name));
  while (readdirSync(scratch).every((name) => name !== "queue.sqlite3")) await Promise.race([sleep(100), exited]);
  const rss: number[] = [];
  const latencySec: number[] = [];
  let sendingMs = 0;
  let cpuBeforeSec = 0;
  const startedMs = performance.now();
  for (let group = 0; group < groupCount; group++) {
    const sendMs = performance.now();
    if (group > 0)
      spawnSync(
        "/usr/bin/python3",
        [join(import.meta.dirname, "next_group.py"), String(CADENCE_SEC), ...names.map((name) => join(source, name))],
        {
          stdio: "inherit",
        },
      );
    for (const name of names) renameSync(join(source, name), join(incoming, laterName(name, group)));
    const arrivedMs = performance.now();
    sendingMs += arrivedMs - sendMs;
    while (!isCompleted(group + 1)) await Promise.race([sleep(50), exited]);
    latencySec.push((performance.now() - arrivedMs) / 1000);
    rss.push(usage().rssBytes);
    for (const name of names) renameSync(join(incoming, laterName(name, group)), join(source, name));
    // The calibration tables stay.
    for (const ms of globSync("ms/science/*/*.ms*", { cwd: scratch }))
      rmSync(join(scratch, ms), { recursive: true, force: true });
    const cpuSec = usage().cpuSec;
    process.stdout.write(
      `group ${group + 1}: ${latencySec.at(-1)!.toFixed(2)} s, ${(cpuSec - cpuBeforeSec).toFixed(2)} CPU s, ${(rss.at(-1)! / 1e6).toFixed(0)} MB\n`,
    );
    cpuBeforeSec = cpuSec;
  }
  const wallSec = (performance.now() - startedMs - sendingMs) / 1000;
  const sorted = latencySec.toSorted((a, b) => a - b);
  console.log(
    `${groupCount} groups in ${wallSec.toFixed(1)} s (${(usage().cpuSec / groupCount).toFixed(2)} CPU s a group): ` +
      `real-time factor ${(wallSec / (groupCount * CADENCE_SEC)).toFixed(4)}; ` +
      `last byte to completed: median ${sorted[groupCount >> 1]!.toFixed(2)} s, longest ${sorted.at(-1)!.toFixed(2)} s; ` +
      `memory ${(rss[Math.min(4, rss.length - 1)]! / 1e6).toFixed(0)} MB after 5 groups, ${(rss.at(-1)! / 1e6).toFixed(0)} MB at the end, ${(Math.max(...rss) / 1e6).toFixed(0)} MB at most`,
  );
} finally {
  stream.kill("SIGTERM");
  rmSync(scratch, { recursive: true, force: true });
}
