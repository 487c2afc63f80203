/** What the layers of the configuration say, before it is one. */

import type { Setting } from "./setting.ts";

/** Where a value comes from. */
export type Origin =
  | { readonly kind: "default" }
  /** Follows from another setting. */
  | { readonly kind: "derived"; readonly from: string }
  /** Line and column count from 1. */
  | { readonly kind: "file"; readonly path: string; readonly lineIndex: number; readonly columnIndex: number }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "flag"; readonly name: string };

export interface GivenValue {
  /** `section.key`. */
  readonly key: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** One thing that is wrong. */
export interface Rejection {
  readonly origin: Origin;
  /** `section.key`, or what stands in its place. */
  readonly key: string;
  readonly expected: string;
  readonly found: string;
  /** The name that was perhaps meant. */
  readonly suggestion?: string | undefined;
}

export interface Layer {
  readonly values: readonly GivenValue[];
  readonly rejections: readonly Rejection[];
}

export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return "default";
    case "derived":
      return `from ${origin.from}`;
    case "file":
      return `${origin.path}:${origin.lineIndex}:${origin.columnIndex}`;
    case "variable":
      return `variable ${origin.name}`;
    case "flag":
      return `flag --${origin.name}`;
    default:
      return origin satisfies never;
  }
}

export function describeRejection({ origin, key, expected, found, suggestion }: Rejection): string {
  const hint = suggestion === undefined ? "" : `; did you mean ${suggestion}?`;
  return `${describeOrigin(origin)}: ${key}: expected ${expected}, found ${found}${hint}`;
}

const MOST_SHOWN = 80;

/** A value for a message: short, on one line, without control characters. */
export function showValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? typeof value);
  const plain = text.replaceAll(/[\u007f-\u009f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return plain.length <= MOST_SHOWN ? plain : `${plain.slice(0, MOST_SHOWN)}… (${plain.length} characters)`;
}

const SWITCH_WORDS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const),
]);

/** The value that `text` of a variable or flag means; the text itself when it means none of its kind. */
export function valueOfText(setting: Setting, text: string): unknown {
  const trimmed = text.trim();
  switch (setting.kind) {
    case "wholeNumber":
    case "number":
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : text;
    case "switch":
      return SWITCH_WORDS.get(trimmed.toLowerCase()) ?? text;
    default:
      return text;
  }
}

/** Checks `value` against its setting. */
export function checked(
  key: string,
  setting: Setting,
  value: unknown,
  origin: Origin,
): { readonly value: GivenValue } | { readonly rejection: Rejection } {
  return setting.schema.safeParse(value).success
    ? { value: { key, value, origin } }
    : { rejection: { origin, key, expected: setting.expected, found: showValue(value) } };
}

/** Sorts the outcomes of {@link checked} and rejections made elsewhere. */
export function layerOf(
  outcomes: readonly ({ readonly value: GivenValue } | { readonly rejection: Rejection })[],
): Layer {
  return {
    values: outcomes.flatMap((outcome) => ("value" in outcome ? [outcome.value] : [])),
    rejections: outcomes.flatMap((outcome) => ("rejection" in outcome ? [outcome.rejection] : [])),
  };
}
