/** The innermost functions of the transforms, in both forms. All places are byte offsets in the engine's memory. */
import { type Engine, moduleOf } from "../engine/engine.ts";
import { fftBase64 } from "../engine/modules/fft.ts";
import { plainFftKernels } from "./plain-fft.ts";

/**
 * Images are rows of [re, im] in float32, `rowStrideBytes` apart. A *batch* has four lines in its lanes: element i is four
 * real parts, then four imaginary parts. `swap` is 16 to exchange the two on the way, 0 otherwise.
 */
export interface FftKernels {
  /** Rows `rowStart` to `rowEnd` of four neighbouring columns into the same places of each of the batches. */
  loadColumns(
    imageAt: number,
    rowStrideBytes: number,
    rowStart: number,
    rowEnd: number,
    batchAt: number,
    batchStrideBytes: number,
    batchCount: number,
    swap: number,
  ): void;
  /** The reverse. */
  storeColumns(
    imageAt: number,
    rowStrideBytes: number,
    rowStart: number,
    rowEnd: number,
    batchAt: number,
    batchStrideBytes: number,
    batchCount: number,
    swap: number,
  ): void;
  /** Columns `colStart` to `colEnd`, both even, of 1 to 4 rows; lanes without a row repeat the first. */
  loadRows(
    imageAt: number,
    rowStrideBytes: number,
    laneCount: number,
    colStart: number,
    colEnd: number,
    batchAt: number,
    swap: number,
  ): void;
  /** The reverse. */
  storeRows(
    imageAt: number,
    rowStrideBytes: number,
    laneCount: number,
    colStart: number,
    colEnd: number,
    batchAt: number,
    swap: number,
  ): void;
  /** Σ x e^(−2πi jk/n) of the four lines; the answer is which of the two areas holds it. */
  transform(workAt: number, otherAt: number, length: number, passesAt: number, twiddlesAt: number): number;
}

/** The kernels of an engine's kind. */
export function fftKernels(engine: Engine): FftKernels {
  if (engine.kind === "plain") return plainFftKernels(engine.buffer);
  return moduleOf(engine, "fft", fftBase64) as unknown as FftKernels;
}
