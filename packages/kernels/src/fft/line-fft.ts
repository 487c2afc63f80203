/** Transforms of lines: lengths, tables and where these lie. */
import type { Engine } from "../engine/engine.ts";
import type { Layout } from "../engine/layout.ts";

/** Lines of one length, and their tables in memory. */
export interface LineFft {
  readonly length: number;
  readonly radices: readonly number[];
  /** i32: number of passes, radix of each. */
  readonly passesAt: number;
  /** f32 [re, im]: e^(−2πi jp/n) per pass, p, and j from 1 on. */
  readonly twiddlesAt: number;
}

/** Bytes of an element of a batch: four real parts, four imaginary parts. */
export const BATCH_ELEMENT_BYTES = 32;

/** Batches lie further apart than they are long, so that they do not compete for the same lines of a cache. */
const BATCH_GAP_BYTES = 192;

/** Bytes from one batch to the next. */
export function batchStrideBytes(length: number): number {
  return length * BATCH_ELEMENT_BYTES + BATCH_GAP_BYTES;
}

/**
 * The order in which a length is divided: by 5, by 3, by 4, and by 2 at most once.
 *
 * @throws RangeError when the length has another prime factor or is below 1.
 */
export function radicesOf(length: number): readonly number[] {
  const radices: number[] = [];
  let rest = Number.isInteger(length) && length >= 1 ? length : 0;
  for (const radix of [5, 3, 4, 2]) {
    while (rest > 1 && rest % radix === 0) {
      radices.push(radix);
      rest /= radix;
    }
  }
  if (rest !== 1) throw new RangeError(`length: expected factors 2, 3 and 5 only, found ${length}`);
  return radices;
}

/** The least even length of factors 2, 3 and 5 that is not below `least`. */
export function fastLength(least: number): number {
  let best = Infinity;
  for (let fives = 1; fives < 2 * best && fives < 5 * least + 5; fives *= 5) {
    for (let product = fives; product < best; product *= 3) {
      let length = 2 * product;
      while (length < least) length *= 2;
      best = Math.min(best, length);
      if (product >= least) break;
    }
  }
  return best;
}

/** Room for the tables of a length. */
export function placeLineFft(layout: Layout, length: number): LineFft {
  const radices = radicesOf(length);
  return {
    length,
    radices,
    passesAt: layout.take(4 * (1 + radices.length)),
    twiddlesAt: layout.take(4 * twiddlesOf(length, radices).length),
  };
}

/** Writes the tables; one thread does, before any transforms. */
export function fillLineFft(engine: Engine, line: LineFft): void {
  const { length, radices } = line;
  new Int32Array(engine.buffer, line.passesAt, 1 + radices.length).set([radices.length, ...radices]);
  const twiddles = twiddlesOf(length, radices);
  new Float32Array(engine.buffer, line.twiddlesAt, twiddles.length).set(twiddles);
}

/** Factors e^(−2πi jp/n) of each pass, where n is what is left of the length before it. */
export function twiddlesOf(length: number, radices: readonly number[]): Float64Array {
  const twiddles: number[] = [];
  let rest = length;
  for (const radix of radices) {
    for (let p = 0; p < rest / radix; p++) {
      for (let j = 1; j < radix; j++) {
        const angleRad = (-2 * Math.PI * ((j * p) % rest)) / rest;
        twiddles.push(Math.cos(angleRad), Math.sin(angleRad));
      }
    }
    rest /= radix;
  }
  return Float64Array.from(twiddles);
}
