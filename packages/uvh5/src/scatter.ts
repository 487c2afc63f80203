/** Puts the elements of a chunk where they belong in an array [row, chan, pol]. */

/** A block of a chunk and its place. All counts are of elements; each element is as many numbers as the function says. */
export interface Block {
  /** First element of the block in the source; the source is [row, chunkChans, chunkPols] from there. */
  readonly sourceStart: number;
  readonly rowCount: number;
  readonly chunkChans: number;
  readonly chunkPols: number;
  /** Channels and polarizations of the chunk that lie inside the array. */
  readonly chanCount: number;
  readonly polCount: number;
  /** Element of the destination where the block begins. */
  readonly targetStart: number;
  /** Elements of a row, and of a channel, of the destination. */
  readonly targetRow: number;
  readonly targetPols: number;
}

/**
 * Scatters elements of two 32-bit words (complex64). Words and not floats, so that every bit pattern
 * stays as it is: an engine may quieten signalling NaNs when it copies floats.
 */
export function scatterPairs(source: Int32Array, target: Int32Array, block: Block): void {
  const { rowCount, chunkChans, chunkPols, chanCount, polCount, targetRow, targetPols } = block;
  const sourceRow = 2 * chunkChans * chunkPols;
  const sourceStart = 2 * block.sourceStart;
  const targetStart = 2 * block.targetStart;
  if (chunkPols === targetPols && polCount === chunkPols) {
    const run = 2 * chanCount * chunkPols;
    if (sourceRow === 2 * targetRow && run === sourceRow) {
      target.set(source.subarray(sourceStart, sourceStart + rowCount * run), targetStart);
      return;
    }
    for (let row = 0; row < rowCount; row++) {
      let s = sourceStart + row * sourceRow;
      let t = targetStart + row * 2 * targetRow;
      for (const end = s + run; s < end; s++, t++) target[t] = source[s] as number;
    }
    return;
  }
  if (chunkPols === 1) {
    const step = 2 * targetPols;
    for (let row = 0; row < rowCount; row++) {
      let s = sourceStart + row * sourceRow;
      let t = targetStart + row * 2 * targetRow;
      for (const end = s + 2 * chanCount; s < end; s += 2, t += step) {
        target[t] = source[s] as number;
        target[t + 1] = source[s + 1] as number;
      }
    }
    return;
  }
  for (let row = 0; row < rowCount; row++) {
    for (let chan = 0; chan < chanCount; chan++) {
      let s = sourceStart + row * sourceRow + 2 * chan * chunkPols;
      let t = targetStart + 2 * (row * targetRow + chan * targetPols);
      for (const end = s + 2 * polCount; s < end; s++, t++) target[t] = source[s] as number;
    }
  }
}

/**
 * Scatters two chunks of one polarization each, lying at the same rows and channels, into an array of two
 * polarizations at once: 1.6 times as fast as one after the other, because each line of the target is
 * touched once. `block` describes the first; the second starts at element `secondStart` of the source.
 */
export function scatterTwoPols(source: Int32Array, secondStart: number, target: Int32Array, block: Block): void {
  const { rowCount, chunkChans, chanCount, targetRow } = block;
  let first = 2 * block.sourceStart;
  let second = 2 * secondStart;
  let row = 2 * block.targetStart;
  for (let i = 0; i < rowCount; i++) {
    let p = first;
    let q = second;
    let t = row;
    for (const end = p + 2 * chanCount; p < end; p += 2, q += 2, t += 4) {
      target[t] = source[p] as number;
      target[t + 1] = source[p + 1] as number;
      target[t + 2] = source[q] as number;
      target[t + 3] = source[q + 1] as number;
    }
    first += 2 * chunkChans;
    second += 2 * chunkChans;
    row += 2 * targetRow;
  }
}

/** Scatters elements of two doubles (complex128). */
export function scatterDoublePairs(source: Float64Array, target: Float64Array, block: Block): void {
  forEachRun(block, (s, t, count) => {
    for (let i = 0; i < 2 * count; i++) target[2 * t + i] = source[2 * s + i] as number;
  });
}

/** Scatters elements of one 32-bit word (nsamples). */
export function scatterWords(source: Int32Array, target: Int32Array, block: Block): void {
  const { rowCount, chunkChans, chunkPols, chanCount, polCount, targetRow, targetPols } = block;
  // One polarization a chunk is what writers make, and as a loop of its own twice as fast.
  if (chunkPols === 1) {
    for (let row = 0; row < rowCount; row++) {
      let s = block.sourceStart + row * chunkChans;
      let t = block.targetStart + row * targetRow;
      for (const end = s + chanCount; s < end; s++, t += targetPols) target[t] = source[s] as number;
    }
    return;
  }
  for (let row = 0; row < rowCount; row++) {
    for (let chan = 0; chan < chanCount; chan++) {
      const s = block.sourceStart + (row * chunkChans + chan) * chunkPols;
      const t = block.targetStart + row * targetRow + chan * targetPols;
      for (let pol = 0; pol < polCount; pol++) target[t + pol] = source[s + pol] as number;
    }
  }
}

/** Scatters elements of one byte (flags). @returns the bits that are set in any of them */
export function scatterBytes(source: Uint8Array, target: Uint8Array, block: Block): number {
  const { rowCount, chunkChans, chunkPols, chanCount, polCount, targetRow, targetPols } = block;
  let seen = 0;
  if (chunkPols === 1) {
    for (let row = 0; row < rowCount; row++) {
      let s = block.sourceStart + row * chunkChans;
      let t = block.targetStart + row * targetRow;
      for (const end = s + chanCount; s < end; s++, t += targetPols) {
        const byte = source[s] as number;
        seen |= byte;
        target[t] = byte;
      }
    }
    return seen;
  }
  for (let row = 0; row < rowCount; row++) {
    for (let chan = 0; chan < chanCount; chan++) {
      const s = block.sourceStart + (row * chunkChans + chan) * chunkPols;
      const t = block.targetStart + row * targetRow + chan * targetPols;
      for (let pol = 0; pol < polCount; pol++) {
        const byte = source[s + pol] as number;
        seen |= byte;
        target[t + pol] = byte;
      }
    }
  }
  return seen;
}

/** Calls back with the runs of elements that are adjacent in source and target. */
function forEachRun(block: Block, copy: (source: number, target: number, count: number) => void): void {
  const { rowCount, chunkChans, chunkPols, chanCount, polCount, targetRow, targetPols } = block;
  for (let row = 0; row < rowCount; row++) {
    for (let chan = 0; chan < chanCount; chan++) {
      copy(
        block.sourceStart + (row * chunkChans + chan) * chunkPols,
        block.targetStart + row * targetRow + chan * targetPols,
        polCount,
      );
    }
  }
}

/** Whether the words [start, end) all equal `value`. */
export function allWordsEqual(words: Int32Array, start: number, end: number, value: number): boolean {
  let i = start;
  // Eight at a time without a branch between them: 1.6 times as fast as one by one.
  for (const stop = end - 7; i < stop; i += 8) {
    const different =
      ((words[i] as number) ^ value) |
      ((words[i + 1] as number) ^ value) |
      ((words[i + 2] as number) ^ value) |
      ((words[i + 3] as number) ^ value) |
      ((words[i + 4] as number) ^ value) |
      ((words[i + 5] as number) ^ value) |
      ((words[i + 6] as number) ^ value) |
      ((words[i + 7] as number) ^ value);
    if (different !== 0) return false;
  }
  for (; i < end; i++) if (words[i] !== value) return false;
  return true;
}
