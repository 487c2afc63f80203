import { expect, test } from "vitest";
import { packFlags } from "./pack-flags.ts";

/** Bit by bit, as the format is defined. */
function packSlowly(flags: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(flags.length / 8));
  for (const [i, flag] of flags.entries()) packed[i >> 3] = (packed[i >> 3] as number) | (flag << (i & 7));
  return packed;
}

test("every byte comes from its eight flags, lowest bit first", () => {
  const flags = Uint8Array.from({ length: 256 * 8 }, (_, i) => ((i >> 3) >> (i & 7)) & 1);
  const packed = new Uint8Array(256);
  packFlags(flags, packed);
  expect(packed).toEqual(Uint8Array.from({ length: 256 }, (_, i) => i));
});

test("any length and any alignment in memory gives the same bits, and bytes beside them stay", () => {
  const source = Uint8Array.from({ length: 100 }, (_, i) => ((i * i) % 5 === 1 ? 1 : 0));
  for (let start = 0; start < 5; start++) {
    for (let end = start; end < 40; end++) {
      const flags = source.subarray(start, end);
      const into = new Uint8Array(10).fill(0xaa);
      packFlags(flags, into, 2);
      const expected = new Uint8Array(10).fill(0xaa);
      expected.set(packSlowly(flags), 2);
      expect(into).toEqual(expected);
    }
  }
});

test("a target that is too short is refused", () => {
  expect(() => packFlags(new Uint8Array(17), new Uint8Array(2))).toThrow(/expected 3 bytes/);
});
