import { describe, expect, it } from "vitest";
import {
  flagChannels,
  flagRows,
  markAntennas,
  markAutocorrelations,
  markBaselines,
  markQuack,
  markShadowed,
  markTimes,
} from "./select-rows.ts";

const ant1 = Int32Array.of(0, 0, 1, 2, 1);
const ant2 = Int32Array.of(0, 1, 2, 0, 1);

describe("rows by antenna", () => {
  it.each<[string, (marks: Uint8Array) => number, number[]]>([
    ["autocorrelations", (marks) => markAutocorrelations(marks, ant1, ant2), [1, 0, 0, 0, 1]],
    ["an antenna at either end", (marks) => markAntennas(marks, ant1, ant2, [2]), [0, 0, 1, 1, 0]],
    ["a baseline in either order", (marks) => markBaselines(marks, ant1, ant2, [[0, 2]]), [0, 0, 0, 1, 0]],
    ["no antenna", (marks) => markAntennas(marks, ant1, ant2, []), [0, 0, 0, 0, 0]],
  ])("%s", (_, apply, expected) => {
    const marks = new Uint8Array(5);
    expect(apply(marks)).toBe(expected.reduce((sum, one) => sum + one, 0));
    expect([...marks]).toEqual(expected);
    expect(apply(marks)).toBe(0);
  });
});

describe("rows by time", () => {
  const timeSec = Float64Array.of(5, 15, 25, 35, 45);
  const exposureSec = new Float64Array(5).fill(10);
  const scan = Int32Array.of(1, 1, 1, 2, 2);

  it("ranges include their start and not their end", () => {
    const marks = new Uint8Array(5);
    expect(markTimes(marks, timeSec, [{ startSec: 15, endSec: 35 }])).toBe(2);
    expect([...marks]).toEqual([0, 1, 1, 0, 0]);
  });

  it.each([
    [{ intervalSec: 2, at: "begin" }, [1, 0, 0, 1, 0]],
    [{ intervalSec: 10, at: "begin" }, [1, 0, 0, 1, 0]],
    [{ intervalSec: 10.1, at: "begin" }, [1, 1, 0, 1, 1]],
    [{ intervalSec: 2, at: "end" }, [0, 0, 1, 0, 1]],
    [{ intervalSec: 2, at: "both" }, [1, 0, 1, 1, 1]],
    [{ intervalSec: 0, at: "both" }, [0, 0, 0, 0, 0]],
  ] as const)("quack %o marks each scan", (options, expected) => {
    const marks = new Uint8Array(5);
    markQuack(marks, timeSec, exposureSec, scan, options);
    expect([...marks]).toEqual(expected);
  });

  it("refuses a negative interval", () => {
    expect(() => markQuack(new Uint8Array(5), timeSec, exposureSec, scan, { intervalSec: -1, at: "end" })).toThrow(
      "-1",
    );
  });
});

describe("shadow", () => {
  const timeSec = Float64Array.of(0, 0, 0, 9, 9);
  const diameterM = Float64Array.of(4, 4, 4);

  function marked(toleranceM: number, w: number): number[] {
    // Antennas 0 and 1 are 3 m apart as seen from the source in the first integration; all others far.
    const uvwM = Float64Array.of(0, 0, 0, 3, 0, w, 50, 0, 9, 50, 0, -9, 0, 0, 0);
    const marks = new Uint8Array(5);
    markShadowed(marks, ant1, ant2, timeSec, uvwM, { diameterM, toleranceM });
    return [...marks];
  }

  it("marks all rows of the farther antenna in that integration", () => {
    expect(marked(0, 8)).toEqual([1, 1, 0, 0, 0]);
    expect(marked(0, -8)).toEqual([0, 1, 1, 0, 0]);
  });

  it("forgives the tolerance, and nobody is behind at equal distance", () => {
    expect(marked(0.9, 8)).toEqual([1, 1, 0, 0, 0]);
    expect(marked(1, 8)).toEqual([0, 0, 0, 0, 0]);
    expect(marked(0, 0)).toEqual([0, 0, 0, 0, 0]);
  });
});

describe("marks become flags", () => {
  const blockOf = () => ({
    vis: new Float32Array(24),
    flags: new Uint8Array(12),
    rowCount: 2,
    channelCount: 3,
    correlationCount: 2,
  });

  it("of whole rows, or of one correlation", () => {
    const block = blockOf();
    expect(flagRows(block, Uint8Array.of(0, 1), 1)).toBe(3);
    expect([...block.flags]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1]);
    expect(flagRows(block, Uint8Array.of(0, 1))).toBe(3);
    expect(() => flagRows(block, new Uint8Array(3))).toThrow("expected 2, found 3");
  });

  it("of channels", () => {
    const block = blockOf();
    block.flags[2] = 1;
    expect(flagChannels(block, Uint8Array.of(0, 1, 0))).toBe(3);
    expect([...block.flags]).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0]);
    expect(() => flagChannels(block, new Uint8Array(2))).toThrow("expected 3, found 2");
  });
});
