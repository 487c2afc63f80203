import { expect, test } from "vitest";
import { rotateVisibilities } from "./rotate-visibilities.ts";

test("a source at the new centre gets phase zero in every channel", () => {
  const freqHz = Float64Array.of(1.3e9, 1.4e9, 1.5e9);
  const pathM = Float64Array.of(0, 12.5, -730.25);
  const vis = new Float64Array(2 * 9);
  pathM.forEach((path, row) =>
    freqHz.forEach((freq, chan) => {
      const phaseRad = (2 * Math.PI * freq * path) / 299_792_458;
      vis.set([3 * Math.cos(phaseRad), 3 * Math.sin(phaseRad)], 2 * (3 * row + chan));
    }),
  );
  rotateVisibilities(vis, pathM, freqHz, 1);
  for (let k = 0; k < 9; k++) {
    expect(vis[2 * k]).toBeCloseTo(3, 9);
    expect(vis[2 * k + 1]).toBeCloseTo(0, 9);
  }
});

test("an array of another size is refused", () => {
  expect(() => rotateVisibilities(new Float32Array(6), Float64Array.of(1), Float64Array.of(1e9), 2)).toThrow(
    "vis holds 6 elements, expected 4",
  );
});
