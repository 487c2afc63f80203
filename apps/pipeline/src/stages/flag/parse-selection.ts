/** Selections as operators write them, in the manner of CASA: names, `a&b`, `spw:first~last;channel`, times. */

import { PipelineError } from "../../domain/error-codes.ts";
import type { FlagAntenna, FlagWindow, TimeSelection } from "../../domain/flagging.ts";

const refuse = (option: string, expected: string, found: string, subject: string) =>
  new PipelineError("CONFIG_INVALID", `--${option}: expected ${expected}, found "${found}"`, { subject });

const listOf = (text: string): readonly string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** Antennas by name, else by station. @throws PipelineError CONFIG_INVALID */
function antennaIndex(name: string, antennas: readonly FlagAntenna[], option: string, subject: string): number {
  const byName = antennas.findIndex((antenna) => antenna.name === name);
  const index = byName >= 0 ? byName : antennas.findIndex((antenna) => antenna.station === name);
  if (index < 0) {
    const known = antennas.map((antenna) => antenna.name);
    const shown = known.length > 8 ? `${known.slice(0, 8).join(", ")} …` : known.join(", ");
    throw refuse(option, `a name or station of ANTENNA (${shown})`, name, subject);
  }
  return index;
}

export function parseAntennas(text: string, antennas: readonly FlagAntenna[], subject: string): readonly number[] {
  return listOf(text).map((name) => antennaIndex(name, antennas, "antenna", subject));
}

export function parseBaselines(
  text: string,
  antennas: readonly FlagAntenna[],
  subject: string,
): readonly (readonly [number, number])[] {
  return listOf(text).map((pair) => {
    const names = pair.split("&").map((name) => name.trim());
    if (names.length !== 2) throw refuse("baseline", "two antennas, as in 12&45", pair, subject);
    const [one, other] = names.map((name) => antennaIndex(name, antennas, "baseline", subject));
    return [one!, other!] as const;
  });
}

/** `3` or `3~7`, the end inclusive. */
function parseRange(text: string, end: number, option: string, subject: string): readonly [number, number] {
  const match = /^(\d+)(?:~(\d+))?$/.exec(text.trim());
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first > last || last >= end)
    throw refuse(option, `a number or range within 0 to ${end - 1}, as in 3~7`, text, subject);
  return [first, last];
}

/** @returns marks of each DATA_DESC_ID; null when the text is empty. */
export function parseChannels(
  text: string,
  windows: readonly FlagWindow[],
  subject: string,
): readonly Uint8Array[] | null {
  if (text.trim() === "") return null;
  const marks = windows.map(({ freqHz }) => new Uint8Array(freqHz.length));
  const spwCount = 1 + Math.max(...windows.map(({ spwIndex }) => spwIndex));
  for (const part of listOf(text)) {
    const [spwText, channelText, ...rest] = part.split(":");
    if (rest.length > 0) throw refuse("spw", "SPW:CHANNELS, as in 2:5~9;40", part, subject);
    const [firstSpw, lastSpw] =
      spwText!.trim() === "*" ? [0, spwCount - 1] : parseRange(spwText!, spwCount, "spw", subject);
    for (const [at, { spwIndex, freqHz }] of windows.entries()) {
      if (spwIndex < firstSpw || spwIndex > lastSpw) continue;
      for (const range of channelText?.split(";") ?? [`0~${freqHz.length - 1}`]) {
        const [first, last] = parseRange(range, freqHz.length, "spw", subject);
        marks[at]!.fill(1, first, last + 1);
      }
    }
  }
  return marks;
}

export function parseScans(text: string, known: readonly number[], subject: string): readonly number[] {
  return listOf(text).flatMap((part) => {
    const [first, last] = parseRange(part, Number.MAX_SAFE_INTEGER, "scan", subject);
    const found = known.filter((scan) => scan >= first && scan <= last);
    if (found.length === 0) throw refuse("scan", `one of ${known.join(", ")}`, part, subject);
    return found;
  });
}

const MJD_SEC_OF_UNIX_EPOCH = 40_587 * 86_400;

function parseUtc(text: string, subject: string): number {
  const match = /^(\d{4})[-/](\d\d)[-/](\d\d)[T/ ](\d\d):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text.trim());
  if (!match)
    throw refuse("timerange", "START~END in UTC, as in 2025-10-03T11:48:50~2025-10-03T11:50:00", text, subject);
  const [year, month, day, hour, minute] = match.slice(1).map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute) / 1000 + Number(match[6]) + MJD_SEC_OF_UNIX_EPOCH;
}

export function parseTimes(text: string, subject: string): readonly TimeSelection[] {
  return listOf(text).map((part) => {
    const [start, end, ...rest] = part.split("~");
    const range = { startSec: parseUtc(start!, subject), endSec: parseUtc(end ?? "", subject) };
    if (rest.length > 0 || range.endSec <= range.startSec)
      throw refuse("timerange", "START~END with START before END", part, subject);
    return range;
  });
}
