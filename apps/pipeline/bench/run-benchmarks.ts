/**
 * `npm run bench`: speed beside what Debian offers, in one run on one machine, as ratios; then the benchmarks of the parts.
 *
 *   npm run bench                         a full group is simulated first (2.33 GB in $TMPDIR)
 *   npm run bench -- --group DIR          a group that is there already
 *   npm run bench -- --runs 5
 */

import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Measurement, measure, median, row } from "./measure.ts";

const { values: flags } = parseArgs({ options: { group: { type: "string" }, runs: { type: "string", default: "3" } } });
const runCount = Number(flags.runs);
const here = fileURLToPath(new URL(".", import.meta.url));
/** As a user starts it. */
const cli = [process.execPath, join(here, "../bin/contimg.js")];
const scratch = mkdtempSync(join(tmpdir(), "contimg-bench-"));

function repeat(run: () => Measurement): Measurement {
  return median(Array.from({ length: runCount }, run));
}

/** The group's files, read whole: no converter can be faster than this. */
function readAll(paths: readonly string[]): void {
  const buffer = Buffer.alloc(2 ** 22);
  for (const path of paths) {
    const fd = openSync(path, "r");
    while (readSync(fd, buffer) > 0);
    closeSync(fd);
  }
}

/** As many bytes as the Measurement Set has, written and brought to disk: nor faster than this. */
function writeDurably(path: string, bytes: number): void {
  const buffer = Buffer.alloc(2 ** 22, 1);
  const fd = openSync(path, "w");
  for (let done = 0; done < bytes; done += buffer.length)
    writeSync(fd, buffer, 0, Math.min(buffer.length, bytes - done));
  fsyncSync(fd);
  closeSync(fd);
  rmSync(path);
}

function timed(act: () => void): Measurement {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return {
    wallSec: (performance.now() - startedMs) / 1000,
    cpuSec: (user + system) / 1e6,
    peakBytes: process.memoryUsage.rss(),
    stdout: "",
  };
}

try {
  let group = flags.group;
  if (group === undefined) {
    group = join(scratch, "group");
    console.log("simulating a full group…");
    measure([...cli, "simulate", "--output-dir", group, "--seed", "7"]);
  }
  const files = readdirSync(group)
    .filter((name) => /_sb\d\d\.hdf5$/.test(name))
    .map((name) => join(group, name));
  const inputBytes = files.reduce((sum, path) => sum + statSync(path).size, 0);
  console.log(
    `group: ${files.length} files, ${(inputBytes / 1e9).toFixed(2)} GB; ${runCount} runs each, the median by wall time\n`,
  );

  const out = join(scratch, "out");
  const peerMs = join(scratch, "peer.ms");
  readAll(files);
  const convert = (extra: readonly string[]) =>
    repeat(() => {
      rmSync(out, { recursive: true, force: true });
      return measure([...cli, "convert", group, "--output-dir", out, "--json", ...extra]);
    });
  const ours = convert([]);
  const reported = ours.stdout.split("\n").find((line) => line.includes('"group_converted"'));
  const { output_bytes: outputBytes } = JSON.parse(reported ?? "{}") as { output_bytes: number };
  const limitRead = repeat(() => timed(() => readAll(files)));
  const limitWrite = repeat(() => timed(() => writeDurably(join(scratch, "zeros"), outputBytes)));
  console.log(row(`limit: read the files (page cache)`, limitRead));
  console.log(row(`limit: write ${(outputBytes / 1e9).toFixed(2)} GB and fsync`, limitWrite));
  if (existsSync("/usr/bin/python3")) {
    const peer = repeat(() => {
      rmSync(peerMs, { recursive: true, force: true });
      return measure(["/usr/bin/python3", join(here, "peer_convert.py"), group, peerMs], { OPENBLAS_NUM_THREADS: "1" });
    });
    rmSync(peerMs, { recursive: true, force: true });
    console.log(row("h5py + numpy + python-casacore", peer));
    console.log(row("contimg convert (16 windows, phased to mid)", ours, peer));
  } else console.log(row("contimg convert (16 windows, phased to mid)", ours));
  console.log(row("contimg convert --max-workers 1", convert(["--max-workers", "1"]), ours));
  console.log(row("contimg convert --merge-spws", convert(["--merge-spws"]), ours));
  console.log(row("contimg convert --phase-center none", convert(["--phase-center", "none"]), ours));
  const packages = join(here, "../../../packages");
  const benches = [
    [join(packages, "uvh5/bench/read.ts"), files[0]!],
    [join(packages, "casacore-tables/bench/tables.ts")],
    [join(packages, "fits/bench/image.ts")],
    [join(packages, "file-locks/bench/hand-off.ts")],
    [join(packages, "kernels/bench/flag.ts")],
    [join(packages, "kernels/bench/predict.ts")],
    [join(packages, "kernels/bench/solve.ts")],
    [join(here, "queue-claims.ts")],
    [join(here, "watch-directory.ts")],
    [join(here, "catalogs.ts")],
    // It uses the group up: only one that was made for this.
    ...(flags.group === undefined && existsSync("/usr/bin/python3")
      ? [[join(here, "stream-throughput.ts"), "--group", group]]
      : []),
  ];
  for (const bench of benches) {
    console.log();
    const { status } = spawnSync(process.execPath, ["--conditions=@contimg/source", ...bench], { stdio: "inherit" });
    if (status !== 0) throw new Error(`${bench[0]} ended with status ${status}`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
