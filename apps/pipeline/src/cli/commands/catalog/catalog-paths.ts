/** Where catalogues lie, and what all commands of `contimg catalog` have in common. */

import { join } from "node:path";
import { InvalidArgumentError } from "commander";
import { loadConfig } from "../../../config/load-config.ts";
import type { Config } from "../../../config/settings.ts";
import { surveyNames } from "../../../domain/catalog-source.ts";
import { isPipelineError } from "../../../domain/error-codes.ts";
import { parseAngleDeg } from "../../../stages/convert/phase-centre-text.ts";
import { createOutput, describeError, type Output } from "../../output.ts";

export const catalogNames = [...surveyNames, "vla-calibrators", "master"] as const;
export type CatalogName = (typeof catalogNames)[number];

export const isCatalogName = (text: string): text is CatalogName => catalogNames.includes(text as CatalogName);

/** Names that operators and other programs know. */
const FILE_NAMES: Readonly<Partial<Record<CatalogName, string>>> = {
  "vla-calibrators": "vla_calibrators.sqlite3",
  master: "master_sources.sqlite3",
};

/** @throws PipelineError CONFIG_INVALID */
export function commandConfig(): Config {
  return loadConfig({
    configPath: undefined,
    variables: process.env,
    flags: new Map(),
    currentDir: process.cwd(),
  }).config;
}

/** Where a catalogue lies when nobody says another place. @throws PipelineError CONFIG_INVALID */
export function catalogPath(name: CatalogName): string {
  const { staticDir, stateDir } = commandConfig().directories;
  const fileName = FILE_NAMES[name] ?? `${name}.sqlite3`;
  if (name === "master") return join(stateDir ?? process.cwd(), fileName);
  return join(staticDir ?? stateDir ?? process.cwd(), "catalogs", fileName);
}

/** Runs one subcommand: the exit status is what it returns, or 1 when it fails with a code. */
export async function runCatalog(
  flags: { readonly json: boolean },
  act: (output: Output) => number | Promise<number>,
): Promise<void> {
  const output = createOutput(flags.json, process.stdout, process.stderr, false);
  try {
    process.exitCode = await act(output);
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    output.event({ event: "failed", code: error.code, disposition: error.disposition, message: error.message });
    process.exitCode = 1;
  }
}

export interface SkyPlace {
  readonly raDeg: number;
  readonly decDeg: number;
}

/** `128.73,55.57` or `08h34m54.9s,+55d34m21s`. */
export function skyPlace(text: string): SkyPlace {
  const [ra, dec, ...rest] = text.split(",");
  const raDeg = ra === undefined ? undefined : parseAngleDeg(ra, true);
  const decDeg = dec === undefined ? undefined : parseAngleDeg(dec, false);
  if (rest.length > 0 || raDeg === undefined || decDeg === undefined || Math.abs(decDeg) > 90 || Math.abs(raDeg) > 360)
    throw new InvalidArgumentError(`expected RA,DEC such as 128.73,55.57 or 08h34m54.9s,+55d34m21s, found "${text}"`);
  return { raDeg: ((raDeg % 360) + 360) % 360, decDeg };
}

/** A number within two others, both included. */
export function numberWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= least && value <= most))
      throw new InvalidArgumentError(`expected a number from ${least} to ${most}, found "${text}"`);
    return value;
  };
}

/** `contimg catalog build nvss --output x.sqlite3`: one of the names, or a usage error. */
export function catalogName(text: string): CatalogName {
  if (isCatalogName(text)) return text;
  throw new InvalidArgumentError(`expected one of ${catalogNames.join(", ")}, found "${text}"`);
}
