/** A header as blocks of 2880 bytes. */
import { CARD_BYTES, formatCard } from "./card.ts";
import type { FitsHeader } from "./header.ts";
import { BLOCK_BYTES } from "./parse-header.ts";

/** @throws FitsWriteError for a keyword, a value or a character that FITS cannot write */
export function serializeHeader(header: FitsHeader): Uint8Array {
  const images = header.cards.flatMap((card) => formatCard(card, header.file));
  images.push("END".padEnd(CARD_BYTES));
  const bytes = new Uint8Array(Math.ceil((images.length * CARD_BYTES) / BLOCK_BYTES) * BLOCK_BYTES).fill(0x20);
  for (const [index, image] of images.entries()) {
    for (let at = 0; at < CARD_BYTES; at++) bytes[index * CARD_BYTES + at] = image.charCodeAt(at);
  }
  return bytes;
}
