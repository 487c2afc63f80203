/** The calibration of an instant: chosen from the registry, and looked at on disk before anybody relies on it. */

import type { CalTable, CalTableType, NewCalTable, RetirementCause } from "../domain/cal-table.ts";
import { type CalChoice, type CalPolicy, type CalReason, chooseCalibration } from "../domain/cal-validity.ts";
import { PipelineError } from "../domain/error-codes.ts";
import type { CalRegistry } from "../ports/cal-registry.ts";
import type { CalTableCondition, CalTableFiles } from "../ports/cal-table-files.ts";

/** A table that would have been chosen, were it as it was registered. */
export interface UnusableTable {
  readonly kind: "unusable";
  readonly type: CalTableType;
  readonly path: string;
  /** `unreachable`: it may come back, so it stays registered. */
  readonly cause: RetirementCause | "unreachable";
  readonly why: string;
  readonly isRetired: boolean;
}

export interface FoundCalibration extends Omit<CalChoice, "reasons"> {
  readonly reasons: readonly (CalReason | UnusableTable)[];
}

/** What is wrong with a registered table; undefined: nothing. */
function defectOf(
  { contentDigest }: CalTable,
  condition: CalTableCondition,
): Pick<UnusableTable, "cause" | "why"> | undefined {
  switch (condition.kind) {
    case "whole":
      return contentDigest === null || contentDigest === condition.contentDigest
        ? undefined
        : { cause: "changed", why: "its content is not what was registered" };
    case "vanished":
      return { cause: "vanished", why: "there is no such table on disk" };
    case "corrupt":
      return { cause: "corrupt", why: condition.reason };
    case "unreachable":
      return { cause: "unreachable", why: condition.reason };
  }
}

/**
 * Looks at the tables that it would choose, leaves out those that are not there or not whole, and chooses again.
 *
 * @param files null: tables are not looked at
 * @param retires whether tables that are gone for good are retired
 */
export function findCalibration(
  registry: CalRegistry,
  files: CalTableFiles | null,
  mjd: number,
  policy: CalPolicy,
  { retires }: { readonly retires: boolean },
): FoundCalibration {
  const marginDay = Math.max(0, ...Object.values(policy.borrowDay), ...Object.values(policy.expiringDay));
  const unusable: UnusableTable[] = [];
  const sound = new Set<number>();
  const leftOut = new Set<number>();
  for (;;) {
    const candidates = registry.candidates(mjd, marginDay).filter(({ id }) => !leftOut.has(id));
    const choice = chooseCalibration(candidates, mjd, policy);
    const unseen = choice.choices.flatMap(({ tables }) =>
      tables.map(({ table }) => table).filter(({ id }) => !sound.has(id)),
    );
    if (files === null || unseen.length === 0) return { ...choice, reasons: [...unusable, ...choice.reasons] };
    for (const table of unseen) {
      const defect = defectOf(table, files.inspect(table.path));
      if (!defect) {
        sound.add(table.id);
        continue;
      }
      const { cause, why } = defect;
      const isRetired = retires && cause !== "unreachable" && registry.retire(table, cause, why) === "done";
      leftOut.add(table.id);
      unusable.push({ kind: "unusable", type: table.type, path: table.path, cause, why, isRetired });
    }
  }
}

const VIS_CAL_OF_TYPE: Readonly<Record<CalTable["type"], RegExp>> = {
  K: /^K/,
  BA: /^B/,
  BP: /^B/,
  GA: /^[GT]/,
  GP: /^[GT]/,
  "2G": /^[GT]/,
  FLUX: /^[GT]/,
};

/**
 * A table as it is registered: with the digest of its content, after all of it could be read.
 *
 * @throws PipelineError CAL_TABLE_INVALID when it is not there, not whole, or of another kind; INPUT_UNREADABLE
 */
export function withContent(files: CalTableFiles, table: Omit<NewCalTable, "contentDigest">): NewCalTable {
  const { path, type } = table;
  const condition = files.inspect(path);
  const refuse = (field: string, expected: string, found: string): never => {
    throw new PipelineError("CAL_TABLE_INVALID", `${path}: ${field}: expected ${expected}, found ${found}`, {
      subject: path,
    });
  };
  switch (condition.kind) {
    case "vanished":
      return refuse("table", "a calibration table of CASA", "nothing");
    case "corrupt":
      return refuse("table", "a calibration table of CASA that can be read whole", condition.reason);
    case "unreachable":
      throw new PipelineError("INPUT_UNREADABLE", `${path}: ${condition.reason}`, { subject: path });
    case "whole":
      if (!VIS_CAL_OF_TYPE[type].test(condition.visCal))
        refuse("kind", `solutions of a table of type ${type}`, condition.visCal);
      return { ...table, contentDigest: condition.contentDigest };
  }
}
