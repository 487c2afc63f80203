/** The columns of MAIN that follow from the plan: everything but visibilities, flags and weights. */

import type { ColumnContent, MeasurementSetBuilder } from "@contimg/casacore-tables";
import type { ConversionPlan } from "../../../domain/conversion-plan.ts";

/** Values that change less often than this are stored as runs. */
const MIN_MEAN_RUN_LENGTH = 16;

/** One value a row of a window, repeated for each window: runs where values stay, else all of them. */
function repeated(values: Float64Array | Int32Array, spwCount: number): ColumnContent {
  const starts: number[] = [];
  for (let row = 0; row < values.length; row++) if (row === 0 || values[row] !== values[row - 1]) starts.push(row);
  if (starts.length * MIN_MEAN_RUN_LENGTH > values.length) {
    return {
      kind: "fill",
      fill(rowStart, rowEnd, out) {
        for (let row = rowStart; row < rowEnd; row++) out[row - rowStart] = values[row % values.length]!;
      },
    };
  }
  const rowStarts: number[] = [];
  const runValues: number[] = [];
  for (let spw = 0; spw < spwCount; spw++) {
    for (const start of starts) {
      if (runValues.length > 0 && runValues.at(-1) === values[start]!) continue;
      rowStarts.push(spw * values.length + start);
      runValues.push(values[start]!);
    }
  }
  return { kind: "runs", rowStarts, values: runValues };
}

const everyRow = (values: Int32Array): ColumnContent => ({
  kind: "fill",
  fill(rowStart, rowEnd, out) {
    for (let row = rowStart; row < rowEnd; row++) out[row - rowStart] = values[row % values.length]!;
  },
});

export function setGeometryColumns(builder: MeasurementSetBuilder, plan: ConversionPlan): void {
  const { rows, spws } = plan;
  const spwCount = spws.length;
  builder.setColumn("UVW", {
    kind: "fill",
    fill(rowStart, rowEnd, out) {
      let at = rowStart;
      while (at < rowEnd) {
        const row = at % rows.rowCount;
        const count = Math.min(rowEnd - at, rows.rowCount - row);
        (out as Float64Array).set(rows.uvwM.subarray(3 * row, 3 * (row + count)), 3 * (at - rowStart));
        at += count;
      }
    },
  });
  builder.setColumn("ANTENNA1", everyRow(rows.antenna1));
  builder.setColumn("ANTENNA2", everyRow(rows.antenna2));
  builder.setColumn("TIME", repeated(rows.timeMjdSec, spwCount));
  builder.setColumn("TIME_CENTROID", repeated(rows.timeMjdSec, spwCount));
  builder.setColumn("EXPOSURE", repeated(rows.exposureSec, spwCount));
  builder.setColumn("INTERVAL", repeated(rows.exposureSec, spwCount));
  builder.setColumn("FIELD_ID", repeated(rows.fieldId, spwCount));
  builder.setColumn("DATA_DESC_ID", {
    kind: "runs",
    rowStarts: spws.map((_spw, spwId) => spwId * rows.rowCount),
    values: spws.map((_spw, spwId) => spwId),
  });
  builder.setColumn("SCAN_NUMBER", { kind: "constant", value: 1 });
}
