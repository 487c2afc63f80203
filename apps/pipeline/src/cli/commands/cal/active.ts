/** `contimg cal active`: what the stream would apply to data of an instant. */

import type { Command } from "commander";
import { type CalTableType, mjdOfUnixSec } from "../../../domain/cal-table.ts";
import { type CalPolicy, type ChosenTable, defaultCalPolicy, type TypeChoice } from "../../../domain/cal-validity.ts";
import { type FoundCalibration, findCalibration } from "../../../services/find-calibration.ts";
import { type Cell, tableLines, usesColor } from "../../table.ts";
import { type CalServices, REGISTRY_DB_HELP, type RegistryFlags, withRegistry } from "./registry-access.ts";
import { boundText, daysOfTypes, mjdText, mjdTime, offsetText } from "./times.ts";

interface ActiveFlags extends RegistryFlags {
  readonly at?: number;
  readonly withDelays: boolean;
  readonly borrow: Readonly<Partial<Record<CalTableType, number>>>;
  readonly check: boolean;
  readonly retire: boolean;
}

/** Of {@link choiceRows}. */
export const CHOICE_HEADER = ["type", "id", "chosen", "solved", "valid until", "path"];

const MEANING_OF_WHY: Readonly<Record<ChosenTable["why"], string>> = {
  exact: "solved on these data",
  nearest: "nearest",
  before: "interpolated: before",
  after: "interpolated: after",
  "only-before": "last before, none after",
  "only-after": "first after, none before",
  borrowed: "BORROWED",
};

const MS_PER_SEC = 1000;
const ATTENTION = 33;

/** The tables of one type, and why they are chosen. */
export const choiceRows = ({ type, tables, isBorrowed }: TypeChoice): readonly (readonly Cell[])[] =>
  tables.map(({ table, why, offsetDay }) => [
    { text: type },
    { text: String(table.id) },
    { text: MEANING_OF_WHY[why], ...(isBorrowed ? { colorCode: ATTENTION } : {}) },
    { text: offsetText(offsetDay) },
    { text: boundText(table.validEndMjd) },
    { text: table.path },
  ]);

/** What an operator should hear, a line. */
export function reasonText(reason: FoundCalibration["reasons"][number]): string {
  switch (reason.kind) {
    case "missing":
      if (reason.lastValidMjd === null && reason.nextValidMjd === null)
        return `missing ${reason.type}: no active table of that type is registered`;
      return `missing ${reason.type}: valid until ${boundText(reason.lastValidMjd)}, again from ${boundText(reason.nextValidMjd)}`;
    case "expiring":
      return `expiring ${reason.type}: valid until ${mjdText(reason.atMjd)}, MJD ${reason.atMjd.toFixed(6)}`;
    case "borrowed":
      return `borrowed ${reason.type}: ${reason.path} is ${reason.beyondDay.toFixed(2)} days outside its validity`;
    case "solved-with-other":
      return `${reason.type} ${reason.path} was solved with ${reason.other}, which is not applied`;
    case "unusable":
      return `${reason.isRetired ? "retired" : "left out"} ${reason.type} ${reason.path} (${reason.cause}): ${reason.why}`;
  }
}

const reasonJson = (reason: FoundCalibration["reasons"][number]) =>
  Object.fromEntries(
    Object.entries(reason).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value as unknown,
    ]),
  );

/** A choice with the names of `--json`. */
export const foundJson = ({ mjd, isComplete, choices, reasons }: FoundCalibration) => ({
  mjd,
  utc: mjdText(mjd),
  complete: isComplete,
  tables: choices.flatMap(({ type, tables, interpolation, isBorrowed }) =>
    tables.map(({ table, why, offsetDay }) => ({
      table_type: type,
      id: table.id,
      path: table.path,
      order_index: table.orderIndex,
      why,
      offset_day: offsetDay,
      interpolation,
      borrowed: isBorrowed,
      valid_start_mjd: table.validStartMjd,
      valid_end_mjd: table.validEndMjd,
    })),
  ),
  reasons: reasons.map(reasonJson),
});

export function addCalActive(cal: Command, { openExistingRegistry, files }: CalServices): void {
  cal
    .command("active")
    .description("what is applied to data of an instant, and why; exit status 1 when something needed is missing")
    .option("--at <time>", "when the data were taken, UTC or MJD (default: now)", mjdTime)
    .option("--with-delays", "a K table is needed too", false)
    .option("--borrow <days>", "use tables so far outside their validity, such as BP=7,GP=0.5", daysOfTypes, {})
    .option("--no-check", "do not look whether the tables are whole on disk")
    .option("--retire", "retire those that are gone or damaged, as the stream does", false)
    .option("--registry-db <path>", REGISTRY_DB_HELP)
    .option("--json", "JSON lines", false)
    .action((flags: ActiveFlags) =>
      withRegistry(openExistingRegistry, flags, (registry, output) => {
        const policy: CalPolicy = {
          ...defaultCalPolicy,
          required: flags.withDelays ? ["K", ...defaultCalPolicy.required] : defaultCalPolicy.required,
          borrowDay: flags.borrow,
        };
        const mjd = flags.at ?? mjdOfUnixSec(Date.now() / MS_PER_SEC);
        const found = findCalibration(registry, flags.check ? files : null, mjd, policy, { retires: flags.retire });
        output.event(foundJson(found));
        output.line(`${mjdText(mjd)}  MJD ${mjd.toFixed(6)}`);
        const withColor = usesColor(process.stdout, process.env);
        if (found.choices.length > 0)
          for (const line of tableLines(CHOICE_HEADER, found.choices.flatMap(choiceRows), withColor)) output.line(line);
        for (const reason of found.reasons) output.line(reasonText(reason));
        return found.isComplete ? 0 : 1;
      }),
    );
}
