/** `contimg cal ls` */

import { type Command, InvalidArgumentError } from "commander";
import { type CalTable, type CalTableStatus, type CalTableType, calTableStatuses } from "../../../domain/cal-table.ts";
import { type Cell, tableLines, usesColor } from "../../table.ts";
import { wholeNumber } from "../../values.ts";
import { type CalServices, REGISTRY_DB_HELP, type RegistryFlags, tableJson, withRegistry } from "./registry-access.ts";
import { boundText, calTypes, mjdText, mjdTime } from "./times.ts";

interface ListFlags extends RegistryFlags {
  readonly type?: readonly CalTableType[];
  readonly status?: readonly CalTableStatus[];
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
}

const HEADER = ["id", "type", "status", "reference", "valid from", "valid until", "set", "path"];
const COLOR_OF_STATUS: Readonly<Record<CalTableStatus, number>> = { active: 32, retired: 33, failed: 31 };

function statusesOf(text: string): readonly CalTableStatus[] {
  return text.split(",").map((part) => {
    const status = calTableStatuses.find((one) => one === part.trim());
    if (status !== undefined) return status;
    throw new InvalidArgumentError(`expected some of ${calTableStatuses.join(", ")}; found "${part.trim()}"`);
  });
}

const row = (table: CalTable): readonly Cell[] => [
  { text: String(table.id) },
  { text: table.type },
  { text: table.status, colorCode: COLOR_OF_STATUS[table.status] },
  { text: mjdText(table.referenceMjd) },
  { text: boundText(table.validStartMjd) },
  { text: boundText(table.validEndMjd) },
  { text: table.setName },
  { text: table.path },
];

export function addCalLs(cal: Command, { openExistingRegistry }: CalServices): void {
  cal
    .command("ls")
    .description("lists calibration tables, those of the newest data first")
    .option("--type <types>", "only these, such as BP,GP", calTypes)
    .option("--status <statuses>", `only these: ${calTableStatuses.join(", ")}`, statusesOf)
    .option("--from <time>", "valid at some time from then on (UTC or MJD)", mjdTime)
    .option("--to <time>", "valid at some time up to then (UTC or MJD)", mjdTime)
    .option("--limit <n>", "at most so many", wholeNumber("--limit", 1), 50)
    .option("--registry-db <path>", REGISTRY_DB_HELP)
    .option("--json", "JSON lines", false)
    .action((flags: ListFlags) =>
      withRegistry(openExistingRegistry, flags, (registry, output) => {
        const tables = registry.list({
          ...(flags.type ? { types: flags.type } : {}),
          ...(flags.status ? { statuses: flags.status } : {}),
          ...(flags.from === undefined ? {} : { fromMjd: flags.from }),
          ...(flags.to === undefined ? {} : { toMjd: flags.to }),
          maxCount: flags.limit,
        });
        for (const table of tables) output.event(tableJson(table));
        const withColor = usesColor(process.stdout, process.env);
        for (const line of tableLines(HEADER, tables.map(row), withColor)) output.line(line);
        if (tables.length === 0) output.line("no table");
        if (tables.length === flags.limit) output.line(`the newest ${flags.limit}; --limit shows more`);
        return 0;
      }),
    );
}
