import { describe, expect, it } from "vitest";
import {
  accumulateRows,
  createNormalCells,
  type GainMode,
  type GainSolutions,
  gainIndex,
  type NormalCells,
  type SolveOptions,
  solveCells,
} from "../src/solve/index.ts";
import { constrained, fitReference, solveLinear } from "./solve-reference.ts";
import { gainError, simulatedGains, simulateRows } from "./solve-simulation.ts";
import { normalFrom, uniformFrom } from "./uniform-from.ts";

const TIGHT: Partial<SolveOptions> = { toleranceRatio: 1e-10, maxIterationCount: 2000, minSnr: 0 };

function cellsOf(seed: number, antennaCount: number, channelCount: number, noise: number): NormalCells {
  const gains = simulatedGains(antennaCount, 1, channelCount, seed);
  const rows = simulateRows({ antennaCount, timeCount: 2, channelCount, seed: seed + 1, noise, gains });
  const cells = createNormalCells({ antennaCount, intervalCount: 1, polCount: 2, binCount: channelCount });
  accumulateRows(cells, rows);
  return cells;
}

/** A cell's gains as the reference has them. */
function asReference(table: GainSolutions, bin: number, pol: number): Float64Array {
  const n = table.antennaCount;
  const gains = new Float64Array(2 * n);
  for (let antenna = 0; antenna < n; antenna++) {
    const at = 2 * gainIndex(table, 0, antenna, bin, pol);
    gains[antenna] = table.gains[at] as number;
    gains[n + antenna] = table.gains[at + 1] as number;
  }
  return gains;
}

describe("gains and explicit normal equations", () => {
  it.each([
    ["complex", 10, 0.02],
    ["complex", 7, 0.2],
    ["phase", 10, 0.02],
    ["phase", 9, 0.2],
  ] as [GainMode, number, number][])("agree to 1e-6: %s, %d antennas, noise %d", (mode, antennaCount, noise) => {
    const cells = cellsOf(antennaCount, antennaCount, 5, noise);
    const found = solveCells(cells, { ...TIGHT, mode });
    for (let bin = 0; bin < 5; bin++) {
      for (let pol = 0; pol < 2; pol++) {
        const start = asReference(found, bin, pol);
        // From a point nearby, so that the reference cannot but move to the minimum by itself.
        const nudged = start.map((value, k) => value + 0.01 * Math.sin(7 * k + bin) * (mode === "phase" ? 0 : 0.25));
        if (mode === "phase") {
          for (let k = 0; k < antennaCount; k++) {
            const turn = 0.05 * Math.sin(5 * k);
            const [re, im] = [start[k] as number, start[antennaCount + k] as number];
            nudged[k] = re * Math.cos(turn) - im * Math.sin(turn);
            nudged[antennaCount + k] = re * Math.sin(turn) + im * Math.cos(turn);
          }
        }
        const fit = fitReference(cells, 0, bin, pol, nudged, mode === "phase").gains;
        const truth = simulatedGains(antennaCount, 1, 5, 1);
        for (let antenna = 0; antenna < antennaCount; antenna++) {
          const at = 2 * gainIndex(truth, 0, antenna, bin, pol);
          truth.gains[at] = fit[antenna] as number;
          truth.gains[at + 1] = fit[antennaCount + antenna] as number;
        }
        expect(gainError(found, truth, 0, bin, pol)).toBeLessThan(1e-6 * (mode === "phase" ? 1 : 0.25));
      }
    }
  });
});

describe("no other minimum is met", () => {
  it("from any start the sum of squares is the same: 60 cells of low SNR and random phases", () => {
    const antennaCount = 12;
    const uniform = uniformFrom(99);
    for (let trial = 0; trial < 60; trial++) {
      // Noise of a baseline twice its signal, two integrations.
      const cells = cellsOf(200 + trial, antennaCount, 1, 0.25);
      const found = solveCells(cells, TIGHT);
      const best = sumOfSquares(cells, asReference(found, 0, 0));
      for (let start = 0; start < 3; start++) {
        const gains = new Float64Array(2 * antennaCount).map(() => 0.5 * (uniform() - 0.5));
        expect(sumOfSquares(cells, descend(cells, gains))).toBeGreaterThan(best - 1e-6 * Math.abs(best));
      }
    }
  });
});

/** Σ w |V − g_i g_j* M|² of bin 0, pol 0 without what no gain changes. */
function sumOfSquares(cells: NormalCells, gains: Float64Array): number {
  const n = cells.antennaCount;
  let sum = 0;
  let baseline = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++, baseline++) {
      const at = 3 * baseline * cells.binCount;
      const [ar, ai, br, bi] = [gains[i], gains[n + i], gains[j], gains[n + j]] as [number, number, number, number];
      const [re, im] = [ar * br + ai * bi, ai * br - ar * bi];
      sum += (cells.sums[at + 2] as number) * (re * re + im * im);
      sum -= 2 * (re * (cells.sums[at] as number) + im * (cells.sums[at + 1] as number));
    }
  }
  return sum;
}

/** Antenna by antenna from a given start, many times: another way down than the solver's. */
function descend(cells: NormalCells, start: Float64Array): Float64Array {
  const n = cells.antennaCount;
  const gains = start.slice();
  for (let sweep = 0; sweep < 500; sweep++) {
    for (let i = n - 1; i >= 0; i--) {
      let [re, im, power] = [0, 0, 0];
      for (let j = 0; j < n; j++) {
        if (j === i) continue;
        const [a, b] = [Math.min(i, j), Math.max(i, j)];
        const at = 3 * ((a * (2 * n - a - 1)) / 2 + b - a - 1) * cells.binCount;
        const sign = i < j ? 1 : -1;
        const [vRe, vIm] = [cells.sums[at] as number, sign * (cells.sums[at + 1] as number)];
        const [gRe, gIm] = [gains[j] as number, gains[n + j] as number];
        re += vRe * gRe - vIm * gIm;
        im += vRe * gIm + vIm * gRe;
        power += (cells.sums[at + 2] as number) * (gRe * gRe + gIm * gIm);
      }
      gains[i] = re / power;
      gains[n + i] = im / power;
    }
  }
  return gains;
}

describe("the Cramér–Rao bound", () => {
  it.each(["complex", "phase"] as GainMode[])("is reached within 5 percent by %s solves", (mode) => {
    const antennaCount = 14;
    const truth = simulatedGains(antennaCount, 1, 1, 5, mode === "phase" ? 0 : 0.3);
    const noise = 0.02;
    const trialCount = 400;
    let squares = 0;
    let claimed = 0;
    let sigma = 0;
    const scratch = new Float64Array(antennaCount);
    const unit = simulatedGains(antennaCount, 1, 1, 5, 0);
    if (mode === "phase") {
      for (let at = 0; at < unit.gains.length; at += 2) {
        const length = Math.hypot(unit.gains[at] as number, unit.gains[at + 1] as number);
        unit.gains[at] = (unit.gains[at] as number) / length;
        unit.gains[at + 1] = (unit.gains[at + 1] as number) / length;
      }
    }
    const solvedFor = mode === "phase" ? unit : truth;
    let bound = 0;
    const shape = { antennaCount, intervalCount: 1, polCount: 2, binCount: 1 };
    for (let trial = 0; trial < trialCount; trial++) {
      const rows = simulateRows({
        antennaCount,
        timeCount: 1,
        channelCount: 1,
        seed: 1000 + trial,
        noise,
        gains: solvedFor,
      });
      const cells = createNormalCells(shape);
      accumulateRows(cells, rows);
      if (trial === 0) {
        for (let pol = 0; pol < 2; pol++) {
          const fit = fitReference(cells, 0, 0, pol, asTruth(solvedFor, antennaCount, pol));
          bound += 0.5 * (mode === "phase" ? phaseBound(cells) : gainBound(fit.normal, fit.gains));
        }
      }
      const found = solveCells(cells, { ...TIGHT, mode });
      for (let pol = 0; pol < 2; pol++) {
        gainError(found, solvedFor, 0, 0, pol, scratch);
        squares += scratch.reduce((sum, value) => sum + value, 0) / (2 * trialCount);
        sigma += (found.outcomes[pol]?.residualSigma as number) / (2 * trialCount);
      }
      claimed += found.errors.reduce((sum, error) => sum + error * error, 0) / (2 * trialCount);
    }
    expect(squares / bound).toBeGreaterThan(0.95);
    expect(squares / bound).toBeLessThan(1.05);
    // Weights are 1/σ²: the scatter of baselines says so. Errors leave out what other antennas do not know.
    expect(sigma).toBeCloseTo(1, 1.5);
    const perAntenna = mode === "phase" ? 1 : 2;
    expect((perAntenna * claimed) / squares).toBeGreaterThan(0.8);
    expect((perAntenna * claimed) / squares).toBeLessThan(1.25);
  });
});

function asTruth(table: { readonly gains: Float64Array }, n: number, pol: number): Float64Array {
  return Float64Array.from(
    { length: 2 * n },
    (_, k) => table.gains[2 * pol + (k < n ? 4 * k : 4 * (k - n) + 1)] as number,
  );
}

/** Σ of variances of real and imaginary parts across the free phase: the trace of the inverse less the constraint's part. */
function gainBound(normal: number[][], gains: Float64Array): number {
  const matrix = constrained(normal, gains);
  const scale = Math.max(...normal.map((row, i) => row[i] as number));
  let trace = 0;
  for (let k = 0; k < gains.length; k++) {
    trace += solveLinear(
      matrix,
      Array.from(gains, (_, l) => (l === k ? 1 : 0)),
    )[k] as number;
  }
  return trace - 1 / scale;
}

/** The same for phases: all baselines have weight Σ w |M|² in a network that floats. */
function phaseBound(cells: NormalCells): number {
  const n = cells.antennaCount;
  const matrix = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  let at = 2;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++, at += 3 * cells.binCount) {
      const weight = cells.sums[at] as number;
      const [a, b] = [matrix[i] as number[], matrix[j] as number[]];
      a[i] = (a[i] as number) + weight;
      b[j] = (b[j] as number) + weight;
      a[j] = (a[j] as number) - weight;
      b[i] = (b[i] as number) - weight;
    }
  }
  const scale = (matrix[0] as number[])[0] as number;
  const floating = matrix.map((row) => row.map((value) => value + scale / n));
  let trace = 0;
  for (let k = 0; k < n; k++) {
    trace += solveLinear(
      floating,
      matrix.map((_, l) => (l === k ? 1 : 0)),
    )[k] as number;
  }
  return trace - 1 / scale;
}

describe("robust weights", () => {
  const antennaCount = 12;
  const gains = simulatedGains(antennaCount, 1, 1, 31);

  function cellsWithBad(seed: number, badCount: number): NormalCells {
    const rows = simulateRows({ antennaCount, timeCount: 1, channelCount: 1, seed, noise: 0.01, gains });
    const normal = normalFrom(uniformFrom(seed + 1));
    for (let bad = 0; bad < badCount; bad++) {
      const row = (7 * bad + 3) % rows.rowCount;
      for (let part = 0; part < 4; part++) rows.vis[4 * row + part] = 3 * normal();
    }
    const cells = createNormalCells({ antennaCount, intervalCount: 1, polCount: 2, binCount: 1 });
    accumulateRows(cells, rows);
    return cells;
  }

  it.each([
    { kind: "student", degreesCount: 3 },
    { kind: "huber", limitSigma: 2 },
  ] as const)("find the gains in spite of wrong baselines: %o", (robust) => {
    const cells = cellsWithBad(40, 6);
    const plain = gainError(solveCells(cells, TIGHT), gains, 0, 0, 0);
    const found = solveCells(cells, { ...TIGHT, toleranceRatio: 1e-8, robust });
    const bad = gainError(found, gains, 0, 0, 0);
    const clean = gainError(solveCells(cellsWithBad(40, 0), TIGHT), gains, 0, 0, 0);
    expect(plain).toBeGreaterThan(10 * clean);
    expect(bad).toBeLessThan(3 * clean);
    expect(found.outcomes[0]?.verdict).toBe("converged");
  });
});
