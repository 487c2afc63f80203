/**
 * Speed of gridding and degridding, CPU seconds of one thread, and of the steps of an image.
 *
 * node --conditions=@contimg/source packages/kernels/bench/grid.ts [SIZE [ROWS [ACCURACY [plain]]]]
 *
 * The array, field and band are those of the telescope: 96 antennas over 2.6 km, declination 16°, 768 channels from 1.31 to
 * 1.50 GHz, 4°. A full group is 109 440 rows; fewer are a random choice of them. Time that planes cost is measured with few
 * samples and taken off, so that rates are of gridding itself. The last lines are of channels that became nodes first.
 */
import { createEngine, type EngineKind, teamOf } from "../src/engine/index.ts";
import {
  channelSamples,
  degridVisibilities,
  gridVisibilities,
  orderSamples,
  planGridding,
  prepareGridding,
} from "../src/grid/index.ts";
import { compressVisibilities, planResampling, prepareResampling, weightNodes } from "../src/resample/index.ts";
import { channelsHz, uvwOf } from "../test/gridding-reference.ts";
import { uniformFrom } from "../test/uniform-from.ts";

const sizePx = Number(process.argv[2] ?? 2400);
const rowCount = Number(process.argv[3] ?? 20_000);
const accuracyRatio = Number(process.argv[4] ?? 1e-4);
const pixelRad = (4 / sizePx) * (Math.PI / 180);
const freqHz = channelsHz(1_311_250_000, 244_140.625, 768);

/** Rows of the whole observation, in random order. */
function someUvwM(count: number): Float64Array {
  const all = uvwOf({ decDeg: 16, antennaCount: 96, timeCount: 24, freqHz, radiusM: 920, seed: 1 });
  const uniform = uniformFrom(2);
  const uvwM = new Float64Array(3 * count);
  for (let row = 0; row < count; row++) {
    const from = Math.floor(uniform() * (all.length / 3));
    for (let axis = 0; axis < 3; axis++) uvwM[3 * row + axis] = all[3 * from + axis];
  }
  return uvwM;
}

function cpuSec(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const uvwM = someUvwM(rowCount);
const samples = channelSamples(uvwM, freqHz);
const sampleCount = rowCount * freqHz.length;

function measure(kind: EngineKind, usedRows: number): void {
  const plan = planGridding(samples, { widthPx: sizePx, heightPx: sizePx, pixelRad, accuracyRatio });
  const engine = createEngine(plan.byteCount, kind);
  prepareGridding(engine, plan);
  const team = teamOf(engine);
  const flags = new Uint8Array(sampleCount);
  flags.fill(1, usedRows * freqHz.length);
  // Every thousandth sample: all planes and rows are touched, next to nothing is gridded.
  const fewFlags = flags.map((flag, sample) => (sample % 997 === 0 ? flag : 1));
  const vis = new Float32Array(2 * sampleCount).fill(0.5);
  const image = new Float32Array(sizePx * sizePx);
  const few = orderSamples(plan, samples, fewFlags);
  let order = few;
  const orderSec = cpuSec(() => {
    order = orderSamples(plan, samples, flags);
  });
  const seconds = { planes: 0, grid: 0, predictPlanes: 0, degrid: 0 };
  const data = { vis, flags };
  gridVisibilities(engine, plan, few, samples, { vis, flags: fewFlags }, image, team);
  seconds.planes = cpuSec(() => gridVisibilities(engine, plan, few, samples, { vis, flags: fewFlags }, image, team));
  seconds.grid = cpuSec(() => gridVisibilities(engine, plan, order, samples, data, image, team)) - seconds.planes;
  degridVisibilities(engine, plan, few, samples, image, vis, team);
  seconds.predictPlanes = cpuSec(() => degridVisibilities(engine, plan, few, samples, image, vis, team));
  seconds.degrid =
    cpuSec(() => degridVisibilities(engine, plan, order, samples, image, vis, team)) - seconds.predictPlanes;
  const millions = (usedRows * freqHz.length) / 1e6;
  const { uvKernel, wKernel, gridWidthCount, gridHeightCount, planeCount, byteCount } = plan;
  console.log(
    `${kind}: ${millions.toFixed(1)} M visibilities, ${sizePx}², ε ${accuracyRatio}: grid ${gridWidthCount} × ${gridHeightCount}, ` +
      `${planeCount} planes, W ${uvKernel.supportCount} σ ${uvKernel.oversamplingFactor}, in w ${wKernel?.supportCount} ` +
      `${wKernel?.oversamplingFactor}, ${(byteCount / 1e6).toFixed(0)} MB`,
  );
  const rate = (sec: number): string => `${sec.toFixed(2)} s, ${(millions / sec).toFixed(1)} Mvis/s`;
  console.log(`  order    ${rate(orderSec)}, ${order.runCount} runs`);
  console.log(`  grid     ${rate(seconds.grid)}`);
  console.log(`  degrid   ${rate(seconds.degrid)}`);
  console.log(`  planes   ${seconds.planes.toFixed(2)} s to the image, ${seconds.predictPlanes.toFixed(2)} s from it`);
}

/** The same through nodes. */
function measureNodes(kind: EngineKind): void {
  const size = { widthPx: sizePx, heightPx: sizePx, pixelRad };
  const vis = new Float32Array(2 * sampleCount).fill(0.5);
  let plan = planResampling(uvwM, freqHz, { ...size, toleranceRatio: accuracyRatio / 2 });
  const planSec = cpuSec(() => {
    plan = planResampling(uvwM, freqHz, { ...size, toleranceRatio: accuracyRatio / 2 });
  });
  const small = createEngine(plan.byteCount, kind);
  prepareResampling(small, plan);
  const nodes = new Float32Array(2 * plan.nodeCount);
  const team = teamOf(small);
  compressVisibilities(small, plan, { vis }, nodes, team);
  const compressSec = cpuSec(() => compressVisibilities(small, plan, { vis }, nodes, team));
  const weightSec = cpuSec(() => weightNodes(small, plan, nodes, {}, nodes, team));
  const gridding = planGridding(plan.nodes, { ...size, accuracyRatio });
  const engine = createEngine(gridding.byteCount, kind);
  prepareGridding(engine, gridding);
  const image = new Float32Array(sizePx * sizePx);
  let order = orderSamples(gridding, plan.nodes);
  const orderSec = cpuSec(() => {
    order = orderSamples(gridding, plan.nodes);
  });
  gridVisibilities(engine, gridding, order, plan.nodes, { vis: nodes }, image, teamOf(engine));
  const gridSec = cpuSec(() => gridVisibilities(engine, gridding, order, plan.nodes, { vis: nodes }, image, team));
  const [millions, nodeMillions] = [sampleCount / 1e6, plan.nodeCount / 1e6];
  console.log(
    `${kind}: ${millions.toFixed(1)} M channels as ${nodeMillions.toFixed(2)} M nodes, ${plan.classes.length} distances`,
  );
  console.log(`  plan     ${planSec.toFixed(2)} s; order of nodes ${orderSec.toFixed(2)} s`);
  console.log(`  compress ${compressSec.toFixed(2)} s, ${(millions / compressSec).toFixed(0)} Mvis/s`);
  console.log(`  weight   ${weightSec.toFixed(2)} s, ${(millions / weightSec).toFixed(0)} Mvis/s`);
  console.log(`  image    ${gridSec.toFixed(2)} s, ${gridding.planeCount} planes included`);
}

measure("wasm", rowCount);
measureNodes("wasm");
if (process.argv[5] === "plain") measure("plain", 50);
