/**
 * The commands of the original tester, as text: `read`, `write`, `release`, `releaseif`, each at once or `@TIME`;
 * `file@PATH`, `sleep@MICROSECONDS`, `stop`.
 */

import type { Action, When } from "./scenario.ts";

/** Why a text is no command, and the column in it, counted from 0, where that shows. */
export interface CommandFlaw {
  readonly message: string;
  readonly columnOffset: number;
}

export const commandNames = ["read", "write", "release", "releaseif", "file", "sleep", "stop"] as const;
type CommandName = (typeof commandNames)[number];

const US_PER_MS = 1000;

/** @returns the action, or what is wrong with the text */
export function parseCommand(text: string): Action | CommandFlaw {
  const at = text.indexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  const argument = at < 0 ? undefined : text.slice(at + 1);
  if (!isCommandName(name)) {
    return { message: `unknown command "${name}": expected one of ${commandNames.join(", ")}`, columnOffset: 0 };
  }
  const flaw = (message: string): CommandFlaw => ({
    message: `${name}: ${message}`,
    columnOffset: at < 0 ? 0 : at + 1,
  });
  if (name === "stop") return argument === undefined ? { kind: "stop" } : flaw("takes no argument");
  if (name === "file")
    return argument ? { kind: "file", path: argument } : flaw("expected a path, as in file@/tmp/lock-file");
  if (name === "sleep") {
    const durationUs = argument && /^\d+$/.test(argument) ? Number(argument) : Number.NaN;
    return Number.isSafeInteger(durationUs)
      ? { kind: "sleep", durationMs: durationUs / US_PER_MS }
      : flaw("expected microseconds, as in sleep@450");
  }
  let when: When | undefined;
  if (argument !== undefined) {
    when = parseWhen(argument);
    if (!when) return flaw(`expected a time, as in ${name}@+1s or ${name}@2024-03-21 17:04:22.02, found "${argument}"`);
  }
  const timed = when === undefined ? {} : { when };
  if (name === "read" || name === "write")
    return { kind: "lock", mode: name === "read" ? "shared" : "exclusive", ...timed };
  return { kind: "release", ifHeld: name === "releaseif", ...timed };
}

export function isFlaw(parsed: Action | CommandFlaw): parsed is CommandFlaw {
  return "message" in parsed;
}

function isCommandName(name: string): name is CommandName {
  return (commandNames as readonly string[]).includes(name);
}

const UTC = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(\.\d+)?Z?$/;

/** `+1.5s`, `+250ms` after the command is sent, or a UTC time as the original writes it. */
function parseWhen(text: string): When | undefined {
  if (text.startsWith("+")) {
    const durationMs = parseDurationMs(text.slice(1));
    return durationMs === undefined ? undefined : { kind: "after-sending", sec: durationMs / 1000 };
  }
  const parts = UTC.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "0"] = parts;
  const unixMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const shown = new Date(unixMs).toISOString();
  // February 30 would be another day.
  if (!shown.startsWith(`${year}-${month}-${day}T${hour}:${minute}:${second}`)) return undefined;
  return { kind: "utc", unixSec: unixMs / 1000 + Number(fraction) };
}

const UNIT_MS = { us: 1e-3, ms: 1, s: 1000, min: 60_000 } as const;

/** `5ms`, `1.5s`, `200us`, `2min`. @returns undefined for any other text */
export function parseDurationMs(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)(us|ms|s|min)$/.exec(text);
  if (!parts) return undefined;
  return Number(parts[1]) * UNIT_MS[parts[2] as keyof typeof UNIT_MS];
}

/** The command's text, by which it is shown and sent. */
export function commandText(action: Action): string {
  switch (action.kind) {
    case "lock":
      return `${action.mode === "shared" ? "read" : "write"}${whenText(action.when)}`;
    case "release":
      return `${action.ifHeld ? "releaseif" : "release"}${whenText(action.when)}`;
    case "file":
      return `file@${action.path}`;
    case "sleep":
      return `sleep@${Math.round(action.durationMs * US_PER_MS)}`;
    case "stop":
      return "stop";
    case "contend":
      return `contend ${action.mode} ${action.count} times`;
  }
}

function whenText(when: When | undefined): string {
  if (!when) return "";
  if (when.kind === "after-sending") return `@+${when.sec}s`;
  const wholeSec = Math.floor(when.unixSec);
  const fraction = (when.unixSec - wholeSec)
    .toFixed(6)
    .slice(1)
    .replace(/\.?0+$/, "");
  return `@${new Date(wholeSec * 1000).toISOString().slice(0, 19).replace("T", " ")}${fraction}`;
}
