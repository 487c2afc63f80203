/**
 * Time of calibration of a full group: 96 antennas, 24 integrations, 768 channels, XX and YY.
 *
 * node --conditions=@contimg/source packages/kernels/bench/solve.ts [INTEGRATIONS]
 *
 * First, each step on one core. Then a whole calibration in two threads that share a group of INTEGRATIONS (24: 1.4 GB of
 * visibilities, 0.7 GB of model): each sums half of the baselines for a bandpass and for gains; then each solves one
 * polarisation. Source of 12.5 Jy, noise of 2.6 Jy, gains of 0.25.
 */
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import {
  accumulateRows,
  applyGains,
  baselineCountOf,
  createGainTable,
  createNormalCells,
  type GainTable,
  gainIndex,
  invertGains,
  type NormalCells,
  orderByBaseline,
  type SolveRows,
  solveCells,
  solveDelays,
} from "../src/solve/index.ts";
import { uniformFrom } from "../test/uniform-from.ts";

const ANTENNAS = 96;
const CHANNELS = 768;
const SPWS = 16;
const TIMES = Number(process.argv[2] ?? 24);
const ROWS = (TIMES * ANTENNAS * (ANTENNAS + 1)) / 2;
const ROWS_PER_TIME = ROWS / TIMES;
const PAIRS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
];
const bandpassBins = Int32Array.from({ length: CHANNELS }, (_, chan) => chan);
const gainBins = Int32Array.from({ length: CHANNELS }, (_, chan) => Math.floor((chan * SPWS) / CHANNELS));

interface Shared {
  readonly vis: Float32Array;
  readonly model: Float32Array;
  readonly flags: Uint8Array;
  readonly weights: Float32Array;
  readonly bandpassSums: Float32Array;
  readonly gainSums: Float32Array;
}

const shared = <T>(make: new (buffer: SharedArrayBuffer) => T, bytes: number): T =>
  new make(new SharedArrayBuffer(bytes));

function truth(): GainTable {
  const uniform = uniformFrom(5);
  const table = createGainTable({ antennaCount: ANTENNAS, intervalCount: 1, polCount: 2, binCount: CHANNELS });
  table.flags.fill(0);
  for (let antenna = 0; antenna < ANTENNAS; antenna++) {
    for (let pol = 0; pol < 2; pol++) {
      const [length, phase, slope] = [0.2 + 0.1 * uniform(), 6.28 * uniform(), 0.02 * (uniform() - 0.5)];
      for (let chan = 0; chan < CHANNELS; chan++) {
        const at = 2 * gainIndex(table, 0, antenna, chan, pol);
        const edge = 1 - 0.24 * (Math.abs((chan % 48) - 23.5) / 24) ** 6;
        table.gains[at] = length * edge * Math.cos(phase + slope * chan);
        table.gains[at + 1] = length * edge * Math.sin(phase + slope * chan);
      }
    }
  }
  return table;
}

function antennas(): { readonly ant1: Int32Array; readonly ant2: Int32Array } {
  const ant1 = new Int32Array(ROWS);
  const ant2 = new Int32Array(ROWS);
  let row = 0;
  for (let time = 0; time < TIMES; time++) {
    for (let i = 0; i < ANTENNAS; i++) {
      for (let j = i; j < ANTENNAS; j++, row++) {
        ant1[row] = i;
        ant2[row] = j;
      }
    }
  }
  return { ant1, ant2 };
}

function simulate(data: Shared): void {
  const uniform = uniformFrom(6);
  const { gains } = truth();
  const { ant1, ant2 } = antennas();
  // Noise is drawn from a table: 340 million normal numbers would take longer than all that is measured.
  const noise = Float32Array.from({ length: 1 << 20 }, () => {
    const radius = 2.6 * Math.sqrt(-2 * Math.log(1 - uniform()));
    return 0.0625 * radius * Math.cos(2 * Math.PI * uniform());
  });
  for (let row = 0; row < ROWS; row++) {
    let draw = Math.floor(uniform() * noise.length);
    for (let chan = 0; chan < CHANNELS; chan++) {
      data.model[2 * (row * CHANNELS + chan)] = 12.5;
      for (let pol = 0; pol < 2; pol++) {
        const a = 2 * (((ant1[row] as number) * CHANNELS + chan) * 2 + pol);
        const b = 2 * (((ant2[row] as number) * CHANNELS + chan) * 2 + pol);
        const [ar, ai, br, bi] = [gains[a], gains[a + 1], gains[b], gains[b + 1]] as [number, number, number, number];
        const at = 2 * ((row * CHANNELS + chan) * 2 + pol);
        data.vis[at] = 12.5 * (ar * br + ai * bi) + (noise[draw++ & 0xfffff] as number);
        data.vis[at + 1] = 12.5 * (ai * br - ar * bi) + (noise[draw++ & 0xfffff] as number);
      }
    }
  }
  data.weights.fill(1);
}

function rowsOf(data: Shared, binOfChannel: Int32Array, intervalOf: (row: number) => number): SolveRows {
  return {
    ...data,
    ...antennas(),
    rowCount: ROWS,
    channelCount: CHANNELS,
    correlationCount: 2,
    intervalOfRow: Int32Array.from({ length: ROWS }, (_, row) => intervalOf(row)),
    binOfChannel,
    correlations: [0, 1],
  };
}

const cellsOf = (sums: Float32Array, intervalCount: number, polCount: number, binCount: number): NormalCells => ({
  antennaCount: ANTENNAS,
  intervalCount,
  polCount,
  binCount,
  sums,
});

/** Half of the baselines, into sums that threads share: no two write to the same. */
function sumPart(data: Shared, part: number, parts: number): void {
  const { ant1, ant2 } = antennas();
  const order = orderByBaseline(ant1, ant2, ANTENNAS);
  const size = Math.ceil(order.length / parts / TIMES) * TIMES;
  const mine = order.subarray(part * size, (part + 1) * size);
  const bandpass = rowsOf(data, bandpassBins, () => 0);
  accumulateRows(cellsOf(data.bandpassSums, 1, 2, CHANNELS), { ...bandpass, order: mine });
  const gains = rowsOf(data, gainBins, (row) => Math.floor(row / ROWS_PER_TIME));
  accumulateRows(cellsOf(data.gainSums, TIMES, 2, SPWS), { ...gains, order: mine });
}

/** Bandpass and gains of one polarisation. */
function solvePart(data: Shared, pol: number): void {
  const onePol = (sums: Float32Array, intervalCount: number, binCount: number): NormalCells => {
    const size = 3 * baselineCountOf(ANTENNAS) * binCount;
    const part = new Float32Array(size * intervalCount);
    for (let interval = 0; interval < intervalCount; interval++) {
      part.set(sums.subarray((2 * interval + pol) * size, (2 * interval + pol + 1) * size), interval * size);
    }
    return cellsOf(part, intervalCount, 1, binCount);
  };
  solveCells(onePol(data.bandpassSums, 1, CHANNELS));
  solveCells(onePol(data.gainSums, TIMES, SPWS));
}

function clock(name: string, rounds: number, work: () => void): void {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  console.log(`${name.padEnd(58)} ${(best / 1e3).toFixed(3)} s`);
}

function makeShared(): Shared {
  const samples = ROWS * CHANNELS * 2;
  const cellBytes = 12 * baselineCountOf(ANTENNAS) * 2;
  return {
    vis: shared(Float32Array, 8 * samples),
    model: shared(Float32Array, 4 * samples),
    flags: shared(Uint8Array, samples),
    weights: shared(Float32Array, 8 * ROWS),
    bandpassSums: shared(Float32Array, cellBytes * CHANNELS),
    gainSums: shared(Float32Array, cellBytes * SPWS * TIMES),
  };
}

/** Runs a task in two threads that stay, so that compiled code stays too. */
async function runBoth(workers: readonly Worker[], task: string): Promise<number> {
  const start = performance.now();
  const answers = workers.map((worker) => once(worker, "message"));
  for (const worker of workers) worker.postMessage(task);
  await Promise.all(answers);
  return (performance.now() - start) / 1e3;
}

function singleCore(data: Shared): void {
  const cells = createNormalCells({ antennaCount: ANTENNAS, intervalCount: 1, polCount: 2, binCount: CHANNELS });
  const { ant1, ant2 } = antennas();
  const order = orderByBaseline(ant1, ant2, ANTENNAS);
  const rows = rowsOf(data, bandpassBins, () => 0);
  clock(`sums of ${TIMES} integrations by channel, baseline by baseline`, 2, () =>
    accumulateRows(cells, { ...rows, order }),
  );
  clock(`sums of ${TIMES} integrations by channel, as rows lie`, 2, () => accumulateRows(cells, rows));
  cells.sums.fill(0);
  accumulateRows(cells, { ...rows, order });
  const onePol = cellsOf(cells.sums.slice(0, cells.sums.length / 2), 1, 1, CHANNELS);
  let sweeps = 0;
  clock("StefCal, 768 channels × 96 antennas, one polarisation", 5, () => {
    sweeps = solveCells(onePol).outcomes.reduce((sum, { iterationCount }) => sum + iterationCount, 0);
  });
  console.log(`  ${(sweeps / CHANNELS).toFixed(2)} sweeps a channel`);
  clock("the same, phases alone", 3, () => solveCells(onePol, { mode: "phase" }));
  clock("the same, Student's t", 2, () => solveCells(onePol, { robust: { kind: "student", degreesCount: 5 } }));
  const freqHz = Float64Array.from({ length: CHANNELS }, (_, chan) => 1.4986e9 - 244140.625 * chan);
  clock("delays, one polarisation, ±500 ns", 2, () => solveDelays(onePol, freqHz, { maxDelaySec: 5e-7 }));
  clock("delays, one polarisation, ±2 µs", 1, () => solveDelays(onePol, freqHz));
}

if (isMainThread) {
  console.log(`${ROWS} rows × ${CHANNELS} channels × 2`);
  const data = makeShared();
  simulate(data);
  singleCore(data);
  const workers = [0, 1].map(
    (part) => new Worker(new URL(import.meta.url), { workerData: { part, data, times: TIMES }, argv: [String(TIMES)] }),
  );
  for (let round = 0; round < 3; round++) {
    data.bandpassSums.fill(0);
    data.gainSums.fill(0);
    const sumSec = await runBoth(workers, "sum");
    const solveSec = await runBoth(workers, "solve");
    const parts = `sums ${sumSec.toFixed(2)}, solve ${solveSec.toFixed(2)}`;
    console.log(
      `${"two threads: bandpass and gains of every integration".padEnd(58)} ${(sumSec + solveSec).toFixed(2)} s (${parts})`,
    );
  }
  for (let round = 0; round < 3; round++) {
    console.log(`${"two threads: application in place".padEnd(58)} ${(await runBoth(workers, "apply")).toFixed(2)} s`);
  }
  for (const worker of workers) await worker.terminate();
} else {
  const { part, data } = workerData as { readonly part: number; readonly data: Shared };
  const inverse = invertGains(truth());
  const half = ROWS / 2;
  const { ant1, ant2 } = antennas();
  const mine = {
    vis: data.vis.subarray(part * half * CHANNELS * 4, (part + 1) * half * CHANNELS * 4),
    flags: data.flags.subarray(part * half * CHANNELS * 2, (part + 1) * half * CHANNELS * 2),
    weights: data.weights.subarray(part * half * 2, (part + 1) * half * 2),
    rowCount: half,
    channelCount: CHANNELS,
    correlationCount: 2,
    ant1: ant1.subarray(part * half, (part + 1) * half),
    ant2: ant2.subarray(part * half, (part + 1) * half),
    intervalOfRow: new Int32Array(half),
    polPairs: PAIRS,
  };
  parentPort?.on("message", (task: string) => {
    if (task === "sum") sumPart(data, part, 2);
    else if (task === "solve") solvePart(data, part);
    else applyGains(inverse, mine, mine.vis);
    parentPort?.postMessage("done");
  });
}
