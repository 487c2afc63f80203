/**
 * Flagging of a full group: wall time, CPU time and peak memory, beside AOFlagger where it is installed, in turn on one copy.
 *
 *   node --conditions=@contimg/source apps/pipeline/bench/flag-ms.ts            simulates and converts a group first (4 GB in $TMPDIR)
 *   node --conditions=@contimg/source apps/pipeline/bench/flag-ms.ts --ms MS    a Measurement Set that is there; its flags are put back
 *   … --runs 5
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Measurement, measure, median, row } from "./measure.ts";

const { values: flags } = parseArgs({ options: { ms: { type: "string" }, runs: { type: "string", default: "3" } } });
/** As a user starts it. */
const contimg = [process.execPath, fileURLToPath(new URL("../bin/contimg.js", import.meta.url))];
const scratch = mkdtempSync(join(tmpdir(), "contimg-bench-"));

function makeMs(): string {
  const group = join(scratch, "group");
  const output = join(scratch, "out");
  measure([...contimg, "simulate", "--output-dir", group]);
  measure([...contimg, "convert", group, "--output-dir", output]);
  rmSync(group, { recursive: true });
  const name = readdirSync(output, { recursive: true, encoding: "utf8" }).find((path) => path.endsWith(".ms"));
  return join(output, name!);
}

interface Summary {
  readonly rules: Readonly<Record<string, { readonly fraction: number }>>;
  readonly open_sec: number;
  readonly search_sec: number;
  readonly write_sec: number;
}

try {
  const ms = flags.ms ?? makeMs();
  const hasAoflagger = spawnSync("aoflagger", ["--version"]).error === undefined;
  measure([...contimg, "flag", "save", ms, "before_bench"]);
  const ours: Measurement[] = [];
  const peers: Measurement[] = [];
  for (let run = 0; run < Number(flags.runs); run++) {
    measure([...contimg, "flag", "restore", ms, "before_bench"]);
    ours.push(measure([...contimg, "flag", ms, "--json"]));
    measure([...contimg, "flag", "restore", ms, "before_bench"]);
    if (hasAoflagger) peers.push(measure(["aoflagger", ms]));
  }
  measure([...contimg, "flag", "restore", ms, "before_bench"]);
  const peer = peers.length === 0 ? undefined : median(peers);
  const own = median(ours);
  console.log(row("contimg flag", own, peer));
  console.log(
    peer === undefined
      ? "aoflagger is not installed: nothing to compare with"
      : row("aoflagger, its own strategy", peer),
  );
  const summary = JSON.parse(own.stdout.trim().split("\n").at(-1)!) as Summary;
  const { open_sec: openSec, search_sec: searchSec, write_sec: writeSec } = summary;
  console.log(
    `of it ${openSec.toFixed(2)} s reading rows, ${searchSec.toFixed(2)} s searching, ${writeSec.toFixed(2)} s writing`,
  );
  for (const [rule, { fraction }] of Object.entries(summary.rules))
    console.log(`  ${(100 * fraction).toFixed(3).padStart(7)} %  ${rule}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
