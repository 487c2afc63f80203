/** The steps of a search in WebAssembly: `wasm/rfi`. */
import { createEngine, moduleOf } from "../engine/engine.ts";
import { createLayout } from "../engine/layout.ts";
import { rfiBase64 } from "../engine/modules/rfi.ts";
import { createBackground, SHAPE_SUBBAND_COUNT_MIN } from "./background.ts";
import type { RfiSearchOptions } from "./rfi-search.ts";
import type { SearchPlanes, SearchSteps } from "./search-steps.ts";
import { thresholdsOf, windowLengthsOf } from "./sum-threshold.ts";

/** Room behind arrays, which vectors may read. */
const VECTOR_BYTES = 16;

/** Whole numbers that values are counted by in the search for a median. */
const MEDIAN_BIN_COUNT = 2048;

/** η is counted in thousandths. */
const ETA_UNIT = 1000;

export function wasmSteps(timeCountMax: number, channelCount: number, options: RfiSearchOptions): SearchSteps {
  const sampleCountMax = timeCountMax * channelCount;
  const lineLengthMax = Math.max(timeCountMax, channelCount);
  const windowLengths = windowLengthsOf(options.windowLengthMaxCount);
  // Sums reach behind the line by the longest window, in four columns at once.
  const windowRoom = 2 << windowLengths.length;
  // Tables, and where their numbers go, are those of the plain twin; its planes are not needed.
  const tables = createBackground(0, channelCount, options);
  const { binCount, subbandCount, subbandLength, sigmaBins, sigmaTimes } = tables;
  const reachTime = tables.weightsTime.length - 1;
  const pitch = 2 * Math.ceil((timeCountMax + 2 * reachTime + 1) / 2);
  const runs = runsOf(tables.leftBin, tables.rightBin);

  const layout = createLayout();
  const take = (count: number, bytes: number) => layout.take(count * bytes + VECTOR_BYTES);
  const at = {
    amplitudes: take(sampleCountMax, 4),
    residuals: take(sampleCountMax, 4),
    flags: take(sampleCountMax, 1),
    inputFlags: take(sampleCountMax, 1),
    previousFlags: take(sampleCountMax, 1),
    sample: take(sampleCountMax, 4),
    picked: take(sampleCountMax, 4),
    medianBins: take(MEDIAN_BIN_COUNT, 4),
    thresholds: take(windowLengths.length, 8),
    line: take(channelCount + windowRoom, 4),
    sums: take(Math.max(channelCount, 4 * timeCountMax) + 4 * windowRoom, 4),
    counts: take(Math.max(channelCount, 4 * timeCountMax) + 4 * windowRoom, 4),
    fresh: take(lineLengthMax, 1),
    partial: take(lineLengthMax, 4),
    least: take(lineLengthMax, 4),
    marks: take(channelCount, 1),
    binChannels: take(binCount + 1, 4),
    subbandBins: take(subbandCount + 1, 4),
    neighbours: take(2 * channelCount, 4),
    runs: take(runs.length, 4),
    rightPart: take(channelCount, 8),
    weightsFreq: take(tables.weightsFreq.length, 8),
    weightsTime: take(tables.weightsTime.length, 8),
    binSums: take(binCount * pitch, 8),
    binCounts: take(binCount * pitch, 8),
    sumsFreq: take(binCount * pitch, 8),
    countsFreq: take(binCount * pitch, 8),
    fit: take(binCount * pitch, 8),
    channelSums: take(channelCount, 8),
    channelCounts: take(channelCount, 8),
    shape: take(channelCount, 8),
    binMeans: take(binCount, 8),
    ratios: take(subbandCount, 4),
  };
  const engine = createEngine(layout.byteCount, "wasm");
  const { buffer } = engine;
  const rfi = moduleOf(engine, "rfi", rfiBase64) as unknown as RfiFunctions;
  new Int32Array(buffer, at.binChannels).set(tables.binChannels);
  new Int32Array(buffer, at.subbandBins).set(tables.subbandBins);
  new Int32Array(buffer, at.neighbours).set(pairsOf(tables.leftBin, tables.rightBin));
  new Int32Array(buffer, at.runs).set(runs);
  new Float64Array(buffer, at.rightPart).set(tables.rightPart);
  new Float64Array(buffer, at.weightsFreq).set(tables.weightsFreq);
  new Float64Array(buffer, at.weightsTime).set(tables.weightsTime);
  new Float64Array(buffer, at.shape, channelCount).fill(1);
  const thresholds = new Float64Array(buffer, at.thresholds, windowLengths.length);
  const planes: SearchPlanes = {
    amplitudes: new Float32Array(buffer, at.amplitudes, sampleCountMax),
    flags: new Uint8Array(buffer, at.flags, sampleCountMax),
    inputFlags: new Uint8Array(buffer, at.inputFlags, sampleCountMax),
    previousFlags: new Uint8Array(buffer, at.previousFlags, sampleCountMax),
    residuals: new Float32Array(buffer, at.residuals, sampleCountMax),
  };
  const gainTime = Math.round(ETA_UNIT * options.etaTimeRatio);
  const gainFreq = Math.round(ETA_UNIT * options.etaFreqRatio);
  return {
    planes,
    countFlags: (sampleCount) => rfi.countFlags(at.flags, sampleCount),
    sameFlags: (sampleCount) => rfi.sameFlags(at.flags, at.previousFlags, sampleCount) !== 0,
    clipAbove: (limit, sampleCount) => rfi.clipAbove(at.amplitudes, at.flags, sampleCount, limit),
    drawSample: (from, sampleCount, step) => rfi.drawSample(at.sample, at[from], at.flags, sampleCount, step),
    median: (count) =>
      count === 0 ? Number.NaN : rfi.selectKth(at.sample, count, count >>> 1, at.medianBins, at.picked),
    spreadAbout: (centre, count) => rfi.spreadAbout(at.sample, count, centre),
    // biome-ignore format: as a call in WebAssembly is, long but flat
    subtractBackground(timeCount) {
      rfi.sumBins(at.amplitudes, at.flags, timeCount, channelCount, at.binChannels, binCount, at.binSums, at.binCounts, pitch, reachTime, at.channelSums, at.channelCounts);
      rfi.smoothFreq(timeCount, at.subbandBins, subbandCount, at.weightsFreq, tables.weightsFreq.length - 1, sigmaBins, at.binSums, at.binCounts, pitch, reachTime, at.sumsFreq, at.countsFreq);
      rfi.smoothTime(timeCount, binCount, at.weightsTime, reachTime, sigmaTimes, at.binSums, at.binCounts, pitch, at.sumsFreq, at.countsFreq, at.fit);
      if (subbandCount >= SHAPE_SUBBAND_COUNT_MIN) {
        rfi.findShape(timeCount, channelCount, binCount, subbandLength, SHAPE_SUBBAND_COUNT_MIN, at.fit, pitch, reachTime, at.neighbours, at.rightPart, at.channelSums, at.channelCounts, at.binMeans, at.ratios, at.shape);
      }
      rfi.fillResiduals(at.amplitudes, at.residuals, timeCount, channelCount, at.runs, runs.length / 4, at.fit, pitch, reachTime, at.rightPart, at.shape);
    },
    // biome-ignore format: as above
    threshold(firstThreshold, timeCount) {
      thresholds.set(thresholdsOf(firstThreshold, options.rhoRatio, windowLengths.length));
      rfi.thresholdRows(at.residuals, at.flags, timeCount, channelCount, at.thresholds, windowLengths.length, at.line, at.sums, at.counts, at.fresh);
      rfi.thresholdColumns(at.residuals, at.flags, timeCount, channelCount, at.thresholds, windowLengths.length, at.sums, at.counts, at.fresh);
    },
    rank: (timeCount) =>
      rfi.rankPlane(at.flags, timeCount, channelCount, gainTime, gainFreq, at.partial, at.least, at.marks),
  };
}

/** Functions of the module; the first arguments are places in memory. */
type RfiFunctions = Readonly<
  Record<"countFlags" | "sameFlags" | "drawSample" | "selectKth", (...values: number[]) => number> &
    Record<
      | "clipAbove"
      | "spreadAbout"
      | "sumBins"
      | "smoothFreq"
      | "smoothTime"
      | "findShape"
      | "fillResiduals"
      | "thresholdRows"
      | "thresholdColumns"
      | "rankPlane",
      (...values: number[]) => void
    >
>;

/** `[channel][left, right]` */
function pairsOf(left: Int32Array, right: Int32Array): Int32Array {
  return Int32Array.from({ length: 2 * left.length }, (_, i) => (i % 2 === 0 ? left : right)[i >> 1]);
}

/** `[run][first channel, one past the last, left bin, right bin]` of channels between the same two bins. */
function runsOf(left: Int32Array, right: Int32Array): Int32Array {
  const runs: number[] = [];
  for (let start = 0, end = 0; start < left.length; start = end) {
    while (end < left.length && left[end] === left[start] && right[end] === right[start]) end++;
    runs.push(start, end, left[start], right[start]);
  }
  return Int32Array.from(runs);
}
