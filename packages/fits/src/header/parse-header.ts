/** A header from blocks of 2880 bytes: FITS standard 4.0, 3.3 and 4.1. */
import { type AsyncByteSource, readBytes } from "../bytes/byte-source.ts";
import { FitsCorruptError, FitsLimitError, FitsTruncatedError, NotFitsError } from "../errors.ts";
import { CARD_BYTES, type FitsCard, isCommentary, keywordOf, parseCard, parseString } from "./card.ts";
import { FitsHeader } from "./header.ts";

export const BLOCK_BYTES = 2880;

/** Headers beyond this are damage: the largest known have some megabytes. */
const MAX_HEADER_BYTES = 1 << 26;
const FIRST_READ_BLOCKS = 4;
const MAX_READ_BLOCKS = 256;
const CARDS_PER_BLOCK = BLOCK_BYTES / CARD_BYTES;

/** A header and where its data begin. */
export interface LocatedHeader {
  readonly header: FitsHeader;
  readonly dataStartByte: number;
}

/** Which word the first card of an HDU has to begin with. */
export type FirstKeyword = "SIMPLE" | "XTENSION";

/**
 * Reads the header that begins at a byte.
 *
 * @returns undefined when no header begins there: the bytes are not `SIMPLE` or `XTENSION`, or the source ends
 * @throws FitsTruncatedError, FitsCorruptError, FitsLimitError
 */
export async function readHeader(
  source: AsyncByteSource,
  startByte: number,
  hduIndex: number,
): Promise<LocatedHeader | undefined> {
  const images: string[] = [];
  const place = (): string => `HDU ${hduIndex}, header`;
  let blockCount = FIRST_READ_BLOCKS;
  for (let byte = startByte; ; ) {
    const bytes = await readSome(source, byte, blockCount * BLOCK_BYTES, place());
    for (let at = 0; at + CARD_BYTES <= bytes.length; at += CARD_BYTES) {
      const image = String.fromCharCode(...bytes.subarray(at, at + CARD_BYTES));
      if (images.length === 0 && !/^(SIMPLE {2}|XTENSION)=/.test(image)) return undefined;
      if (/^END {77}$/.test(image)) {
        const cardCount = images.length + 1;
        const dataStartByte = startByte + Math.ceil(cardCount / CARDS_PER_BLOCK) * BLOCK_BYTES;
        return {
          header: new FitsHeader(parseCards(images, source.name, hduIndex), source.name, hduIndex),
          dataStartByte,
        };
      }
      assertCard(image, images.length, source.name, hduIndex);
      images.push(image);
    }
    byte += bytes.length;
    if (bytes.length < BLOCK_BYTES) {
      if (images.length === 0) return undefined;
      const found = `the end of the file after ${images.length} cards`;
      throw new FitsTruncatedError({ file: source.name, place: place(), expected: "END", found });
    }
    if (byte - startByte > MAX_HEADER_BYTES) {
      const expected = `END within ${MAX_HEADER_BYTES} bytes`;
      throw new FitsLimitError({ file: source.name, place: place(), expected, found: `${images.length} cards` });
    }
    blockCount = Math.min(MAX_READ_BLOCKS, 2 * blockCount);
  }
}

/** As many bytes as there are, at most so many; whole blocks but at the end. A stream is read block by block. */
async function readSome(source: AsyncByteSource, byte: number, maxBytes: number, place: string): Promise<Uint8Array> {
  if (source.byteLength !== Infinity) {
    return readBytes(source, byte, Math.max(byte, Math.min(source.byteLength, byte + maxBytes)), place);
  }
  try {
    return await readBytes(source, byte, byte + BLOCK_BYTES, place);
  } catch (error) {
    // Only here does a stream say where it ends.
    if (error instanceof FitsTruncatedError) return new Uint8Array(0);
    throw error;
  }
}

/** Blocks of something else (data where a header should be, damage) are told from odd cards by the keyword field. */
function assertCard(image: string, cardIndex: number, file: string, hduIndex: number): void {
  const keyword = keywordOf(image);
  const field = `HDU ${hduIndex}, card ${cardIndex + 1}`;
  if (!/^[A-Za-z0-9_-]*$/.test(keyword)) {
    throw new FitsCorruptError({ file, place: field, expected: "a keyword", found: JSON.stringify(image.slice(0, 8)) });
  }
  if (!isCommentary(keyword) && hasControlCharacter(image.slice(8).split("/")[0]!)) {
    const found = JSON.stringify(image.trimEnd());
    throw new FitsCorruptError({ file, place: `${field} (${keyword})`, expected: "printable text", found });
  }
}

function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** Cards of a header, with strings that go on put together. */
export function parseCards(images: readonly string[], file: string, hduIndex: number): FitsCard[] {
  const cards: FitsCard[] = [];
  for (let index = 0; index < images.length; index++) {
    const card = parseCard(images[index]!);
    const parts: string[] = [];
    const comments = [card.comment];
    const used = [images[index]!];
    let text = typeof card.value === "string" ? card.value : "";
    while (text.endsWith("&")) {
      const next = images[index + 1];
      const piece = next !== undefined && next.startsWith("CONTINUE  ") ? parseString(next.slice(10)) : undefined;
      if (piece === undefined) break; // an ampersand that stands for itself
      parts.push(text.slice(0, -1));
      comments.push(piece.comment);
      used.push(next!);
      text = piece.text;
      index++;
    }
    if (used.length === 1) cards.push(card);
    else {
      const comment = comments.filter((line) => line !== "").join(" ");
      cards.push({ ...card, value: parts.join("") + text, comment, images: used });
    }
  }
  const first = cards[0];
  if (first === undefined || (first.keyword !== "SIMPLE" && first.keyword !== "XTENSION")) {
    const found = first?.keyword ?? "no card";
    throw new NotFitsError({ file, place: `HDU ${hduIndex}, card 1`, expected: "SIMPLE or XTENSION", found });
  }
  return cards;
}
