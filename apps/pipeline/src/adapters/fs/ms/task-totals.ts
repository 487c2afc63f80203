import { crc32 } from "node:zlib";
import type { RowSample, TaskResult, UniformRows } from "./row-tasks.ts";

/** What a task adds up over its blocks. */
export class TaskTotals {
  flaggedCount = 0;
  unusableCount = 0;
  anyFlaggedRow = false;
  loadMs = 0;
  phaseMs = 0;
  writeMs = 0;
  readonly #uniformRows: UniformRows[] = [];
  readonly #samples: RowSample[] = [];

  uniform(mainRowStart: number, mainRowEnd: number, nsamples: number): void {
    const last = this.#uniformRows.at(-1);
    if (last && last.nsamples === nsamples && last.mainRowEnd === mainRowStart)
      this.#uniformRows[this.#uniformRows.length - 1] = { ...last, mainRowEnd };
    else this.#uniformRows.push({ mainRowStart, mainRowEnd, nsamples });
  }

  /** The first, a middle and the last row of each block are compared when the table is read back. */
  sample(mainRowStart: number, rowCount: number, rowValueCount: number, vis: Float32Array, flags: Uint8Array): void {
    const bytes = new Uint8Array(vis.buffer, vis.byteOffset, vis.byteLength);
    for (const row of new Set([0, rowCount >> 1, rowCount - 1])) {
      const start = row * rowValueCount;
      this.#samples.push({
        mainRow: mainRowStart + row,
        dataCrc32: crc32(bytes.subarray(8 * start, 8 * (start + rowValueCount))),
        flagCrc32: crc32(flags.subarray(start, start + rowValueCount)),
      });
    }
  }

  result(): TaskResult {
    const { flaggedCount, unusableCount, anyFlaggedRow, loadMs, phaseMs, writeMs } = this;
    return {
      flaggedCount,
      unusableCount,
      anyFlaggedRow,
      loadMs,
      phaseMs,
      writeMs,
      uniformRows: this.#uniformRows,
      samples: this.#samples,
    };
  }
}
