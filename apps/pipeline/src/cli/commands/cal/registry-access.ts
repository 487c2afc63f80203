/** How the commands of `contimg cal` get at the registry, and what all of them do with it. */

import { join } from "node:path";
import { loadConfig } from "../../../config/load-config.ts";
import type { CalTable } from "../../../domain/cal-table.ts";
import { isPipelineError, PipelineError } from "../../../domain/error-codes.ts";
import type { CalRegistry } from "../../../ports/cal-registry.ts";
import type { CalTableFiles } from "../../../ports/cal-table-files.ts";
import type { WriteReport } from "../../../ports/report-files.ts";
import { createOutput, describeError, type Output } from "../../output.ts";

export interface CalServices {
  /** @throws PipelineError CAL_REGISTRY_UNUSABLE when there is no such file: looking must not make one */
  openExistingRegistry(path: string): CalRegistry;
  /** Makes the file when it is not there. */
  openRegistry(path: string): CalRegistry;
  readonly files: CalTableFiles;
  readonly writeReport: WriteReport;
}

export interface RegistryFlags {
  readonly registryDb?: string;
  readonly json: boolean;
}

export const REGISTRY_DB_HELP =
  "the registry (default: that of CONTIMG_CAL_REGISTRY_DB or CONTIMG_CONFIG, else cal_registry.sqlite3 in the state directory, else here)";

/** @throws PipelineError CONFIG_INVALID */
export function registryPathOf({ registryDb }: Pick<RegistryFlags, "registryDb">): string {
  if (registryDb !== undefined) return registryDb;
  const sources = { configPath: undefined, variables: process.env, flags: new Map(), currentDir: process.cwd() };
  return loadConfig(sources).config.databases.calRegistryDb!;
}

/** Runs one subcommand: the exit status is what it returns, or 1 when it fails with a code. */
export function runCal(flags: { readonly json: boolean }, act: (output: Output) => number): void {
  const output = createOutput(flags.json, process.stdout, process.stderr, false);
  try {
    process.exitCode = act(output);
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    output.event({ event: "failed", code: error.code, disposition: error.disposition, message: error.message });
    process.exitCode = 1;
  }
}

/** As {@link runCal}, with the registry open. */
export function withRegistry(
  open: (path: string) => CalRegistry,
  flags: RegistryFlags,
  act: (registry: CalRegistry, output: Output) => number,
): void {
  runCal(flags, (output) => {
    const registry = open(registryPathOf(flags));
    try {
      return act(registry, output);
    } finally {
      registry.close();
    }
  });
}

/** By its number or its path. */
export const findTable = (registry: CalRegistry, name: string): CalTable | undefined =>
  /^\d+$/.test(name) ? registry.find(Number(name)) : registry.findPath(absolute(name));

/** Without an ending slash, as registered. */
export const absolute = (path: string): string => {
  const whole = path.startsWith("/") ? path : join(process.cwd(), path);
  return whole.replace(/(?<=.)\/+$/, "");
};

/** @throws PipelineError INPUT_UNREADABLE */
export function tableOrRefuse(registry: CalRegistry, name: string): CalTable {
  const table = findTable(registry, name);
  if (table) return table;
  throw new PipelineError("INPUT_UNREADABLE", `${name}: expected the number or path of a registered table`, {
    subject: name,
  });
}

/** An entry with the names of its columns. */
export const tableJson = (table: CalTable) => ({
  id: table.id,
  set_name: table.setName,
  path: table.path,
  table_type: table.type,
  order_index: table.orderIndex,
  cal_field: table.calField,
  refant: table.refant,
  created_at: table.createdUnixSec,
  valid_start_mjd: table.validStartMjd,
  valid_end_mjd: table.validEndMjd,
  reference_mjd: table.referenceMjd,
  status: table.status,
  retired_cause: table.retiredCause,
  notes: table.notes,
  source_ms_path: table.sourceMsPath,
  solver_command: table.solverCommand,
  solver_version: table.softwareVersion,
  solver_params: table.parameters,
  quality_metrics: table.quality,
  ra_deg: table.phaseCentre?.raDeg ?? null,
  dec_deg: table.phaseCentre?.decDeg ?? null,
  solved_with: table.solvedWith,
  content_digest: table.contentDigest,
});
