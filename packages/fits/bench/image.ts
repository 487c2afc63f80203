/**
 * Reading and writing a large image beside astropy, in one run, as CPU time and as ratios.
 *
 * node --conditions=@contimg/source packages/fits/bench/image.ts [SIZE]
 *
 * A float32 image of SIZE² (default 4800, 92 MB) in the temporary directory, deleted at the end. Caches are warm, the runs of the two take
 * turns, the best of each counts. Nothing is forced to disk.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFits, quicklook, writeImage } from "../src/node.ts";

const ROUNDS = 7;
const size = Number(process.argv[2] ?? 4800);
const folder = mkdtempSync(join(tmpdir(), "contimg-fits-bench-"));
const path = join(folder, "image.fits");
const pythonPath = "/usr/bin/python3";

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

async function measured(work: () => Promise<unknown>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1e3, wallMs: performance.now() - wall };
}

/** One task of astropy's, timed inside Python after its imports and one run to warm up. */
function astropy(task: string): Cost {
  const program = `
import sys, time, os
import numpy as np
from astropy.io import fits
path, size = sys.argv[1], int(sys.argv[2])
data = np.arange(size * size, dtype=np.float32).reshape(size, size)
def read():
    with fits.open(path, memmap=False) as f: return f[0].data.astype(np.float32)
def cutout():
    with fits.open(path) as f: return np.array(f[0].data[size // 2 : size // 2 + 512, 1000:1512], dtype=np.float32)
def write(): fits.PrimaryHDU(data).writeto(path + ".py", overwrite=True)
def write_sums(): fits.PrimaryHDU(data).writeto(path + ".py", overwrite=True, checksum=True)
task = globals()[sys.argv[3]]
task()
c, w = time.process_time(), time.perf_counter()
task()
print((time.process_time() - c) * 1e3, (time.perf_counter() - w) * 1e3)
`;
  const output = execFileSync(pythonPath, ["-c", program, path, String(size), task], { encoding: "utf8" });
  const [cpuMs, wallMs] = output.split(" ").map(Number) as [number, number];
  return { cpuMs, wallMs };
}

const best = (costs: readonly Cost[]): Cost => ({
  cpuMs: Math.min(...costs.map(({ cpuMs }) => cpuMs)),
  wallMs: Math.min(...costs.map(({ wallMs }) => wallMs)),
});

const values = Float32Array.from({ length: size * size }, (_, i) => i);
const spec = { shape: [size, size], type: "float32" as const, values };
const kept = new Float32Array(size * size);

const tasks: readonly (readonly [name: string, peer: string, () => Promise<unknown>])[] = [
  ["write, with checksums", "write_sums", () => writeImage(path, spec, { isDurable: false })],
  ["write, without", "write", () => writeImage(path, spec, { isDurable: false, hasChecksums: false })],
  [
    "read whole",
    "read",
    async () => {
      await using file = await openFits(path);
      return await file.image().read("float32");
    },
  ],
  [
    "read whole into memory of one's own",
    "read",
    async () => {
      await using file = await openFits(path);
      return await file.image().readInto(kept);
    },
  ],
  [
    "by rows, summed",
    "",
    async () => {
      await using file = await openFits(path);
      let sum = 0;
      for await (const { data } of file.image().rows("float32")) for (let i = 0; i < data.length; i++) sum += data[i]!;
      return sum;
    },
  ],
  [
    "a cutout of 512 × 512",
    "cutout",
    async () => {
      await using file = await openFits(path);
      const [x, y] = [1000, Math.floor(size / 2)];
      return await file.image().read("float32", { region: { startPx: [x, y], endPx: [x + 512, y + 512] } });
    },
  ],
  [
    "a picture with axes",
    "",
    async () => {
      await using file = await openFits(path);
      return await quicklook(file.image());
    },
  ],
];

try {
  const hasPeer = spawnSync(pythonPath, ["-c", "import astropy.io.fits"]).status === 0;
  console.log(`float32 image of ${size} × ${size}, ${((size * size * 4) / 1e6).toFixed(0)} MB; best of ${ROUNDS}`);
  for (const [name, peer, work] of tasks) {
    const ours: Cost[] = [];
    const theirs: Cost[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await measured(work));
      if (hasPeer && peer !== "" && round < 3) theirs.push(astropy(peer));
    }
    const { cpuMs, wallMs } = best(ours);
    const own = `${name.padEnd(38)} ${cpuMs.toFixed(0).padStart(5)} ms CPU ${wallMs.toFixed(0).padStart(5)} ms wall`;
    if (theirs.length === 0) console.log(own);
    else {
      const other = best(theirs);
      const ratio = (cpuMs / other.cpuMs).toFixed(2);
      console.log(`${own}   astropy ${other.cpuMs.toFixed(0)} ms CPU ${other.wallMs.toFixed(0)} ms wall   ${ratio} ×`);
    }
  }
  console.log(
    `peak memory ${(process.resourceUsage().maxRSS / 1e6).toFixed(2)} GB, two images of it kept by the benchmark`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
