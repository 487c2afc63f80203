/** The calibration of an instant: chosen from the registry, and looked at on disk before anybody relies on it. */

import type { CalTable, NewCalTable, RetirementCause } from "../domain/cal-table.ts";
import { type CalChoice, type CalPolicy, type CalReason, chooseCalibration } from "../domain/cal-validity.ts";
import { PipelineError } from "../domain/error-codes.ts";
import type { CalRegistry } from "../ports/cal-registry.ts";
import type { CalTableCondition, CalTableFiles } from "../ports/cal-table-files.ts";

/** What the look at the disk found. */
export type DiskReason =
  | {
      readonly kind: "retired";
      readonly type: CalTable["type"];
      readonly path: string;
      readonly cause: RetirementCause;
      readonly why: string;
    }
  /** Left out of this choice, but still registered: it may come back. */
  | { readonly kind: "unreachable"; readonly type: CalTable["type"]; readonly path: string; readonly why: string };

export interface FoundCalibration extends Omit<CalChoice, "reasons"> {
  readonly reasons: readonly (CalReason | DiskReason)[];
}

/** What is wrong with a registered table; undefined: nothing. */
function defectOf(
  { contentDigest }: CalTable,
  condition: CalTableCondition,
): { readonly cause: RetirementCause | null; readonly why: string } | undefined {
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
      return { cause: null, why: condition.reason };
  }
}

/**
 * Retires the tables that it would have chosen and that are not there or not whole, and chooses again.
 *
 * @param files null: tables are not looked at, and none is retired
 */
export function findCalibration(
  registry: CalRegistry,
  files: CalTableFiles | null,
  mjd: number,
  policy: CalPolicy,
): FoundCalibration {
  const marginDay = Math.max(0, ...Object.values(policy.borrowDay), ...Object.values(policy.expiringDay));
  const found: DiskReason[] = [];
  const sound = new Set<number>();
  const unreachable = new Set<number>();
  for (;;) {
    const candidates = registry.candidates(mjd, marginDay).filter(({ id }) => !unreachable.has(id));
    const choice = chooseCalibration(candidates, mjd, policy);
    const unseen = choice.choices.flatMap(({ tables }) =>
      tables.map(({ table }) => table).filter(({ id }) => !sound.has(id)),
    );
    if (files === null || unseen.length === 0) return { ...choice, reasons: [...found, ...choice.reasons] };
    for (const table of unseen) {
      const defect = defectOf(table, files.inspect(table.path));
      const { type, path } = table;
      if (!defect) sound.add(table.id);
      else if (defect.cause === null) {
        unreachable.add(table.id);
        found.push({ kind: "unreachable", type, path, why: defect.why });
      } else if (registry.retire(table, defect.cause, defect.why) === "done")
        found.push({ kind: "retired", type, path, cause: defect.cause, why: defect.why });
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
