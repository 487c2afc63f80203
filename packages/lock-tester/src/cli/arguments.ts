/** The command line of the tester, read and checked. */

import { parseArgs } from "node:util";
import { LockTesterError } from "../errors.ts";
import { parseDurationMs } from "../scenario/command.ts";

export const OPTIONS = {
  primitive: { type: "string" },
  scenario: { type: "string" },
  battery: { type: "boolean" },
  acquisitions: { type: "string" },
  mode: { type: "string" },
  hold: { type: "string" },
  pause: { type: "string" },
  seed: { type: "string" },
  processes: { type: "string" },
  timeout: { type: "string" },
  limit: { type: "string" },
  poll: { type: "string" },
  redis: { type: "string" },
  listen: { type: "string" },
  hosts: { type: "string" },
  token: { type: "string" },
  shrink: { type: "string" },
  json: { type: "string" },
  html: { type: "string" },
  actions: { type: "boolean" },
  quiet: { type: "boolean" },
  list: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

export type OptionName = keyof typeof OPTIONS;
type Values = { readonly [name in OptionName]?: string | boolean };

export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: Values;

  /** @throws LockTesterError `usage` for an option that is not known */
  constructor(args: readonly string[]) {
    try {
      const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
      this.positionals = positionals;
      this.#values = values;
    } catch (error) {
      throw new LockTesterError("usage", (error as Error).message.split(". ")[0]!, { cause: error });
    }
  }

  has(name: OptionName): boolean {
    return this.#values[name] !== undefined;
  }

  text(name: OptionName): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  durationMs(name: OptionName): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parseDurationMs(text);
    if (value === undefined) throw usage(`--${name}: expected a duration, as 5ms or 1.5s, found "${text}"`);
    return value;
  }

  wholeNumber(name: OptionName, least: number, most: number): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : wholeNumber(`--${name}`, text, least, most);
  }
}

export function usage(message: string): LockTesterError {
  return new LockTesterError("usage", message);
}

export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^[+-]?\d+(e\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isInteger(value) || value < least || value > most)
    throw usage(`${name}: expected a whole number from ${least} to ${most}, found "${text}"`);
  return value;
}

/** `HOST:PORT`, `[::1]:PORT` or `PORT`, which means this machine. */
export function hostAndPort(name: string, text: string): { readonly address: string; readonly port: number } {
  const parts = /^(?:(.+):)?(\d+)$/.exec(text);
  if (!parts) throw usage(`${name}: expected HOST:PORT, found "${text}"`);
  const [, host = "127.0.0.1", port = ""] = parts;
  return { address: host.replace(/^\[(.*)\]$/, "$1"), port: wholeNumber(name, port, 0, 65_535) };
}
