/** A report for people at a terminal. */

import type { Quantiles } from "../oracle/numbers.ts";
import type { LockReport } from "./report.ts";

const MOST_LINES = 10;

export function reportLines(report: LockReport): readonly string[] {
  const { oracle, numbers, fileSystem, hang, problems } = report;
  const lines = [
    report.sentence,
    "",
    row("file system", `${fileSystem.kind} (${fileSystem.reach})`),
    row("lockers", `${report.lockerCount} in ${report.processCount} processes on ${report.hosts.length} machine(s)`),
    row(
      "acquisitions",
      `${oracle.acquisitionCount} in ${numbers.durationSec.toFixed(2)} s, ${numbers.throughputPerSec.toFixed(0)} a second; ${numbers.notHadCount} not had in time`,
    ),
    row("violations", violationText(report)),
    row("wait", quantileText(numbers.wait)),
    row("hand-off", numbers.handOff.count === 0 ? "none" : quantileText(numbers.handOff)),
    row("idle though wanted", `${(100 * numbers.idleFraction).toFixed(0)} % of the time`),
    row("fairness", fairnessText(report)),
    row("/proc/locks", kernelText(report)),
  ];
  if (oracle.fencedCount > 0)
    lines.push(row("fenced", `${oracle.fencedCount} overlaps that an older token could not have harmed`));
  if (numbers.recoveriesMs.length > 0) lines.push(row("after a crash", recoveryText(report)));
  if (hang) lines.push("", `${hang.kind}: ${hang.text}`, ...hang.graph.map((edge) => `  ${edge}`));
  lines.push(
    ...some(
      "violations",
      oracle.violations.map((one) => `${(one.atNs / 1e6).toFixed(3)} ms: ${one.kind}: ${one.text}`),
    ),
  );
  lines.push(...some("problems", problems));
  return lines;
}

function row(name: string, value: string): string {
  return `${name.padEnd(20)}${value}`;
}

function some(title: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return [];
  const more = items.length > MOST_LINES ? [`  and ${items.length - MOST_LINES} more`] : [];
  return ["", `${title}:`, ...items.slice(0, MOST_LINES).map((item) => `  ${item}`), ...more];
}

export function violationText({ oracle }: LockReport): string {
  const kinds = Object.entries(oracle.countOfKind).map(([kind, count]) => `${count} ${kind}`);
  const bound = `at most ${oracle.upperBoundFraction.toPrecision(2)} of acquisitions, with 95 % confidence`;
  return `${oracle.violationCount}${kinds.length > 0 ? ` (${kinds.join(", ")})` : ""}; ${bound}`;
}

export function quantileText({ p50Ms, p99Ms, maxMs }: Quantiles): string {
  return `p50 ${shown(p50Ms)}, p99 ${shown(p99Ms)}, max ${shown(maxMs)}`;
}

export function fairnessText({ numbers }: LockReport): string {
  const starved = numbers.starvedLockers;
  return `Jain ${numbers.jainIndex.toFixed(3)}; ${starved.length === 0 ? "nobody starved" : `starved: ${starved.join(", ")}`}`;
}

export function kernelText({ oracle: { kernelChecks } }: LockReport): string {
  if (kernelChecks.triedCount === 0) return "not compared";
  if (kernelChecks.seenCount === 0) return "does not show these locks";
  return `showed the lock at ${kernelChecks.seenCount} of ${kernelChecks.triedCount} looks`;
}

export function recoveryText({ numbers }: LockReport): string {
  return numbers.recoveriesMs
    .map((recoveryMs) =>
      recoveryMs === null ? "nobody had the lock again" : `the next had the lock after ${shown(recoveryMs)}`,
    )
    .join("; ");
}

function shown(durationMs: number): string {
  if (durationMs >= 1000) return `${(durationMs / 1000).toFixed(2)} s`;
  return durationMs >= 0.1 ? `${durationMs.toFixed(1)} ms` : `${(1000 * durationMs).toFixed(1)} µs`;
}

/** The results of all actions, a line each, as `--actions` shows them. */
export function actionLines({ actions }: LockReport): readonly string[] {
  const cells = actions.map((action) => [
    String(action.locker),
    action.command,
    action.outcome,
    action.atMs === null ? "" : `${action.atMs.toFixed(2)} ms`,
    action.latenessMs === null ? "" : `${action.latenessMs.toFixed(2)} ms late`,
    action.problem ?? "",
  ]);
  const widths = [0, 1, 2, 3, 4].map((at) => Math.max(0, ...cells.map((line) => line[at]!.length)));
  return cells.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
