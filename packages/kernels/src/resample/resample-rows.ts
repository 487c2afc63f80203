/** Channels to nodes, nodes to channels, and both with weights between. */
import type { Engine } from "../engine/engine.ts";
import { forParts, type Team } from "../engine/team.ts";
import type { SampleData } from "../grid/sample-records.ts";
import type { FrequencyRun } from "../predict/frequency-runs.ts";
import {
  lineCountOf,
  type NodeClass,
  type ResamplingPlan,
  type RunNodes,
  tapStrideOf,
  tapsOf,
} from "./plan-resampling.ts";
import { type ResampleKernels, resampleKernels } from "./resample-kernels.ts";

/** Rows that are done as one part. */
const ROWS_A_PART = 64;

/** Writes the taps of a plan; one thread does, once, before any work. */
export function prepareResampling(engine: Engine, plan: ResamplingPlan): void {
  const known = new Set<number>();
  for (const run of plan.classes.flatMap(({ runs }) => runs)) {
    if (known.has(run.tapsAt)) continue;
    known.add(run.tapsAt);
    const taps = tapsOf(run, plan.bandTurns);
    new Float32Array(engine.buffer, run.tapsAt, taps.length).set(taps);
  }
}

/**
 * Multiplies channels into nodes: gridding the nodes, each with weight 1, is gridding the channels with their weights.
 *
 * Every thread of the team calls it, with arrays that they share.
 *
 * @param data `[row][channel]` arrays; without `vis`, nodes are those of the point spread function.
 * @param out  `[node][re, im]` of all rows, `plan.nodeCount`.
 */
export function compressVisibilities(
  engine: Engine,
  plan: ResamplingPlan,
  data: SampleData,
  out: Float32Array,
  team: Team,
): void {
  const line = lineOf(engine, plan, team);
  const { re, im } = line;
  forRuns(plan, team, (piece) => {
    const { chanStart, chanCount, nodeStart } = piece;
    for (let chan = 0; chan < chanCount; chan++) {
      const sample = chanStart + chan;
      const weight = weightOf(data, sample);
      // What is left out may hold anything, so that it is not multiplied by 0.
      re[chan] = weight === 0 ? 0 : weight * (data.vis === undefined ? 1 : data.vis[2 * sample]);
      im[chan] = weight === 0 || data.vis === undefined ? 0 : weight * data.vis[2 * sample + 1];
    }
    compress(line, piece);
    out.set(line.nodes.subarray(0, 2 * piece.run.nodeCount), 2 * nodeStart);
  });
}

/**
 * Interpolates visibilities of channels from nodes, which were predicted.
 *
 * Every thread of the team calls it, with arrays that they share.
 *
 * @param out `[row][channel][re, im]`.
 */
export function expandVisibilities(
  engine: Engine,
  plan: ResamplingPlan,
  nodes: Float32Array,
  out: Float32Array,
  team: Team,
): void {
  const line = lineOf(engine, plan, team);
  forRuns(plan, team, (piece) => {
    expand(line, piece, nodes);
    for (let chan = 0; chan < piece.chanCount; chan++) {
      out[2 * (piece.chanStart + chan)] = line.re[chan];
      out[2 * (piece.chanStart + chan) + 1] = line.im[chan];
    }
  });
}

/**
 * Predicted nodes as the nodes of weighted data: expanded, multiplied by the weights, compressed. What a major cycle images are
 * the compressed data minus this; visibilities of channels are not needed again.
 *
 * Every thread of the team calls it, with arrays that they share.
 *
 * @param weights Weights and flags of the channels, as they were when data were compressed.
 * @param out     `[node][re, im]`; may be `nodes`.
 */
export function weightNodes(
  engine: Engine,
  plan: ResamplingPlan,
  nodes: Float32Array,
  weights: Omit<SampleData, "vis">,
  out: Float32Array,
  team: Team,
): void {
  const line = lineOf(engine, plan, team);
  forRuns(plan, team, (piece) => {
    expand(line, piece, nodes);
    for (let chan = 0; chan < piece.chanCount; chan++) {
      const weight = weightOf(weights, piece.chanStart + chan);
      line.re[chan] *= weight;
      line.im[chan] *= weight;
    }
    compress(line, piece);
    out.set(line.nodes.subarray(0, 2 * piece.run.nodeCount), 2 * piece.nodeStart);
  });
}

/** A thread's room: a run of channels, real and imaginary parts apart, and its nodes. */
interface Line {
  readonly kernels: ResampleKernels;
  readonly reAt: number;
  readonly imAt: number;
  readonly nodesAt: number;
  readonly re: Float32Array;
  readonly im: Float32Array;
  readonly nodes: Float32Array;
}

function lineOf(engine: Engine, plan: ResamplingPlan, team: Team): Line {
  if (engine.buffer.byteLength < plan.byteCount) {
    throw new RangeError(`memory: expected at least ${plan.byteCount} bytes, found ${engine.buffer.byteLength}`);
  }
  if (team.threadCount > plan.threadCount) {
    throw new RangeError(`threads: planned for ${plan.threadCount}, found ${team.threadCount}`);
  }
  const reAt = plan.scratchAt + team.threadIndex * plan.scratchBytes;
  const count = lineCountOf(plan.channelCount);
  const imAt = reAt + 4 * count;
  const nodesAt = imAt + 4 * count;
  return {
    kernels: resampleKernels(engine),
    reAt,
    imAt,
    nodesAt,
    re: new Float32Array(engine.buffer, reAt, count),
    im: new Float32Array(engine.buffer, imAt, count),
    nodes: new Float32Array(engine.buffer, nodesAt, (plan.scratchBytes - 8 * count) / 4),
  };
}

/** A run of channels of a row, and the nodes that stand for it. */
interface Piece {
  readonly run: RunNodes;
  /** In the arrays over all channels of all rows. */
  readonly chanStart: number;
  readonly chanCount: number;
  /** In the arrays over all nodes. */
  readonly nodeStart: number;
}

function forRuns(plan: ResamplingPlan, team: Team, work: (piece: Piece) => void): void {
  const rowCount = plan.classIndices.length;
  const { rowStarts } = plan.nodes;
  forParts(team, Math.ceil(rowCount / ROWS_A_PART), (part) => {
    const end = Math.min(rowCount, (part + 1) * ROWS_A_PART);
    for (let row = part * ROWS_A_PART; row < end; row++) {
      const { runs } = plan.classes[plan.classIndices[row]] as NodeClass;
      let nodeStart = rowStarts?.[row] ?? 0;
      for (const [index, run] of runs.entries()) {
        const { chanStart, channelCount } = plan.runs[index] as FrequencyRun;
        work({ run, chanStart: row * plan.channelCount + chanStart, chanCount: channelCount, nodeStart });
        nodeStart += run.nodeCount;
      }
    }
  });
}

/** Channels of the line into its nodes. */
function compress(line: Line, { run, chanCount }: Piece): void {
  const { channelsPerNodeCount, blockCount, tapCount, tapsAt } = run;
  const end = blockCount * channelsPerNodeCount + 4;
  line.re.fill(0, chanCount, end);
  line.im.fill(0, chanCount, end);
  const stride = tapStrideOf(channelsPerNodeCount);
  const { kernels, reAt, imAt, nodesAt } = line;
  kernels.compressLine(reAt, imAt, blockCount, channelsPerNodeCount, tapsAt, stride, tapCount, nodesAt);
}

/** Nodes of a piece into the channels of the line. */
function expand(line: Line, { run, nodeStart }: Piece, nodes: Float32Array): void {
  const { channelsPerNodeCount, blockCount, nodeCount, tapCount, tapsAt } = run;
  line.nodes.set(nodes.subarray(2 * nodeStart, 2 * (nodeStart + nodeCount)));
  const stride = tapStrideOf(channelsPerNodeCount);
  const { kernels, reAt, imAt, nodesAt } = line;
  kernels.expandLine(reAt, imAt, blockCount, channelsPerNodeCount, tapsAt, stride, tapCount, nodesAt);
}

function weightOf({ weights, flags }: Omit<SampleData, "vis">, sample: number): number {
  if (flags !== undefined && flags[sample] !== 0) return 0;
  return weights === undefined ? 1 : weights[sample];
}
