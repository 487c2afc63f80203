/** The HDUs of a file, found by their headers; no data are read. */

import { BinTable } from "../bintable/bin-table.ts";
import type { AsyncByteSource } from "../bytes/byte-source.ts";
import { FitsMissingError, NotFitsError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";
import { BLOCK_BYTES, readHeader } from "../header/parse-header.ts";
import { FitsImage } from "../image/image.ts";
import { describeHdu, type HduLayout } from "./hdu.ts";

/** One HDU: its keywords, its layout and where its bytes are. */
export interface Hdu {
  readonly index: number;
  /** EXTNAME, empty when there is none. */
  readonly name: string;
  readonly header: FitsHeader;
  readonly layout: HduLayout;
  readonly source: AsyncByteSource;
  readonly headerStartByte: number;
  readonly dataStartByte: number;
  /** Where the next HDU begins: behind the padding. */
  readonly nextStartByte: number;
  /** Bytes that the header promises and the file has not: a truncated file. Padding that is absent does not count. */
  readonly missingBytes: number;
}

/** An opened file. */
export interface FitsFile {
  readonly source: AsyncByteSource;
  readonly hdus: readonly Hdu[];
  /** Bytes behind the last HDU that are no HDU. */
  readonly trailingBytes: number;
  /** By number or by EXTNAME, in which capitals do not count. @throws FitsMissingError */
  hdu(which: number | string): Hdu;
  /** The first image with data, or the one named. @throws FitsMissingError, FitsCorruptError, FitsUnsupportedError */
  image(which?: number | string): FitsImage;
  /** The first binary table, or the one named. @throws FitsMissingError, FitsCorruptError, FitsUnsupportedError */
  table(which?: number | string): BinTable;
}

/**
 * Walks the HDUs of a file or a stream, each as it is reached.
 *
 * @throws NotFitsError when the first is none; FitsCorruptError, FitsTruncatedError, FitsLimitError, FitsMissingError
 */
export async function* walkHdus(source: AsyncByteSource): AsyncGenerator<Hdu> {
  let headerStartByte = 0;
  for (let index = 0; ; index++) {
    if (headerStartByte >= source.byteLength && index > 0) return;
    const located = await readHeader(source, headerStartByte, index);
    if (located === undefined) {
      if (index > 0) return;
      const found = source.byteLength === 0 ? "an empty file" : "something else";
      throw new NotFitsError({ file: source.name, place: "byte 0", expected: "SIMPLE  =", found });
    }
    const { header, dataStartByte } = located;
    const layout = describeHdu(header);
    const dataEndByte = dataStartByte + layout.dataBytes;
    const nextStartByte = dataStartByte + Math.ceil(layout.dataBytes / BLOCK_BYTES) * BLOCK_BYTES;
    const missingBytes = Math.max(0, dataEndByte - Math.max(dataStartByte, source.byteLength));
    const name = header.has("EXTNAME") ? (header.text("EXTNAME") ?? "") : "";
    yield { index, name, header, layout, source, headerStartByte, dataStartByte, nextStartByte, missingBytes };
    headerStartByte = nextStartByte;
  }
}

/** Opens a file over any source of bytes. Only headers are read. @throws as `walkHdus` */
export async function openFitsSource(source: AsyncByteSource): Promise<FitsFile> {
  const hdus: Hdu[] = [];
  for await (const hdu of walkHdus(source)) hdus.push(hdu);
  const endByte = hdus.at(-1)?.nextStartByte ?? 0;
  const find = (what: string, isIt: (hdu: Hdu) => boolean): Hdu => {
    const found = hdus.find(isIt);
    if (found !== undefined) return found;
    const names = hdus.map((hdu) => `${hdu.index} ${hdu.layout.kind} ${hdu.name}`.trimEnd()).join(", ");
    throw new FitsMissingError({ file: source.name, place: "HDUs", expected: what, found: names });
  };
  const hdu = (which: number | string): Hdu =>
    typeof which === "number"
      ? find(`HDU ${which}`, ({ index }) => index === which)
      : find(`EXTNAME ${which}`, ({ name }) => name.toUpperCase() === which.toUpperCase());
  return {
    source,
    hdus,
    trailingBytes: source.byteLength === Infinity ? 0 : Math.max(0, source.byteLength - endByte),
    hdu,
    image(which) {
      const isImage = ({ layout }: Hdu): boolean => layout.kind === "image" && layout.shape.length > 0;
      return new FitsImage(which === undefined ? find("an image with data", isImage) : hdu(which));
    },
    table(which) {
      const isTable = ({ layout }: Hdu): boolean => layout.kind === "bintable";
      return new BinTable(which === undefined ? find("a binary table", isTable) : hdu(which));
    },
  };
}
