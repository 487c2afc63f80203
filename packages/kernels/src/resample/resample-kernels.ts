/** The innermost functions of resampling, in both forms. All places are byte offsets in the engine's memory. */
import { type Engine, moduleOf } from "../engine/engine.ts";
import { resampleBase64 } from "../engine/modules/resample.ts";

/**
 * Channel b · D + f of a run is Σ_k tap[k][f] · node[b + k]. Taps are f32 `[k][stride]`, stride being D in whole vectors of four,
 * zeros beyond D; channels are f32, real and imaginary parts apart, zeros after the last block; nodes f32 `[re, im]`.
 */
export interface ResampleKernels {
  /** Sets `blockCount − 1 + tapCount` nodes from channels: the transpose of `expandLine`. */
  compressLine(
    reAt: number,
    imAt: number,
    blockCount: number,
    channelsPerNodeCount: number,
    tapsAt: number,
    strideCount: number,
    tapCount: number,
    nodesAt: number,
  ): void;
  /** Sets channels from nodes, and up to three numbers after the last block. */
  expandLine(
    reAt: number,
    imAt: number,
    blockCount: number,
    channelsPerNodeCount: number,
    tapsAt: number,
    strideCount: number,
    tapCount: number,
    nodesAt: number,
  ): void;
}

/** The kernels of an engine's kind. */
export function resampleKernels(engine: Engine): ResampleKernels {
  if (engine.kind === "plain") return plainResampleKernels(engine.buffer);
  return moduleOf(engine, "resample", resampleBase64) as unknown as ResampleKernels;
}

function plainResampleKernels(buffer: SharedArrayBuffer): ResampleKernels {
  const f32 = new Float32Array(buffer);
  return {
    compressLine(reAt, imAt, blockCount, channelsPerNodeCount, tapsAt, strideCount, tapCount, nodesAt) {
      f32.fill(0, nodesAt / 4, nodesAt / 4 + 2 * (blockCount - 1 + tapCount));
      for (let block = 0; block < blockCount; block++) {
        const chan = block * channelsPerNodeCount;
        for (let k = 0; k < tapCount; k++) {
          let [sumRe, sumIm] = [0, 0];
          for (let f = 0; f < channelsPerNodeCount; f++) {
            const tap = f32[tapsAt / 4 + k * strideCount + f];
            sumRe += tap * f32[reAt / 4 + chan + f];
            sumIm += tap * f32[imAt / 4 + chan + f];
          }
          f32[nodesAt / 4 + 2 * (block + k)] += sumRe;
          f32[nodesAt / 4 + 2 * (block + k) + 1] += sumIm;
        }
      }
    },
    expandLine(reAt, imAt, blockCount, channelsPerNodeCount, tapsAt, strideCount, tapCount, nodesAt) {
      for (let block = 0; block < blockCount; block++) {
        for (let f = 0; f < channelsPerNodeCount; f++) {
          let [sumRe, sumIm] = [0, 0];
          for (let k = 0; k < tapCount; k++) {
            const tap = f32[tapsAt / 4 + k * strideCount + f];
            sumRe += tap * f32[nodesAt / 4 + 2 * (block + k)];
            sumIm += tap * f32[nodesAt / 4 + 2 * (block + k) + 1];
          }
          f32[reAt / 4 + block * channelsPerNodeCount + f] = sumRe;
          f32[imAt / 4 + block * channelsPerNodeCount + f] = sumIm;
        }
      }
    },
  };
}
