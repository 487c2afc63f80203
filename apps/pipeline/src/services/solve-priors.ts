/** What gains are solved on top of, when nobody names it: from the registry. */

import type { CalSolveConfig, PriorTable } from "../domain/cal-solve.ts";
import type { CalTableType } from "../domain/cal-table.ts";
import type { CalRegistry } from "../ports/cal-registry.ts";
import type { CalTableFiles } from "../ports/cal-table-files.ts";
import { findCalibration } from "./find-calibration.ts";

/**
 * The tables that a solve at `mjd` needs and neither makes nor is given: the bandpass with what it was solved on top of, and
 * for short phases alone the nearest gains. Types of which there is none are left out; the solve says that it needs them.
 */
export function priorsFromRegistry(
  registry: CalRegistry | null,
  files: CalTableFiles,
  mjd: number,
  { types, priorTables }: CalSolveConfig,
): readonly PriorTable[] {
  const isThere = (...wanted: readonly CalTableType[]) =>
    wanted.some((type) => types.some((each) => each === type) || priorTables.some((each) => each.type === type));
  const needsGains = types.includes("2G") && !isThere("GA", "GP");
  const needed: readonly CalTableType[] = [
    ...(isThere("BA", "BP") ? [] : ["BP" as const]),
    ...(needsGains ? ["GP" as const] : []),
  ];
  if (registry === null || needed.length === 0) return priorTables;
  const policy = { required: needed, optional: [], borrowDay: {}, expiringDay: {} };
  const { choices } = findCalibration(registry, files, mjd, policy, { retires: false });
  const found = choices.flatMap(({ tables }) => {
    const [{ table }] = tables.toSorted((a, b) => Math.abs(a.offsetDay) - Math.abs(b.offsetDay)) as [
      (typeof tables)[0],
    ];
    return [...table.solvedWith, { type: table.type, path: table.path }];
  });
  const priors = new Map(priorTables.map((prior) => [prior.type, prior]));
  for (const prior of found) if (!isThere(prior.type) && !priors.has(prior.type)) priors.set(prior.type, prior);
  return [...priors.values()];
}
