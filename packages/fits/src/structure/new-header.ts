/** The keywords with which an HDU begins, ahead of those that are given. */
import { type FitsCard, formatCard } from "../header/card.ts";
import { FitsHeader } from "../header/header.ts";
import { bytesPerElement, type NativeType, type Scaling } from "../image/scale.ts";

/** What the mandatory keywords say. */
export interface NewHdu {
  readonly isFirst: boolean;
  readonly extension: "IMAGE" | "BINTABLE";
  readonly stored: NativeType;
  readonly shape: readonly number[];
  readonly name: string;
  readonly scaling?: Scaling;
  /** Bytes of the heap of a table. */
  readonly heapBytes?: number;
}

/** Keywords that describe the layout of the data: of another file they would not be true. */
const OF_LAYOUT =
  /^(SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|BSCALE|BZERO|BLANK|CHECKSUM|DATASUM|LONGSTRN|ZHECKSUM|ZDATASUM|END)$/;
const OF_COLUMNS = /^(TFIELDS|THEAP|(TTYPE|TFORM|TUNIT|TNULL|TSCAL|TZERO|TDIM|TDISP)\d+)$/;

/** Keywords that go on from a given header. */
export function isOfLayout({ keyword }: FitsCard, isTable: boolean): boolean {
  return OF_LAYOUT.test(keyword) || (isTable && OF_COLUMNS.test(keyword));
}

/** A header in the order that the standard asks for, with room left for the columns of a table: see `addColumns`. */
export function newHeader(
  hdu: NewHdu,
  given: FitsHeader | undefined,
  file: string,
  columns: readonly FitsCard[] = [],
): FitsHeader {
  const header = new FitsHeader([], file);
  const isTable = hdu.extension === "BINTABLE";
  if (hdu.isFirst) header.set("SIMPLE", true, "conforms to FITS standard");
  else header.set("XTENSION", hdu.extension, isTable ? "binary table" : "image");
  const sign = hdu.stored.startsWith("float") ? -1 : 1;
  header.set("BITPIX", sign * 8 * bytesPerElement(hdu.stored), "bits of an element");
  header.set("NAXIS", hdu.shape.length, "number of axes");
  for (const [axis, length] of hdu.shape.entries()) header.set(`NAXIS${axis + 1}`, length);
  if (hdu.isFirst) header.set("EXTEND", true, "extensions may follow");
  else {
    header.set("PCOUNT", hdu.heapBytes ?? 0);
    header.set("GCOUNT", 1);
  }
  for (const card of columns) header.append(card);
  if (hdu.name !== "") header.set("EXTNAME", hdu.name);
  if (hdu.scaling !== undefined) addScaling(header, hdu.scaling);
  for (const card of given?.cards ?? []) {
    if (isOfLayout(card, isTable) || (hdu.name !== "" && card.keyword === "EXTNAME")) continue;
    header.append(card);
  }
  // The standard does without, older readers look for it.
  const isLong = (card: FitsCard): boolean => typeof card.value === "string" && formatCard(card, file).length > 1;
  if (header.cards.some(isLong)) header.set("LONGSTRN", "OGIP 1.0", "strings may go on in CONTINUE");
  return header;
}

function addScaling(header: FitsHeader, { bscale, bzero, blank }: Scaling): void {
  if (bscale !== 1 || Number(bzero) !== 0) {
    header.set("BSCALE", bscale, "value = BZERO + BSCALE * stored", { isReal: bscale !== 1 });
    header.set("BZERO", bzero);
  }
  if (blank !== undefined) header.set("BLANK", blank, "stored integer without value");
}
