/**
 * Reading visdata, flags and nsamples of one full-size file of the on-site layout, beside h5py in the same run.
 *
 * node --conditions=@contimg/source packages/uvh5/bench/read.ts [FILE]   (or CONTIMG_BENCH_UVH5=FILE)
 *
 * Without a file one of 145 MB is written to the temporary directory and deleted. Runs of the two are interleaved,
 * caches are warm, the best of each counts; the ratio is what to trust.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isWhole, openUvh5 } from "../src/node.ts";
import { integration, startFile } from "../test/on-site-file.ts";

const ROUNDS = 7;
const FULL = { antennaDataCount: 96, channelCount: 48 };
const TIMES = 24;

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

const H5PY = `
import h5py, sys, time
w, c = time.perf_counter(), time.process_time()
with h5py.File(sys.argv[1], 'r') as f:
    for name in ('visdata', 'flags', 'nsamples'):
        f['Data'][name][()]
    c1, w1 = time.process_time(), time.perf_counter()
    for name in ('visdata', 'flags', 'nsamples'):
        f['Data'][name][()]
print((time.process_time() - c1) * 1e3, (time.perf_counter() - w1) * 1e3)
`;

function measure(work: () => void): Cost {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1e3, wallMs: performance.now() - wall };
}

const best = (costs: readonly Cost[]): Cost => ({
  cpuMs: Math.min(...costs.map(({ cpuMs }) => cpuMs)),
  wallMs: Math.min(...costs.map(({ wallMs }) => wallMs)),
});

function h5py(path: string): Cost | null {
  if (spawnSync("/usr/bin/python3", ["-c", "import h5py"]).status !== 0) return null;
  const [cpuMs, wallMs] = execFileSync("/usr/bin/python3", ["-c", H5PY, path], { encoding: "utf8" })
    .split(" ")
    .map(Number);
  return { cpuMs: cpuMs as number, wallMs: wallMs as number };
}

/** Reads everything in blocks of the suggested size, as a converter does. */
function readFile(
  path: string,
  buffers: { vis: Float32Array; flags: Uint8Array; nsamples: Float32Array },
  skipUniform: boolean,
  whole: boolean,
): void {
  using file = openUvh5(path);
  const { bltCount, channelCount, polarizationCount } = file.header;
  const perRow = channelCount * polarizationCount;
  for (let bltStart = 0; bltStart < bltCount; bltStart += file.blockRowCount) {
    const at = whole ? bltStart * perRow : 0;
    const into = {
      vis: buffers.vis.subarray(2 * at),
      flags: buffers.flags.subarray(at),
      nsamples: buffers.nsamples.subarray(at),
    };
    file.readRows({ bltStart, bltEnd: Math.min(bltStart + file.blockRowCount, bltCount) }, into, { skipUniform });
  }
}

const given = process.argv[2] ?? process.env.CONTIMG_BENCH_UVH5;
const folder = mkdtempSync(join(tmpdir(), "uvh5-bench-"));
try {
  let path = given;
  if (path === undefined) {
    path = join(folder, "2025-10-03T11:48:50_sb00.hdf5");
    const first = integration(FULL, 0);
    const target = path;
    const cost = measure(() => {
      const writer = startFile(target, FULL, 0);
      for (let i = 0; i < TIMES; i++)
        writer.append({ ...first, flags: new Uint8Array(first.vis.length / 2), timeJd: first.timeJd + i * 1.491e-4 });
      writer.close();
    });
    console.log(
      `write        ${cost.cpuMs.toFixed(0)} ms CPU, ${cost.wallMs.toFixed(0)} ms wall, ${(statSync(path).size / 1e6).toFixed(1)} MB`,
    );
  }
  const source = path;
  using file = openUvh5(source);
  const { bltCount, channelCount, polarizationCount } = file.header;
  const count = bltCount * channelCount * polarizationCount;
  const buffers = {
    vis: new Float32Array(new SharedArrayBuffer(8 * count)).fill(1),
    flags: new Uint8Array(count).fill(1),
    nsamples: new Float32Array(count).fill(1),
  };
  const ways = { "whole arrays": [false, true], "skip uniform": [true, true], "one block": [true, false] } as const;
  const costs: Record<string, Cost[]> = { h5py: [], "is it whole": [] };
  for (let round = 0; round < ROUNDS; round++) {
    const peer = h5py(source);
    if (peer !== null) costs.h5py?.push(peer);
    for (const [name, [skip, whole]] of Object.entries(ways))
      (costs[name] ??= []).push(measure(() => readFile(source, buffers, skip, whole)));
    costs["is it whole"]?.push(measure(() => isWhole(source)));
  }
  const reference = costs.h5py?.length ? best(costs.h5py) : null;
  for (const [name, runs] of Object.entries(costs)) {
    if (runs.length === 0) continue;
    const { cpuMs, wallMs } = best(runs);
    const ratio =
      reference === null
        ? ""
        : `, CPU ${(cpuMs / reference.cpuMs).toFixed(2)} and wall ${(wallMs / reference.wallMs).toFixed(2)} of h5py`;
    console.log(`${name.padEnd(12)} ${cpuMs.toFixed(1)} ms CPU, ${wallMs.toFixed(1)} ms wall${ratio}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
