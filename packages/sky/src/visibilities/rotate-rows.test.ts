import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type RowArrays, type RowLayout, rotateRows } from "./rotate-rows.ts";

const C = 299_792_458;

/** The definition, one value at a time, in float64. */
function explicit(layout: RowLayout, arrays: RowArrays): { vis: Float32Array; flags: Uint8Array } {
  const polCount = layout.polIndexIn.length;
  const vis = Float32Array.from(arrays.visOut);
  const flags = Uint8Array.from(arrays.flagsOut);
  for (let row = 0; row < layout.rowCount; row++) {
    const turned = arrays.conjugate?.[row] === 1;
    for (let chan = 0; chan < layout.chanIndexIn.length; chan++) {
      const phase = (-2 * Math.PI * layout.freqHz[chan]! * (arrays.pathM?.[row] ?? 0)) / C;
      for (let pol = 0; pol < polCount; pol++) {
        const polIn = (turned ? layout.polIndexInSwapped : layout.polIndexIn)[pol]!;
        const at = (row * layout.chanCountIn + layout.chanIndexIn[chan]!) * layout.polCountIn + polIn;
        const out = (row * layout.chanCountOut + layout.chanStartOut + chan) * polCount + pol;
        const [re, im] = [arrays.vis[2 * at]!, arrays.vis[2 * at + 1]!];
        const usable = Number.isFinite(re) && Number.isFinite(im) && !(re === 0 && im === 0);
        vis[2 * out] = usable ? re * Math.cos(phase) - im * Math.sin(phase) : 0;
        vis[2 * out + 1] = usable ? (turned ? -1 : 1) * (re * Math.sin(phase) + im * Math.cos(phase)) : 0;
        flags[out] = !usable || arrays.flags?.[at] ? 1 : 0;
      }
    }
  }
  return { vis, flags };
}

interface Case {
  readonly rowCount: number;
  readonly chanCountIn: number;
  readonly polCountIn: number;
  readonly even: boolean;
  readonly rotate: boolean;
  readonly seed: number;
}

function makeCase(c: Case): { layout: RowLayout; arrays: RowArrays } {
  let state = c.seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const chanCount = c.chanCountIn;
  const swap = c.polCountIn === 4 ? [0, 2, 1, 3] : [...Array(c.polCountIn).keys()];
  const layout: RowLayout = {
    rowCount: c.rowCount,
    chanCountIn: c.chanCountIn,
    polCountIn: c.polCountIn,
    chanIndexIn: Int32Array.from({ length: chanCount }, (_, k) => chanCount - 1 - k),
    polIndexIn: Int32Array.from({ length: c.polCountIn }, (_, k) => k),
    polIndexInSwapped: Int32Array.from(swap),
    chanCountOut: chanCount + 3,
    chanStartOut: 2,
    freqHz: Float64Array.from({ length: chanCount }, (_, k) => 1.31e9 + 244140.625 * (c.even ? k : k * k + random())),
  };
  const n = c.rowCount * c.chanCountIn * c.polCountIn;
  const vis = Float32Array.from({ length: 2 * n }, () =>
    random() < 0.03 ? 0 : random() < 0.02 ? Number.NaN : random() - 0.5,
  );
  if (n > 0) [vis[0], vis[1]] = [0, 0];
  const flags = random() < 0.5 ? null : Uint8Array.from({ length: n }, () => (random() < 0.2 ? 1 : 0));
  const outLength = c.rowCount * layout.chanCountOut * c.polCountIn;
  return {
    layout,
    arrays: {
      vis,
      flags,
      visOut: new Float32Array(2 * outLength).fill(7),
      flagsOut: new Uint8Array(outLength).fill(9),
      pathM: c.rotate ? Float64Array.from({ length: c.rowCount }, () => (random() - 0.5) * 200) : null,
      conjugate: random() < 0.5 ? null : Uint8Array.from({ length: c.rowCount }, () => (random() < 0.5 ? 1 : 0)),
    },
  };
}

describe("rotateRows", () => {
  test("equals the explicit exponential within float32 rounding, whatever the shape", () => {
    fc.assert(
      fc.property(
        fc.record({
          rowCount: fc.integer({ min: 0, max: 9 }),
          chanCountIn: fc.constantFrom(1, 2, 8, 48, 768),
          polCountIn: fc.constantFrom(1, 2, 4),
          even: fc.boolean(),
          rotate: fc.boolean(),
          seed: fc.integer(),
        }),
        (c) => {
          const { layout, arrays } = makeCase(c);
          const expected = explicit(layout, arrays);
          const { flaggedCount } = rotateRows(layout, arrays);
          expect(arrays.flagsOut).toEqual(expected.flags);
          expect(flaggedCount).toBe(expected.flags.reduce((sum, flag) => sum + (flag === 1 ? 1 : 0), 0));
          for (let k = 0; k < expected.vis.length; k++) {
            // |V| ≤ 0.71: half a unit in the last place of float32, and 768 steps of 2e-16 in the phasor.
            expect(Math.abs(arrays.visOut[k]! - expected.vis[k]!)).toBeLessThan(1e-7);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("rotating there and back gives the same visibilities", () => {
    const { layout, arrays } = makeCase({
      rowCount: 5,
      chanCountIn: 48,
      polCountIn: 2,
      even: true,
      rotate: true,
      seed: 3,
    });
    const plain: RowLayout = {
      ...layout,
      chanCountOut: 48,
      chanStartOut: 0,
      chanIndexIn: Int32Array.from({ length: 48 }, (_, k) => k),
    };
    const forth = {
      ...arrays,
      conjugate: null,
      flags: null,
      vis: arrays.vis.map((v) => (v === v && v !== 0 ? v : 0.25)),
    };
    rotateRows(plain, forth);
    const back = {
      ...forth,
      vis: Float32Array.from(forth.visOut.subarray(0, 2 * 5 * 96)),
      pathM: arrays.pathM!.map((m) => -m),
      visOut: new Float32Array(2 * 5 * 96),
    };
    rotateRows(plain, back);
    for (let k = 0; k < back.visOut.length; k++) expect(back.visOut[k]).toBeCloseTo(forth.vis[k]!, 6);
  });

  test("names the array that is too short", () => {
    const { layout, arrays } = makeCase({
      rowCount: 2,
      chanCountIn: 8,
      polCountIn: 2,
      even: true,
      rotate: true,
      seed: 1,
    });
    expect(() => rotateRows(layout, { ...arrays, visOut: new Float32Array(3) })).toThrow(
      /visOut holds 3 elements, expected at least 88/,
    );
  });
});
