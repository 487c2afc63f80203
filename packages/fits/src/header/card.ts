/** One keyword: from and to cards of 80 characters. FITS standard 4.0, 4.1 and 4.2. */
import { FitsWriteError } from "../errors.ts";
import { type FitsValue, parsePlainValue, plainValueText } from "./value.ts";

export const CARD_BYTES = 80;

/** One keyword with all that belongs to it; a long string has several cards. */
export interface FitsCard {
  /** Without trailing spaces, empty for a blank card; of a HIERARCH card all its words, as in "ESO DET ID". */
  readonly keyword: string;
  /** Undefined for COMMENT, HISTORY and other cards without `= `, and where the value cannot be understood. */
  readonly value: FitsValue | undefined;
  /** What follows the slash; of a card without value all its text. */
  readonly comment: string;
  /** Whether a number is written as floating point even when it is whole. */
  readonly isReal: boolean;
  /** What stands in place of a value and is none. */
  readonly malformedValue?: string;
  /** The cards as they were read, so that a header can be written again unchanged. */
  readonly images?: readonly string[];
}

const STRING = /^\s*'((?:[^']|'')*)'/;
const KEYWORD = /^[A-Z0-9_-]{1,8}$/;

/** Whether a keyword can be written: up to eight capitals, digits, hyphens and underscores. */
export function isKeyword(keyword: string): boolean {
  return KEYWORD.test(keyword);
}

/** The keyword field of a card as it stands, which need not be sound. */
export function keywordOf(image: string): string {
  return image.slice(0, 8).trimEnd();
}

/** Parses one card of 80 characters. CONTINUE cards are put together by `parseCards`. */
export function parseCard(image: string): FitsCard {
  const keyword = keywordOf(image);
  if (keyword === "HIERARCH") {
    const [, words, rest] = /^HIERARCH\s+([^=]*?)\s*=(.*)$/.exec(image) ?? [];
    if (words !== undefined && words !== "") return parseValueField(words, rest ?? "", image);
  }
  if (image.slice(8, 10) === "= " && keyword !== "" && !isCommentary(keyword)) {
    return parseValueField(keyword, image.slice(10), image);
  }
  return { keyword, value: undefined, comment: image.slice(8).trimEnd(), isReal: false, images: [image] };
}

/** Whether a keyword never has a value, even where "= " follows it. */
export function isCommentary(keyword: string): boolean {
  return keyword === "COMMENT" || keyword === "HISTORY" || keyword === "";
}

function parseValueField(keyword: string, field: string, image: string): FitsCard {
  const images = [image];
  const string = parseString(field);
  if (string !== undefined) return { keyword, value: string.text, comment: string.comment, isReal: false, images };
  const slash = field.indexOf("/");
  const text = slash < 0 ? field : field.slice(0, slash);
  const comment = slash < 0 ? "" : field.slice(slash + 1).trim();
  const parsed = parsePlainValue(text);
  if (parsed !== undefined) return { keyword, ...parsed, comment, images };
  return { keyword, value: undefined, comment, isReal: false, malformedValue: text.trim(), images };
}

/** A string in quotes and the comment behind it. Spaces at its end do not count. @returns undefined when it is none */
export function parseString(field: string): { readonly text: string; readonly comment: string } | undefined {
  const match = STRING.exec(field);
  if (match === null) return undefined;
  const rest = field.slice(match[0].length);
  const [, comment] = /^\s*\/(.*)$/.exec(rest) ?? [];
  if (comment === undefined && rest.trim() !== "") return undefined;
  return { text: match[1]!.replaceAll("''", "'").trimEnd(), comment: comment?.trim() ?? "" };
}

/**
 * The cards of one keyword. Cards that were read are returned as they were; comments are cut at the end of the card.
 *
 * @throws FitsWriteError for a keyword, a value or a character that FITS cannot write
 */
export function formatCard(card: FitsCard, file: string): readonly string[] {
  if (card.images !== undefined) return card.images;
  const { keyword, value, comment } = card;
  const refuse = (expected: string, found: string): never => {
    throw new FitsWriteError({ file, place: `card ${keyword}`, expected, found });
  };
  const assertPrintable = (text: string): void => {
    const odd = /[^ -~]/u.exec(text);
    if (odd !== null) refuse("printable ASCII", JSON.stringify(odd[0]));
  };
  assertPrintable(comment);
  if (keyword !== "" && !isKeyword(keyword)) refuse("up to eight of A-Z 0-9 - _", JSON.stringify(keyword));
  if (keyword === "END" || keyword === "CONTINUE") refuse("another keyword", keyword);
  if (value === undefined) {
    if (!isCommentary(keyword)) refuse("a value", "none");
    return formatText(keyword, comment);
  }
  if (isCommentary(keyword)) refuse("text without value", JSON.stringify(keyword));
  if (typeof value === "string") {
    assertPrintable(value);
    return formatString(keyword, value, comment);
  }
  const text = plainValueText(value, card.isReal);
  if (text === undefined) return refuse("a finite number", String(typeof value === "object" ? "(re, im)" : value));
  if (text.length > CARD_BYTES - 10) refuse("at most 70 characters", text);
  return [withComment(`${keyword.padEnd(8)}= ${text.padStart(20)}`, comment)];
}

/** Text without value, over as many cards as it needs. Spaces at the end of a card are lost: they go to the next. */
function formatText(keyword: string, text: string): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  do {
    let end = Math.min(text.length, start + CARD_BYTES - 8);
    while (end < text.length && end > start + 1 && text[end - 1] === " ") end--;
    pieces.push((keyword.padEnd(8) + text.slice(start, end)).padEnd(CARD_BYTES));
    start = end;
  } while (start < text.length);
  return pieces;
}

/** A string, with CONTINUE cards (4.2.1.2) where it is too long for one. */
function formatString(keyword: string, value: string, comment: string): readonly string[] {
  const start = `${keyword.padEnd(8)}= `;
  // An ampersand at the end of a whole string would say that it goes on.
  const isPlain = value.length <= 68 && quoted(value).length <= 70;
  if (isPlain) return [withComment(start + `'${quoted(value).slice(1, -1).padEnd(8)}'`.padEnd(20), comment)];
  const pieces: string[] = [];
  for (let rest = value; rest !== ""; ) {
    const piece = longestPiece(rest, 67);
    pieces.push(piece);
    rest = rest.slice(piece.length);
  }
  // Where the comment has no room behind the last piece it gets a card of its own.
  if (comment !== "" && quoted(pieces.at(-1)!).length + 3 + comment.length > 70) pieces.push("");
  return pieces.map((piece, index) => {
    const isLast = index === pieces.length - 1;
    const line = (index === 0 ? start : "CONTINUE  ") + quoted(isLast ? piece : `${piece}&`);
    return isLast ? withComment(line, comment) : line.padEnd(CARD_BYTES);
  });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The longest beginning that takes at most so many characters once its quotes are doubled. */
function longestPiece(text: string, maxLength: number): string {
  let length = 0;
  let end = 0;
  while (end < text.length) {
    length += text[end] === "'" ? 2 : 1;
    if (length > maxLength) break;
    end++;
  }
  return text.slice(0, end);
}

function withComment(line: string, comment: string): string {
  return (comment === "" ? line : `${line} / ${comment}`).slice(0, CARD_BYTES).padEnd(CARD_BYTES);
}
