import { describe, expect, test } from "vitest";
import { mapPolarizations } from "./polarization.ts";

describe("mapPolarizations", () => {
  test("orders the hands as a Measurement Set does", () => {
    // UVH5 of four linear hands: XX, XY, YX, YY in the correlator's order.
    const { map } = mapPolarizations([-5, -7, -8, -6], true);
    expect(map).toMatchObject({
      corrTypes: [9, 10, 11, 12],
      polIndexIn: [0, 1, 2, 3],
      polIndexInSwapped: [0, 2, 1, 3],
    });
    expect(map?.corrProduct).toEqual([0, 0, 0, 1, 1, 0, 1, 1]);
    expect(mapPolarizations([-6, -5], false).map).toMatchObject({
      corrTypes: [9, 12],
      polIndexIn: [1, 0],
      corrProduct: [0, 0, 1, 1],
    });
    expect(mapPolarizations([-1, -2, -3, -4], false).map).toMatchObject({
      corrTypes: [5, 6, 7, 8],
      polIndexIn: [0, 2, 3, 1],
      receptorNames: ["R", "L"],
    });
  });

  test.each([
    [[-9], false, /code -9/],
    [[0], false, /code 0/],
    [[-5, -5], false, /XX .* twice/],
    [[-5, -1], false, /different bases/],
    [[-5, -7], true, /lacks its partner/],
  ])("refuses %j", (codes, turnsRows, reason) => {
    const result = mapPolarizations(codes, turnsRows);
    expect(result.map).toBeUndefined();
    expect("reason" in result && result.reason).toMatch(reason);
  });

  test("a lone cross hand is fine while no baseline is turned round", () => {
    expect(mapPolarizations([-5, -7], false).map?.corrTypes).toEqual([9, 10]);
  });
});
