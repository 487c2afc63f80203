/** Damaged, truncated and absurd files: refused with the place, fast, and without taking memory for what is not there. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  BinTable,
  bytesInMemory,
  checkSums,
  FitsError,
  FitsHeader,
  FitsImage,
  FitsWriter,
  isFitsError,
  memoryTarget,
  openFitsSource,
  Wcs,
} from "../src/index.ts";

const CARD = 80;
const BLOCK = 2880;

/** A file with an image, a table with a heap and an image of scaled integers. */
async function sampleFile(): Promise<Uint8Array> {
  const target = memoryTarget("sample.fits");
  const writer = new FitsWriter(target);
  const header = new FitsHeader().set("CTYPE1", "RA---SIN").set("CTYPE2", "DEC--SIN").setReal("CDELT1", -0.01);
  header.set("OBJECT", "a long name ".repeat(10)).addHistory("made");
  await writer.addImage({ shape: [7, 5], type: "float32", values: new Float32Array(35).fill(1.5), header });
  await writer.addTable({
    rowCount: 4,
    name: "ROWS",
    columns: [
      { name: "N", kind: "numbers", values: Uint16Array.of(1, 2, 3, 4) },
      { name: "T", kind: "text", values: ["a", "bb", "ccc", ""] },
      { name: "B", kind: "bits", values: new Uint8Array(12).fill(1), cellShape: [3] },
      {
        name: "V",
        kind: "variable",
        cells: [[1], [2, 3], [], [4]].map((v) => ({ kind: "numbers", values: Float64Array.from(v) })),
      },
    ],
  });
  const storage = { type: "int16", bscale: 0.5, blank: -1 } as const;
  await writer.addImage({ shape: [3], type: "float64", values: Float64Array.of(1, NaN, 2), storage });
  return target.bytes().slice();
}

/** Reads all there is. @returns the errors of this package that came of it; any other error is thrown */
async function readAll(bytes: Uint8Array): Promise<readonly FitsError[]> {
  const errors: FitsError[] = [];
  const attempt = async (read: () => unknown): Promise<void> => {
    try {
      await read();
    } catch (error) {
      if (!isFitsError(error)) throw error;
      errors.push(error);
    }
  };
  await attempt(async () => {
    const file = await openFitsSource(bytesInMemory(bytes, "sample.fits"));
    for (const hdu of file.hdus) {
      await attempt(() => checkSums(hdu));
      if (hdu.layout.kind === "image") {
        await attempt(() => new FitsImage(hdu).read("float32", { maxBytes: 1 << 24 }));
        await attempt(() => new Wcs(hdu.header));
      } else if (hdu.layout.kind === "bintable") {
        await attempt(async () => {
          const table = new BinTable(hdu);
          for (const { index } of table.columns) await attempt(() => table.readColumn(index, { maxBytes: 1 << 24 }));
        });
      }
    }
  });
  return errors;
}

/** The sample with one card of an HDU replaced. */
function withCard(sample: Uint8Array, keyword: string, text: string, occurrence = 0): Uint8Array {
  const bytes = sample.slice();
  let seen = 0;
  for (let at = 0; at + CARD <= bytes.length; at += CARD) {
    const image = Buffer.from(bytes.buffer, bytes.byteOffset + at, CARD);
    if (image.toString("latin1").slice(0, 8).trimEnd() !== keyword || seen++ !== occurrence) continue;
    image.write(text.padEnd(CARD), "latin1");
    return bytes;
  }
  throw new Error(`no ${keyword}`);
}

describe("a damaged file", () => {
  let sample = new Uint8Array(0);
  beforeAll(async () => {
    sample = new Uint8Array(await sampleFile());
  });

  test("is read without complaint when it is not damaged", async () => expect(await readAll(sample)).toEqual([]));

  const cases: readonly (readonly [string, string, number, string, string, string])[] = [
    ["not FITS", "SIMPLE", 0, "SIMPLY  =                    T", "not-fits", "byte 0"],
    ["BITPIX of 12", "BITPIX", 0, "BITPIX  =                   12", "corrupt", "card 2 (BITPIX)"],
    ["BITPIX in quotes", "BITPIX", 0, "BITPIX  = '-32'", "corrupt", "card 2 (BITPIX)"],
    ["no NAXIS", "NAXIS", 0, "NAXOS   =                    2", "missing", "NAXIS"],
    ["a negative axis", "NAXIS1", 0, "NAXIS1  =                   -7", "corrupt", "card 4 (NAXIS1)"],
    ["a thousand axes", "NAXIS", 0, "NAXIS   =                 1000", "corrupt", "card 3 (NAXIS)"],
    ["a huge axis", "NAXIS1", 0, "NAXIS1  =        2147483647000", "limit", "HDU 0, data"],
    ["an axis beyond counting", "NAXIS1", 0, "NAXIS1  =     9007199254740991", "limit", "card 3 (NAXIS)"],
    ["BSCALE of zero", "BSCALE", 0, "BSCALE  =                  0.0", "corrupt", "(BSCALE)"],
    ["a keyword with a lamp", "EXTEND", 0, "EX*END  =                    T", "corrupt", "card 6"],
    ["a tab in a value", "EXTEND", 0, "EXTEND  =                    \t", "corrupt", "card 6 (EXTEND)"],
    ["no format", "TFORM1", 0, "TFORM1  = '1Z'", "corrupt", "(TFORM1)"],
    ["an endless format", "TFORM1", 0, "TFORM1  = '99999999999999999I'", "corrupt", "(TFORM1)"],
    ["a format beyond the row", "TFORM1", 0, "TFORM1  = '5000I'", "corrupt", "(TFORM1)"],
    ["too many fields", "TFIELDS", 0, "TFIELDS =                 5000", "limit", "(TFIELDS)"],
    ["a heap that begins in the rows", "TFORM4", 0, "THEAP   =                    1", "missing", "TFORM4"],
    ["many rows", "NAXIS2", 1, "NAXIS2  =           2147483647", "truncated", "HDU 1"],
  ];
  test.each(cases)("with %s says where", async (_what, keyword, occurrence, text, tag, place) => {
    const errors = await readAll(withCard(sample, keyword, text, occurrence));
    const found = errors.find((error) => error.tag === tag && error.message.includes(place));
    expect(found?.tag, errors.map(String).join("\n")).toBe(tag);
    expect(found!.message).toContain(place);
    expect(found!.file).toBe("sample.fits");
    expect(found!.expected).not.toBe("");
    expect(found!.found).not.toBe("");
  });

  test("with a descriptor outside the heap names column and row", async () => {
    const file = await openFitsSource(bytesInMemory(sample));
    const hdu = file.hdu("ROWS");
    const bytes = sample.slice();
    const rowBytes = hdu.layout.shape[0]!;
    new DataView(bytes.buffer).setInt32(hdu.dataStartByte + 2 * rowBytes - 8, 5_000_000);
    const [error] = (await readAll(bytes)).filter(({ tag }) => tag === "corrupt");
    expect(error!.message).toMatch(/HDU 1, column V, row 1.*5000000 elements at/);
  });

  test("whose cells all point to the same bytes is held to the memory that is allowed", async () => {
    const target = memoryTarget();
    const writer = new FitsWriter(target, { hasChecksums: false });
    const cells = Array.from({ length: 1000 }, (_, row) => ({
      kind: "numbers" as const,
      values: new Uint8Array(row === 0 ? 100_000 : 0),
    }));
    await writer.addTable({ rowCount: 1000, columns: [{ name: "V", kind: "variable", cells }] });
    const bytes = target.bytes().slice();
    const file = await openFitsSource(bytesInMemory(bytes));
    const { dataStartByte } = file.hdu(1);
    for (let row = 1; row < 1000; row++) bytes.copyWithin(dataStartByte + 8 * row, dataStartByte, dataStartByte + 8);
    await expect(file.table().readColumn("V", { maxBytes: 1 << 24 })).rejects.toMatchObject({ tag: "limit" });
  });

  test("cut anywhere is read up to there", async () => {
    const whole = await openFitsSource(bytesInMemory(sample));
    for (let length = 0; length < sample.length; length += 331) {
      const bytes = sample.subarray(0, length);
      const errors = await readAll(bytes);
      for (const { tag } of errors) expect(["not-fits", "truncated"]).toContain(tag);
      const dataEndByte = whole.hdu(0).dataStartByte + whole.hdu(0).layout.dataBytes;
      if (length < whole.hdu(0).dataStartByte || length >= dataEndByte) continue;
      const file = await openFitsSource(bytesInMemory(bytes));
      expect(file.hdu(0).missingBytes).toBe(dataEndByte - length);
      const rowCount = Math.floor((length - file.hdu(0).dataStartByte) / 28);
      if (rowCount === 0) continue;
      const { data } = await file.image().read("float32", { region: { startPx: [0, 0], endPx: [7, rowCount] } });
      expect(data).toEqual(new Float32Array(7 * rowCount).fill(1.5));
    }
  });

  test("with more behind it, or without the last padding, is read", async () => {
    const longer = new Uint8Array(sample.length + 5000);
    longer.set(sample);
    const file = await openFitsSource(bytesInMemory(longer));
    expect(file.hdus).toHaveLength(3);
    expect(file.trailingBytes).toBe(5000);
    const last = file.hdu(2);
    const unpadded = sample.subarray(0, last.dataStartByte + last.layout.dataBytes);
    const shorter = await openFitsSource(bytesInMemory(unpadded));
    expect(shorter.hdu(2).missingBytes).toBe(0);
    const { data } = await shorter.image(2).read("float64");
    expect(data).toEqual(Float64Array.of(1, NaN, 2));
  });

  test("of any kind is refused by name or read, and never hangs", async () => {
    const edit = fc.record({
      at: fc.nat(),
      value: fc.integer({ min: 0, max: 255 }),
      length: fc.integer({ min: 1, max: 9 }),
    });
    const mutation = fc.record({
      edits: fc.array(edit, { minLength: 1, maxLength: 6 }),
      cut: fc.option(fc.nat(), { freq: 5 }),
      inHeaders: fc.boolean(),
    });
    let refusedCount = 0;
    await fc.assert(
      fc.asyncProperty(mutation, async ({ edits, cut, inHeaders }) => {
        const bytes = sample.slice(0, cut === null ? sample.length : cut % sample.length);
        for (const { at, value, length } of edits) {
          // Where the keywords stand, or anywhere.
          const start = inHeaders ? (at % 36) * CARD + ((at >> 6) % 40) + BLOCK * ((at >> 12) % 5) : at % sample.length;
          bytes.fill(value, start, start + length);
        }
        refusedCount += (await readAll(bytes)).length > 0 ? 1 : 0;
      }),
      { numRuns: Number(process.env["CONTIMG_FUZZ"] ?? 4000) },
    );
    expect(refusedCount).toBeGreaterThan(300);
  });

  test("with bits of its data turned fails its sums", async () => {
    const file = await openFitsSource(bytesInMemory(sample));
    for (const hdu of file.hdus.filter(({ layout }) => layout.dataBytes > 0)) {
      const bytes = sample.slice();
      bytes[hdu.dataStartByte + 1] ^= 4;
      const damaged = await openFitsSource(bytesInMemory(bytes));
      expect(await checkSums(damaged.hdu(hdu.index))).toEqual({ datasum: "bad", checksum: "bad" });
    }
  });
});
