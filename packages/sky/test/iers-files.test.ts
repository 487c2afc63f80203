import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseFinals2000A, parseLeapSeconds, SHIPPED_LEAP_SECONDS, shippedEarthOrientation } from "@contimg/sky";
import { expect, test } from "vitest";
import { describeWith, sharedData, sharedDataDir } from "../../../tools/oracles.ts";
import { largest } from "./golden-values.ts";

describeWith(sharedData(), "the files of the IERS from which the shipped tables were made", () => {
  const read = (name: string) => readFileSync(join(sharedDataDir()!, "reference", name), "utf8");

  test("Leap_Second.dat reads as the shipped table", () => {
    expect(parseLeapSeconds(read("Leap_Second.dat"))).toEqual(SHIPPED_LEAP_SECONDS);
  });

  // Shipped values are the file's digits, times a unit: they differ by the rounding of that product.
  test("finals2000A.all reads as the shipped table", () => {
    const parsed = parseFinals2000A(read("finals2000A.all"), SHIPPED_LEAP_SECONDS);
    const shipped = shippedEarthOrientation();
    for (const field of ["startMjd", "endMjd", "lastMeasuredMjd"] as const) expect(parsed[field]).toBe(shipped[field]);
    for (const [field, tolerance] of [
      ["ut1MinusTaiSec", 1e-12],
      ["xPoleRad", 1e-20],
      ["yPoleRad", 1e-20],
    ] as const) {
      expect(parsed[field]).toHaveLength(shipped[field].length);
      expect(largest(parsed[field].map((value, day) => value - shipped[field][day]!))).toBeLessThan(tolerance);
    }
  });
});
