/** `contimg cal retire` */

import { type Command, InvalidArgumentError } from "commander";
import { type CalServices, findTable, REGISTRY_DB_HELP, type RegistryFlags, withRegistry } from "./registry-access.ts";

/** Whoever asks later why a table is out of use must find an answer. */
function someText(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("--reason: expected why, found nothing");
}

export function addCalRetire(cal: Command, { openExistingRegistry }: CalServices): void {
  cal
    .command("retire")
    .description("takes tables out of use, for good; nothing is removed from disk")
    .argument("<tables...>", "their numbers or paths")
    .requiredOption("--reason <text>", "why, kept in the notes", someText)
    .option("--registry-db <path>", REGISTRY_DB_HELP)
    .option("--json", "JSON lines", false)
    .action((names: string[], flags: RegistryFlags & { readonly reason: string }) =>
      withRegistry(openExistingRegistry, flags, (registry, output) => {
        let exitStatus = 0;
        for (const name of names) {
          const table = findTable(registry, name);
          const isRetired = table !== undefined && registry.retire(table, "by-operator", flags.reason) === "done";
          const status = table && registry.find(table.id)?.status;
          output.event({
            id: table?.id ?? null,
            path: table?.path ?? name,
            retired: isRetired,
            status: status ?? null,
          });
          if (isRetired) output.line(`${table.id} ${table.path} is retired`);
          else {
            exitStatus = 1;
            output.problem(
              table ? `${table.id} ${table.path} is ${status}: only active tables are retired` : `no table ${name}`,
            );
          }
        }
        return exitStatus;
      }),
    );
}
