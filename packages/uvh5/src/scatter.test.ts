import { describe, expect, it } from "vitest";
import {
  allWordsEqual,
  type Block,
  scatterBytes,
  scatterDoublePairs,
  scatterPairs,
  scatterTwoPols,
  scatterWords,
} from "./scatter.ts";

/** Element by element, as the definition says. `width` numbers make an element. */
function slow(source: ArrayLike<number>, target: number[], width: number, block: Block): number[] {
  const { sourceStart, rowCount, chunkChans, chunkPols, chanCount, polCount, targetStart, targetRow, targetPols } =
    block;
  for (let row = 0; row < rowCount; row++) {
    for (let chan = 0; chan < chanCount; chan++) {
      for (let pol = 0; pol < polCount; pol++) {
        const s = sourceStart + (row * chunkChans + chan) * chunkPols + pol;
        const t = targetStart + row * targetRow + chan * targetPols + pol;
        for (let k = 0; k < width; k++) target[width * t + k] = source[width * s + k] as number;
      }
    }
  }
  return target;
}

/** Shapes of chunk and array that take each of the paths: whole rows, runs, one polarization, part of them. */
const BLOCKS: readonly Block[] = [
  {
    sourceStart: 0,
    rowCount: 5,
    chunkChans: 6,
    chunkPols: 2,
    chanCount: 6,
    polCount: 2,
    targetStart: 12,
    targetRow: 12,
    targetPols: 2,
  },
  {
    sourceStart: 8,
    rowCount: 5,
    chunkChans: 4,
    chunkPols: 2,
    chanCount: 3,
    polCount: 2,
    targetStart: 6,
    targetRow: 12,
    targetPols: 2,
  },
  {
    sourceStart: 4,
    rowCount: 5,
    chunkChans: 4,
    chunkPols: 1,
    chanCount: 3,
    polCount: 1,
    targetStart: 7,
    targetRow: 12,
    targetPols: 2,
  },
  {
    sourceStart: 0,
    rowCount: 3,
    chunkChans: 4,
    chunkPols: 3,
    chanCount: 2,
    polCount: 1,
    targetStart: 3,
    targetRow: 24,
    targetPols: 4,
  },
  {
    sourceStart: 0,
    rowCount: 3,
    chunkChans: 4,
    chunkPols: 3,
    chanCount: 2,
    polCount: 3,
    targetStart: 0,
    targetRow: 24,
    targetPols: 4,
  },
];

describe.each(BLOCKS)("a block of $chanCount × $polCount in chunks of $chunkChans × $chunkPols", (block) => {
  const numbers = Array.from({ length: 400 }, (_, i) => i + 1);
  const blank = (): number[] => Array.from({ length: 400 }, () => -1);

  it("lands where the definition says, and nothing else changes", () => {
    const pairs = Int32Array.from(blank());
    scatterPairs(Int32Array.from(numbers), pairs, block);
    expect([...pairs]).toEqual(slow(numbers, blank(), 2, block));
    const doubles = Float64Array.from(blank());
    scatterDoublePairs(Float64Array.from(numbers), doubles, block);
    expect([...doubles]).toEqual(slow(numbers, blank(), 2, block));
    const words = Int32Array.from(blank());
    scatterWords(Int32Array.from(numbers), words, block);
    expect([...words]).toEqual(slow(numbers, blank(), 1, block));
    const bytes = new Uint8Array(400).fill(255);
    const small = numbers.map((n) => n % 200);
    const placed = slow(small, new Array<number>(400).fill(0), 1, block);
    expect(scatterBytes(Uint8Array.from(small), bytes, block)).toBe(placed.reduce((bits, byte) => bits | byte, 0));
    expect([...bytes]).toEqual(slow(small, new Array<number>(400).fill(255), 1, block));
  });
});

describe("scatterTwoPols", () => {
  it("equals one after the other", () => {
    const source = Int32Array.from({ length: 400 }, (_, i) => i * 7);
    const block = { ...(BLOCKS[2] as Block), targetStart: 6 };
    const expected = new Int32Array(400);
    scatterPairs(source, expected, block);
    scatterPairs(source, expected, { ...block, sourceStart: 60, targetStart: 7 });
    const found = new Int32Array(400);
    scatterTwoPols(source, 60, found, block);
    expect(found).toEqual(expected);
  });

  it("keeps the bits of signalling NaNs", () => {
    const bits = 0x7fa00001;
    const target = new Float32Array(8);
    scatterTwoPols(new Int32Array(4).fill(bits), 1, new Int32Array(target.buffer), {
      ...(BLOCKS[2] as Block),
      sourceStart: 0,
      rowCount: 1,
      chanCount: 1,
      targetStart: 0,
    });
    expect(new Int32Array(target.buffer)[0]).toBe(bits);
  });
});

describe("allWordsEqual", () => {
  it.each([0, 1, 7, 8, 9, 31])("finds the one word that differs among %i", (length) => {
    const words = new Int32Array(length + 2).fill(5);
    expect(allWordsEqual(words, 1, length + 1, 5)).toBe(true);
    for (let i = 1; i <= length; i++) {
      words[i] = 6;
      expect(allWordsEqual(words, 1, length + 1, 5)).toBe(false);
      words[i] = 5;
    }
    words[0] = 6;
    words[length + 1] = 6;
    expect(allWordsEqual(words, 1, length + 1, 5)).toBe(true);
  });
});
