import { describe, expect, it } from "vitest";
import { planRows, type RowStorage } from "./row-plan.ts";

/** Chunks laid side by side from `start`, in the order of the grid. */
function chunked(
  shape: [number, number, number],
  chunkShape: [number, number, number],
  elementBytes: number,
  start: number,
): RowStorage {
  const count = shape.reduce((product, size, d) => product * Math.ceil(size / (chunkShape[d] as number)), 1);
  const chunkBytes = chunkShape.reduce((product, size) => product * size, elementBytes);
  return {
    shape,
    chunkShape,
    elementBytes,
    addressBytes: Float64Array.from({ length: count }, (_, i) => start + i * chunkBytes),
    storedBytes: null,
  };
}

const vis = chunked([1000, 48, 2], [128, 12, 1], 8, 4096);
const flags = chunked([1000, 48, 2], [256, 24, 1], 1, 2_000_000);

describe("planRows", () => {
  it("reads neighbours in one go and covers every wanted byte once, in ascending order", () => {
    const plan = planRows([vis, flags], { bltStart: 0, bltEnd: 1000 });
    expect(plan.pieceCount).toBe(8 * 8 + 4 * 4);
    for (let i = 1; i < plan.pieceCount; i++) {
      expect(plan.addressBytes[i]).toBeGreaterThanOrEqual(
        (plan.addressBytes[i - 1] as number) + (plan.lengthBytes[i - 1] as number),
      );
    }
    // The last band holds 104 of 128 rows of visibilities and 232 of 256 of flags: its last chunk ends early.
    expect(plan.spans.map(({ startByte, endByte }) => [startByte, endByte])).toEqual([
      [4096, 4096 + 63 * 12288 + 104 * 96],
      [2_000_000, 2_000_000 + 15 * 6144 + 232 * 24],
    ]);
    expect(plan.missing).toEqual([]);
  });

  it("reads only the rows that are wanted of plainly stored chunks", () => {
    const plan = planRows([vis], { bltStart: 130, bltEnd: 140 });
    expect(plan.pieceCount).toBe(8);
    expect([...plan.storedRowStart]).toEqual(Array(8).fill(2));
    expect([...plan.rowEnd]).toEqual(Array(8).fill(12));
    expect([...plan.lengthBytes]).toEqual(Array(8).fill(10 * 96));
    expect(plan.addressBytes[0]).toBe(4096 + 8 * 12288 + 2 * 96);
  });

  it("reads filtered chunks whole", () => {
    const stored = { ...vis, storedBytes: new Uint32Array(vis.addressBytes.length).fill(5000) };
    const plan = planRows([stored], { bltStart: 130, bltEnd: 140 });
    expect([...plan.lengthBytes]).toEqual(Array(8).fill(5000));
    expect([...plan.storedRowStart]).toEqual(Array(8).fill(0));
    expect([...plan.rowStart]).toEqual(Array(8).fill(2));
  });

  it("never makes a span longer than allowed, nor bridges a gap that is too wide", () => {
    const whole = planRows([vis, flags], { bltStart: 0, bltEnd: 1000 }, { maxSpanBytes: 50_000 });
    for (const { startByte, endByte } of whole.spans) expect(endByte - startByte).toBeLessThanOrEqual(50_000);
    expect(whole.spans.at(-1)?.pieceEnd).toBe(whole.pieceCount);
    expect(planRows([vis, flags], { bltStart: 0, bltEnd: 1000 }, { maxGapBytes: 2_000_000 }).spans.length).toBe(1);
  });

  it("splits a contiguous array into pieces of at most 1 MiB", () => {
    const contiguous: RowStorage = {
      ...vis,
      shape: [5000, 48, 2],
      chunkShape: [5000, 48, 2],
      addressBytes: Float64Array.of(4096),
    };
    const plan = planRows([contiguous], { bltStart: 0, bltEnd: 5000 });
    expect(plan.pieceCount).toBe(Math.ceil(5000 / Math.floor((1 << 20) / 768)));
    expect(plan.lengthBytes.reduce((sum, bytes) => sum + bytes, 0)).toBe(5000 * 768);
  });

  it("follows addresses, not the order of the chunks", () => {
    const reversed = { ...vis, addressBytes: vis.addressBytes.slice().reverse() };
    const plan = planRows([reversed], { bltStart: 0, bltEnd: 1000 });
    expect([...plan.addressBytes]).toEqual([...plan.addressBytes].sort((a, b) => a - b));
    expect(plan.chunkIndex[0]).toBe(63);
  });

  it("names chunks that are not stored, and plans nothing for an empty range", () => {
    const addressBytes = vis.addressBytes.slice();
    addressBytes[9] = -1;
    expect(planRows([{ ...vis, addressBytes }], { bltStart: 128, bltEnd: 256 }).missing).toEqual([
      { arrayIndex: 0, chunkIndex: 9 },
    ]);
    expect(planRows([vis], { bltStart: 128, bltEnd: 128 })).toMatchObject({ pieceCount: 0, spans: [] });
  });

  it.each([
    [-1, 5],
    [5, 4],
    [0, 1001],
    [0.5, 2],
  ])("refuses the range %d to %d", (bltStart, bltEnd) => {
    expect(() => planRows([vis], { bltStart, bltEnd })).toThrow(/expected a range within 0 to 1000/);
  });
});
