import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFitsError } from "../errors.ts";
import { formatCard, parseCard } from "./card.ts";
import { FitsHeader } from "./header.ts";
import { parseCards } from "./parse-header.ts";
import { serializeHeader } from "./serialize-header.ts";
import { realText } from "./value.ts";

/** Written and read again. */
function again(header: FitsHeader): FitsHeader {
  const text = Buffer.from(serializeHeader(header)).toString("latin1");
  const images = text.match(/.{80}/gs)!;
  const end = images.findIndex((image) => image.startsWith("END     "));
  return new FitsHeader(parseCards(images.slice(0, end), "memory", 0));
}

describe("a header", () => {
  const printable = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  });

  test("keeps every string and every number", () => {
    const value = fc.oneof(
      printable.map((text) => text.trimEnd()),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }),
      fc.boolean(),
      fc.constant(null),
      fc.record(
        {
          re: fc.double({ noNaN: true, noDefaultInfinity: true }),
          im: fc.double({ noNaN: true, noDefaultInfinity: true }),
        },
        { noNullPrototype: true },
      ),
    );
    fc.assert(
      fc.property(value, printable, (written, comment) => {
        const header = new FitsHeader().set("SIMPLE", true).set("KEY", written, comment.trim()).set("AFTER", 1);
        const read = again(header);
        expect(read.value("KEY")).toEqual(written);
        expect(read.value("AFTER")).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  test("is written again as it was read", () => {
    const images = [
      "SIMPLE  =                    T / of another program",
      "FLOAT   =         1.2345D+05 / with D",
      "HIERARCH ESO DET ID = 'x ''y'' z' / words",
      "STRANGE =        2025-10-03 / no value",
      "FREE=1",
      "lower   = 3",
      "LONG    = 'one &'",
      "CONTINUE  'two&' / first",
      "CONTINUE  ' three' / second",
      "",
      "COMMENT = not a value",
    ].map((image) => image.padEnd(80));
    const header = new FitsHeader(parseCards(images, "memory", 0));
    expect(
      Buffer.from(serializeHeader(header))
        .toString("latin1")
        .slice(0, 80 * images.length),
    ).toBe(images.join(""));
    expect(header.number("FLOAT")).toBe(123450);
    expect(header.text("ESO DET ID")).toBe("x 'y' z");
    expect(header.text("LONG")).toBe("one two three");
    expect(header.commentOf("LONG")).toBe("first second");
    expect(header.lines("COMMENT")).toEqual(["= not a value"]);
    expect(header.value("FREE=1")).toBe(undefined);
    expect(() => header.value("STRANGE")).toThrow(/STRANGE.*expected a value, found 2025-10-03/);
    expect(() => header.integer("FLOAT")).not.toThrow();
    expect(() => header.text("FLOAT")).toThrow(/card 2 \(FLOAT\): expected a string, found 123450/);
  });

  test("writes numbers as others read them", () => {
    expect([180, -0, 1e-7, 1e21, 1.5, 123456789012345680000, 5e-324].map(realText)).toEqual([
      "180.0",
      "-0.0",
      "1.0E-07",
      "1.0E+21",
      "1.5",
      "123456789012345680000.0",
      "5.0E-324",
    ]);
    expect(realText(NaN)).toBe(undefined);
    const [image] = formatCard({ keyword: "CRVAL1", value: 180, comment: "deg", isReal: true }, "memory");
    expect(image).toBe("CRVAL1  =                180.0 / deg".padEnd(80));
    expect(parseCard(image!)).toMatchObject({ keyword: "CRVAL1", value: 180, comment: "deg", isReal: true });
  });

  test.each([
    ["an infinite number", (header: FitsHeader) => header.set("X", Infinity)],
    ["NaN", (header: FitsHeader) => header.set("X", NaN)],
    ["a long keyword", (header: FitsHeader) => header.set("NINECHARS", 1)],
    ["a keyword in small letters", (header: FitsHeader) => header.set("abc", 1)],
    ["a letter that is not ASCII", (header: FitsHeader) => header.set("X", "37°")],
    ["a line break", (header: FitsHeader) => header.addHistory("one\ntwo")],
    ["END", (header: FitsHeader) => header.set("END", 1)],
    ["a value of COMMENT", (header: FitsHeader) => header.set("COMMENT", 1)],
  ])("refuses %s", (_what, change) => {
    const header = new FitsHeader().set("SIMPLE", true);
    change(header);
    let caught: unknown;
    try {
      serializeHeader(header);
    } catch (error) {
      caught = error;
    }
    expect(isFitsError(caught, "write")).toBe(true);
  });
});
