/** `contimg cal show` */

import type { Command } from "commander";
import type { CalTable, JsonObject } from "../../../domain/cal-table.ts";
import type { CalTableCondition } from "../../../ports/cal-table-files.ts";
import { utcText } from "../../queue-access.ts";
import {
  type CalServices,
  REGISTRY_DB_HELP,
  type RegistryFlags,
  tableJson,
  tableOrRefuse,
  withRegistry,
} from "./registry-access.ts";
import { boundText, mjdText } from "./times.ts";

function conditionText({ contentDigest }: CalTable, condition: CalTableCondition): string {
  switch (condition.kind) {
    case "whole":
      return contentDigest === null || contentDigest === condition.contentDigest
        ? `whole, ${condition.visCal}`
        : "whole, but not the content that was registered";
    case "vanished":
      return "vanished";
    case "unreachable":
    case "corrupt":
      return `${condition.kind}: ${condition.reason}`;
  }
}

const jsonLines = (name: string, values: JsonObject) =>
  Object.entries(values).map(([key, value]) => [name, `${key} = ${JSON.stringify(value)}`] as const);

function showLines(table: CalTable, condition: CalTableCondition): readonly string[] {
  const { phaseCentre } = table;
  const facts: readonly (readonly [string, string | null])[] = [
    ["table", `${table.id}  ${table.path}`],
    ["type", `${table.type}, applied as ${table.orderIndex}`],
    ["status", `${table.status}${table.retiredCause === null ? "" : ` (${table.retiredCause})`}`],
    ["on disk", conditionText(table, condition)],
    ["set", table.setName],
    ["reference", `${mjdText(table.referenceMjd)}  MJD ${table.referenceMjd.toFixed(6)}`],
    ["valid", `from ${boundText(table.validStartMjd)} until before ${boundText(table.validEndMjd)}`],
    ["registered", utcText(table.createdUnixSec)],
    ["field", table.calField],
    ["refant", table.refant],
    ["centre", phaseCentre && `RA ${phaseCentre.raDeg.toFixed(4)}, Dec ${phaseCentre.decDeg.toFixed(4)} degrees`],
    ["MS", table.sourceMsPath],
    ["software", table.softwareVersion],
    ["command", table.solverCommand],
    ...table.solvedWith.map(({ type, path }) => ["solved with", `${type} ${path}`] as const),
    ...jsonLines("parameter", table.parameters),
    ...jsonLines("quality", table.quality),
    ...(table.notes ?? "").split("\n").map((note) => ["note", note || null] as const),
  ];
  return facts.flatMap(([name, text]) => (text === null ? [] : [`${name.padEnd(12)} ${text}`]));
}

export function addCalShow(cal: Command, { openExistingRegistry, files }: CalServices): void {
  cal
    .command("show")
    .description("everything about one calibration table, and whether it is whole on disk")
    .argument("<table>", "its number or path")
    .option("--registry-db <path>", REGISTRY_DB_HELP)
    .option("--json", "JSON lines", false)
    .action((name: string, flags: RegistryFlags) =>
      withRegistry(openExistingRegistry, flags, (registry, output) => {
        const table = tableOrRefuse(registry, name);
        const condition = files.inspect(table.path);
        output.event({ ...tableJson(table), on_disk: condition.kind });
        for (const line of showLines(table, condition)) output.line(line);
        return 0;
      }),
    );
}
