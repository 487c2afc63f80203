/** The kernels of transforms in plain TypeScript, with sums in float64: the fallback, and what WebAssembly is compared with. */
import type { FftKernels } from "./fft-kernels.ts";
import { radicesOf, twiddlesOf } from "./line-fft.ts";

interface LineTables {
  readonly radices: readonly number[];
  readonly twiddles: Float64Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
}

const LANES = 4;
/** Numbers of an element of a batch. */
const ELEMENT = 8;
/** Longest butterfly, [re, im] of each input. */
const inputs = new Float64Array(10);

/** Kernels on a memory. */
export function plainFftKernels(buffer: SharedArrayBuffer): FftKernels {
  const f32 = new Float32Array(buffer);
  const tables = new Map<number, LineTables>();
  const tablesOf = (length: number): LineTables => {
    const known = tables.get(length);
    if (known !== undefined) return known;
    const radices = radicesOf(length);
    const made = {
      radices,
      twiddles: twiddlesOf(length, radices),
      from: new Float64Array(2 * length),
      to: new Float64Array(2 * length),
    };
    tables.set(length, made);
    return made;
  };

  return {
    loadColumns(imageAt, rowStrideBytes, rowStart, rowEnd, batchAt, batchStrideBytes, batchCount, swap) {
      for (let b = 0; b < batchCount; b++) {
        const batch = (batchAt + b * batchStrideBytes) / 4;
        for (let row = rowStart; row < rowEnd; row++) {
          const from = (imageAt + row * rowStrideBytes) / 4 + b * ELEMENT;
          for (let lane = 0; lane < LANES; lane++) {
            f32[batch + row * ELEMENT + swap / 4 + lane] = f32[from + 2 * lane];
            f32[batch + row * ELEMENT + LANES - swap / 4 + lane] = f32[from + 2 * lane + 1];
          }
        }
      }
    },
    storeColumns(imageAt, rowStrideBytes, rowStart, rowEnd, batchAt, batchStrideBytes, batchCount, swap) {
      for (let b = 0; b < batchCount; b++) {
        const batch = (batchAt + b * batchStrideBytes) / 4;
        for (let row = rowStart; row < rowEnd; row++) {
          const to = (imageAt + row * rowStrideBytes) / 4 + b * ELEMENT;
          for (let lane = 0; lane < LANES; lane++) {
            f32[to + 2 * lane] = f32[batch + row * ELEMENT + swap / 4 + lane];
            f32[to + 2 * lane + 1] = f32[batch + row * ELEMENT + LANES - swap / 4 + lane];
          }
        }
      }
    },
    loadRows(imageAt, rowStrideBytes, laneCount, colStart, colEnd, batchAt, swap) {
      for (let lane = 0; lane < LANES; lane++) {
        const row = (imageAt + (lane < laneCount ? lane : 0) * rowStrideBytes) / 4;
        for (let col = colStart; col < colEnd; col++) {
          const to = batchAt / 4 + col * ELEMENT + lane;
          f32[to + swap / 4] = f32[row + 2 * col];
          f32[to + LANES - swap / 4] = f32[row + 2 * col + 1];
        }
      }
    },
    storeRows(imageAt, rowStrideBytes, laneCount, colStart, colEnd, batchAt, swap) {
      for (let lane = 0; lane < laneCount; lane++) {
        const row = (imageAt + lane * rowStrideBytes) / 4;
        for (let col = colStart; col < colEnd; col++) {
          const from = batchAt / 4 + col * ELEMENT + lane;
          f32[row + 2 * col] = f32[from + swap / 4];
          f32[row + 2 * col + 1] = f32[from + LANES - swap / 4];
        }
      }
    },
    transform(workAt, _otherAt, length) {
      const { radices, twiddles, from, to } = tablesOf(length);
      for (let lane = 0; lane < LANES; lane++) {
        const batch = workAt / 4 + lane;
        for (let index = 0; index < length; index++) {
          from[2 * index] = f32[batch + index * ELEMENT];
          from[2 * index + 1] = f32[batch + index * ELEMENT + LANES];
        }
        const result = transformLine(from, to, radices, twiddles);
        for (let index = 0; index < length; index++) {
          f32[batch + index * ELEMENT] = result[2 * index];
          f32[batch + index * ELEMENT + LANES] = result[2 * index + 1];
        }
      }
      return workAt;
    },
  };
}

/** One line, with butterflies written as the sums that they are. */
function transformLine(
  line: Float64Array,
  scratch: Float64Array,
  radices: readonly number[],
  twiddles: Float64Array,
): Float64Array {
  let from = line;
  let to = scratch;
  let count = line.length / 2;
  let stride = 1;
  let table = 0;
  for (const radix of radices) {
    count /= radix;
    const roots = rootsOf(radix);
    for (let p = 0; p < count; p++) {
      for (let q = 0; q < stride; q++) {
        for (let k = 0; k < radix; k++) {
          inputs[2 * k] = from[2 * (q + stride * (p + count * k))];
          inputs[2 * k + 1] = from[2 * (q + stride * (p + count * k)) + 1];
        }
        for (let j = 0; j < radix; j++) {
          let re = inputs[0];
          let im = inputs[1];
          for (let k = 1; k < radix; k++) {
            const turn = 2 * ((j * k) % radix);
            re += inputs[2 * k] * roots[turn] - inputs[2 * k + 1] * roots[turn + 1];
            im += inputs[2 * k] * roots[turn + 1] + inputs[2 * k + 1] * roots[turn];
          }
          const wr = j === 0 ? 1 : twiddles[table + 2 * (j - 1)];
          const wi = j === 0 ? 0 : twiddles[table + 2 * (j - 1) + 1];
          const at = 2 * (q + stride * (radix * p + j));
          to[at] = re * wr - im * wi;
          to[at + 1] = re * wi + im * wr;
        }
      }
      table += 2 * (radix - 1);
    }
    stride *= radix;
    [from, to] = [to, from];
  }
  return from;
}

const knownRoots = new Map<number, Float64Array>();

/** e^(−2πi k/n) for k from 0 to n − 1. */
function rootsOf(radix: number): Float64Array {
  const known = knownRoots.get(radix);
  if (known !== undefined) return known;
  const roots = new Float64Array(2 * radix);
  for (let k = 0; k < radix; k++) {
    roots[2 * k] = Math.cos((2 * Math.PI * k) / radix);
    roots[2 * k + 1] = -Math.sin((2 * Math.PI * k) / radix);
  }
  knownRoots.set(radix, roots);
  return roots;
}
