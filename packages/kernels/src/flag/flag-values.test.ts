import { describe, expect, it } from "vitest";
import { flagClip, flagInvalid } from "./flag-values.ts";
import type { VisibilityBlock } from "./visibility-block.ts";

/** One row of two correlations from pairs of re, im. */
function blockOf(...parts: readonly number[]): VisibilityBlock {
  const channelCount = parts.length / 4;
  const flags = new Uint8Array(parts.length / 2);
  return { vis: Float32Array.from(parts), flags, rowCount: 1, channelCount, correlationCount: 2 };
}

describe("flagInvalid", () => {
  it("flags exact zeros and what is not finite, and counts what it newly flags", () => {
    const block = blockOf(0, 0, 0, 1e-45, NaN, 1, 1, -Infinity, 3e38, 3e38, -0, 0);
    block.flags[5] = 1;
    expect(flagInvalid(block)).toEqual({ zeroCount: 1, nonFiniteCount: 2 });
    expect([...block.flags]).toEqual([1, 0, 1, 1, 0, 1]);
    expect(flagInvalid(block)).toEqual({ zeroCount: 0, nonFiniteCount: 0 });
  });

  it("refuses arrays that do not fit together", () => {
    const block = { ...blockOf(0, 0, 0, 0), rowCount: 2 };
    expect(() => flagInvalid(block)).toThrow("vis: expected 8");
    expect(() => flagInvalid({ ...block, vis: new Float32Array(8) })).toThrow("flags: expected 4, found 2");
  });
});

describe("flagClip", () => {
  const range = { minAmplitude: 1, maxAmplitude: 5 };

  it("outside: flags below and above, not the bounds; nothing that is not finite", () => {
    const block = blockOf(3, 4, 0.5, 0, 0, 1, 0, -6, NaN, 0, Infinity, 0);
    expect(flagClip(block, { ...range, flag: "outside", by: "correlation" })).toBe(2);
    expect([...block.flags]).toEqual([0, 1, 0, 1, 0, 0]);
  });

  it("inside: flags between, bounds included", () => {
    const block = blockOf(3, 4, 0.5, 0, 0, 1, 0, -6);
    expect(flagClip(block, { ...range, flag: "inside", by: "correlation" })).toBe(2);
    expect([...block.flags]).toEqual([1, 0, 1, 0]);
  });

  it("by Stokes I: half the sum decides for all, and is not judged with one of them flagged", () => {
    const block = blockOf(8, 0, 6, 0, 8, 0, -6, 0, 8, 0, 8, 0);
    block.flags[4] = 1;
    expect(flagClip(block, { ...range, flag: "outside", by: "stokes-i" })).toBe(2);
    expect([...block.flags]).toEqual([1, 1, 0, 0, 1, 0]);
  });

  it("refuses a range that is none", () => {
    const options = { minAmplitude: 2, maxAmplitude: 1, flag: "outside", by: "correlation" } as const;
    expect(() => flagClip(blockOf(1, 1, 1, 1), options)).toThrow("found 2 and 1");
  });
});
