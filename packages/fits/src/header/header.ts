/** The keywords of one HDU. */
import { FitsCorruptError, FitsMissingError } from "../errors.ts";
import { type FitsCard, isCommentary } from "./card.ts";
import type { FitsValue } from "./value.ts";

/** How a keyword is written. */
export interface CardOptions {
  /** A whole number is written with a point: `180.0`. */
  readonly isReal?: boolean;
}

/**
 * The keywords of one HDU in their order. Of keywords that stand there twice the first counts.
 * Cards that are not touched are written as they were read.
 */
export class FitsHeader {
  /** Path or name of the file, for errors. */
  readonly file: string;
  readonly hduIndex: number;
  #cards: FitsCard[];
  #places: Map<string, number> | undefined;

  constructor(cards: Iterable<FitsCard> = [], file = "new file", hduIndex = 0) {
    this.#cards = [...cards];
    this.file = file;
    this.hduIndex = hduIndex;
  }

  get cards(): readonly FitsCard[] {
    return this.#cards;
  }

  /** Whether the keyword is there, with or without a value. */
  has(keyword: string): boolean {
    return this.#find(keyword) !== undefined;
  }

  /** The value; undefined when there is no such keyword, null when it has no value. @throws FitsCorruptError when it is none */
  value(keyword: string): FitsValue | undefined {
    const card = this.#find(keyword);
    if (card?.malformedValue !== undefined) throw this.#wrong(keyword, "a value", card.malformedValue);
    return card?.value;
  }

  /** A number; bigints are rounded. @throws FitsCorruptError when it is something else */
  number(keyword: string): number | undefined {
    const value = this.value(keyword);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "number") return value;
    if (typeof value === "bigint") return Number(value);
    throw this.#wrong(keyword, "a number", describe(value));
  }

  /** An integer that a number holds exactly. @throws FitsCorruptError when it is something else */
  integer(keyword: string): number | undefined {
    const value = this.value(keyword);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    throw this.#wrong(keyword, "an integer", describe(value));
  }

  /** A string. @throws FitsCorruptError when it is something else */
  text(keyword: string): string | undefined {
    const value = this.value(keyword);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    throw this.#wrong(keyword, "a string", describe(value));
  }

  /** T or F. @throws FitsCorruptError when it is something else */
  logical(keyword: string): boolean | undefined {
    const value = this.value(keyword);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "boolean") return value;
    throw this.#wrong(keyword, "T or F", describe(value));
  }

  /** @throws FitsMissingError when there is no such keyword or it has no value; FitsCorruptError */
  requiredInteger(keyword: string): number {
    const value = this.integer(keyword);
    if (value === undefined) throw this.#missing(keyword, "an integer");
    return value;
  }

  /** @throws FitsMissingError when there is no such keyword or it has no value; FitsCorruptError */
  requiredText(keyword: string): string {
    const value = this.text(keyword);
    if (value === undefined) throw this.#missing(keyword, "a string");
    return value;
  }

  /** The comment behind a value. */
  commentOf(keyword: string): string | undefined {
    return this.#find(keyword)?.comment;
  }

  /** Lines of HISTORY, COMMENT or another keyword without values, in their order. */
  lines(keyword: "HISTORY" | "COMMENT" | ""): readonly string[] {
    return this.#cards.filter((card) => card.keyword === keyword).map((card) => card.comment);
  }

  /** Sets a keyword where it stands, or behind all others. Without a comment it keeps the one it has. */
  set(keyword: string, value: FitsValue, comment?: string, options: CardOptions = {}): this {
    const at = this.#index().get(keyword);
    const isReal = options.isReal ?? false;
    const card = { keyword, value, comment: comment ?? this.commentOf(keyword) ?? "", isReal };
    if (at === undefined) this.#append(card);
    else this.#cards[at] = card;
    return this;
  }

  /** Sets a floating-point keyword: whole numbers get a point, as readers of other languages expect. */
  setReal(keyword: string, value: number, comment?: string): this {
    return this.set(keyword, value, comment, { isReal: true });
  }

  /** Appends a card as it is, one of another header for instance. */
  append(card: FitsCard): this {
    this.#append(card);
    return this;
  }

  addHistory(text: string): this {
    return this.append({ keyword: "HISTORY", value: undefined, comment: text, isReal: false });
  }

  addComment(text: string): this {
    return this.append({ keyword: "COMMENT", value: undefined, comment: text, isReal: false });
  }

  /** Removes all cards of a keyword. */
  remove(keyword: string): this {
    this.#cards = this.#cards.filter((card) => card.keyword !== keyword);
    this.#places = undefined;
    return this;
  }

  /** A header of its own with the same cards. */
  clone(): FitsHeader {
    return new FitsHeader(this.#cards, this.file, this.hduIndex);
  }

  /** Where a keyword stands, for errors. */
  placeOf(keyword: string): string {
    const at = this.#index().get(keyword);
    return `HDU ${this.hduIndex}, ${at === undefined ? keyword : `card ${at + 1} (${keyword})`}`;
  }

  #append(card: FitsCard): void {
    if (!isCommentary(card.keyword) && !this.#index().has(card.keyword)) {
      this.#index().set(card.keyword, this.#cards.length);
    }
    this.#cards.push(card);
  }

  #find(keyword: string): FitsCard | undefined {
    const at = this.#index().get(keyword);
    return at === undefined ? undefined : this.#cards[at];
  }

  #index(): Map<string, number> {
    if (this.#places === undefined) {
      this.#places = new Map();
      for (const [at, { keyword }] of this.#cards.entries()) {
        if (!isCommentary(keyword) && !this.#places.has(keyword)) this.#places.set(keyword, at);
      }
    }
    return this.#places;
  }

  #wrong(keyword: string, expected: string, found: string): FitsCorruptError {
    return new FitsCorruptError({ file: this.file, place: this.placeOf(keyword), expected, found });
  }

  #missing(keyword: string, expected: string): FitsMissingError {
    return new FitsMissingError({ file: this.file, place: this.placeOf(keyword), expected, found: "none" });
  }
}

function describe(value: FitsValue): string {
  if (value !== null && typeof value === "object") return `(${value.re}, ${value.im})`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
