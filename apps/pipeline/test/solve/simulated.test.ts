import { join } from "node:path";
import {
  accumulateRows,
  applyGains,
  createNormalCells,
  type GainSolutions,
  type GainTable,
  gainIndex,
  invertGains,
  mergeCells,
  type NormalCells,
  normaliseGains,
  rankReferences,
  referenceGains,
  type SolveRows,
  solveCells,
  solveDelays,
  spreadGains,
} from "@contimg/kernels/solve";
import { beforeAll, describe, expect, it } from "vitest";
import { describeWith, sharedData, sharedDataDir } from "../../../../tools/oracles.ts";
import { readSkyGroup, type SkyGroup } from "./simulated-sky.ts";

const directory = (name: string): string => join(sharedDataDir() ?? "", "simulated", name);
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
const rms = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

/** Rows with interference and autocorrelations out, one interval, bins as channels; weights of one. */
function rowsOf({ group, ant1, ant2, model }: SkyGroup, weights?: Float32Array): SolveRows {
  const { vis, rowCount, channelCount, correlationCount } = group.block;
  const flags = group.block.flags.slice();
  for (let at = 0; at < flags.length; at++) {
    if (group.rfiChannels.includes(Math.floor(at / correlationCount) % channelCount)) flags[at] = 1;
  }
  return {
    vis,
    flags,
    weights: weights ?? new Float32Array(rowCount * correlationCount).fill(1),
    model,
    rowCount,
    channelCount,
    correlationCount,
    ant1,
    ant2,
    intervalOfRow: new Int32Array(rowCount),
    binOfChannel: Int32Array.from({ length: channelCount }, (_, chan) => chan),
    correlations: [0, 1],
  };
}

function cellsOf(rows: SolveRows, antennaCount: number): NormalCells {
  const cells = createNormalCells({ antennaCount, intervalCount: 1, polCount: 2, binCount: rows.channelCount });
  accumulateRows(cells, rows);
  return cells;
}

/** 1/σ² of raw samples, from what the truth says of noise: SEFD and gain of both inputs. Dead inputs have no weight. */
function trueWeights({ group, truth, gains, ant1, ant2 }: SkyGroup): Float32Array {
  const { rowCount, channelCount, correlationCount } = group.block;
  const weights = new Float32Array(rowCount * channelCount * correlationCount);
  const sigmaJy = truth.noise_sigma_re_im_jy;
  for (let row = 0; row < rowCount; row++) {
    for (let chan = 0; chan < channelCount; chan++) {
      for (let pol = 0; pol < 2; pol++) {
        const [i, j] = [ant1[row] as number, ant2[row] as number];
        const [a, b] = [gainIndex(gains, 0, i, chan, pol), gainIndex(gains, 0, j, chan, pol)];
        if (gains.flags[a] === 1 || gains.flags[b] === 1) continue;
        const power = (k: number): number =>
          (gains.gains[2 * k] as number) ** 2 + (gains.gains[2 * k + 1] as number) ** 2;
        const sefdRatio =
          ((truth.gains.sefd_jy[i]?.[pol] as number) * (truth.gains.sefd_jy[j]?.[pol] as number)) / 6500 ** 2;
        weights[(row * channelCount + chan) * 2 + pol] = 1 / (sigmaJy ** 2 * sefdRatio * power(a) * power(b));
      }
    }
  }
  return weights;
}

/** Turns the truth to the reference antenna too, so that phases compare. */
function referenced(table: GainTable, antenna: number): GainTable {
  const copy = { ...table, gains: table.gains.slice(), flags: table.flags.slice() };
  referenceGains(copy, Int32Array.of(antenna, ...Array(table.antennaCount).keys()), "frequency");
  return copy;
}

describeWith([sharedData()], "a sky predicted beside the one simulated", () => {
  it("leaves noise of the size put in, and no more on any baseline", () => {
    const sky = readSkyGroup(directory("small_unit"));
    const { group, model, truth, ant1, ant2 } = sky;
    const { vis, channelCount, rowCount } = group.block;
    const squares: number[] = [];
    const means = new Map<number, [number, number, number]>();
    for (let row = 0; row < rowCount; row++) {
      const key = (ant1[row] as number) * 100 + (ant2[row] as number);
      if (ant1[row] === ant2[row]) continue;
      const mean = means.get(key) ?? [0, 0, 0];
      means.set(key, mean);
      for (let chan = 0; chan < channelCount; chan++) {
        for (let pol = 0; pol < 2; pol++) {
          const at = 2 * ((row * channelCount + chan) * 2 + pol);
          const re = (vis[at] as number) - (model[2 * (row * channelCount + chan)] as number);
          const im = (vis[at + 1] as number) - (model[2 * (row * channelCount + chan) + 1] as number);
          squares.push((re * re + im * im) / 2);
          mean[0] += re;
          mean[1] += im;
          mean[2]++;
        }
      }
    }
    const sigmaJy = truth.noise_sigma_re_im_jy;
    const variance = squares.reduce((sum, value) => sum + value, 0) / squares.length;
    // 290 000 samples: 0.2 % of scatter.
    expect(Math.sqrt(variance) / sigmaJy).toBeCloseTo(1, 2);
    const normalised = [...means.values()].flatMap(([re, im, count]) =>
      [re, im].map((sum) => sum / Math.sqrt(count) / sigmaJy),
    );
    expect(rms(normalised)).toBeGreaterThan(0.85);
    expect(rms(normalised)).toBeLessThan(1.15);
  });
});

describeWith([sharedData()], "gains of a raw simulated group, beside those put in", () => {
  let sky: SkyGroup;
  let antennaCount: number;
  beforeAll(() => {
    sky = readSkyGroup(directory("small"));
    antennaCount = sky.truth.layout.nant;
  });

  it("dead inputs fall to SNR below 5 without being known, and no others do", () => {
    const found = solveCells(cellsOf(rowsOf(sky), antennaCount), { minSnr: 0 });
    const snrOf = (antenna: number, pol: number): number =>
      median(
        Array.from({ length: found.binCount }, (_, bin) => found.snr[gainIndex(found, 0, antenna, bin, pol)] as number),
      );
    for (let antenna = 0; antenna < antennaCount; antenna++) {
      for (let pol = 0; pol < 2; pol++) {
        const isDead = (sky.truth.gains.alive[antenna]?.[pol] as number) < 1;
        if (isDead) expect(snrOf(antenna, pol), `${antenna} ${pol}`).toBeLessThan(3);
        else expect(snrOf(antenna, pol), `${antenna} ${pol}`).toBeGreaterThan(5);
      }
    }
    const verdicts = found.outcomes.filter(({ verdict }) => verdict !== "converged");
    expect(verdicts.every(({ verdict }) => verdict === "no-data")).toBe(true);
    expect(verdicts.length).toBe(2 * sky.truth.rfi_channels.length); // channels of interference were flagged
  });

  describe("by channel, weighted by their noise", () => {
    let found: GainSolutions;
    beforeAll(() => {
      const cells = cellsOf(rowsOf(sky, trueWeights(sky)), antennaCount);
      found = solveCells(cells, { noise: "weights", minSnr: 0 });
    });

    it("agree to within the noise, and within 1.5 times the bound for every input", () => {
      const reference = rankReferences(found)[0] as number;
      const truth = referenced(sky.gains, reference);
      const gains = referenced(found, reference);
      let sum = 0;
      let count = 0;
      for (let antenna = 0; antenna < antennaCount; antenna++) {
        for (let pol = 0; pol < 2; pol++) {
          if (antenna === reference || truth.flags[gainIndex(truth, 0, antenna, 0, pol)] === 1) continue;
          const ratios: number[] = [];
          for (let bin = 0; bin < found.binCount; bin++) {
            const at = gainIndex(found, 0, antenna, bin, pol);
            if (gains.flags[at] === 1) continue;
            const other = gainIndex(found, 0, reference, bin, pol);
            const [re, im] = [gains.gains[2 * at] as number, gains.gains[2 * at + 1] as number];
            const [tRe, tIm] = [truth.gains[2 * at] as number, truth.gains[2 * at + 1] as number];
            const power = tRe * tRe + tIm * tIm;
            // Amplitude of its own, and phase with that of the reference in it, each in units of its error.
            const amplitude = (Math.hypot(re, im) / Math.sqrt(power) - 1) * (found.snr[at] as number);
            const phase = Math.atan2(im * tRe - re * tIm, re * tRe + im * tIm);
            const phaseError = Math.hypot(1 / (found.snr[at] as number), 1 / (found.snr[other] as number));
            ratios.push(amplitude, phase / phaseError);
          }
          expect(rms(ratios), `${antenna} ${pol}`).toBeLessThan(1.5);
          sum += ratios.reduce((total, ratio) => total + ratio * ratio, 0);
          count += ratios.length;
        }
      }
      expect(count).toBeGreaterThan(7000);
      expect(Math.sqrt(sum / count)).toBeGreaterThan(0.9);
      expect(Math.sqrt(sum / count)).toBeLessThan(1.1);
      const sigmas = found.outcomes.filter(({ verdict }) => verdict === "converged").map((each) => each.residualSigma);
      expect(median(sigmas)).toBeCloseTo(1, 1);
    });

    it("applied to the data give the sky again, with noise of 1 by the weights that result", () => {
      const { weights: _own, ...rows } = rowsOf(sky);
      const weights = trueWeights(sky);
      const out = new Float32Array(rows.vis.length);
      const flags = rows.flags.slice();
      const polPairs = [
        [0, 0],
        [1, 1],
      ] as const;
      applyGains(invertGains(found), { ...rows, flags, spectralWeights: weights, polPairs }, out);
      let sum = 0;
      let count = 0;
      for (let at = 0; at < flags.length; at++) {
        const weight = weights[at] as number;
        if (
          flags[at] === 1 ||
          !(weight > 0) ||
          rows.ant1[Math.floor(at / (2 * rows.channelCount))] === rows.ant2[Math.floor(at / (2 * rows.channelCount))]
        )
          continue;
        const from = 2 * Math.floor(at / 2);
        const re = (out[2 * at] as number) - (rows.model[from] as number);
        const im = (out[2 * at + 1] as number) - (rows.model[from + 1] as number);
        sum += weight * (re * re + im * im);
        count += 2;
      }
      expect(count).toBeGreaterThan(400_000);
      // Gains took up 2 × 17 unknowns of each channel's 2 × 136 × 6 numbers.
      expect(Math.sqrt(sum / count)).toBeGreaterThan(0.96);
      expect(Math.sqrt(sum / count)).toBeLessThan(1.02);
    });
  });

  it("by bandpass and then by spectral window agree to 1 % and 1° where the bound allows it", () => {
    const cells = cellsOf(rowsOf(sky, trueWeights(sky)), antennaCount);
    const bandpass = solveCells(cells, { noise: "weights" });
    const order = rankReferences(bandpass);
    const reference = order[0] as number;
    referenceGains(bandpass, order, "frequency");
    const spwOfBin = Int32Array.from({ length: bandpass.binCount }, (_, bin) =>
      Math.floor(bin / sky.truth.layout.nchan),
    );
    normaliseGains(bandpass, { scope: "antenna", spwOfBin });
    const intervalOfRow = new Int32Array(sky.ant1.length);
    const withPrior = createNormalCells({ antennaCount, intervalCount: 1, polCount: 2, binCount: bandpass.binCount });
    accumulateRows(withPrior, { ...rowsOf(sky, trueWeights(sky)), prior: { table: bandpass, intervalOfRow } });
    const perWindow = solveCells(mergeCells(withPrior, spwOfBin, Int32Array.of(0)), { noise: "weights" });
    const whole = spreadGains(perWindow, spwOfBin, Int32Array.of(0));
    const truth = referenced(sky.gains, reference);
    const amplitudes: number[] = [];
    const phases: number[] = [];
    // Per window, gains times bandpass against the truth: the mean over its channels of the complex ratio.
    for (let antenna = 0; antenna < antennaCount; antenna++) {
      for (let pol = 0; pol < 2; pol++) {
        for (let spw = 0; spw < 16; spw++) {
          const at = gainIndex(perWindow, 0, antenna, spw, pol);
          if (perWindow.flags[at] === 1 || (perWindow.snr[at] as number) < 100) continue;
          let [re, im, count] = [0, 0, 0];
          for (let bin = 0; bin < bandpass.binCount; bin++) {
            const k = gainIndex(bandpass, 0, antenna, bin, pol);
            const r = gainIndex(bandpass, 0, reference, bin, pol);
            if (spwOfBin[bin] !== spw || bandpass.flags[k] === 1 || bandpass.flags[r] === 1) continue;
            const turn = Math.atan2(whole.gains[2 * r + 1] as number, whole.gains[2 * r] as number);
            const product = complex(whole.gains, k).times(complex(bandpass.gains, k)).turned(-turn);
            const ratio = product.over(complex(truth.gains, k));
            re += ratio.re;
            im += ratio.im;
            count++;
          }
          amplitudes.push(Math.hypot(re, im) / count - 1);
          phases.push(Math.atan2(im, re));
        }
      }
    }
    expect(amplitudes.length).toBeGreaterThan(100);
    expect(rms(amplitudes)).toBeLessThan(0.01);
    expect(rms(phases)).toBeLessThan((1.5 * Math.PI) / 180);
  });

  it("as delays agree with those of the gains put in to within 5 σ, about 0.1 ns", () => {
    const cells = cellsOf(rowsOf(sky, trueWeights(sky)), antennaCount);
    const found = solveDelays(cells, sky.freqHz, { maxDelaySec: 5e-8 });
    // The gains put in have ripples of phase besides a delay, which move the best line: the same fit to them, without noise.
    const noiseless = { ...cells, sums: cells.sums.slice() };
    let at = 0;
    for (let pol = 0; pol < 2; pol++) {
      for (let i = 0; i < antennaCount; i++) {
        for (let j = i + 1; j < antennaCount; j++) {
          for (let bin = 0; bin < cells.binCount; bin++, at += 3) {
            const one = complex(sky.gains.gains, gainIndex(sky.gains, 0, i, bin, pol));
            const other = complex(sky.gains.gains, gainIndex(sky.gains, 0, j, bin, pol));
            const product = one.times(complexOf(other.re, -other.im));
            noiseless.sums[at] = product.re * (cells.sums[at + 2] as number);
            noiseless.sums[at + 1] = product.im * (cells.sums[at + 2] as number);
          }
        }
      }
    }
    for (let pol = 0; pol < 2; pol++) {
      expect(found.outcomes[pol]?.verdict).toBe("converged");
      const reference = found.outcomes[pol]?.referenceAnt as number;
      const expected = solveDelays(noiseless, sky.freqHz, { maxDelaySec: 5e-8, referenceAnt: reference });
      const errors: number[] = [];
      for (let antenna = 0; antenna < antennaCount; antenna++) {
        const isDead = (sky.truth.gains.alive[antenna]?.[pol] as number) < 1;
        const place = antenna * 2 + pol;
        expect(found.flags[place], `${antenna} ${pol}`).toBe(isDead ? 1 : 0);
        if (isDead || antenna === reference) continue;
        const error = Math.hypot(found.errorsSec[place] as number, found.errorsSec[reference * 2 + pol] as number);
        errors.push(error);
        const off = (found.delaysSec[place] as number) - (expected.delaysSec[place] as number);
        expect(Math.abs(off)).toBeLessThan(5 * error);
        const inputs = sky.truth.gains.delay_s;
        const inputSec = (inputs[antenna]?.[pol] as number) - (inputs[reference]?.[pol] as number);
        expect(Math.abs((expected.delaysSec[place] as number) - inputSec)).toBeLessThan(5e-10);
      }
      expect(median(errors)).toBeLessThan(2e-10);
    }
  });
});

interface Complex {
  readonly re: number;
  readonly im: number;
  times(other: Complex): Complex;
  over(other: Complex): Complex;
  turned(angleRad: number): Complex;
}

function complex(gains: Float64Array, at: number): Complex {
  return complexOf(gains[2 * at] as number, gains[2 * at + 1] as number);
}

function complexOf(re: number, im: number): Complex {
  return {
    re,
    im,
    times: (other) => complexOf(re * other.re - im * other.im, re * other.im + im * other.re),
    over: (other) => {
      const power = other.re ** 2 + other.im ** 2;
      return complexOf((re * other.re + im * other.im) / power, (im * other.re - re * other.im) / power);
    },
    turned: (angle) =>
      complexOf(re * Math.cos(angle) - im * Math.sin(angle), re * Math.sin(angle) + im * Math.cos(angle)),
  };
}
