/**
 * Time of calibrating a Measurement Set on the fly: every visibility, flag and weight of it, nothing written.
 *
 * node --conditions=@contimg/source apps/pipeline/bench/apply-calibration.ts MS TABLE…
 *
 * Twice each: read only (the same reader without gains to divide by is not to be had: DATA, FLAG and SIGMA by themselves), and
 * read and calibrated, on one thread and on two. Seconds of the processor are those of all threads.
 */

import { openTable } from "@contimg/casacore-tables/node";
import { divideBlocks } from "../src/adapters/fs/ms-calibration/apply-job.ts";
import { type ApplyMs, applyBlocksOf } from "../src/adapters/fs/ms-calibration/apply-ms.ts";
import { calibrateAll } from "../src/adapters/fs/ms-calibration/apply-pool.ts";
import { prepareApplication } from "../src/adapters/fs/ms-calibration/ms-application.ts";
import { readFlags } from "../src/adapters/fs/ms-flags/flag-columns.ts";
import { shapesOf } from "../src/adapters/fs/ms-flags/ms-flags.ts";
import { defaultApplyOptions } from "../src/domain/cal-apply.ts";
import { requestsOfPaths } from "../src/services/apply-calibration.ts";

const [msPath, ...tables] = process.argv.slice(2);
if (msPath === undefined || tables.length === 0) throw new Error("usage: apply-calibration.ts MS TABLE…");

async function measured(what: string, work: () => Promise<void> | void): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const startMs = performance.now();
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    const wallSec = (performance.now() - startMs) / 1000;
    console.log(
      `${what.padEnd(34)} ${wallSec.toFixed(2)} s, processor ${(user / 1e6).toFixed(2)} + ${(system / 1e6).toFixed(2)} s`,
    );
  }
}

function readOnly(ms: ApplyMs): void {
  using main = openTable(ms.path);
  for (const { rowStart, rowEnd, windowIndex } of applyBlocksOf(ms)) {
    const { freqHz, corrCount } = ms.windows[windowIndex]!;
    const count = (rowEnd - rowStart) * freqHz.length * corrCount;
    vis = vis.length < 2 * count ? new Float32Array(2 * count) : vis;
    main.column(ms.dataColumn).getCellsInto(rowStart, rowEnd, vis.subarray(0, 2 * count));
  }
}

let vis = new Float32Array(0);
const applied = { msPath, dataColumn: "DATA", requests: requestsOfPaths(tables), options: defaultApplyOptions };
await measured("tables read and matched", () => {
  prepareApplication(applied);
});
const { ms, factors } = prepareApplication(applied);
using main = openTable(msPath);
const startFlags = readFlags(main, shapesOf(msPath).shapes);
console.log(`${ms.rowCount} rows, ${divideBlocks(ms).length} tasks`);
await measured("DATA read, one thread", () => readOnly(ms));
for (const workerCount of [1, 2]) {
  await measured(`read and calibrated, ${workerCount} thread${workerCount > 1 ? "s" : ""}`, async () => {
    const job = {
      ms,
      factors,
      calibratesWeights: true,
      startFlags,
      corrected: null,
      spectrum: null,
      weights: null,
      packed: null,
    };
    await calibrateAll(job, { workerCount, signal: new AbortController().signal, onProgress: () => undefined });
  });
}
console.log(`peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
