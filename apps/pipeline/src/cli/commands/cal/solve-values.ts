/** What options of `contimg cal solve` say, as CASA's users write it. */

import { InvalidArgumentError } from "commander";
import {
  type CalSolveConfig,
  combinables,
  type PriorTable,
  type RobustConfig,
  type SolveType,
  solveTypes,
} from "../../../domain/cal-solve.ts";
import { typeOfCalPath } from "../../../domain/cal-table.ts";
import { finiteNumber } from "../../values.ts";
import { absolute } from "./registry-access.ts";

type UvRange = Pick<CalSolveConfig, "minUvM" | "maxUvM" | "minUvLambda" | "maxUvLambda">;

/** `200~3000`, `200~`, `~3000`, `>200`, `<3000`, each also with `m` or `klambda`. */
export function uvRange(text: string): UvRange {
  const [, range, unit = "m"] = /^(.*?)\s*(m|klambda)?$/i.exec(text.trim())!;
  const [, sign, limit] = /^([<>])\s*(.+)$/.exec(range!) ?? [];
  const parts = sign === undefined ? range!.split("~") : sign === ">" ? [limit!, ""] : ["", limit!];
  const [least, most] = parts.map((part, at) =>
    part.trim() === "" ? [0, Number.POSITIVE_INFINITY][at]! : Number(part),
  );
  if (!(parts.length === 2 && least! >= 0 && most! > least!))
    throw new InvalidArgumentError(
      `--uvrange: expected 200~3000, >200 or <3000, in m or with klambda at its end, found "${text}"`,
    );
  const all = { minUvM: 0, maxUvM: Number.POSITIVE_INFINITY, minUvLambda: 0, maxUvLambda: Number.POSITIVE_INFINITY };
  return unit.toLowerCase() === "m"
    ? { ...all, minUvM: least!, maxUvM: most! }
    : { ...all, minUvLambda: 1000 * least!, maxUvLambda: 1000 * most! };
}

/** Infinity: one for all times, or none; commander takes null for no value at all. 0: each integration. */
export function solintSec(name: string): (text: string) => number {
  return (text) => {
    if (text === "inf" || text === "none") return Number.POSITIVE_INFINITY;
    if (text === "int") return 0;
    const [, number, unit = "s"] = /^(.*?)\s*(s|min|h)?$/.exec(text.trim())!;
    const value = finiteNumber(name)(number!) * { s: 1, min: 60, h: 3600 }[unit as "s" | "min" | "h"];
    if (value <= 0) throw new InvalidArgumentError(`${name}: expected seconds above 0, int or inf, found "${text}"`);
    return value;
  };
}

/** One of some words. */
export function oneOf<Word extends string>(name: string, words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text);
    if (!found) throw new InvalidArgumentError(`${name}: expected ${words.join(", ")}, found "${text}"`);
    return found;
  };
}

/** Some of some words, with commas between them. */
export function someOf<Word extends string>(name: string, words: readonly Word[]): (text: string) => readonly Word[] {
  const read = oneOf(name, words);
  return (text) => (text === "" ? [] : text.split(",").map((part) => read(part.trim())));
}

export const solveTypeList: (text: string) => readonly SolveType[] = someOf("--solve", solveTypes);
export const combineList = someOf("--combine", combinables);

/** `student:4`, `huber:3`; commander takes null for no value at all. */
export function robustWeighting(text: string): RobustConfig {
  const [kind, number = ""] = text.split(":");
  const value = number === "" ? { student: 4, huber: 3 }[kind as "student" | "huber"] : Number(number);
  if ((kind === "student" || kind === "huber") && value !== undefined && value > 0 && Number.isFinite(value))
    return kind === "student" ? { kind, degreesCount: value } : { kind, limitSigma: value };
  throw new InvalidArgumentError(`--robust: expected student:DEGREES or huber:SIGMAS, found "${text}"`);
}

/** A table by its path: its type is in its name, or before it as `BP=/path`. */
export function priorTable(text: string, before: readonly PriorTable[]): readonly PriorTable[] {
  const [, named, path] = /^(?:(K|BA|BP|GA|GP|2G|FLUX)=)?(.+)$/.exec(text) ?? [];
  const type = (named as PriorTable["type"] | undefined) ?? (path === undefined ? undefined : typeOfCalPath(path));
  if (type === undefined)
    throw new InvalidArgumentError(
      `--prior-table: expected a path that ends in _kcal, _bpcal, _gpcal …, or TYPE=path, found "${text}"`,
    );
  return [...before, { type, path: absolute(path!) }];
}
