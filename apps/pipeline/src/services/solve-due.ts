/** Solves on a group what the schedule asks for: one group at a time, and never the same twice. */

import { setTimeout as sleep } from "node:timers/promises";
import { type DueSolve, gradeParameters, type SolvableGroup, solveDue } from "../domain/cal-schedule.ts";
import type { CalTable, CalTableType, JsonObject, NewCalTable } from "../domain/cal-table.ts";
import { asPipelineError, type ErrorCode, PipelineError } from "../domain/error-codes.ts";
import type { SolveLease } from "../ports/cal-registry.ts";
import type { CalibrateGroupOptions, CalibrateGroupPorts } from "./calibrate-group.ts";
import type { FoundCalibration } from "./find-calibration.ts";

export interface GroupSolve {
  readonly types: readonly ("BP" | "GP" | "2G")[];
  /** On top of which gains alone are solved. */
  readonly priorTables: readonly { readonly type: CalTableType; readonly path: string }[];
  /** Recorded with each table. */
  readonly parameters: JsonObject;
  readonly signal: AbortSignal;
}

/** A table that was solved, with what its quality says about it. */
export interface SolvedCalTable {
  readonly table: NewCalTable;
  readonly verdict: "good" | "usable" | "bad";
  readonly reasons: readonly string[];
}

/** Solves on the group and writes the tables under names that were free. @throws PipelineError SOLVE_FAILED and others */
export type SolveGroup = (solve: GroupSolve) => Promise<readonly SolvedCalTable[]>;

export interface WhatWasSolved {
  /** Tables that may be applied. */
  readonly paths: readonly string[];
  /** Something was due that could not be solved. */
  readonly isStillDue: boolean;
}

/** Of the machine, or of the whole stream: no news about this group's data. */
const NOT_OF_THE_DATA: ReadonlySet<ErrorCode> = new Set([
  "INTERRUPTED",
  "DISK_FULL",
  "OUTPUT_NOT_WRITABLE",
  "CAL_REGISTRY_UNUSABLE",
  "CATALOG_UNUSABLE",
  "LOCKS_UNUSABLE",
  "INTERNAL",
]);

/** More rounds than there are things to be due, with one more for each that another group may be faster at. */
const MAX_ROUND_COUNT = 6;

/** The bandpass that applies. */
const bandpassOf = ({ choices }: Pick<FoundCalibration, "choices">): CalTable | null =>
  choices.find(({ type }) => type === "BP")?.tables[0]?.table ?? null;

type Find = () => FoundCalibration;

/**
 * The claim is for what comes next after the newest table of its type, so that of groups that find the same due one
 * solves, and the others look again when it has.
 *
 * @throws PipelineError INTERRUPTED, and what is wrong with the machine
 */
export async function solveWhatIsDue(
  subject: string,
  group: SolvableGroup,
  find: Find,
  ports: CalibrateGroupPorts,
  options: CalibrateGroupOptions,
  signal: AbortSignal,
): Promise<WhatWasSolved> {
  const { registry, clock } = ports;
  const paths: string[] = [];
  const startedMs = clock.monotonicMs();
  let isWaitSaid = false;
  for (let round = 0; round < MAX_ROUND_COUNT; ) {
    if (signal.aborted) throw interrupted(subject);
    const newestOf = (type: CalTableType) => registry.newestId(type);
    const newest = { BP: newestOf("BP"), GP: newestOf("GP") };
    const due = dueNow(group, find, ports, options);
    if (due === null) return { paths, isStillDue: false };
    const type = due.what === "bandpass" ? "BP" : "GP";
    const claim = registry.claimSolve(`${type} after ${newest[type]}`, ports.owner, options.leaseMs, (owner) =>
      ports.isDead(owner),
    );
    if (claim.kind === "busy") {
      if (clock.monotonicMs() - startedMs > options.busyWaitMs) {
        ports.say("WARNING", `Group ${subject}: ${claim.owner} solves ${type} for long; going on with what is valid`);
        return { paths, isStillDue: true };
      }
      if (!isWaitSaid) ports.say("INFO", `Group ${subject}: waits for another group that solves ${type}`);
      isWaitSaid = true;
      // Looks at the signal again when it wakes.
      await sleep(options.busyPollMs);
      continue;
    }
    round++;
    if (claim.kind === "done") continue;
    if (newestOf(type) !== newest[type]) {
      registry.abandonSolve(claim.lease, "another was faster");
      continue;
    }
    const made = await solveOnLease(subject, due, claim.lease, ports, options, signal);
    if (made === "lease-lost") continue;
    paths.push(...made.usablePaths);
    if (!made.isUsable) return { paths, isStillDue: true };
  }
  return { paths, isStillDue: true };
}

function dueNow(
  group: SolvableGroup,
  find: Find,
  { registry }: CalibrateGroupPorts,
  { schedule }: CalibrateGroupOptions,
) {
  // First, for it retires what is gone.
  const bandpass = bandpassOf(find());
  const mjd = group.startMjd + (group.endMjd - group.startMjd) / 2;
  return solveDue(registry.candidates(mjd, 0), bandpass, group, schedule);
}

interface Made {
  readonly usablePaths: readonly string[];
  /** What was due can be applied. */
  readonly isUsable: boolean;
}

async function solveOnLease(
  subject: string,
  due: DueSolve,
  lease: SolveLease,
  ports: CalibrateGroupPorts,
  options: CalibrateGroupOptions,
  signal: AbortSignal,
): Promise<Made | "lease-lost"> {
  const { registry } = ports;
  const renewal = setInterval(() => void registry.renewSolve(lease, options.leaseMs), options.leaseMs / 4);
  const alertKey = `calibration-solve:${due.what === "bandpass" ? "BP" : "GP"}`;
  try {
    const solved = await ports.solve(requestOf(due, signal));
    const judged = withVerdicts(solved);
    const registered = registry.completeSolve(lease, judged);
    if (registered === "lease-lost") {
      ports.say("WARNING", `Group ${subject}: its solve was given to another group; its tables are not registered`);
      return "lease-lost";
    }
    const bad = solved.filter(({ verdict }) => verdict === "bad");
    if (bad.length > 0) {
      const why = bad.map(({ table, reasons }) => `${table.type} ${table.path}: ${reasons.join(", ")}`).join("; ");
      ports.alert({
        kind: "raise",
        key: alertKey,
        severity: "ERROR",
        text: `group ${subject}: not applied, bad: ${why}`,
      });
    } else ports.alert({ kind: "resolve", key: alertKey });
    const usable = judged.filter(({ status }) => status === "active");
    for (const { type, path } of usable) ports.say("INFO", `Group ${subject}: solved ${type}: ${path}`);
    return {
      usablePaths: usable.map(({ path }) => path),
      isUsable: usable.some(({ type }) => type === (due.what === "bandpass" ? "BP" : "GP")),
    };
  } catch (error) {
    const coded = asPipelineError(error, subject);
    registry.abandonSolve(lease, `${coded.code}: ${coded.message}`);
    if (NOT_OF_THE_DATA.has(coded.code)) throw coded;
    const text = `group ${subject}: ${coded.code}: ${coded.message}`;
    ports.alert({ kind: "raise", key: alertKey, severity: "ERROR", text });
    return { usablePaths: [], isUsable: false };
  } finally {
    clearInterval(renewal);
  }
}

const interrupted = (subject: string) =>
  new PipelineError("INTERRUPTED", `group ${subject}: stopped while it was solved on`, { subject });

function requestOf(due: DueSolve, signal: AbortSignal): GroupSolve {
  if (due.what === "bandpass") {
    const parameters = { ...gradeParameters(due.grade), scheduledAs: due.why };
    return { types: ["BP", "GP", "2G"], priorTables: [], parameters, signal };
  }
  const { type, path, solvedWith } = due.bandpass;
  return { types: ["GP", "2G"], priorTables: [...solvedWith, { type, path }], parameters: {}, signal };
}

/** What is bad, and what was solved on top of it, is kept to be looked at and never applied. */
function withVerdicts(solved: readonly SolvedCalTable[]): readonly (NewCalTable & Pick<CalTable, "status">)[] {
  const badPaths = new Set(solved.filter(({ verdict }) => verdict === "bad").map(({ table }) => table.path));
  return solved.map(({ table }) => {
    const isBad = badPaths.has(table.path) || table.solvedWith.some(({ path }) => badPaths.has(path));
    return { ...table, status: isBad ? "failed" : "active" };
  });
}
