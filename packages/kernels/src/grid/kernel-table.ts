/** Kernels as tables of short polynomials, which cost less than exponentials and are as exact as float32. */
import { type EsKernel, esKernel } from "./es-kernel.ts";

/** Pieces of a cell; the cubic through four points of a piece differs from the kernel by less than 4e-8. */
export const PIECE_COUNT = 64;
const COEFFICIENTS = 4;
export const TAPS = 8;

/**
 * The table of a kernel: f32 [piece][coefficient][tap]. Tap j at a fraction f of a cell is φ(f − W/2 + j), a polynomial of what
 * f is beyond the piece's begin, in pieces. Without a kernel, tap 0 is 1.
 */
export function kernelTable(kernel: EsKernel | undefined): Float64Array {
  const table = new Float64Array(PIECE_COUNT * COEFFICIENTS * TAPS);
  for (let piece = 0; piece < PIECE_COUNT; piece++) {
    const at = piece * COEFFICIENTS * TAPS;
    if (kernel === undefined) {
      table[at] = 1;
      continue;
    }
    for (let tap = 0; tap < kernel.supportCount; tap++) {
      const cubic = cubicThrough((t) => esKernel(kernel, (piece + t) / PIECE_COUNT - kernel.supportCount / 2 + tap));
      for (let power = 0; power < COEFFICIENTS; power++) table[at + power * TAPS + tap] = cubic[power] ?? 0;
    }
  }
  return table;
}

/** Coefficients of the cubic through a function's values at Chebyshev's four points of [0, 1]. */
function cubicThrough(value: (t: number) => number): readonly number[] {
  const points = [0, 1, 2, 3].map((k) => 0.5 - 0.5 * Math.cos((Math.PI * (2 * k + 1)) / 8));
  // Newton's divided differences, then expanded into powers.
  const differences = points.map(value);
  for (let order = 1; order < 4; order++) {
    for (let k = 3; k >= order; k--) {
      differences[k] = (at(differences, k) - at(differences, k - 1)) / (at(points, k) - at(points, k - order));
    }
  }
  let powers = [at(differences, 3), 0, 0, 0];
  for (let k = 2; k >= 0; k--) {
    const point = at(points, k);
    powers = powers.map(
      (_, power) => (power > 0 ? at(powers, power - 1) : at(differences, k)) - point * at(powers, power),
    );
  }
  return powers;
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}
