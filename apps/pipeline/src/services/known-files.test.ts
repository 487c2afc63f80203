import fc from "fast-check";
import { expect, test } from "vitest";
import { KnownFiles } from "./known-files.ts";

test("knows what a Map of the same names and signatures knows", () => {
  const names = fc.array(fc.tuple(fc.string({ maxLength: 40 }), fc.string({ maxLength: 20 })), { maxLength: 300 });
  fc.assert(
    fc.property(names, fc.array(fc.string({ maxLength: 40 })), (entries, others) => {
      const known = new KnownFiles(1);
      const map = new Map(entries);
      for (const [name, signature] of entries) known.set(name, signature);
      expect(known.count).toBe(map.size);
      for (const [name, signature] of map) {
        expect(known.isCurrent(name, signature)).toBe(true);
        expect(known.isCurrent(name, `${signature}'`)).toBe(false);
      }
      for (const name of others) expect(known.has(name)).toBe(map.has(name));
    }),
  );
});

test("tells apart the names of a year, in 16 bytes for each of twice as many", () => {
  const known = new KnownFiles();
  const nameOf = (index: number) =>
    `${new Date(Date.UTC(2025, 0, 1) + 309_240 * (index >> 4)).toISOString().slice(0, 19)}_sb${String(index & 15).padStart(2, "0")}.hdf5`;
  const count = 200_000;
  for (let index = 0; index < count; index++) {
    expect(known.has(nameOf(index))).toBe(false);
    known.set(nameOf(index), String(index));
  }
  expect(known.count).toBe(count);
  expect(known.sizeBytes).toBeLessThanOrEqual(4 * 16 * count);
});
