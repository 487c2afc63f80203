import { expect, test } from "vitest";
import { type BaselinePath, fitDirection } from "./fit-direction.ts";

const ZENITH = [0, 0, 1] as const;
const DIRECTION = [0.36, 0.48, 0.8] as const;

function pathsOf(factor: number, heightM: number): readonly BaselinePath[] {
  return [0, 1, 2, 3, 4, 5].map((k) => {
    const baselineM = [100 * Math.cos(k), 80 * Math.sin(2 * k), heightM * Math.cos(3 * k)] as const;
    const wM = factor * baselineM.reduce((sum, value, axis) => sum + value * DIRECTION[axis]!, 0);
    return { wM, baselineM };
  });
}

test("the direction and the order of the antennas follow from w", () => {
  for (const sign of [1, -1] as const) {
    const fitted = fitDirection(pathsOf(sign, 20), ZENITH)!;
    expect(fitted.sign).toBe(sign);
    for (let axis = 0; axis < 3; axis++) expect(fitted.direction[axis]).toBeCloseTo(DIRECTION[axis]!, 12);
    expect(fitted.maxResidualM).toBeLessThan(1e-10);
  }
});

test("baselines of other lengths than UVW have no direction", () => {
  expect(fitDirection(pathsOf(1.05, 20), ZENITH)).toBeUndefined();
});

test("baselines on a plane do not tell a direction from its mirror image", () => {
  expect(fitDirection(pathsOf(1, 0), ZENITH)).toBeUndefined();
});
