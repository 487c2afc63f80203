/**
 * How fast groups go through the queue: eight processes claim and complete 20,000 groups, each change durable.
 *
 *     node --conditions=@contimg/source apps/pipeline/bench/queue-claims.ts [groups] [processes]
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { hostClock } from "../src/adapters/host/host-clock.ts";
import { openQueueDatabase } from "../src/adapters/sqlite/queue-database.ts";

const [groupCount = 20_000, processCount = 8] = process.argv.slice(2).map(Number);
// Beside the sources and not in /tmp, which may be memory: durable is what is measured.
const folder = mkdtempSync(join(import.meta.dirname, ".queue-claims-"));
const path = join(folder, "queue.sqlite3");

const row = (name: string, count: number, sec: number, unit: string) =>
  `${name.padEnd(44)} ${sec.toFixed(2).padStart(7)} s wall ${(count / sec).toFixed(0).padStart(7)} ${unit}/s`;

/** The physical limit: single durable inserts of one connection that nobody disturbs. */
function insertRate(count: number): string {
  const database = new DatabaseSync(join(folder, "inserts.sqlite3"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)");
  const insert = database.prepare("INSERT INTO t (b) VALUES (?)");
  const start = performance.now();
  for (let at = 0; at < count; at++) insert.run("x".repeat(100));
  const sec = (performance.now() - start) / 1000;
  database.close();
  return row("single durable inserts, one connection", count, sec, "inserts");
}

function fill(): string {
  const start = performance.now();
  const queue = openQueueDatabase({
    path,
    productsPath: null,
    clock: hostClock(),
    expectedSubbandCount: 1,
    chunkMinutes: 5,
  });
  for (let at = 0; at < groupCount; at++) {
    queue.recordSubband({
      path: `/in/${at}_sb00.hdf5`,
      sizeBytes: 1,
      signature: String(at),
      firstTimeJd: 2_460_951.5 + (at * 309.24) / 86_400,
      integrationTimeSec: 12.88,
      topFreqHz: 1.5e9,
      subbandIndex: 0,
      sampleDigest: String(at),
    });
  }
  queue.close();
  return row("arrivals recorded, one process", groupCount, (performance.now() - start) / 1000, "files");
}

async function claimAll(): Promise<void> {
  const claimer = join(import.meta.dirname, "queue-claimer.ts");
  const children = Array.from({ length: processCount }, (_, at) =>
    spawn(process.execPath, ["--conditions=@contimg/source", claimer, path, `claimer-${at}`], {
      stdio: ["pipe", "pipe", "pipe"],
    }),
  );
  const outputs = children.map(({ stdout }) => text(stdout));
  const problems = children.map(({ stderr }) => text(stderr));
  await Promise.all(children.map(({ stdout }) => new Promise((resolve) => stdout.once("data", resolve))));
  const start = performance.now();
  for (const { stdin } of children) stdin.write("go\n");
  const completed = (await Promise.all(outputs)).flatMap((output) =>
    output.split("\n").filter((line) => line !== "" && line !== "ready"),
  );
  const sec = (performance.now() - start) / 1000;
  const errorLines = (await Promise.all(problems)).flatMap((output) =>
    output.split("\n").filter((l) => /rror:/.test(l)),
  );
  const groups = new Set(completed.map((line) => line.split(" ")[0]));
  console.log(row(`claimed and completed, ${processCount} processes`, completed.length, sec, "groups"));
  console.log(
    `${"".padEnd(44)} ${completed.length - groups.size} double, ${groupCount - groups.size} lost, ${errorLines.filter((line) => /busy|locked/.test(line)).length} busy errors, ${errorLines.length} errors`,
  );
  for (const line of errorLines) console.log(line);
}

try {
  console.log(insertRate(Math.min(groupCount, 5_000)));
  console.log(fill());
  await claimAll();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
