/** One test from beginning to end. */

import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { LockTesterError } from "../errors.ts";
import { MOST_PATHS, MOST_SLOTS, slotStartsByte } from "../oracle/record.ts";
import type { LockPrimitive, OpenOptions } from "../primitive.ts";
import { loadPrimitive } from "../primitives/load.ts";
import { makeReport } from "../report/make-report.ts";
import type { LockReport } from "../report/report.ts";
import { expandSteps, rangesOf } from "../scenario/expand.ts";
import type { FlatStep, Scenario } from "../scenario/scenario.ts";
import { Controller, type ControllerEvents } from "./controller.ts";
import { LocalHost } from "./local-host.ts";
import type { LockerHost } from "./locker-host.ts";
import { TrialFiles } from "./trial-files.ts";

export interface LockTestOptions {
  /** The lock file. It is made when it is not there, and removed again. */
  readonly path: string;
  readonly lockerCount: number;
  readonly scenario: Scenario;
  /** A name, or `module:/path/to.ts#export`. */
  readonly primitive: string;
  readonly openOptions?: OpenOptions;
  /** Of random steps and choices; by default the scenario's. */
  readonly seed?: number;
  /** By default one for each locker up to 16; where locks belong to processes always one for each. */
  readonly processCount?: number;
  /** The test ends at the latest after this. */
  readonly limitMs?: number;
  /** A process of lockers that says nothing for so long ends the test; by default a quarter of a minute. */
  readonly silentMs?: number;
  /** How long `read` and `write` wait; by default a minute, as the original does. */
  readonly timeoutMs?: number;
  readonly events?: ControllerEvents;
  /** Machines that joined; lockers are dealt out in turn to this one and to them. */
  readonly otherHosts?: readonly LockerHost[];
  readonly signal?: AbortSignal;
}

const MOST_LOCKERS = 5_000;
const DEFAULT_PROCESSES = 16;
/** Measured of a process with one locker, resident, after its start. */
const PROCESS_BYTES = 60e6;
/** Each lockers' waiting thread is a call of koffi, which allows 256 at a time. */
const MOST_PER_PROCESS = 200;
const DEFAULT_LIMIT_MS = 10 * 60_000;
const DEFAULT_SILENT_MS = 15_000;
const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Starts lockers, does the scenario, judges what was seen. Nothing is left behind, whatever happens.
 *
 * @throws LockTesterError when the test could not be run
 */
export async function runLockTest(options: LockTestOptions): Promise<LockReport> {
  const startUtc = new Date().toISOString();
  const path = resolve(options.path);
  const seed = options.seed ?? options.scenario.seed ?? 1;
  const primitive = await loadPrimitive(options.primitive);
  const { lockerCount } = options;
  const steps = plan(options, seed, path);
  const groups = dealOut(lockerCount, primitive, options.processCount, options.otherHosts?.length ?? 0);
  const paths = pathsOf(steps, path);
  const startsByte = slotStartsByte(rangesOf(steps));
  check(paths.length <= MOST_PATHS, `expected at most ${MOST_PATHS} lock files, found ${paths.length}`);
  check(startsByte.length <= MOST_SLOTS, `expected at most ${MOST_SLOTS - 1} ends of ranges`);
  checkSupport(primitive, steps);

  const files = new TrialFiles(paths, `.locktest-${randomBytes(4).toString("hex")}`, startsByte.length);
  const local = new LocalHost(files.leftovers, files.lonelyPaths);
  try {
    const missing = await primitive.unavailable(path, options.openOptions);
    if (missing !== undefined)
      throw new LockTesterError("unusable", `${primitive.name} cannot be used here: ${missing}`);
    const hosts = [local, ...(options.otherHosts ?? [])];
    const controller = new Controller({
      primitive,
      hosts,
      groups,
      steps,
      files,
      limitMs: options.limitMs ?? DEFAULT_LIMIT_MS,
      silentMs: options.silentMs ?? DEFAULT_SILENT_MS,
      signal: options.signal,
      events: options.events ?? {},
      setup: {
        primitive: options.primitive,
        openOptions: options.openOptions ?? {},
        stateSuffix: files.stateSuffix,
        paths,
        slotStartsByte: startsByte,
        defaultTimeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        seed,
      },
    });
    const run = await controller.run();
    return makeReport(run, {
      path,
      lockerCount,
      seed,
      primitive,
      primitiveName: options.primitive,
      startUtc,
      groups,
      hosts,
      steps,
    });
  } finally {
    await local.kill();
    files.remove();
  }
}

function check(isRight: boolean, message: string): void {
  if (!isRight) throw new LockTesterError("usage", message);
}

function plan({ scenario, lockerCount }: LockTestOptions, seed: number, path: string): readonly FlatStep[] {
  check(
    Number.isInteger(lockerCount) && lockerCount >= 1 && lockerCount <= MOST_LOCKERS,
    `lockers: expected a whole number from 1 to ${MOST_LOCKERS}, found ${lockerCount}`,
  );
  const steps = expandSteps({ ...scenario, seed }, lockerCount);
  if (!steps) throw new LockTesterError("usage", "the scenario has more than a million steps");
  for (const step of steps) {
    const outside = "to" in step && step.to !== "all" ? step.to.find((locker) => locker >= lockerCount) : undefined;
    if (outside === undefined) continue;
    const where = step.place ? `line ${step.place.lineIndex}, column ${step.place.columnIndex}: ` : "";
    throw new LockTesterError(
      "scenario",
      `${where}there is no locker ${outside}: they count from 0 to ${lockerCount - 1}`,
    );
  }
  // As the original does: the file first.
  return [{ kind: "send", to: "all", action: { kind: "file", path } }, ...steps];
}

function pathsOf(steps: readonly FlatStep[], path: string): readonly string[] {
  const named = steps.flatMap((step) =>
    step.kind === "send" && step.action.kind === "file" ? [step.action.path] : [],
  );
  return [...new Set([path, ...named])];
}

function checkSupport(primitive: LockPrimitive, steps: readonly FlatStep[]): void {
  const actions = steps.flatMap((step) => (step.kind === "send" ? [step.action] : []));
  const isShared = actions.some(
    (action) =>
      (action.kind === "lock" && action.mode === "shared") ||
      (action.kind === "contend" && action.mode !== "exclusive"),
  );
  check(primitive.supports.shared || !isShared, `${primitive.name} has no read locks, which the scenario asks for`);
  check(
    primitive.supports.ranges || rangesOf(steps).length === 0,
    `${primitive.name} has no byte ranges, which the scenario asks for`,
  );
}

/**
 * Which lockers share a process. Where the lock is the process's, none do.
 *
 * @returns for each process its host's index and its lockers
 */
function dealOut(
  lockerCount: number,
  primitive: LockPrimitive,
  asked: number | undefined,
  otherHostCount: number,
): readonly { readonly hostIndex: number; readonly lockers: readonly number[] }[] {
  const isOwn = primitive.owner === "process";
  const least = isOwn ? lockerCount : Math.ceil(lockerCount / MOST_PER_PROCESS);
  const wanted = asked ?? (isOwn ? lockerCount : Math.max(least, Math.min(lockerCount, DEFAULT_PROCESSES)));
  check(
    Number.isInteger(wanted) && wanted >= least && wanted <= lockerCount,
    isOwn
      ? `${primitive.name}: each locker needs a process of its own, since the lock is the process's; found ${wanted} processes for ${lockerCount} lockers`
      : `processes: expected from ${least} to ${lockerCount} for ${lockerCount} lockers, found ${wanted}`,
  );
  const needBytes = wanted * PROCESS_BYTES;
  check(
    needBytes <= process.availableMemory() || wanted <= 16,
    `${wanted} processes need about ${(needBytes / 1e9).toFixed(1)} GB, ${(process.availableMemory() / 1e9).toFixed(1)} GB are free`,
  );
  return Array.from({ length: wanted }, (_, group) => ({
    hostIndex: group % (1 + otherHostCount),
    lockers: Array.from({ length: Math.ceil((lockerCount - group) / wanted) }, (_unused, i) => group + i * wanted),
  }));
}
