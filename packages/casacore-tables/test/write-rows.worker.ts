/** A thread that writes a range of rows of tiled columns: what it gets is their plans, as plain data. */
import { parentPort, workerData } from "node:worker_threads";
import { openTiledRows, type TiledColumnPlan } from "../src/node.ts";

const { data, flag, rowStart, rowEnd } = workerData as {
  data: TiledColumnPlan;
  flag: TiledColumnPlan;
  rowStart: number;
  rowEnd: number;
};
const dataRows = openTiledRows(data);
const flagRows = openTiledRows(flag);
const blockRows = 1000;
for (let row = rowStart; row < rowEnd; row += blockRows) {
  const count = Math.min(blockRows, rowEnd - row);
  const first = row * 2 * data.rowValueCount;
  dataRows.writeRows(
    row,
    Float32Array.from({ length: count * 2 * data.rowValueCount }, (_, i) => (first + i) % 1013),
  );
  const firstFlag = row * flag.rowValueCount;
  flagRows.writeRows(
    row,
    Uint8Array.from({ length: count * flag.rowValueCount }, (_, i) => ((firstFlag + i) % 7 === 0 ? 1 : 0)),
  );
}
dataRows.close();
flagRows.close();
parentPort?.postMessage("done");
