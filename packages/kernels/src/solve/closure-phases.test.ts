import { describe, expect, it } from "vitest";
import { simulatedGains, simulateRows } from "../../test/solve-simulation.ts";
import { accumulateRows } from "./accumulate-rows.ts";
import { closurePhases } from "./closure-phases.ts";
import { createGainTable } from "./gain-table.ts";
import { baselineIndex, createNormalCells, type NormalCells } from "./normal-cells.ts";
import { solveCells } from "./solve-cells.ts";

const ANTENNAS = 9;
const CHANNELS = 3;

function cellsOf(noise: number, seed: number): NormalCells {
  const gains = simulatedGains(ANTENNAS, 1, CHANNELS, seed);
  const rows = simulateRows({ antennaCount: ANTENNAS, timeCount: 3, channelCount: CHANNELS, seed, noise, gains });
  const cells = createNormalCells({ antennaCount: ANTENNAS, intervalCount: 1, polCount: 2, binCount: CHANNELS });
  accumulateRows(cells, rows);
  return cells;
}

describe("closure phases", () => {
  it("vanish for a model that is the sky, whatever the gains and whichever the antenna", () => {
    const cells = cellsOf(0, 5);
    const found = solveCells(cells);
    for (const antenna of [0, 4, ANTENNAS - 1]) {
      const { rmsRad, triangleCount } = closurePhases(cells, found, antenna);
      expect(triangleCount).toBe(((ANTENNAS - 1) * (ANTENNAS - 2) * CHANNELS * 2) / 2);
      expect(rmsRad).toBeLessThan(1e-5);
    }
  });

  it("are as large as noise makes them", () => {
    const ratios = Array.from({ length: 20 }, (_, seed) => {
      const cells = cellsOf(0.1, 100 + seed);
      const found = solveCells(cells, { noise: "weights", minSnr: 0 });
      const sigmas = found.outcomes.map(({ residualSigma }) => residualSigma);
      const sigma = Math.sqrt(sigmas.reduce((sum, each) => sum + each * each, 0) / sigmas.length);
      return closurePhases(cells, found, 2).rmsSigma / sigma;
    });
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    // 20 times 168 triangles that share baselines: 3 % of scatter.
    expect(mean).toBeGreaterThan(0.9);
    expect(mean).toBeLessThan(1.1);
  });

  it("of one baseline turned by an angle are that angle in its triangle, with its sign", () => {
    const cells = createNormalCells({ antennaCount: 3, intervalCount: 1, polCount: 1, binCount: 1 });
    for (let at = 0; at < cells.sums.length; at += 3) cells.sums.set([4, 0, 4], at);
    cells.sums.set([4 * Math.cos(0.3), 4 * Math.sin(0.3), 4], 3 * baselineIndex(1, 2, 3));
    const table = createGainTable({ antennaCount: 3, intervalCount: 1, polCount: 1, binCount: 1 });
    table.flags.fill(0);
    for (let antenna = 0; antenna < 3; antenna++) {
      expect(closurePhases(cells, table, antenna)).toMatchObject({ triangleCount: 1 });
      expect(closurePhases(cells, table, antenna).rmsRad).toBeCloseTo(0.3, 6);
    }
    table.flags[1] = 1;
    expect(closurePhases(cells, table, 0)).toMatchObject({ triangleCount: 0, rmsRad: Number.NaN });
  });
});
