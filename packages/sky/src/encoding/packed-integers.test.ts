import fc from "fast-check";
import { expect, test } from "vitest";
import { unpackIntegers } from "./packed-integers.ts";

function pack(values: readonly number[]): string {
  const bytes: number[] = [];
  for (const value of values) {
    let rest = value >= 0 ? 2n * BigInt(value) : -2n * BigInt(value) - 1n;
    for (; rest >= 128n; rest /= 128n) bytes.push(Number(rest % 128n) + 128);
    bytes.push(Number(rest));
  }
  return Buffer.from(bytes).toString("base64");
}

test("integers up to 2^52 come back as they were", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -(2 ** 52), max: 2 ** 52 })), (values) => {
      expect(Array.from(unpackIntegers(pack(values), values.length), (value) => value + 0)).toEqual(values);
    }),
  );
});

test("too few, too many, and foreign characters are refused", () => {
  expect(() => unpackIntegers(pack([1, 2]), 3)).toThrow("expected 3, found 2");
  expect(() => unpackIntegers(pack([1, 2]), 1)).toThrow("expected 1, found more");
  expect(() => unpackIntegers("A*", 1)).toThrow('character 1: expected base64, found "*"');
  expect(() => unpackIntegers("Aé", 1)).toThrow("expected base64");
});
