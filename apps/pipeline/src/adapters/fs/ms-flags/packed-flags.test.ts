import fc from "fast-check";
import { expect, it } from "vitest";
import {
  copyPackedFlags,
  countRow,
  createFlagBuffer,
  createPackedFlags,
  maskOf,
  orRow,
  packRow,
  unpackRow,
} from "./packed-flags.ts";

const rowsOfFlags = fc.integer({ min: 1, max: 70 }).chain((count) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: count, maxLength: count }), {
    minLength: 1,
    maxLength: 5,
  }),
);

it("flags come back as they were, wherever they lie, and leave their neighbours alone", () => {
  fc.assert(
    fc.property(rowsOfFlags, fc.integer({ min: 0, max: 9 }), (rows, offset) => {
      const count = rows[0]!.length;
      const packed = createPackedFlags(rows.length, count + 5);
      packed.bytes.fill(255);
      const buffer = createFlagBuffer(offset + count + 8);
      for (const [row, flags] of rows.entries()) {
        buffer.flags.fill(1);
        buffer.flags.set(flags, offset);
        packRow(packed, row, buffer, offset, count);
      }
      for (const [row, flags] of rows.entries()) {
        buffer.flags.fill(7);
        unpackRow(packed, row, buffer, offset, count);
        expect([...buffer.flags.subarray(offset, offset + count)]).toEqual(flags);
        expect(new Set([...buffer.flags.subarray(0, offset), ...buffer.flags.subarray(offset + count)])).toEqual(
          new Set([7]),
        );
        expect(countRow(packed, row)).toBe(flags.reduce((sum, flag) => sum + flag, 0));
        // Bit i of the row is flag i.
        const bits = flags.map((_flag, i) => (packed.bytes[row * packed.rowBytes + (i >> 3)]! >> (i & 7)) & 1);
        expect(bits).toEqual(flags);
      }
    }),
  );
});

it("a mask sets what it has and counts what was not set", () => {
  fc.assert(
    fc.property(rowsOfFlags, (rows) => {
      const [first, second = first] = rows as [number[], number[] | undefined];
      const packed = createPackedFlags(1, first.length);
      packed.bytes.set(maskOf(packed.rowBytes, Uint8Array.from(first)));
      const before = copyPackedFlags(packed);
      const newCount = orRow(packed, 0, maskOf(packed.rowBytes, Uint8Array.from(second)));
      const both = first.map((flag, i) => flag | second[i]!);
      expect(countRow(packed, 0)).toBe(both.filter((flag) => flag === 1).length);
      expect(newCount).toBe(countRow(packed, 0) - countRow(before, 0));
    }),
  );
});
