/** Visibilities of a sky of components. */
import { addPhasorPair, type Phasor } from "./add-phasors.ts";
import type { PredictSky } from "./components.ts";
import { type FrequencyRun, frequencyRuns, SPEED_OF_LIGHT_M_PER_SEC } from "./frequency-runs.ts";
import { gaussianExponent, sinc, taperGaussian, taperTime } from "./tapers.ts";

export interface PredictorOptions {
  /** Widths of the channels: bandwidth smearing is modelled. Absent: it is not. */
  readonly chanWidthHz?: Float64Array | number;
  /**
   * What each correlation of the output is of Stokes I. Default `[1, 1]`, XX and YY; `[1]` for one plane that serves both;
   * `[1, 0, 0, 1]` for XX, XY, YX, YY.
   */
  readonly correlationFactors?: readonly number[];
}

/** Channels and scratch; one per thread, used again for every call. */
export interface Predictor {
  readonly freqHz: Float64Array;
  readonly runs: readonly FrequencyRun[];
  readonly smearsBandwidth: boolean;
  readonly correlationFactors: Float64Array;
  /** 1/ν of each channel. */
  readonly inverseHz: Float64Array;
  /** One row: `[channel][re, im]`. */
  readonly sum: Float64Array;
  /** Amplitudes over one run of the two components at work. */
  readonly amplitudesJy: readonly [Float64Array, Float64Array];
  readonly phasors: readonly [Phasor, Phasor];
}

/** Rows to predict, as in a Measurement Set. */
export interface PredictRows {
  /** `[row][3]`, metres, antenna 2 minus antenna 1. */
  readonly uvwM: Float64Array;
  /** `[row][3]`, see `fillUvwRates`. With `exposureSec`: time smearing is modelled. */
  readonly uvwRateMPerSec?: Float64Array;
  /** Length of an integration. */
  readonly exposureSec?: number;
  /**
   * l, m and n − 1 of the direction that was tracked while samples were averaged; default 0, the phase centre. Data that were
   * averaged towards one direction and turned to another afterwards are smeared by the distance from the first.
   */
  readonly trackedLmn?: Float64Array;
  /** First row of `uvwM` to predict (0), and the one after the last (all). */
  readonly rowStart?: number;
  readonly rowEnd?: number;
}

/** What becomes of what the output held. */
export type PredictMode = "set" | "add" | "subtract";

/**
 * Prepares prediction for a set of channels.
 *
 * @throws RangeError when a frequency is not above 0 or the lengths differ.
 */
export function createPredictor(freqHz: Float64Array, options: PredictorOptions = {}): Predictor {
  const runs = frequencyRuns(freqHz, options.chanWidthHz ?? 0);
  const longest = runs.reduce((most, run) => Math.max(most, run.channelCount), 0);
  return {
    freqHz,
    runs,
    smearsBandwidth: options.chanWidthHz !== undefined,
    correlationFactors: Float64Array.from(options.correlationFactors ?? [1, 1]),
    inverseHz: freqHz.map((hz) => 1 / hz),
    sum: new Float64Array(2 * freqHz.length),
    amplitudesJy: [new Float64Array(longest), new Float64Array(longest)],
    phasors: [
      { firstRe: 0, firstIm: 0, stepRad: 0 },
      { firstRe: 0, firstIm: 0, stepRad: 0 },
    ],
  };
}

/**
 * Visibilities of the sky: Σ S(ν) e^{+2πi ν/c (u l + v m + w (n−1))}, with w exact, Gaussians resolved and smearing where
 * asked for.
 *
 * Time smearing takes the phase as turning evenly during an integration; bandwidth smearing takes the flux as constant over a
 * channel; a Gaussian is resolved but not smeared more than its centre, and has no w of its own.
 *
 * @param out `[row][channel][correlation][re, im]` of the rows asked for, from 0 on.
 * @param mode "set" overwrites `out`; "add" and "subtract" change it.
 * @throws RangeError when an array is too short.
 *
 * Accuracy: that of float32, 6e-8 of the sum of fluxes (test/predict.test.ts, beside sines and cosines of every channel).
 * An empty sky gives zeros.
 */
export function predictRows(
  predictor: Predictor,
  sky: PredictSky,
  rows: PredictRows,
  out: Float32Array,
  mode: PredictMode = "set",
): void {
  const { uvwM, rowStart = 0, rowEnd = uvwM.length / 3 } = rows;
  check(predictor, sky, rows, rowStart, rowEnd, out);
  const length = 2 * predictor.freqHz.length * predictor.correlationFactors.length;
  for (let row = rowStart; row < rowEnd; row++) {
    predictor.sum.fill(0);
    for (const run of predictor.runs) {
      for (let component = 0; component < sky.componentCount; component += 2) {
        addPair(predictor, sky, rows, row, run, component);
      }
    }
    writeRow(predictor, out, (row - rowStart) * length, mode);
  }
}

function check(
  predictor: Predictor,
  sky: PredictSky,
  rows: PredictRows,
  rowStart: number,
  rowEnd: number,
  out: Float32Array,
): void {
  const { componentCount, lmn, spectraJy, shapesRad } = sky;
  const channelCount = predictor.freqHz.length;
  const atLeast = (name: string, expected: number, found: number): void => {
    if (found < expected) throw new RangeError(`${name}: expected at least ${expected} numbers, found ${found}`);
  };
  atLeast("lmn", 3 * componentCount, lmn.length);
  atLeast("spectraJy", componentCount * channelCount, spectraJy.length);
  if (shapesRad !== undefined) atLeast("shapesRad", 3 * componentCount, shapesRad.length);
  atLeast("uvwM", 3 * rowEnd, rows.uvwM.length);
  if (rows.uvwRateMPerSec !== undefined) atLeast("uvwRateMPerSec", 3 * rowEnd, rows.uvwRateMPerSec.length);
  atLeast("out", 2 * (rowEnd - rowStart) * channelCount * predictor.correlationFactors.length, out.length);
}

/** Adds a component and the one after it, where there is one. */
function addPair(
  predictor: Predictor,
  sky: PredictSky,
  rows: PredictRows,
  row: number,
  run: FrequencyRun,
  component: number,
): void {
  const channelCount = predictor.freqHz.length;
  const [a, b] = predictor.phasors;
  const [aScratch, bScratch] = predictor.amplitudesJy;
  const aTapered = preparePhasor(predictor, sky, rows, row, run, component, a, aScratch);
  const aStart = component * channelCount + run.chanStart;
  let bTapered = true;
  if (component + 1 < sky.componentCount) {
    bTapered = preparePhasor(predictor, sky, rows, row, run, component + 1, b, bScratch);
  } else {
    bScratch.fill(0);
    b.firstRe = b.firstIm = b.stepRad = 0;
  }
  addPhasorPair(
    predictor.sum,
    run.chanStart,
    run.channelCount,
    aTapered ? aScratch : sky.spectraJy,
    aTapered ? 0 : aStart,
    a,
    bTapered ? bScratch : sky.spectraJy,
    bTapered ? 0 : aStart + channelCount,
    b,
  );
}

/**
 * First phasor and phase step of a component over a run; what is constant over the run is in the phasor's length.
 *
 * @returns Whether its amplitudes over the run are in `scratch` rather than in the spectra.
 */
function preparePhasor(
  predictor: Predictor,
  sky: PredictSky,
  rows: PredictRows,
  row: number,
  run: FrequencyRun,
  component: number,
  phasor: Phasor,
  scratch: Float64Array,
): boolean {
  const { uvwM, uvwRateMPerSec, exposureSec, trackedLmn } = rows;
  const l = sky.lmn[3 * component];
  const m = sky.lmn[3 * component + 1];
  const n = sky.lmn[3 * component + 2];
  // From the tracked direction: what smearing sees.
  const offL = trackedLmn === undefined ? l : l - trackedLmn[0];
  const offM = trackedLmn === undefined ? m : m - trackedLmn[1];
  const offN = trackedLmn === undefined ? n : n - trackedLmn[2];
  const delaySec = (uvwM[3 * row] * l + uvwM[3 * row + 1] * m + uvwM[3 * row + 2] * n) / SPEED_OF_LIGHT_M_PER_SEC;
  // Whole turns are dropped before the product with 2π, so that sine and cosine see small arguments.
  const turns = delaySec * run.firstHz;
  const phaseRad = 2 * Math.PI * (turns - Math.round(turns));
  const length = predictor.smearsBandwidth
    ? sinc(
        (Math.PI * run.chanWidthHz * (uvwM[3 * row] * offL + uvwM[3 * row + 1] * offM + uvwM[3 * row + 2] * offN)) /
          SPEED_OF_LIGHT_M_PER_SEC,
      )
    : 1;
  phasor.firstRe = length * Math.cos(phaseRad);
  phasor.firstIm = length * Math.sin(phaseRad);
  phasor.stepRad = 2 * Math.PI * delaySec * run.stepHz;

  const shapesRad = sky.shapesRad;
  const exponent =
    shapesRad === undefined || shapesRad[3 * component] === 0
      ? 0
      : gaussianExponent(
          uvwM[3 * row],
          uvwM[3 * row + 1],
          shapesRad[3 * component],
          shapesRad[3 * component + 1],
          shapesRad[3 * component + 2],
        );
  const pathChangeM =
    uvwRateMPerSec === undefined || exposureSec === undefined
      ? 0
      : exposureSec *
        (uvwRateMPerSec[3 * row] * offL + uvwRateMPerSec[3 * row + 1] * offM + uvwRateMPerSec[3 * row + 2] * offN);
  if (exponent === 0 && pathChangeM === 0) return false;
  const start = component * predictor.freqHz.length + run.chanStart;
  if (exponent !== 0) taperGaussian(sky.spectraJy, start, scratch, run, exponent);
  if (pathChangeM !== 0) {
    const from = exponent === 0 ? sky.spectraJy : scratch;
    taperTime(from, exponent === 0 ? start : 0, scratch, run, pathChangeM, predictor.inverseHz);
  }
  return true;
}

function writeRow(predictor: Predictor, out: Float32Array, start: number, mode: PredictMode): void {
  const { sum, correlationFactors } = predictor;
  const keep = mode === "set" ? 0 : 1;
  const sign = mode === "subtract" ? -1 : 1;
  let at = start;
  for (let from = 0; from < sum.length; from += 2) {
    for (let correlation = 0; correlation < correlationFactors.length; correlation++) {
      const factor = sign * correlationFactors[correlation];
      out[at] = (keep === 0 ? 0 : out[at]) + factor * sum[from];
      out[at + 1] = (keep === 0 ? 0 : out[at + 1]) + factor * sum[from + 1];
      at += 2;
    }
  }
}
