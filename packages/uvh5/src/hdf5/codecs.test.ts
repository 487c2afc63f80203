import { describe, expect, it } from "vitest";
import { fletcher32 } from "./fletcher32.ts";
import { lookup3 } from "./lookup3.ts";
import { decodeLzf } from "./lzf.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("lookup3", () => {
  it("has the values its author published", () => {
    expect(lookup3(ascii(""))).toBe(0xdeadbeef);
    expect(lookup3(ascii("Four score and seven years ago"))).toBe(0x17770551);
  });
});

describe("fletcher32", () => {
  /** The definition, one word at a time: sums modulo 65535, where a sum of 65535 may stand for 0. */
  const slow = (bytes: Uint8Array): number => {
    let [low, high] = [0n, 0n];
    for (let i = 0; i < bytes.length; i += 2) {
      low += BigInt((bytes[i] as number) * 256 + (bytes[i + 1] ?? 0));
      high += low;
    }
    return Number((high % 65535n) * 65536n + (low % 65535n));
  };

  it.each([1, 2, 3, 719, 720, 721, 722, 5000])("agrees with its definition on %i bytes", (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 197 + 31) % 256);
    expect(fletcher32(bytes)).toBe(slow(bytes));
  });

  it("does not overflow on the largest words", () => {
    expect(fletcher32(new Uint8Array(100_000).fill(255)) % 65535).toBe(0);
  });
});

describe("decodeLzf", () => {
  const decode = (input: readonly number[], length: number): string | null => {
    const into = new Uint8Array(length);
    return decodeLzf(Uint8Array.from(input), into) ? String.fromCharCode(...into) : null;
  };
  const [a, b, c] = [97, 98, 99];

  it("copies literals", () => {
    expect(decode([2, a, b, c], 3)).toBe("abc");
  });

  it("copies what came before, also where it overlaps itself", () => {
    expect(decode([2, a, b, c, (4 << 5) | 0, 2], 9)).toBe("abcabcabc");
    expect(decode([0, a, (7 << 5) | 0, 11, 0], 21)).toBe("a".repeat(21));
  });

  it("refuses streams that are cut, reach before the start, or give too much or too little", () => {
    expect(decode([2, a, b], 3)).toBeNull();
    expect(decode([0, a, 1 << 5], 4)).toBeNull();
    expect(decode([0, a, 7 << 5], 20)).toBeNull();
    expect(decode([0, a, 1 << 5, 1], 4)).toBeNull();
    expect(decode([2, a, b, c], 2)).toBeNull();
    expect(decode([2, a, b, c], 4)).toBeNull();
  });
});
