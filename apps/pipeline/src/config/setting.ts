/** What a setting is made of: its type, where it can be given, and what it means. */

import { z } from "zod";

export type SettingKind = "path" | "text" | "wholeNumber" | "number" | "switch" | "choice";

export interface Setting<S extends z.ZodType = z.ZodType> {
  /** Type, range, default and meaning: what the JSON schema is made from. */
  readonly schema: S;
  readonly kind: SettingKind;
  /** For messages: `a whole number from 1 to 64`. */
  readonly expected: string;
  /** One sentence for help and the manual. */
  readonly meaning: string;
  /** Without dashes; null: cannot be given on the command line. */
  readonly flag: string | null;
  /** What stands for the value in the help of the flag. */
  readonly placeholder: string;
  /** The first is ours; the others are names that older installations use. */
  readonly variables: readonly string[];
}

export interface Given {
  readonly flag?: string | null;
  readonly aliases?: readonly string[];
  readonly placeholder?: string;
}

function setting<S extends z.ZodType>(
  kind: SettingKind,
  schema: S,
  expected: string,
  meaning: string,
  key: string,
  given: Given & { placeholder: string },
): Setting<S> {
  const flag = given.flag === undefined ? key : given.flag;
  const variable = `CONTIMG_${key.toUpperCase().replaceAll("-", "_")}`;
  return {
    schema: schema.describe(meaning),
    kind,
    expected,
    meaning,
    flag,
    placeholder: given.placeholder,
    variables: [variable, ...(given.aliases ?? [])],
  };
}

const pathSchema = z
  .string()
  .min(1)
  .max(4095)
  .regex(/^[^\0]*$/);

/** A path that need not be given; relative ones count from the current directory, in a file from the file's folder. */
export function optionalPath(key: string, meaning: string, given: Given = {}) {
  const schema = pathSchema.nullable().default(null);
  return setting("path", schema, "a path", meaning, key, { placeholder: "dir", ...given });
}

export function path(key: string, initial: string, meaning: string, given: Given = {}) {
  return setting("path", pathSchema.default(initial), "a path", meaning, key, { placeholder: "dir", ...given });
}

export function optionalText(key: string, meaning: string, given: Given = {}) {
  const schema = z.string().min(1).max(256).nullable().default(null);
  return setting("text", schema, "text of 1 to 256 characters", meaning, key, { placeholder: "text", ...given });
}

/** Text that `isValid` accepts. */
export function text(
  key: string,
  initial: string,
  expected: string,
  isValid: (value: string) => boolean,
  meaning: string,
  given: Given = {},
) {
  const schema = z.string().max(256).refine(isValid).default(initial);
  return setting("text", schema, expected, meaning, key, { placeholder: "text", ...given });
}

const wholeSchema = (least: number, most: number) => z.number().int().min(least).max(most);
const wholeText = (least: number, most: number) => `a whole number from ${least} to ${most}`;

export function wholeNumber(
  key: string,
  range: readonly [least: number, most: number],
  initial: number,
  meaning: string,
  given: Given = {},
) {
  const schema = wholeSchema(...range).default(initial);
  return setting("wholeNumber", schema, wholeText(...range), meaning, key, { placeholder: "n", ...given });
}

export function optionalWholeNumber(
  key: string,
  range: readonly [least: number, most: number],
  meaning: string,
  given: Given = {},
) {
  const schema = wholeSchema(...range)
    .nullable()
    .default(null);
  return setting("wholeNumber", schema, wholeText(...range), meaning, key, { placeholder: "n", ...given });
}

/** A number in the unit that the key ends in. */
export function decimal(
  key: string,
  range: readonly [least: number, most: number],
  initial: number,
  unit: string,
  meaning: string,
  given: Given = {},
) {
  const [least, most] = range;
  const schema = z.number().min(least).max(most).default(initial);
  const expected = `a number of ${unit} from ${least} to ${most}`;
  return setting("number", schema, expected, meaning, key, { placeholder: unit, ...given });
}

export function toggle(key: string, initial: boolean, meaning: string, given: Given = {}) {
  const schema = z.boolean().default(initial);
  return setting("switch", schema, "true or false", meaning, key, { placeholder: "", ...given });
}

export function choice<const C extends readonly [string, ...string[]]>(
  key: string,
  choices: C,
  initial: C[number],
  meaning: string,
  given: Given = {},
) {
  const schema = z.enum(choices).default(initial);
  return setting("choice", schema, `one of ${choices.join(", ")}`, meaning, key, { placeholder: "word", ...given });
}
