/** Instants and spans of time as the commands of `contimg cal` take and show them. */

import { InvalidArgumentError } from "commander";
import {
  type CalTableType,
  calTableTypes,
  isCalTableType,
  mjdOfUnixSec,
  unixSecOfMjd,
} from "../../../domain/cal-table.ts";
import { utcUnixSec } from "../../values.ts";

const EXPECTED = "a UTC time such as 2025-10-29T13:54:17, or an MJD such as 60977.5794";

/** A UTC instant, or a modified Julian date. */
export function mjdTime(text: string): number {
  const trimmed = text.trim();
  if (/^\d{5}(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const refusal = new InvalidArgumentError(`expected ${EXPECTED}, found "${text}"`);
  let unixSec: number;
  try {
    unixSec = utcUnixSec(trimmed);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw refusal;
    throw error;
  }
  // 31 April would be taken for 1 May.
  if (new Date(unixSec * 1000).getUTCDate() !== Number(trimmed.slice(8, 10))) throw refusal;
  return mjdOfUnixSec(unixSec);
}

/** `2025-10-29T13:54:17`. */
export const mjdText = (mjd: number): string =>
  new Date(Math.round(unixSecOfMjd(mjd)) * 1000).toISOString().slice(0, 19);

/** `-` where validity is open. */
export const boundText = (mjd: number | null): string => (mjd === null ? "-" : mjdText(mjd));

/** `2.5 h earlier`, `20 min later`. */
export function offsetText(offsetDay: number): string {
  const minutes = Math.abs(offsetDay) * 1440;
  if (minutes < 0.5) return "same time";
  const size =
    minutes < 120
      ? `${Math.round(minutes)} min`
      : minutes < 2880
        ? `${(minutes / 60).toFixed(1)} h`
        : `${(minutes / 1440).toFixed(1)} d`;
  return `${size} ${offsetDay < 0 ? "earlier" : "later"}`;
}

/** `BP,GP` */
export function calTypes(text: string): readonly CalTableType[] {
  return text.split(",").map((part) => {
    const name = part.trim();
    if (isCalTableType(name)) return name;
    throw new InvalidArgumentError(`expected some of ${calTableTypes.join(", ")}; found "${name}"`);
  });
}

/** `BP=7,GP=0.5`, days. */
export function daysOfTypes(text: string): Readonly<Partial<Record<CalTableType, number>>> {
  const pairs = text.split(",").map((part) => {
    const [name = "", value = ""] = part.split("=").map((word) => word.trim());
    if (!isCalTableType(name) || !/^\d+(\.\d+)?$/.test(value))
      throw new InvalidArgumentError(`expected days by type, such as BP=7,GP=0.5; found "${text}"`);
    return [name, Number(value)] as const;
  });
  return Object.fromEntries(pairs);
}
