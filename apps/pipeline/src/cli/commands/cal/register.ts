/** `contimg cal register`: tables that other programs have solved. */

import { type Command, InvalidArgumentError } from "commander";
import {
  type CalTableType,
  guessReferenceMjd,
  isCalTableType,
  type NewCalTable,
  typeOfCalPath,
  usualValidity,
} from "../../../domain/cal-table.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { CalTableFiles } from "../../../ports/cal-table-files.ts";
import { withContent } from "../../../services/find-calibration.ts";
import {
  absolute,
  type CalServices,
  REGISTRY_DB_HELP,
  type RegistryFlags,
  tableJson,
  withRegistry,
} from "./registry-access.ts";
import { mjdText, mjdTime } from "./times.ts";

interface RegisterFlags extends RegistryFlags {
  readonly set?: string;
  readonly type?: CalTableType;
  readonly reference?: number;
  readonly validStart?: number;
  readonly validEnd?: number;
  readonly calField?: string;
  readonly refant?: string;
  readonly ms?: string;
  readonly notes?: string;
}

function typeOf(text: string): CalTableType {
  if (isCalTableType(text)) return text;
  throw new InvalidArgumentError(`expected a type such as BP or GP, found "${text}"`);
}

/** Of the name before `_bpcal` and its like: `2025-10-29T13:54:17_0~23`. */
const setNameOf = (path: string) =>
  path.slice(path.lastIndexOf("/") + 1).replace(/_(2?k|ba|bp|ga|gp|2g)cal$|_flux\.cal$/, "");

function entryOf(files: CalTableFiles, path: string, flags: RegisterFlags): NewCalTable {
  const type = flags.type ?? typeOfCalPath(path);
  if (type === undefined) {
    throw new PipelineError(
      "CAL_TABLE_INVALID",
      `${path}: name: expected an ending such as _bpcal or _gpcal, or --type; found neither`,
      { subject: path },
    );
  }
  const condition = files.inspect(path);
  const ofSolutions = condition.kind === "whole" ? condition.referenceMjd : null;
  const referenceMjd = flags.reference ?? ofSolutions ?? guessReferenceMjd(path, null, null, 0);
  const usual = usualValidity(type, referenceMjd);
  return withContent(files, {
    path,
    type,
    setName: flags.set ?? setNameOf(path),
    referenceMjd,
    validStartMjd: flags.validStart ?? usual.validStartMjd,
    validEndMjd: flags.validEnd ?? usual.validEndMjd,
    calField: flags.calField ?? null,
    refant: flags.refant ?? null,
    sourceMsPath: flags.ms === undefined ? null : absolute(flags.ms),
    solvedWith: [],
    parameters: {},
    softwareVersion: null,
    solverCommand: null,
    quality: {},
    phaseCentre: null,
    notes: flags.notes ?? null,
  });
}

export function addCalRegister(cal: Command, { openRegistry, files }: CalServices): void {
  cal
    .command("register")
    .description("registers tables that CASA or others have solved, all or none")
    .argument("<tables...>", "their paths, such as <timestamp>_<fields>_bpcal")
    .option("--set <name>", "their set (default: of the name, what is before _bpcal)")
    .option("--type <type>", "when the name does not say it: K, BA, BP, GA, GP, 2G, FLUX", typeOf)
    .option("--reference <time>", "middle of the data, UTC or MJD (default: of the solutions' times)", mjdTime)
    .option("--valid-start <time>", "UTC or MJD (default: a day before the reference, gains an hour)", mjdTime)
    .option("--valid-end <time>", "no longer valid then (default: a day after the reference, gains an hour)", mjdTime)
    .option("--cal-field <fields>", "fields that were solved on")
    .option("--refant <antenna>", "the reference antenna")
    .option("--ms <path>", "the Measurement Set that was solved on")
    .option("--notes <text>", "what else should be known")
    .option("--registry-db <path>", REGISTRY_DB_HELP)
    .option("--json", "JSON lines", false)
    .action((paths: string[], flags: RegisterFlags) =>
      withRegistry(openRegistry, flags, (registry, output) => {
        const registered = registry.register(paths.map((path) => entryOf(files, absolute(path), flags)));
        for (const { table, outcome } of registered) {
          output.event({ outcome, ...tableJson(table) });
          output.line(
            `${table.id} ${table.type} ${table.path}  ${outcome === "already" ? `was registered before, ${table.status}` : `registered, solved at ${mjdText(table.referenceMjd)}`}`,
          );
        }
        return 0;
      }),
    );
}
