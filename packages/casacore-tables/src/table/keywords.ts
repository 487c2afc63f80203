/** Getting typed values out of keyword sets. Each function throws KeywordNotFoundError when there is no such value. */
import { KeywordNotFoundError } from "../errors.ts";
import type { KeywordSet, KeywordValue, NumericArray } from "./model.ts";

function describeKeyword(value: KeywordValue | undefined): string {
  if (value === undefined) return "no such keyword";
  if (value.kind === "scalar") return `a scalar of type ${value.type}`;
  return value.kind === "array" ? `an array of type ${value.value.type}` : `a ${value.kind}`;
}

function missing(subject: string, name: string, expected: string, keywords: KeywordSet): KeywordNotFoundError {
  return new KeywordNotFoundError(subject, name, expected, describeKeyword(keywords.get(name)));
}

/** A string. @param subject named in the error: the path or column the keywords are of */
export function stringKeyword(keywords: KeywordSet, name: string, subject: string): string {
  const value = keywords.get(name);
  if (value?.kind === "scalar" && typeof value.value === "string") return value.value;
  throw missing(subject, name, "a string", keywords);
}

/** A number of any type; int64 is rounded to a double beyond 2^53. */
export function numberKeyword(keywords: KeywordSet, name: string, subject: string): number {
  const value = keywords.get(name);
  if (value?.kind === "scalar" && (typeof value.value === "number" || typeof value.value === "bigint")) {
    return Number(value.value);
  }
  throw missing(subject, name, "a number", keywords);
}

/** A list of strings, such as QuantumUnits. */
export function stringsKeyword(keywords: KeywordSet, name: string, subject: string): readonly string[] {
  const value = keywords.get(name);
  if (value?.kind === "array" && value.value.type === "string") return value.value.data as readonly string[];
  throw missing(subject, name, "a list of strings", keywords);
}

/** A typed array of numbers; complex values interleaved. */
export function numbersKeyword(keywords: KeywordSet, name: string, subject: string): NumericArray {
  const value = keywords.get(name);
  if (value?.kind === "array" && value.value.type !== "string") return value.value.data as NumericArray;
  throw missing(subject, name, "an array of numbers", keywords);
}

/** A nested keyword set, such as MEASINFO. */
export function recordKeyword(keywords: KeywordSet, name: string, subject: string): KeywordSet {
  const value = keywords.get(name);
  if (value?.kind === "record") return value.value;
  throw missing(subject, name, "a record", keywords);
}

/** Names of the keywords that refer to tables: the subtables of a Measurement Set. */
export function tableKeywordNames(keywords: KeywordSet): string[] {
  return [...keywords].filter(([, value]) => value.kind === "table").map(([name]) => name);
}
