import { expect, test } from "vitest";
import { decodeInto, encodeInto, swapByLoop, swapInPlace } from "./big-endian.ts";

test.each([2, 4, 8] as const)("elements of %i bytes are swapped alike with Node and without", (width) => {
  const bytes = Uint8Array.from({ length: 1024 }, (_, i) => (i * 31) & 0xff);
  const [withNode, byLoop] = [bytes.slice(), bytes.slice()];
  swapInPlace(withNode, width);
  swapByLoop(byLoop, width);
  expect(byLoop).toEqual(withNode);
  expect(Array.from(byLoop.subarray(0, width))).toEqual(Array.from(bytes.subarray(0, width)).reverse());
});

test("numbers are as DataView has them, wherever they lie", () => {
  const values = Float64Array.of(1.5, -0, NaN, Infinity, 1e-300);
  const bytes = new Uint8Array(8 * values.length);
  encodeInto(values, 0, values.length, bytes);
  const view = new DataView(bytes.buffer);
  expect(Array.from(values, (_, i) => view.getFloat64(8 * i))).toEqual(Array.from(values));
  const odd = new Uint8Array(bytes.length + 3);
  odd.set(bytes, 3);
  const out = new Float64Array(7);
  decodeInto(odd.subarray(3), out, 2);
  expect(out.subarray(2)).toEqual(values);
});
