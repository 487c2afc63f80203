import { describe, expect, it } from "vitest";
import {
  createRfiSearch,
  RFI_SEARCH_DEFAULTS,
  rowsByBaseline,
  searchBaseline,
  searchPlane,
  type VisibilityBlock,
} from "../src/flag/index.ts";
import { normalFrom, uniformFrom } from "./uniform-from.ts";

const TIMES = 24;
const CHANNELS = 768;
const OPTIONS = { ...RFI_SEARCH_DEFAULTS, subbandChannelCount: 48 };

/** Amplitudes of a source of `level` σ in noise of σ 1, with a step at each subband, its roll-off and a slow wave in time. */
function plane(seed: number, level: number): Float32Array {
  const normal = normalFrom(uniformFrom(seed));
  return Float32Array.from({ length: TIMES * CHANNELS }, (_, at) => {
    const channel = at % CHANNELS;
    const time = Math.floor(at / CHANNELS);
    const edge = 1 - 0.24 * (Math.abs((channel % 48) - 23.5) / 24) ** 6;
    const step = 1 + 0.1 * ((Math.floor(channel / 48) * 7) % 5);
    const wave = 1 + 0.1 * Math.sin(time / 4);
    return Math.hypot(level * edge * step * wave + normal(), normal());
  });
}

function search(amplitudes: Float32Array, inputFlags?: Uint8Array): Uint8Array {
  const work = createRfiSearch(TIMES, CHANNELS, OPTIONS);
  work.amplitudes.set(amplitudes);
  if (inputFlags !== undefined) work.flags.set(inputFlags);
  searchPlane(work, TIMES);
  return work.flags;
}

const ratio = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0) / flags.length;

describe("a plane without interference", () => {
  it.each([0, 1, 5])("of a source of %d σ keeps 99.5 % of its samples", (level) => {
    expect(ratio(search(plane(3 + level, level)))).toBeLessThan(0.005);
  });

  it("of a source of 30 σ keeps 97 %: a wave of 4 σ and roll-off of 7 σ are no longer followed to the noise", () => {
    expect(ratio(search(plane(33, 30)))).toBeLessThan(0.03);
  });

  it("without any noise keeps all", () => {
    expect(ratio(search(new Float32Array(TIMES * CHANNELS).fill(7)))).toBe(0);
  });
});

describe("interference", () => {
  it("in one channel all the time is found at 3 σ of a sample", () => {
    const amplitudes = plane(21, 8);
    for (let time = 0; time < TIMES; time++) amplitudes[time * CHANNELS + 300] += 3;
    const flags = search(amplitudes);
    let found = 0;
    for (let time = 0; time < TIMES; time++) found += flags[time * CHANNELS + 300] as number;
    expect(found / TIMES).toBeGreaterThan(0.95);
    expect(ratio(flags)).toBeLessThan(0.01);
  });

  it("over a whole subband for one integration is found at 4 σ", () => {
    const amplitudes = plane(22, 8);
    for (let channel = 480; channel < 528; channel++) amplitudes[9 * CHANNELS + channel] += 4;
    const flags = search(amplitudes);
    expect(ratio(flags.subarray(9 * CHANNELS + 480, 9 * CHANNELS + 528))).toBeGreaterThan(0.95);
    expect(ratio(flags)).toBeLessThan(0.01);
  });

  it("that is strong is flagged where it is added, whatever else is there", () => {
    const amplitudes = plane(23, 8);
    const uniform = uniformFrom(24);
    for (let round = 0; round < 5; round++) {
      const places = Array.from({ length: 20 }, () => Math.floor(uniform() * amplitudes.length));
      for (const at of places) amplitudes[at] += 50 + 1000 * uniform();
      const flags = search(amplitudes);
      expect(places.every((at) => flags[at] === 1)).toBe(true);
    }
  });
});

it("flags only grow, and values under flags change nothing", () => {
  const amplitudes = plane(31, 8);
  const uniform = uniformFrom(32);
  const inputFlags = Uint8Array.from({ length: amplitudes.length }, () => (uniform() < 0.2 ? 1 : 0));
  const flags = search(amplitudes, inputFlags);
  expect(inputFlags.every((flag, at) => flag === 0 || flags[at] === 1)).toBe(true);
  const changed = amplitudes.map((value, at) => (inputFlags[at] === 1 ? 1e5 * uniform() : value));
  expect(search(changed, inputFlags)).toEqual(flags);
});

it("does not depend on the unit: a power of two times the amplitudes gives the same flags", () => {
  const amplitudes = plane(41, 8);
  for (let time = 0; time < TIMES; time += 2) amplitudes[time * CHANNELS + 100] += 6;
  const flags = search(amplitudes);
  expect(ratio(flags)).toBeGreaterThan(0);
  expect(search(amplitudes.map((value) => value / 1024))).toEqual(flags);
});

it("a plane that is flagged whole stays so and has no figures", () => {
  const work = createRfiSearch(TIMES, CHANNELS, OPTIONS);
  work.flags.fill(1);
  const result = searchPlane(work, TIMES);
  expect(result.flaggedAfterCount).toBe(TIMES * CHANNELS);
  expect(result.residualSigma).toBeNaN();
});

describe("baselines of a block", () => {
  const baselines = 3;
  const rowCount = TIMES * baselines;

  /** Rows of time after time; `order` says which baseline comes where. */
  function blockOf(order: readonly number[]): { block: VisibilityBlock; ant1: Int32Array; ant2: Int32Array } {
    const vis = new Float32Array(2 * rowCount * CHANNELS * 2);
    for (const [place, baseline] of order.entries()) {
      for (let correlation = 0; correlation < 2; correlation++) {
        const amplitudes = plane(50 + 2 * baseline + correlation, 6);
        for (let at = 0; at < amplitudes.length; at++) {
          const row = Math.floor(at / CHANNELS) * baselines + place;
          const sample = (row * CHANNELS + (at % CHANNELS)) * 2 + correlation;
          const hit = baseline === 1 && at % CHANNELS === 77 ? 40 : 0;
          vis[2 * sample + correlation] = (amplitudes[at] as number) + hit;
        }
      }
    }
    const flags = new Uint8Array(vis.length / 2);
    const ant1 = new Int32Array(rowCount);
    const ant2 = Int32Array.from({ length: rowCount }, (_, row) => 1 + (order[row % baselines] as number));
    return { block: { vis, flags, rowCount, channelCount: CHANNELS, correlationCount: 2 }, ant1, ant2 };
  }

  function flagsByBaseline(order: readonly number[]): Map<string, number[]> {
    const { block, ant1, ant2 } = blockOf(order);
    block.vis[0] = Number.NaN;
    const work = createRfiSearch(TIMES, CHANNELS, OPTIONS);
    const found = new Map<string, number[]>();
    for (const [key, rows] of rowsByBaseline(ant1, ant2)) {
      for (let correlation = 0; correlation < 2; correlation++) searchBaseline(work, block, rows, correlation);
      const length = CHANNELS * 2;
      found.set(
        key,
        [...rows].flatMap((row) => [...block.flags.subarray(row * length, (row + 1) * length)]),
      );
    }
    // The sample that is no number lies in another baseline in each order: it is compared for itself.
    expect(block.flags[0]).toBe(1);
    for (const list of found.values()) list[0] = 0;
    return found;
  }

  it("are searched each for itself: their order does not matter", () => {
    const found = flagsByBaseline([0, 1, 2]);
    const other = flagsByBaseline([2, 0, 1]);
    expect([...found.keys()].sort()).toEqual(["0-1", "0-2", "0-3"]);
    for (const [key, flags] of found) expect(other.get(key), key).toEqual(flags);
    const hit = found.get("0-2") as number[];
    expect(hit.filter((flag, at) => flag === 1 && at % (2 * CHANNELS) === 2 * 77).length).toBe(TIMES);
  });
});

it.each([
  [{ roundCount: 0 }, /1 round/],
  [{ etaTimeRatio: 1.5 }, /η within 0 to 1/],
  [{ firstThresholdSigmaRatio: 0 }, /above 0/],
  [{ binChannelCount: 0 }, /bins of 1 channel/],
])("refuses %o", (changes, message) => {
  expect(() => createRfiSearch(4, 16, { ...OPTIONS, ...changes })).toThrow(message);
});
