/**
 * CPU time of prediction, per visibility and component, and for a whole group with 100 components.
 *
 * node --conditions=@contimg/source packages/kernels/bench/predict.ts [COMPONENTS] [ROWS]
 *
 * A group is 111 744 rows of 768 channels; XX and YY are the same and predicted once. The last lines predict all rows of a
 * group, in as many threads as they say, into a plane that is used again every 1024 rows (687 MB would say no more).
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createPredictor, fillSpectra, fillUvwRates, predictRows, setDirection } from "../src/predict/index.ts";
import { uniformFrom } from "../test/uniform-from.ts";

const CHANNELS = 768;
const GROUP_ROWS = 111_744;
const ROUNDS = 3;
const BLOCK_ROWS = 1024;
const freqHz = Float64Array.from({ length: CHANNELS }, (_, chan) => 1_498_643_188.4765625 - chan * 244_140.625);

function skyOf(count: number, shape: number): Parameters<typeof predictRows>[1] {
  const uniform = uniformFrom(1);
  const lmn = new Float64Array(3 * count);
  for (let index = 0; index < count; index++)
    setDirection(lmn, index, 0.05 * (uniform() - 0.5), 0.05 * (uniform() - 0.5));
  const spectraJy = new Float64Array(count * CHANNELS);
  const components = Array.from({ length: count }, () => ({
    fluxJy: uniform(),
    referenceFreqHz: 1.4e9,
    spectralIndexRatio: -0.7,
  }));
  fillSpectra(components, freqHz, spectraJy);
  return {
    componentCount: count,
    lmn,
    spectraJy,
    ...(shape > 0 ? { shapesRad: new Float64Array(3 * count).fill(shape) } : {}),
  };
}

function rowsOf(count: number): { readonly uvwM: Float64Array; readonly uvwRateMPerSec: Float64Array } {
  const uniform = uniformFrom(2);
  const uvwM = Float64Array.from({ length: 3 * count }, () => 1500 * (uniform() - 0.5));
  const uvwRateMPerSec = new Float64Array(uvwM.length);
  fillUvwRates(uvwM, 0.95, uvwRateMPerSec);
  return { uvwM, uvwRateMPerSec };
}

function measure(name: string, componentCount: number, rowCount: number, work: () => void): void {
  let bestMs = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    bestMs = Math.min(bestMs, (user + system) / 1e3);
  }
  const nsEach = (bestMs * 1e6) / (rowCount * CHANNELS * componentCount);
  const groupSec = (nsEach * GROUP_ROWS * CHANNELS * 100) / 1e9;
  console.log(
    `${name.padEnd(46)} ${nsEach.toFixed(2)} ns  ${groupSec.toFixed(1).padStart(5)} CPU s/group of 100 components`,
  );
}

function predictGroupPart(rowCount: number, componentCount: number): void {
  const predictor = createPredictor(freqHz, { correlationFactors: [1] });
  const sky = skyOf(componentCount, 0);
  const { uvwM } = rowsOf(BLOCK_ROWS);
  const out = new Float32Array(2 * BLOCK_ROWS * CHANNELS);
  for (let done = 0; done < rowCount; done += BLOCK_ROWS) {
    predictRows(predictor, sky, { uvwM, rowEnd: Math.min(BLOCK_ROWS, rowCount - done) }, out);
  }
}

async function predictGroup(threadCount: number): Promise<void> {
  const start = performance.now();
  const parts = Array.from(
    { length: threadCount },
    () =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: Math.ceil(GROUP_ROWS / threadCount) });
        worker.once("message", () => resolve());
        worker.once("error", reject);
      }),
  );
  await Promise.all(parts);
  console.log(
    `group of 100 components in ${threadCount} threads`.padEnd(46),
    `${((performance.now() - start) / 1e3).toFixed(1)} s`,
  );
}

if (isMainThread) {
  const componentCount = Number(process.argv[2] ?? 100);
  const rowCount = Number(process.argv[3] ?? 500);
  const { uvwM, uvwRateMPerSec } = rowsOf(rowCount);
  const points = skyOf(componentCount, 0);
  const gaussians = skyOf(componentCount, 1e-4);
  const out = new Float32Array(4 * rowCount * CHANNELS);
  const smeared = { uvwM, uvwRateMPerSec, exposureSec: 12.9 };
  const plain = createPredictor(freqHz);
  const wide = createPredictor(freqHz, { chanWidthHz: 244_140.625 });
  measure("points", componentCount, rowCount, () => predictRows(plain, points, { uvwM }, out));
  measure("points, bandwidth smearing", componentCount, rowCount, () => predictRows(wide, points, { uvwM }, out));
  measure("points, time and bandwidth smearing", componentCount, rowCount, () =>
    predictRows(wide, points, smeared, out),
  );
  measure("Gaussians, time and bandwidth smearing", componentCount, rowCount, () =>
    predictRows(wide, gaussians, smeared, out),
  );
  await predictGroup(1);
  await predictGroup(2);
} else {
  predictGroupPart(workerData as number, 100);
  parentPort?.postMessage("done");
}
