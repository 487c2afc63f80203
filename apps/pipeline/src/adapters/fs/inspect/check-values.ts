/** Visibilities or solutions that are not numbers must be flagged; something must be left unflagged. */

import type { NumericArray, Table } from "@contimg/casacore-tables/node";
import { columnOf } from "./cells.ts";
import type { Findings } from "./findings.ts";
import { cellBlocks, reusedBuffer } from "./flag-stream.ts";
import { elementCountOf, isSameShape } from "./shapes.ts";

/** @param names columns of values, each with the shape of FLAG */
export function checkValues(main: Table, names: readonly string[], findings: Findings): void {
  for (const name of names) {
    if (main.hasColumn(name)) findings.run("values", () => checkColumn(main, name, findings));
  }
}

function checkColumn(main: Table, name: string, findings: Findings): string | undefined {
  const values = main.column(name);
  const flag = columnOf(main, "FLAG");
  const isComplex = values.type === "complex";
  if (values.form !== "array" || flag === undefined || !(isComplex || values.type === "float")) return undefined;
  const flagRow = columnOf(main, "FLAG_ROW")?.getScalarRange(0, main.rowCount) as Uint8Array | undefined;
  const partCount = isComplex ? 2 : 1;
  const valueBuffer = reusedBuffer((length) => new Float32Array(length));
  const flagBuffer = reusedBuffer((length) => new Uint8Array(length));
  let [valueCount, flaggedCount, wrongCount, zeroCount] = [0, 0, 0, 0];
  let example = "";
  for (const { rowStart, rowEnd, shape } of cellBlocks(values)) {
    const flagShape = flag.shapeOf(rowStart);
    // Unequal shapes are told by the check of shapes.
    if (flagShape === undefined || !isSameShape(flagShape, shape) || flag.equalShapeEnd(rowStart, rowEnd) < rowEnd)
      continue;
    const perRow = elementCountOf(shape);
    const count = (rowEnd - rowStart) * perRow;
    const [data, flags] = [valueBuffer(count * partCount), flagBuffer(count)];
    values.getCellsInto(rowStart, rowEnd, data as NumericArray);
    flag.getCellsInto(rowStart, rowEnd, flags);
    for (let k = 0; k < count; k++) {
      const row = rowStart + Math.floor(k / perRow);
      if (flags[k] !== 0 || flagRow?.[row]) {
        flaggedCount++;
        continue;
      }
      const re = data[k * partCount]!;
      const im = isComplex ? data[k * 2 + 1]! : 0;
      if (!Number.isFinite(re) || !Number.isFinite(im)) {
        if (wrongCount++ === 0) example = `row ${row}, value ${k % perRow}`;
      } else if (re === 0 && im === 0) zeroCount++;
    }
    valueCount += count;
  }
  if (valueCount === 0) return undefined;
  const goodCount = valueCount - flaggedCount;
  if (wrongCount > 0) {
    findings.add(
      "error",
      "values",
      `${name}: ${wrongCount} NaN or infinite values are not flagged, the first in ${example}`,
    );
  }
  if (goodCount === 0) findings.add("warning", "values", `${name}: all ${valueCount} values are flagged`);
  else if (zeroCount === goodCount) findings.add("warning", "values", `${name}: all unflagged values are 0`);
  const percent = ((100 * flaggedCount) / valueCount).toFixed(2);
  return `${name}: ${valueCount} values, ${percent} % flagged, all others are finite`;
}
