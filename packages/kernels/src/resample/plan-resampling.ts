/**
 * How many nodes stand for the channels of each row.
 *
 * Over frequency, the visibility of a baseline is a sum of e^(2πi ν τ) with delays no larger than those of the image's corners:
 * it is known everywhere from nodes that are close enough for these. Channels may then be multiplied into nodes (with any
 * weights and flags, which come before), and images made of the nodes are those of the channels, to a tolerance. A short
 * baseline needs few nodes.
 */
import { createLayout } from "../engine/layout.ts";
import type { Samples } from "../grid/samples.ts";
import { leastNMinusOne } from "../grid/sky-geometry.ts";
import { type FrequencyRun, frequencyRuns, SPEED_OF_LIGHT_M_PER_SEC } from "../predict/frequency-runs.ts";
import { interpolations, widestBand } from "./interpolation.ts";

export interface ResamplingOptions {
  /** The image, or the largest of the images, that nodes will be used for. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly pixelRad: number;
  /** Error that is allowed, relative to a visibility, in the rms over the delays of the image: 1e-6 to 1e-2; default 5e-5. */
  readonly toleranceRatio?: number;
  readonly threadCount?: number;
}

/** Nodes of a run of channels. */
export interface RunNodes {
  /** Channels from one node to the next. */
  readonly channelsPerNodeCount: number;
  /** Nodes that a channel is interpolated from; 1: nodes are the channels. */
  readonly tapCount: number;
  /** Stretches of channels that are interpolated from the same nodes. */
  readonly blockCount: number;
  readonly nodeCount: number;
  /** Place of the taps in memory. */
  readonly tapsAt: number;
}

/** Rows with the same distance of nodes. */
export interface NodeClass {
  readonly runs: readonly RunNodes[];
  /** Nodes of all runs. */
  readonly nodeCount: number;
  /** Place in the table of frequencies. */
  readonly waveStart: number;
}

/** A plan: plain numbers and shared arrays. */
export interface ResamplingPlan {
  readonly channelCount: number;
  readonly runs: readonly FrequencyRun[];
  readonly classes: readonly NodeClass[];
  /** Class of each row. */
  readonly classIndices: Uint16Array;
  /** The nodes, to be gridded: nodes of a row are its samples. */
  readonly nodes: Samples;
  readonly nodeCount: number;
  /** Band of the interpolation, turns a node. */
  readonly bandTurns: number;
  readonly threadCount: number;
  readonly scratchAt: number;
  readonly scratchBytes: number;
  /** Memory that the engine must have. */
  readonly byteCount: number;
}

const TAP_COUNTS: readonly number[] = [6, 8, 10, 12, 16];
/** Largest distance of nodes; beyond it there is nothing to gain. */
const MOST_CHANNELS_A_NODE = 256;
/** Nodes must be so many times fewer than channels to be worth it. */
const LEAST_GAIN = 1.25;
/** Time of a node in gridding and of a tap of a channel, ns; only their ratio matters. */
const NODE_NS = 90;
const TAP_NS = 0.35;

/** Plans the nodes of rows that have the same channels. */
export function planResampling(uvwM: Float64Array, freqHz: Float64Array, options: ResamplingOptions): ResamplingPlan {
  const { toleranceRatio = 5e-5, threadCount = 1 } = options;
  if (!(toleranceRatio >= 1e-6 && toleranceRatio <= 1e-2)) {
    throw new RangeError(`tolerance: expected 1e-6 to 1e-2, found ${toleranceRatio}`);
  }
  const runs = frequencyRuns(freqHz, 0);
  const delaysSec = largestDelays(uvwM, options);
  const choices = TAP_COUNTS.map((tapCount) => {
    const band = widestBand(tapCount, toleranceRatio);
    const distances = delaysSec.map((delaySec) => distanceFor(delaySec, band, tapCount, runs, freqHz));
    let ns = freqHz.length * tapCount * TAP_NS * delaysSec.length;
    for (const distance of distances) ns += NODE_NS * nodesOf(distance, tapCount, runs, freqHz.length);
    return { tapCount, band, distances, ns };
  });
  const [best] = choices.toSorted((a, b) => a.ns - b.ns);
  const { tapCount, band, distances } = best as (typeof choices)[0];
  return { ...withNodes(uvwM, freqHz, runs, distances, tapCount, threadCount), bandTurns: band };
}

/** Largest |u l + v m + w (n − 1)| / c over the image, for each row. */
function largestDelays(uvwM: Float64Array, options: ResamplingOptions): Float64Array {
  const { widthPx, heightPx, pixelRad } = options;
  const lMost = Math.min(1, Math.floor(widthPx / 2) * pixelRad);
  const mMost = Math.min(1, Math.floor(heightPx / 2) * pixelRad);
  const nMost = -leastNMinusOne(widthPx, heightPx, pixelRad);
  return Float64Array.from(
    { length: uvwM.length / 3 },
    (_, row) =>
      (Math.abs(uvwM[3 * row]) * lMost + Math.abs(uvwM[3 * row + 1]) * mMost + Math.abs(uvwM[3 * row + 2]) * nMost) /
      SPEED_OF_LIGHT_M_PER_SEC,
  );
}

/** Channels from node to node that a delay allows, or 0: nodes are the channels. */
function distanceFor(
  delaySec: number,
  bandTurns: number,
  tapCount: number,
  runs: readonly FrequencyRun[],
  freqHz: Float64Array,
): number {
  let most = MOST_CHANNELS_A_NODE;
  for (const { stepHz, firstHz, channelCount } of runs) {
    const step = Math.abs(stepHz);
    // A run that is too short keeps its channels.
    if (channelCount <= tapCount) continue;
    most = Math.min(most, bandTurns / (delaySec * step));
    // Nodes lie beyond the ends of a run, and their frequencies must stay above 0.
    const lowestHz = Math.min(firstHz, firstHz + (channelCount - 1) * stepHz);
    most = Math.min(most, (0.8 * lowestHz) / (tapCount * step));
  }
  const distance = coarse(Math.floor(most));
  const isWorth = nodesOf(distance, tapCount, runs, freqHz.length) * LEAST_GAIN < freqHz.length;
  return distance >= 2 && isWorth ? distance : 0;
}

/** Fewer different distances, so that there are few classes. */
function coarse(distance: number): number {
  const unit = distance < 32 ? 1 : distance < 64 ? 4 : 16;
  return distance - (distance % unit);
}

/** Nodes of a row. */
function nodesOf(distance: number, tapCount: number, runs: readonly FrequencyRun[], channelCount: number): number {
  if (distance < 2) return channelCount;
  return runs.reduce((sum, run) => sum + Math.min(run.channelCount, interpolatedCount(run, distance, tapCount)), 0);
}

/** Nodes of a run if it is interpolated. */
function interpolatedCount(run: FrequencyRun, distance: number, tapCount: number): number {
  return Math.ceil(run.channelCount / distance) - 1 + tapCount;
}

/** Taps of a node in whole vectors of four. */
export function tapStrideOf(channelsPerNodeCount: number): number {
  return 4 * Math.ceil(channelsPerNodeCount / 4);
}

function withNodes(
  uvwM: Float64Array,
  freqHz: Float64Array,
  runs: readonly FrequencyRun[],
  distances: Float64Array,
  tapCount: number,
  threadCount: number,
): Omit<ResamplingPlan, "bandTurns"> {
  const layout = createLayout();
  const waves: number[] = [];
  const ownTapsAt = layout.take(4 * tapStrideOf(1));
  const classes = [...new Set(distances)]
    .toSorted((a, b) => a - b)
    .map((distance): NodeClass => {
      const waveStart = waves.length;
      const tapsAt = distance < 2 ? ownTapsAt : layout.take(4 * tapCount * tapStrideOf(distance));
      const nodesOfRuns = runs.map((run): RunNodes => {
        const { chanStart, channelCount, firstHz, stepHz } = run;
        const nodeCount = distance < 2 ? Infinity : interpolatedCount(run, distance, tapCount);
        if (nodeCount >= channelCount) {
          for (let chan = 0; chan < channelCount; chan++)
            waves.push(freqHz[chanStart + chan] / SPEED_OF_LIGHT_M_PER_SEC);
          return {
            channelsPerNodeCount: 1,
            tapCount: 1,
            blockCount: channelCount,
            nodeCount: channelCount,
            tapsAt: ownTapsAt,
          };
        }
        for (let node = 0; node < nodeCount; node++) {
          const hz = firstHz + (node + 1 - tapCount / 2) * distance * stepHz;
          waves.push(hz / SPEED_OF_LIGHT_M_PER_SEC);
        }
        return {
          channelsPerNodeCount: distance,
          tapCount,
          blockCount: nodeCount + 1 - tapCount,
          nodeCount,
          tapsAt,
        };
      });
      return { runs: nodesOfRuns, nodeCount: waves.length - waveStart, waveStart };
    });
  const classOf = new Map(
    [...new Set(distances)].toSorted((a, b) => a - b).map((distance, index) => [distance, index]),
  );
  const rowCount = distances.length;
  const classIndices = new Uint16Array(new SharedArrayBuffer(2 * rowCount));
  const rowStarts = new Uint32Array(new SharedArrayBuffer(4 * (rowCount + 1)));
  const waveStarts = new Uint32Array(new SharedArrayBuffer(4 * rowCount));
  for (let row = 0; row < rowCount; row++) {
    classIndices[row] = classOf.get(distances[row]) ?? 0;
    const found = classes[classIndices[row]] as NodeClass;
    rowStarts[row + 1] = rowStarts[row] + found.nodeCount;
    waveStarts[row] = found.waveStart;
  }
  const wavesPerM = new Float64Array(new SharedArrayBuffer(8 * waves.length));
  wavesPerM.set(waves);
  const scratchBytes = scratchBytesOf(freqHz.length, classes);
  const scratchAt = layout.take(threadCount * scratchBytes);
  return {
    channelCount: freqHz.length,
    runs,
    classes,
    classIndices,
    nodes: { uvwM, wavesPerM, rowStarts, waveStarts },
    nodeCount: rowStarts[rowCount],
    threadCount,
    scratchAt,
    scratchBytes,
    byteCount: layout.byteCount,
  };
}

/** Numbers of a line of channels, with what whole blocks and vectors of the longest class add. */
export function lineCountOf(channelCount: number): number {
  return 16 * Math.ceil((channelCount + MOST_CHANNELS_A_NODE + 8) / 16);
}

/** Real parts, imaginary parts, and the most nodes of a run. */
function scratchBytesOf(channelCount: number, classes: readonly NodeClass[]): number {
  const mostNodes = classes.reduce((most, { nodeCount }) => Math.max(most, nodeCount), 0);
  return 64 * Math.ceil((8 * lineCountOf(channelCount) + 8 * mostNodes) / 64);
}

/** The taps of a run: f32 `[tap][stride]`, as the kernels want them. */
export function tapsOf({ channelsPerNodeCount, tapCount }: RunNodes, bandTurns: number): Float64Array {
  const stride = tapStrideOf(channelsPerNodeCount);
  const taps = new Float64Array(tapCount * stride);
  if (tapCount === 1) {
    taps[0] = 1;
    return taps;
  }
  const places = Array.from({ length: channelsPerNodeCount }, (_, f) => f / channelsPerNodeCount);
  for (const [f, { taps: found }] of interpolations(tapCount, bandTurns, places).entries()) {
    for (let k = 0; k < tapCount; k++) taps[k * stride + f] = found[k];
  }
  return taps;
}
