/** Calibrated visibilities of a Measurement Set, block by block, without anything being written. */

import type { Table } from "@contimg/casacore-tables/node";
import { applyGains } from "@contimg/kernels/solve";
import { createFlagBuffer, type FlagBuffer, type PackedFlags, unpackRow } from "../ms-flags/packed-flags.ts";
import type { ApplyBlock, ApplyMs } from "./apply-ms.ts";
import { GainComposer } from "./gain-composer.ts";
import type { GainFactors } from "./gain-factors.ts";

/** Valid until the next block is read. */
export interface CalibratedBlock {
  /** [row, chan, corr, re, im], Jy; 0 where there is no gain. */
  readonly vis: Float32Array;
  /** [row, chan, corr]: those of FLAG and FLAG_ROW, and 1 where there is no gain. */
  readonly flags: Uint8Array;
  /** [row, corr]: from SIGMA, calibrated as the visibilities when weights are. */
  readonly weights: Float32Array;
  /** [row, chan, corr]; null: the Measurement Set has no WEIGHT_SPECTRUM. */
  readonly spectralWeights: Float32Array | null;
  /** How many samples have no gain and were not flagged before. */
  readonly newlyFlaggedCount: number;
  /** How many are not flagged now. */
  readonly unflaggedCount: number;
}

export interface CalibratedReaderOptions {
  readonly factors: GainFactors;
  readonly calibratesWeights: boolean;
  /** Flags to start from instead of those of the Measurement Set. */
  readonly startFlags?: PackedFlags;
}

/**
 * Reads blocks into buffers of its own, which the next block overwrites: some 20 MB whatever the size of the table. Writing
 * CORRECTED_DATA reads through it too, so that both give the same numbers. Each thread has its own.
 */
export class CalibratedReader {
  readonly #main: Table;
  readonly #ms: ApplyMs;
  readonly #options: CalibratedReaderOptions;
  readonly #composer: GainComposer;
  readonly #flagRows: Uint8Array | undefined;
  #vis = new Float32Array(0);
  #flags: FlagBuffer = createFlagBuffer(0);
  #weights = new Float32Array(0);
  #spectrum = new Float32Array(0);
  #uvwM = new Float64Array(0);

  constructor(main: Table, ms: ApplyMs, options: CalibratedReaderOptions) {
    this.#main = main;
    this.#ms = ms;
    this.#options = options;
    this.#composer = new GainComposer(ms, options.factors);
    if (options.startFlags === undefined)
      this.#flagRows = main.column("FLAG_ROW").getScalarRange(0, ms.rowCount) as Uint8Array;
  }

  read(block: ApplyBlock): CalibratedBlock {
    const { rowStart, rowEnd, windowIndex } = block;
    const { freqHz, corrCount, receptors } = this.#ms.windows[windowIndex]!;
    const rowCount = rowEnd - rowStart;
    const perRow = freqHz.length * corrCount;
    this.#makeRoom(rowCount * perRow, rowCount * corrCount);
    const vis = this.#vis.subarray(0, 2 * rowCount * perRow);
    this.#main.column(this.#ms.dataColumn).getCellsInto(rowStart, rowEnd, vis);
    const flags = this.#readFlags(rowStart, rowEnd, perRow);
    const weights = this.#readWeights(rowStart, rowEnd, corrCount);
    const spectralWeights = this.#readSpectrum(rowStart, rowEnd, perRow);
    const { gains, intervalOfRow } = this.#composer.gainsOf(block);
    const { calibratesWeights } = this.#options;
    const newlyFlaggedCount = applyGains(
      gains,
      {
        vis,
        flags,
        ...(calibratesWeights ? { weights } : {}),
        ...(calibratesWeights && spectralWeights !== null ? { spectralWeights } : {}),
        rowCount,
        channelCount: freqHz.length,
        correlationCount: corrCount,
        ant1: this.#ms.ant1.subarray(rowStart, rowEnd),
        ant2: this.#ms.ant2.subarray(rowStart, rowEnd),
        intervalOfRow,
        polPairs: receptors,
      },
      vis,
    );
    let flaggedCount = 0;
    for (let at = 0; at < flags.length; at++) flaggedCount += flags[at]!;
    return {
      vis,
      flags,
      weights,
      spectralWeights,
      newlyFlaggedCount,
      unflaggedCount: flags.length - flaggedCount,
    };
  }

  /** Of the block [row, 3], m. */
  readUvw({ rowStart, rowEnd }: ApplyBlock): Float64Array {
    const length = 3 * (rowEnd - rowStart);
    if (this.#uvwM.length < length) this.#uvwM = new Float64Array(length);
    const uvwM = this.#uvwM.subarray(0, length);
    this.#main.column("UVW").getCellsInto(rowStart, rowEnd, uvwM);
    return uvwM;
  }

  /** The buffer behind the flags that were read last, for packing. */
  get flagBuffer(): FlagBuffer {
    return this.#flags;
  }

  #makeRoom(sampleCount: number, weightCount: number): void {
    if (this.#flags.flags.length < sampleCount) {
      this.#flags = createFlagBuffer(sampleCount);
      this.#vis = new Float32Array(2 * sampleCount);
    }
    if (this.#weights.length < weightCount) this.#weights = new Float32Array(weightCount);
    if (this.#ms.weights.spectrum !== null && this.#spectrum.length < sampleCount)
      this.#spectrum = new Float32Array(sampleCount);
  }

  #readFlags(rowStart: number, rowEnd: number, perRow: number): Uint8Array {
    const flags = this.#flags.flags.subarray(0, (rowEnd - rowStart) * perRow);
    const { startFlags } = this.#options;
    if (startFlags !== undefined) {
      for (let row = rowStart; row < rowEnd; row++)
        unpackRow(startFlags, row, this.#flags, (row - rowStart) * perRow, perRow);
      return flags;
    }
    this.#main.column("FLAG").getCellsInto(rowStart, rowEnd, flags);
    for (let row = rowStart; row < rowEnd; row++)
      if (this.#flagRows![row] !== 0) flags.fill(1, (row - rowStart) * perRow, (row - rowStart + 1) * perRow);
    return flags;
  }

  #readWeights(rowStart: number, rowEnd: number, corrCount: number): Float32Array {
    const weights = this.#weights.subarray(0, (rowEnd - rowStart) * corrCount);
    if (!this.#options.calibratesWeights) {
      this.#main.column(this.#ms.weights.weightColumn).getCellsInto(rowStart, rowEnd, weights);
      return weights;
    }
    this.#main.column("SIGMA").getCellsInto(rowStart, rowEnd, weights);
    toWeights(weights);
    return weights;
  }

  #readSpectrum(rowStart: number, rowEnd: number, perRow: number): Float32Array | null {
    const { spectrum } = this.#ms.weights;
    if (spectrum === null) return null;
    const values = this.#spectrum.subarray(0, (rowEnd - rowStart) * perRow);
    this.#main.column(spectrum.column).getCellsInto(rowStart, rowEnd, values);
    if (spectrum.isSigma) toWeights(values);
    return values;
  }
}

/** 1/σ²; no weight where σ says nothing. */
function toWeights(sigmas: Float32Array): void {
  for (let at = 0; at < sigmas.length; at++) {
    const sigma = sigmas[at]!;
    sigmas[at] = sigma > 0 && sigma < Number.POSITIVE_INFINITY ? 1 / (sigma * sigma) : 0;
  }
}
