import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accumulateRows,
  createNormalCells,
  type GainSolutions,
  type GainTable,
  gainIndex,
  leaveOutUvRange,
  mergeCells,
  type NormalCells,
  orderByBaseline,
  type SolveOptions,
  type SolveRows,
  solveCells,
} from "../src/solve/index.ts";
import { gainError, type SimulatedRows, simulatedGains, simulateRows } from "./solve-simulation.ts";
import { uniformFrom } from "./uniform-from.ts";

const ANTENNAS = 8;
const CHANNELS = 3;
const TIGHT: Partial<SolveOptions> = { toleranceRatio: 1e-11, maxIterationCount: 3000, minSnr: 0 };
const RUNS = Number(process.env["CONTIMG_PROPERTY_RUNS"] ?? 30);
const seeds = fc.integer({ min: 1, max: 1 << 30 });

function rowsOf(seed: number, noise = 0.05, mixesOrder = false): SimulatedRows {
  const gains = simulatedGains(ANTENNAS, 1, CHANNELS, seed);
  return simulateRows({
    antennaCount: ANTENNAS,
    timeCount: 3,
    channelCount: CHANNELS,
    seed: seed + 1,
    noise,
    gains,
    mixesOrder,
  });
}

function cellsOf(rows: SolveRows, intervalCount = 1): NormalCells {
  const cells = createNormalCells({ antennaCount: ANTENNAS, intervalCount, polCount: 2, binCount: CHANNELS });
  accumulateRows(cells, rows);
  return cells;
}

const solve = (rows: SolveRows, changes: Partial<SolveOptions> = TIGHT): GainSolutions =>
  solveCells(cellsOf(rows), changes);

function expectSame(found: GainSolutions, expected: GainSolutions, toleranceRatio: number): void {
  expect(found.flags).toEqual(expected.flags);
  for (let bin = 0; bin < CHANNELS; bin++) {
    for (let pol = 0; pol < 2; pol++)
      expect(gainError(found, expected, 0, bin, pol)).toBeLessThan(0.25 * toleranceRatio);
  }
}

describe("properties of solves", () => {
  it("without noise the truth is found, whatever the phases", () => {
    fc.assert(
      fc.property(seeds, fc.boolean(), (seed, mixesOrder) => {
        const truth = simulatedGains(ANTENNAS, 1, CHANNELS, seed);
        const found = solve(rowsOf(seed, 0, mixesOrder));
        for (let bin = 0; bin < CHANNELS; bin++) {
          // Visibilities are float32: 6e-8 of each.
          for (let pol = 0; pol < 2; pol++) expect(gainError(found, truth, 0, bin, pol)).toBeLessThan(1e-6);
        }
        expect(found.outcomes.every(({ verdict }) => verdict === "converged")).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it("a phase that all antennas share changes nothing: not one bit of the data knows it", () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: -3, max: 3, noNaN: true }), (seed, angle) => {
        const gains = simulatedGains(ANTENNAS, 1, CHANNELS, seed);
        const turned = { ...gains, gains: gains.gains.slice() };
        for (let at = 0; at < turned.gains.length; at += 2) {
          const [re, im] = [turned.gains[at] as number, turned.gains[at + 1] as number];
          turned.gains[at] = re * Math.cos(angle) - im * Math.sin(angle);
          turned.gains[at + 1] = re * Math.sin(angle) + im * Math.cos(angle);
        }
        const options = { antennaCount: ANTENNAS, timeCount: 3, channelCount: CHANNELS, seed, noise: 0.05 };
        expectSame(
          solve(simulateRows({ ...options, gains: turned })),
          solve(simulateRows({ ...options, gains })),
          1e-5,
        );
      }),
      { numRuns: RUNS },
    );
  });

  it("antennas may have other numbers", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const uniform = uniformFrom(seed);
        const numberOf = Array.from({ length: ANTENNAS }, (_, antenna) => ({ antenna, key: uniform() }))
          .sort((a, b) => a.key - b.key)
          .map(({ antenna }) => antenna);
        const rows = rowsOf(seed);
        const found = solve(rows);
        const rename = (list: Int32Array): Int32Array => list.map((antenna) => numberOf[antenna] as number);
        const renamed = solve({ ...rows, ant1: rename(rows.ant1), ant2: rename(rows.ant2) });
        const back = { ...renamed, gains: renamed.gains.slice(), flags: renamed.flags.slice() };
        for (let antenna = 0; antenna < ANTENNAS; antenna++) {
          const from = gainIndex(renamed, 0, numberOf[antenna] as number, 0, 0);
          const to = gainIndex(renamed, 0, antenna, 0, 0);
          back.gains.set(renamed.gains.subarray(2 * from, 2 * from + 4 * CHANNELS), 2 * to);
          back.flags.set(renamed.flags.subarray(from, from + 2 * CHANNELS), to);
        }
        expectSame(back, found, 1e-6);
      }),
      { numRuns: RUNS },
    );
  });

  it("what is flagged, has no weight or is no number has no influence: the same bits come out", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const uniform = uniformFrom(seed);
        const rows = rowsOf(seed);
        const flags = rows.flags.map(() => (uniform() < 0.2 ? 1 : 0));
        const spoiled = rows.vis.slice();
        for (let at = 0; at < flags.length; at++) if (flags[at] === 1) spoiled[2 * at] = 1e20 * (uniform() - 0.5);
        const found = solve({ ...rows, flags });
        expect(solve({ ...rows, flags, vis: spoiled }).gains).toEqual(found.gains);
        const holes = rows.vis.map((value, at) => (flags[at >> 1] === 1 ? Number.NaN : value));
        expect(solve({ ...rows, vis: holes }).gains).toEqual(found.gains);
        const weights = Float32Array.from(flags, (flag, at) => {
          const row = Math.floor(at / (2 * CHANNELS));
          return flag === 1 ? 0 : (rows.weights[2 * row + (at % 2)] as number);
        });
        expect(solve({ ...rows, weights, vis: spoiled }).gains).toEqual(found.gains);
        const infinite = rows.vis.map((value, at) => (flags[at >> 1] === 1 ? -Infinity : value));
        expect(solve({ ...rows, vis: infinite }).gains).toEqual(found.gains);
      }),
      { numRuns: RUNS },
    );
  });

  it("units do not matter: 4 times the data are twice the gains, other weights and models the same, bit for bit", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: -10, max: 10 }), (seed, power) => {
        const rows = rowsOf(seed);
        const found = solve(rows);
        const factor = 4 ** power;
        const brighter = solve({ ...rows, vis: rows.vis.map((value) => value * factor) });
        expect(brighter.gains).toEqual(found.gains.map((value) => value * 2 ** power));
        expect(solve({ ...rows, weights: rows.weights.map((value) => value * factor) }).gains).toEqual(found.gains);
        expect(brighter.snr).toEqual(found.snr);
        const both = { vis: rows.vis.map((value) => value * factor), model: rows.model.map((value) => value * factor) };
        expect(solve({ ...rows, ...both }).gains).toEqual(found.gains);
      }),
      { numRuns: RUNS },
    );
  });

  it("a baseline stored the other way round, conjugated, is the same", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const rows = rowsOf(seed);
        const conjugate = (values: Float32Array): Float32Array =>
          values.map((value, at) => (at % 2 === 1 ? -value : value));
        const reversed = {
          ...rows,
          vis: conjugate(rows.vis),
          model: conjugate(rows.model),
          ant1: rows.ant2,
          ant2: rows.ant1,
        };
        expect(solve(reversed).gains).toEqual(solve(rows).gains);
      }),
      { numRuns: RUNS },
    );
  });
});

/** The first of two intervals. */
function cut(table: GainTable): GainTable {
  const { gains, flags } = table;
  return {
    ...table,
    intervalCount: 1,
    gains: gains.slice(0, gains.length / 2),
    flags: flags.slice(0, flags.length / 2),
  };
}

describe("sums", () => {
  it("of parts are the sums of the whole, in any order of rows", () => {
    const rows = rowsOf(3);
    const whole = cellsOf(rows);
    const cells = createNormalCells({ antennaCount: ANTENNAS, intervalCount: 1, polCount: 2, binCount: CHANNELS });
    const order = orderByBaseline(rows.ant1, rows.ant2, ANTENNAS);
    expect([...order].sort((a, b) => a - b)).toEqual([...order.keys()]);
    const keys = [...order].map((row) => (rows.ant1[row] as number) * ANTENNAS + (rows.ant2[row] as number));
    expect(keys).toEqual(keys.toSorted((a, b) => a - b));
    const added = [order.subarray(0, 40), order.subarray(40)].map((part) =>
      accumulateRows(cells, { ...rows, order: part }),
    );
    // All but autocorrelations: 28 of 36 pairs, 3 times, 3 channels, 2 polarisations.
    expect((added[0] as number) + (added[1] as number)).toBe(28 * 3 * 3 * 2);
    for (const [at, sum] of cells.sums.entries()) expect(sum).toBeCloseTo(whole.sums[at] as number, 2);
  });

  it("of bins and intervals merge to those that coarser bins would have given", () => {
    const rows = rowsOf(4);
    const time = rows.ant1.map((_, row) => Math.floor(row / 36));
    const fine = cellsOf({ ...rows, intervalOfRow: time }, 3);
    const merged = mergeCells(fine, Int32Array.of(0, -1, 0), Int32Array.of(1, 0, 1));
    const direct = createNormalCells({ antennaCount: ANTENNAS, intervalCount: 2, polCount: 2, binCount: 1 });
    accumulateRows(direct, {
      ...rows,
      intervalOfRow: time.map((t) => [1, 0, 1][t] as number),
      binOfChannel: Int32Array.of(0, -1, 0),
    });
    for (const [at, sum] of merged.sums.entries()) expect(sum).toBeCloseTo(direct.sums[at] as number, 2);
  });

  it("with gains known from before leave the rest to be solved", () => {
    const gains = simulatedGains(ANTENNAS, 1, CHANNELS, 5);
    const rows = rowsOf(5, 0);
    const cells = createNormalCells({ antennaCount: ANTENNAS, intervalCount: 1, polCount: 2, binCount: CHANNELS });
    const flagged = { ...gains, flags: gains.flags.slice() };
    flagged.flags[gainIndex(gains, 0, 2, 1, 1)] = 1;
    accumulateRows(cells, { ...rows, prior: { table: flagged, intervalOfRow: new Int32Array(rows.rowCount) } });
    const found = solveCells(cells, TIGHT);
    for (let antenna = 0; antenna < ANTENNAS; antenna++) {
      for (let bin = 0; bin < CHANNELS; bin++) {
        for (let pol = 0; pol < 2; pol++) {
          const at = gainIndex(found, 0, antenna, bin, pol);
          expect(found.flags[at]).toBe(antenna === 2 && bin === 1 && pol === 1 ? 1 : 0);
          expect(Math.hypot(found.gains[2 * at] as number, found.gains[2 * at + 1] as number)).toBeCloseTo(1, 5);
        }
      }
    }
  });

  it("are seen through known gains as samples are whose model is", () => {
    const gains = simulatedGains(ANTENNAS, 2, CHANNELS, 6);
    const rows = rowsOf(6);
    const intervalOfRow = rows.ant1.map((_, row) => Math.floor(row / 36) % 2);
    const known = { ...gains, flags: gains.flags.slice() };
    known.flags[gainIndex(gains, 1, 3, 2, 0)] = 1;
    const fine = cellsOf({ ...rows, intervalOfRow }, 2);
    const merged = mergeCells(fine, Int32Array.of(0, 1, 0), Int32Array.of(0, 0), known);
    const direct = createNormalCells({ antennaCount: ANTENNAS, intervalCount: 1, polCount: 2, binCount: 2 });
    accumulateRows(direct, {
      ...rows,
      intervalOfRow: new Int32Array(rows.rowCount),
      binOfChannel: Int32Array.of(0, 1, 0),
      prior: { table: known, intervalOfRow },
    });
    const largest = direct.sums.reduce((most, sum) => Math.max(most, Math.abs(sum)), 0);
    for (const [at, sum] of merged.sums.entries()) {
      expect(Math.abs(sum - (direct.sums[at] as number))).toBeLessThan(1e-6 * largest);
    }
    expect(() => mergeCells(fine, Int32Array.of(0, 1, 0), Int32Array.of(0, 0), cut(known))).toThrow(/intervalCount/);
  });

  it("leave out baselines outside a range of lengths", () => {
    const uvwM = Float64Array.of(300, 400, 1e6, 30, 40, 0, 3000, 4000, 0);
    const intervals = Int32Array.of(0, 0, 0);
    expect(leaveOutUvRange(intervals, uvwM, 214, 4000)).toBe(2);
    expect([...intervals]).toEqual([0, -1, -1]);
  });
});

describe("antennas without solution", () => {
  const all = [...Array(ANTENNAS).keys()];
  const solvedOf = (found: GainSolutions, pol: number): number[] =>
    all.filter((antenna) => found.flags[gainIndex(found, 0, antenna, 0, pol)] === 0);

  /** Flags baselines (i, j) of both or one polarisation. */
  function flagBaselines(rows: SimulatedRows, which: (i: number, j: number, pol: number) => boolean): SimulatedRows {
    const flags = rows.flags.map((_, at) => {
      const row = Math.floor(at / (2 * CHANNELS));
      return which(rows.ant1[row] as number, rows.ant2[row] as number, at % 2) ? 1 : 0;
    });
    return { ...rows, flags };
  }

  it("that have too few baselines go, and those that then have too few, and so on", () => {
    // 1 to 5 reach one another; 0 reaches 1, 6, 7; 6 reaches 0, 1, 2, 7. With 3 wanted first 7 goes, then 0, and then 6.
    const reaches = new Set(["0-1", "0-6", "0-7", "1-6", "2-6", "6-7"]);
    const rows = flagBaselines(rowsOf(6), (i, j) => {
      const [low, high] = [Math.min(i, j), Math.max(i, j)];
      return !(low >= 1 && high <= 5) && !reaches.has(`${low}-${high}`);
    });
    expect(solvedOf(solve(rows, { ...TIGHT, minBaselineCount: 3 }), 0)).toEqual([1, 2, 3, 4, 5]);
    expect(solvedOf(solve(rows, { ...TIGHT, minBaselineCount: 2 }), 0)).toEqual(all);
  });

  it("that no baseline connects to the largest set go, even the brightest", () => {
    const rows = flagBaselines(rowsOf(7), (i, j) => i < 3 !== j < 3);
    const isSmall = (row: number): boolean => (rows.ant1[row] as number) < 3 && (rows.ant2[row] as number) < 3;
    const weights = rows.weights.map((weight, at) => (isSmall(at >> 1) ? 100 * weight : weight));
    expect(solvedOf(solve({ ...rows, weights }, { ...TIGHT, minBaselineCount: 2 }), 0)).toEqual([3, 4, 5, 6, 7]);
  });

  it("are dead in one polarisation: amplitude near 0, SNR below 3, the others as if it were not there", () => {
    const rows = rowsOf(8, 0.01);
    const noise = uniformFrom(3);
    for (let at = 0; at < rows.flags.length; at++) {
      const row = Math.floor(at / (2 * CHANNELS));
      if (at % 2 === 0 || (rows.ant1[row] !== 5 && rows.ant2[row] !== 5)) continue;
      rows.vis[2 * at] = 0.03 * (noise() - 0.5);
      rows.vis[2 * at + 1] = 0.03 * (noise() - 0.5);
    }
    const found = solve(rows, { ...TIGHT, minSnr: 3 });
    expect(solvedOf(found, 0)).toEqual(all);
    expect(solvedOf(found, 1)).toEqual([0, 1, 2, 3, 4, 6, 7]);
    const at = gainIndex(found, 0, 5, 0, 1);
    expect(Math.hypot(found.gains[2 * at] as number, found.gains[2 * at + 1] as number)).toBeLessThan(0.02);
    expect(gainError(found, simulatedGains(ANTENNAS, 1, CHANNELS, 8), 0, 0, 1)).toBeLessThan(0.02);
    for (const zero of [0, Number.NaN]) {
      for (let sample = 0; sample < rows.flags.length; sample++) {
        const row = Math.floor(sample / (2 * CHANNELS));
        if (sample % 2 === 1 && (rows.ant1[row] === 5 || rows.ant2[row] === 5))
          rows.vis.fill(zero, 2 * sample, 2 * sample + 2);
      }
      expect(solvedOf(solve(rows, { ...TIGHT, minSnr: 3 }), 1)).toEqual([0, 1, 2, 3, 4, 6, 7]);
    }
  });

  it("are all, when all is flagged, or of zero, or too few: outcomes say so and nothing is thrown", () => {
    for (const rows of [
      { ...rowsOf(9), flags: rowsOf(9).flags.fill(1) },
      { ...rowsOf(9), intervalOfRow: rowsOf(9).intervalOfRow.fill(-1) },
      { ...rowsOf(9), model: rowsOf(9).model.fill(0) },
      { ...rowsOf(9), model: rowsOf(9).model.fill(Number.NaN) },
      flagBaselines(rowsOf(9), (i, j) => i > 1 || j > 1),
    ]) {
      const found = solve(rows);
      expect(found.flags.every((flag) => flag === 1)).toBe(true);
      expect(found.outcomes.map(({ verdict }) => verdict)).toEqual(new Array(2 * CHANNELS).fill("no-data"));
      expect([...found.gains.subarray(0, 2)]).toEqual([1, 0]);
    }
    const silent = solve({ ...rowsOf(9), vis: rowsOf(9).vis.fill(0) });
    expect(silent.flags.every((flag) => flag === 1)).toBe(true);
  });

  it("too few sweeps are an outcome with the gains reached so far", () => {
    const found = solve(rowsOf(10), { maxIterationCount: 1, toleranceRatio: 1e-12, minSnr: 0 });
    expect(found.outcomes[0]).toMatchObject({ verdict: "limit", iterationCount: 1, solvedAntennaCount: ANTENNAS });
    expect(solvedOf(found, 0)).toEqual(all);
  });
});

it("amplitude solves give real gains of the lengths of complex ones", () => {
  const rows = rowsOf(11);
  const complex = solve(rows);
  const found = solve(rows, { ...TIGHT, mode: "amplitude" });
  for (let at = 0; at < found.flags.length; at++) {
    expect(found.gains[2 * at]).toBeCloseTo(
      Math.hypot(complex.gains[2 * at] as number, complex.gains[2 * at + 1] as number),
      9,
    );
    expect(found.gains[2 * at + 1]).toBe(0);
  }
});

it.each([
  [{ toleranceRatio: 0 }, /toleranceRatio: expected within 0 to 1/],
  [{ minSnr: -1 }, /minSnr/],
  [{ maxIterationCount: 0 }, /maxIterationCount/],
  [{ robust: { kind: "huber", limitSigma: 0 } }, /limitSigma/],
] as [Partial<SolveOptions>, RegExp][])("refuses %o", (changes, message) => {
  expect(() => solve(rowsOf(1), changes)).toThrow(message);
});

it.each([
  [{ ant1: new Int32Array(3) }, /ant1: expected 108, found 3/],
  [{ vis: new Float32Array(3) }, /vis: expected 1296, found 3/],
  [{ binOfChannel: Int32Array.of(0, 1, 3) }, /binOfChannel: expected -1 … 2, found 3/],
  [{ correlations: [0] }, /correlations: expected 2, found 1/],
] as [Partial<SolveRows>, RegExp][])("refuses rows with %o", (changes, message) => {
  expect(() => cellsOf({ ...rowsOf(1), ...changes })).toThrow(message);
});
