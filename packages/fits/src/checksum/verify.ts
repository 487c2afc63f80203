/** Checking DATASUM and CHECKSUM of an HDU. */
import { type AsyncByteSource, ReadBuffer } from "../bytes/byte-source.ts";
import { FitsChecksumError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";
import { WordSum } from "./checksum.ts";

/** What checking of one keyword says. */
export type ChecksumVerdict = "good" | "bad" | "absent";

export interface ChecksumReport {
  /** Of the data alone. */
  readonly datasum: ChecksumVerdict;
  /** Of header and data. */
  readonly checksum: ChecksumVerdict;
}

/** What checking needs to know of an HDU. */
export interface CheckedHdu {
  readonly index: number;
  readonly header: FitsHeader;
  readonly source: AsyncByteSource;
  readonly headerStartByte: number;
  readonly dataStartByte: number;
  readonly nextStartByte: number;
}

const PIECE_BYTES = 1 << 20;

/** Reads the whole HDU and compares its sums with its keywords. @throws FitsTruncatedError */
export async function checkSums(hdu: CheckedHdu): Promise<ChecksumReport> {
  const { header } = hdu;
  const datasum = header.text("DATASUM");
  const hasChecksum = (header.text("CHECKSUM") ?? "") !== "";
  if ((datasum ?? "") === "" && !hasChecksum) return { datasum: "absent", checksum: "absent" };
  const dataSum = await sumOf(hdu, hdu.dataStartByte, hdu.nextStartByte);
  const headerSum = await sumOf(hdu, hdu.headerStartByte, hdu.dataStartByte);
  const whole = new WordSum();
  whole.add(wordBytes(dataSum));
  whole.add(wordBytes(headerSum));
  return {
    datasum: (datasum ?? "") === "" ? "absent" : Number(datasum) === dataSum ? "good" : "bad",
    // Minus zero is all ones, and all zeros is the other zero.
    checksum: !hasChecksum ? "absent" : whole.sum === 0xffffffff || whole.sum === 0 ? "good" : "bad",
  };
}

/** @throws FitsChecksumError when a sum that is there is not that of the bytes; FitsTruncatedError */
export async function assertSums(hdu: CheckedHdu): Promise<ChecksumReport> {
  const report = await checkSums(hdu);
  for (const [keyword, verdict] of [["DATASUM", report.datasum] as const, ["CHECKSUM", report.checksum] as const]) {
    if (verdict !== "bad") continue;
    const place = hdu.header.placeOf(keyword);
    const expected = hdu.header.text(keyword) ?? "none";
    throw new FitsChecksumError({ file: hdu.source.name, place, expected, found: "another sum of the bytes" });
  }
  return report;
}

async function sumOf(hdu: CheckedHdu, startByte: number, endByte: number): Promise<number> {
  const sum = new WordSum();
  const buffer = new ReadBuffer(hdu.source);
  for (let byte = startByte; byte < endByte; byte += PIECE_BYTES) {
    sum.add(await buffer.read(byte, Math.min(endByte, byte + PIECE_BYTES), `HDU ${hdu.index}`));
  }
  return sum.sum;
}

function wordBytes(sum: number): Uint8Array {
  return Uint8Array.of(sum >>> 24, sum >>> 16, sum >>> 8, sum);
}
