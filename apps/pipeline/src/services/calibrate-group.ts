/**
 * The calibration of one group of the stream: solves for what is due on it, chooses what applies to it, and says what
 * operators should know. Several groups may be at it at once, in several processes.
 */

import type { AlertChange } from "../domain/alert.ts";
import type { CalSchedule, SolvableGroup } from "../domain/cal-schedule.ts";
import type { CalTableType } from "../domain/cal-table.ts";
import { type CalPolicy, defaultCalPolicy } from "../domain/cal-validity.ts";
import { PipelineError } from "../domain/error-codes.ts";
import { calibrationOf, type GroupCalibration, type MissingCalibrationPolicy } from "../domain/group-calibration.ts";
import type { CalRegistry } from "../ports/cal-registry.ts";
import type { CalTableFiles } from "../ports/cal-table-files.ts";
import type { Clock } from "../ports/clock.ts";
import { alertsOf, sentenceOf } from "./calibration-alerts.ts";
import { type FoundCalibration, findCalibration } from "./find-calibration.ts";
import { type SolveGroup, solveWhatIsDue } from "./solve-due.ts";

export interface CalibrateGroupPorts {
  readonly registry: CalRegistry;
  readonly files: CalTableFiles;
  readonly clock: Clock;
  /** Of this process, for leases. */
  readonly owner: string;
  /** Whether the process of that identity is known to have ended. */
  isDead(owner: string): boolean;
  /** Solves on the group, without registering anything. */
  readonly solve: SolveGroup;
  say(level: "INFO" | "WARNING", message: string): void;
  alert(change: AlertChange): void;
}

export interface CalibrateGroupOptions {
  readonly schedule: CalSchedule;
  readonly missing: MissingCalibrationPolicy;
  /** How long a group waits at most. */
  readonly waitMs: number;
  /** How long this one has waited. */
  readonly heldMs: number;
  readonly borrowBandpassDay: number;
  readonly borrowGainDay: number;
  /** A solve that does not answer for longer is given to the next. */
  readonly leaseMs: number;
  /** How long to wait for another group's solve of the same, at most. */
  readonly busyWaitMs: number;
  readonly busyPollMs: number;
}

/** What may be chosen for a group of the stream. */
export function policyOf({
  missing,
  borrowBandpassDay,
  borrowGainDay,
}: Pick<CalibrateGroupOptions, "missing" | "borrowBandpassDay" | "borrowGainDay">): CalPolicy {
  if (missing !== "borrow") return defaultCalPolicy;
  return { ...defaultCalPolicy, borrowDay: { BP: borrowBandpassDay, GP: borrowGainDay } };
}

/** Without these a group is not calibrated. */
const NEEDED: readonly CalTableType[] = defaultCalPolicy.required;

/**
 * @param subject  of messages: the group
 * @throws PipelineError CALIBRATION_MISSING when the group is to wait; INTERRUPTED; CAL_REGISTRY_UNUSABLE
 */
export async function calibrateGroup(
  subject: string,
  group: SolvableGroup,
  ports: CalibrateGroupPorts,
  options: CalibrateGroupOptions,
  signal: AbortSignal,
): Promise<GroupCalibration> {
  const mjd = group.startMjd + (group.endMjd - group.startMjd) / 2;
  const policy = policyOf(options);
  const files = lookingOnce(ports.files);
  // Whatever is used is looked at on disk first; whatever is gone is solved again.
  const find = () => findCalibration(ports.registry, files, mjd, policy, { retires: true });
  const solved = await solveWhatIsDue(subject, group, find, ports, options, signal);
  const found = find();
  for (const change of alertsOf(found, solved.isStillDue, options.schedule, NEEDED)) ports.alert(change);
  const sentences = found.reasons.map(sentenceOf);
  for (const sentence of sentences) ports.say("WARNING", `Group ${subject}: ${sentence}`);
  if (!found.isComplete && options.missing === "wait" && options.heldMs < options.waitMs)
    throw waits(subject, found, options);
  return calibrationOf(found, solved.paths, sentences);
}

function waits(subject: string, found: FoundCalibration, { heldMs, waitMs }: CalibrateGroupOptions): PipelineError {
  const missing = found.reasons.filter((reason) => reason.kind === "missing").map(sentenceOf);
  const leftMin = ((waitMs - heldMs) / 60_000).toFixed(0);
  const message = `group ${subject}: ${missing.join("; ")}; it goes on uncalibrated in ${leftMin} min at the latest`;
  return new PipelineError("CALIBRATION_MISSING", message, { subject });
}

/** A table that was whole a moment ago is not read again for the same group. */
function lookingOnce(files: CalTableFiles): CalTableFiles {
  const whole = new Map<string, ReturnType<CalTableFiles["inspect"]>>();
  return {
    ...files,
    inspect(path) {
      const condition = whole.get(path) ?? files.inspect(path);
      if (condition.kind === "whole") whole.set(path, condition);
      return condition;
    },
  };
}
