/** Gains of all tables together, at the times and for the antennas of a block of rows. */

import {
  composeGains,
  createInverseGains,
  type GainTable,
  type InverseGains,
  interpolateGains,
} from "@contimg/kernels/solve";
import type { ApplyBlock, ApplyMs } from "./apply-ms.ts";
import type { GainFactor, GainFactors } from "./gain-factors.ts";

export interface BlockGains {
  readonly gains: InverseGains;
  /** Interval of `gains` for each row of the block. */
  readonly intervalOfRow: Int32Array;
}

const POL_COUNT = 2;

/** Not for two threads at a time: what it returns is overwritten by the next call. */
export class GainComposer {
  readonly #ms: ApplyMs;
  readonly #factors: GainFactors;
  /** By window: gains that do not change with time. */
  readonly #constant = new Map<number, InverseGains>();
  #inverse = new Float32Array(0);
  #powers = new Float32Array(0);

  constructor(ms: ApplyMs, factors: GainFactors) {
    this.#ms = ms;
    this.#factors = factors;
  }

  gainsOf(block: ApplyBlock): BlockGains {
    const { timesMjdSec, antennaNames, windows } = this.#ms;
    const factors = this.#factors[block.windowIndex]!;
    const shape = {
      antennaCount: antennaNames.length,
      polCount: POL_COUNT,
      channelCount: windows[block.windowIndex]!.freqHz.length,
    };
    const intervalOfRow = new Int32Array(block.rowEnd - block.rowStart);
    if (factors.every(({ table }) => table.intervalCount === 1)) {
      const known = this.#constant.get(block.windowIndex);
      if (known) return { gains: known, intervalOfRow };
      const gains = createInverseGains({ ...shape, intervalCount: 1 });
      composeGains(
        factors.map(({ table }) => table),
        gains,
      );
      this.#constant.set(block.windowIndex, gains);
      return { gains, intervalOfRow };
    }
    const indexOf = new Map<number, number>();
    for (let row = block.rowStart; row < block.rowEnd; row++) {
      const time = timesMjdSec[row]!;
      let interval = indexOf.get(time);
      if (interval === undefined) {
        interval = indexOf.size;
        indexOf.set(time, interval);
      }
      intervalOfRow[row - block.rowStart] = interval;
    }
    const times = Float64Array.from(indexOf.keys());
    const gains = this.#room({ ...shape, intervalCount: times.length });
    composeGains(
      factors.map((factor) => atTimes(factor, times)),
      gains,
      this.#wanted(block),
    );
    return { gains, intervalOfRow };
  }

  #room(shape: Omit<InverseGains, "inverse" | "powers">): InverseGains {
    const count = shape.antennaCount * shape.intervalCount * shape.polCount * shape.channelCount;
    if (this.#powers.length < count) {
      this.#inverse = new Float32Array(2 * count);
      this.#powers = new Float32Array(count);
    }
    return { ...shape, inverse: this.#inverse.subarray(0, 2 * count), powers: this.#powers.subarray(0, count) };
  }

  /** Blocks of one baseline need the gains of two antennas only. */
  #wanted({ rowStart, rowEnd }: ApplyBlock): Uint8Array {
    const isWanted = new Uint8Array(this.#ms.antennaNames.length);
    for (let row = rowStart; row < rowEnd; row++) {
      isWanted[this.#ms.ant1[row]!] = 1;
      isWanted[this.#ms.ant2[row]!] = 1;
    }
    return isWanted;
  }
}

function atTimes({ table, timesMjdSec, timeInterpolation }: GainFactor, times: Float64Array): GainTable {
  return table.intervalCount === 1 ? table : interpolateGains(table, "time", timesMjdSec, times, timeInterpolation);
}
