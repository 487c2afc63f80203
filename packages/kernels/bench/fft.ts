/**
 * CPU time of two-dimensional transforms, complex float32, in place, beside numpy's (float64) and scipy's (float32).
 *
 * node --conditions=@contimg/source packages/kernels/bench/fft.ts [SIZE…]
 */
import { spawnSync } from "node:child_process";
import { createEngine, createLayout, type EngineKind, teamOf } from "../src/engine/index.ts";
import { fft2d, imageOf, planFft2d, prepareFft2d } from "../src/fft/index.ts";

const ROUNDS = 5;
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [2048, 3600, 4096, 5000];

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

function ownMs(kind: EngineKind, size: number): number {
  const layout = createLayout();
  const plan = planFft2d(layout, { widthPx: size, heightPx: size });
  const engine = createEngine(layout.byteCount, kind);
  prepareFft2d(engine, plan);
  const image = imageOf(engine, plan);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    for (let index = 0; index < image.length; index++) image[index] = (index * 7919) % 13;
    best = Math.min(
      best,
      cpuMs(() => fft2d(engine, plan, "forward", teamOf(engine))),
    );
  }
  return best;
}

/** Best CPU milliseconds in Debian's Python, or NaN where the module is missing. */
function pythonMs(module: string, type: string, size: number): number {
  const code = `
import time, numpy as np
from ${module} import fft
x = np.ones((${size}, ${size}), np.${type})
best = 1e9
for _ in range(${ROUNDS}):
    t = time.process_time(); y = fft.fft2(x); best = min(best, time.process_time() - t)
print(1000 * best)`;
  const run = spawnSync("/usr/bin/python3", ["-c", code], { encoding: "utf8" });
  return run.status === 0 ? Number(run.stdout) : NaN;
}

console.log("  size   WASM ms  plain ms  scipy f32 ms  numpy f64 ms  scipy/WASM");
for (const size of sizes) {
  const wasmMs = ownMs("wasm", size);
  const columns = [
    wasmMs,
    ownMs("plain", size),
    pythonMs("scipy", "complex64", size),
    pythonMs("numpy", "complex64", size),
  ];
  const text = columns.map((ms) => ms.toFixed(0).padStart(12)).join("");
  console.log(`${String(size).padStart(6)}${text}${(columns[2] / wasmMs).toFixed(2).padStart(12)}`);
}
