/** The kernels of gridding in plain TypeScript: the fallback, and what WebAssembly is compared with. */
import type { GridKernels } from "./grid-kernels.ts";
import { PIECE_COUNT, TAPS } from "./kernel-table.ts";

const RAD_PER_UNIT = (2 * Math.PI) / 2 ** 32;
const LANES = 4;
/** Numbers of a record and of an element of a batch: eight float32. */
const EIGHT = 8;

/** Kernels on a memory. */
export function plainGridKernels(buffer: SharedArrayBuffer): GridKernels {
  const f32 = new Float32Array(buffer);
  const f64 = new Float64Array(buffer);
  const i32 = new Int32Array(buffer);
  const columnTaps = new Float64Array(TAPS);
  const rowTaps = new Float64Array(TAPS);
  const planeTaps = new Float64Array(TAPS);

  /** Taps of a table at the begin of a support; the answer is the first cell. */
  const fillTaps = (taps: Float64Array, tableAt: number, begin: number): number => {
    const cell = Math.ceil(begin);
    const scaled = (cell - begin) * PIECE_COUNT;
    const piece = Math.min(Math.floor(scaled), PIECE_COUNT - 1);
    const t = scaled - piece;
    const at = tableAt / 4 + piece * 4 * TAPS;
    for (let tap = 0; tap < TAPS; tap++) {
      taps[tap] =
        f32[at + tap] + t * (f32[at + TAPS + tap] + t * (f32[at + 2 * TAPS + tap] + t * f32[at + 3 * TAPS + tap]));
    }
    return cell;
  };

  /** Calls `work` with the first number of each row of cells that a record touches. */
  const overSupport = (
    record: number,
    places: readonly [number, number, number, number, number, number, number],
    work: (numberAt: number, factor: number) => void,
  ): void => {
    const [planesAt, rowStrideBytes, uvTableAt, uvSupport, wTableAt, wSupport] = places;
    const x = fillTaps(columnTaps, uvTableAt, f64[record / 2] - uvSupport / 2);
    const y = fillTaps(rowTaps, uvTableAt, f64[record / 2 + 1] - uvSupport / 2);
    fillTaps(planeTaps, wTableAt, f64[record / 2 + 2] - wSupport / 2);
    for (let p = 0; p < wSupport; p++) {
      const cell = (i32[planesAt / 4 + p] >>> 0) / 4 + (y * rowStrideBytes) / 4 + 2 * x;
      for (let j = 0; j < uvSupport; j++) work(cell + (j * rowStrideBytes) / 4, planeTaps[p] * rowTaps[j]);
    }
  };

  return {
    turnRecords(recordsAt, count, factor, offset) {
      for (let record = recordsAt / 4; record < recordsAt / 4 + count * EIGHT; record += EIGHT) {
        const turns = factor * (f64[record / 2 + 2] + offset);
        const phaseRad = 2 * Math.PI * (turns - Math.floor(turns));
        const [cos, sin] = [Math.cos(phaseRad), Math.sin(phaseRad)];
        const [re, im] = [f32[record + 6], f32[record + 7]];
        f32[record + 6] = re * cos - im * sin;
        f32[record + 7] = re * sin + im * cos;
      }
    },
    gridRecords(recordsAt, count, ...places) {
      for (let record = recordsAt / 4; record < recordsAt / 4 + count * EIGHT; record += EIGHT) {
        const [re, im] = [f32[record + 6], f32[record + 7]];
        overSupport(record, places, (numberAt, factor) => {
          for (let tap = 0; tap < places[3]; tap++) {
            f32[numberAt + 2 * tap] += re * factor * columnTaps[tap];
            f32[numberAt + 2 * tap + 1] += im * factor * columnTaps[tap];
          }
        });
      }
    },
    degridRecords(recordsAt, count, ...places) {
      for (let record = recordsAt / 4; record < recordsAt / 4 + count * EIGHT; record += EIGHT) {
        let [re, im] = [0, 0];
        overSupport(record, places, (numberAt, factor) => {
          for (let tap = 0; tap < places[3]; tap++) {
            re += factor * columnTaps[tap] * f32[numberAt + 2 * tap];
            im += factor * columnTaps[tap] * f32[numberAt + 2 * tap + 1];
          }
        });
        f32[record + 6] = re;
        f32[record + 7] = im;
      }
    },
    addScreened(batchAt, rowCount, planeIndex, stepsAt, imageAt) {
      for (let index = 0; index < LANES * rowCount; index++) {
        const phaseRad = Math.imul(i32[stepsAt / 4 + index], planeIndex) * RAD_PER_UNIT;
        const element = batchAt / 4 + EIGHT * Math.floor(index / LANES) + (index % LANES);
        f32[imageAt / 4 + index] += f32[element] * Math.cos(phaseRad) + f32[element + LANES] * Math.sin(phaseRad);
      }
    },
    setScreened(batchAt, rowCount, planeIndex, stepsAt, imageAt) {
      for (let index = 0; index < LANES * rowCount; index++) {
        const phaseRad = Math.imul(i32[stepsAt / 4 + index], planeIndex) * RAD_PER_UNIT;
        const element = batchAt / 4 + EIGHT * Math.floor(index / LANES) + (index % LANES);
        const value = f32[imageAt / 4 + index];
        f32[element] = value * Math.sin(phaseRad);
        f32[element + LANES] = value * Math.cos(phaseRad);
      }
    },
  };
}
