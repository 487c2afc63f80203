/** WEIGHT_SPECTRUM, WEIGHT and SIGMA: small when every value has as many samples as its neighbours, full otherwise. */

import { type MeasurementSetBuilder, openTiledRows, type TiledColumnPlan } from "@contimg/casacore-tables/node";
import type { ConversionPlan } from "../../../domain/conversion-plan.ts";
import type { TaskResult, UniformRows } from "./row-tasks.ts";

/** More runs than this are no longer small, nor quick to find a row in. */
const MAX_RUNS = 1024;
const FILL_BLOCK_BYTES = 8 * 2 ** 20;

/** σ of a value of weight w is w^(-1/2); a value of no weight has none. */
const sigmaOf = (weight: number) => (weight > 0 ? 1 / Math.sqrt(weight) : 0);

export function setWeightColumns(
  builder: MeasurementSetBuilder,
  plan: ConversionPlan,
  spectrumColumn: TiledColumnPlan,
  weights: Float32Array,
  results: readonly TaskResult[],
): void {
  const corrCount = plan.polarization.corrTypes.length;
  const chanCount = plan.spws[0]!.freqHz.length;
  const runs = joinRuns(results.flatMap((result) => result.uniformRows));
  const uniformRowCount = runs.reduce((sum, run) => sum + run.mainRowEnd - run.mainRowStart, 0);
  if (uniformRowCount === builder.rowCount && runs.length <= MAX_RUNS) {
    builder.main.removeColumn("WEIGHT_SPECTRUM");
    const rowStarts = runs.map((run) => run.mainRowStart);
    const cells = (length: number, shape: readonly number[], value: (nsamples: number) => number) =>
      runs.map((run) => ({ shape, data: new Float32Array(length).fill(value(run.nsamples)) }));
    const incremental = { manager: "IncrementalStMan" } as const;
    const asIs = (nsamples: number) => nsamples;
    builder.setColumn(
      "WEIGHT_SPECTRUM",
      { kind: "runs", rowStarts, values: cells(corrCount * chanCount, [corrCount, chanCount], asIs) },
      incremental,
    );
    builder.setColumn("WEIGHT", { kind: "runs", rowStarts, values: cells(corrCount, [corrCount], asIs) }, incremental);
    builder.setColumn(
      "SIGMA",
      { kind: "runs", rowStarts, values: cells(corrCount, [corrCount], sigmaOf) },
      incremental,
    );
    return;
  }
  fillSpectrum(spectrumColumn, runs);
  for (const run of runs) weights.fill(run.nsamples, run.mainRowStart * corrCount, run.mainRowEnd * corrCount);
  builder.setColumn("WEIGHT", { kind: "values", values: weights, cellShape: [corrCount] });
  builder.setColumn("SIGMA", { kind: "values", values: weights.map(sigmaOf), cellShape: [corrCount] });
}

function joinRuns(runs: readonly UniformRows[]): readonly UniformRows[] {
  const joined: UniformRows[] = [];
  for (const run of runs.toSorted((a, b) => a.mainRowStart - b.mainRowStart)) {
    const last = joined.at(-1);
    if (last && last.nsamples === run.nsamples && last.mainRowEnd === run.mainRowStart)
      joined[joined.length - 1] = { ...last, mainRowEnd: run.mainRowEnd };
    else joined.push(run);
  }
  return joined;
}

/** Rows that were left out because they are uniform are written after all. */
function fillSpectrum(column: TiledColumnPlan, runs: readonly UniformRows[]): void {
  const writer = openTiledRows(column);
  try {
    const blockRowCount = Math.max(8, Math.floor(FILL_BLOCK_BYTES / 4 / column.rowValueCount));
    for (const run of runs) {
      if (run.nsamples === 0) continue;
      const values = new Float32Array(
        Math.min(blockRowCount, run.mainRowEnd - run.mainRowStart) * column.rowValueCount,
      ).fill(run.nsamples);
      for (let row = run.mainRowStart; row < run.mainRowEnd; row += blockRowCount) {
        writer.writeRows(row, values.subarray(0, Math.min(blockRowCount, run.mainRowEnd - row) * column.rowValueCount));
      }
    }
  } finally {
    writer.close();
  }
}
