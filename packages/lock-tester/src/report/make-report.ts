/** From what was seen to what is told. */

import { readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { judgeMount } from "@contimg/file-locks";
import type { ControllerOptions, Run } from "../controller/controller.ts";
import type { Hang } from "../controller/watchdog.ts";
import { type Judgement, judge } from "../oracle/judge.ts";
import { type LockNumbers, lockNumbers } from "../oracle/numbers.ts";
import { inOrderOfEntry, stayCount } from "../oracle/observed.ts";
import type { LockPrimitive } from "../primitive.ts";
import { commandText } from "../scenario/command.ts";
import type { FlatStep } from "../scenario/scenario.ts";
import { writeScenario } from "../scenario/write-scenario.ts";
import {
  type LockReport,
  REPORT_FORMAT,
  type ReportedAction,
  type Timeline,
  type TimelineSpan,
  type Verdict,
} from "./report.ts";

export interface ReportContext {
  readonly path: string;
  readonly primitive: LockPrimitive;
  readonly startUtc: string;
  readonly lockerCount: number;
  readonly groups: ControllerOptions["groups"];
  readonly hosts: ControllerOptions["hosts"];
  readonly steps: readonly FlatStep[];
  readonly seed: number;
  /** As the caller named it, for replaying. */
  readonly primitiveName: string;
}

const MOST_SPANS = 3_000;
const MOST_ACTIONS = 10_000;
const MOST_STEPS_KEPT = 10_000;
const NS_PER_MS = 1e6;

export function makeReport(run: Run, context: ReportContext): LockReport {
  const oracle = judge(run.observed);
  const numbers = lockNumbers(run.observed.logs, run.notHadCount);
  const { verdict, sentence } = decide(oracle, numbers, run, context);
  const mount = judgeMount(mountInfo(), realpathSync(dirname(context.path)));
  return {
    format: REPORT_FORMAT,
    verdict,
    sentence,
    path: context.path,
    primitive: { name: context.primitive.name, summary: context.primitive.summary },
    fileSystem: { kind: mount.fileSystem, options: mount.options, reach: mount.reach },
    hosts: context.hosts.map(({ name, offsetErrorNs }) => ({ name, clockErrorMs: offsetErrorNs / NS_PER_MS })),
    startUtc: context.startUtc,
    lockerCount: context.lockerCount,
    processCount: context.groups.length,
    seed: context.seed,
    scenario:
      context.steps.length > MOST_STEPS_KEPT
        ? null
        : // The first step names the file, which the next run has its own of.
          writeScenario(context.steps.slice(1), {
            lockerCount: context.lockerCount,
            primitive: context.primitiveName,
            seed: context.seed,
          }),
    oracle: { ...oracle, violations: oracle.violations.map((one) => ({ ...one, atNs: one.atNs - run.startedNs })) },
    numbers,
    hang: run.hang ?? null,
    faults: run.faults.map(({ atNs, text }) => ({ atMs: (atNs - run.startedNs) / NS_PER_MS, text })),
    problems: run.problems,
    actions: run.actions.slice(0, MOST_ACTIONS).map((sent) => reportedAction(sent, run.startedNs)),
    timeline: timelineOf(run, oracle),
  };
}

function reportedAction({ locker, action, result }: Run["actions"][number], startedNs: number): ReportedAction {
  return {
    locker,
    command: commandText(action),
    outcome: result?.outcome ?? "unanswered",
    atMs: result ? (result.startedNs - startedNs) / NS_PER_MS : null,
    latenessMs: result?.latenessMs ?? null,
    waitedMs: result?.waitedMs ?? null,
    problem: result?.problem ?? null,
  };
}

/** The beginning, or what is around the first violation. */
function timelineOf({ observed, startedNs }: Run, { violations }: Judgement): Timeline {
  const bad = new Set(violations.map(({ locker, atNs }) => `${locker} ${atNs}`));
  const firstBadNs = Math.min(...violations.filter(({ locker }) => locker >= 0).map(({ atNs }) => atNs));
  const spans: TimelineSpan[] = [];
  let afterBadCount = 0;
  for (const stay of inOrderOfEntry(observed.logs)) {
    if (spans.length >= MOST_SPANS) {
      if (!Number.isFinite(firstBadNs) || afterBadCount > MOST_SPANS / 2) break;
      spans.shift();
    }
    if (stay.enteredNs >= firstBadNs) afterBadCount++;
    spans.push({
      locker: stay.log.locker,
      mode: stay.isExclusive ? "exclusive" : "shared",
      askedMs: (stay.askedNs - startedNs) / NS_PER_MS,
      enteredMs: (stay.enteredNs - startedNs) / NS_PER_MS,
      leftMs: (stay.leftNs - startedNs) / NS_PER_MS,
      isViolation: bad.has(`${stay.log.locker} ${stay.enteredNs}`),
    });
  }
  return { spans, omittedCount: stayCount(observed.logs) - spans.length };
}

function decide(
  oracle: Judgement,
  numbers: LockNumbers,
  run: Run,
  context: ReportContext,
): { readonly verdict: Verdict; readonly sentence: string } {
  const lock = `${context.primitive.name} locks on ${context.path}`;
  const tried = `${oracle.acquisitionCount.toLocaleString("en")} acquisitions by ${context.lockerCount} lockers`;
  if (oracle.violationCount > 0) {
    const [worst] = oracle.violations;
    return {
      verdict: "violated",
      sentence: `Do not trust ${lock}: ${counted(oracle.violationCount, "violation")} in ${tried}; the first: ${worst?.text ?? ""}.`,
    };
  }
  if (run.hang) return { verdict: "hung", sentence: hangSentence(run.hang, lock) };
  if (oracle.acquisitionCount === 0 || run.problems.length > 0) {
    const [problem = "no lock was acquired"] = run.problems;
    return { verdict: "inconclusive", sentence: `Nothing can be said of ${lock}: ${problem}.` };
  }
  const isKeptByDead = numbers.recoveriesMs.includes(null) && numbers.notHadCount > 0;
  const crash = isKeptByDead ? " A holder that was killed kept its lock: somebody must remove it." : "";
  const bound = oracle.upperBoundFraction.toPrecision(2);
  return {
    verdict: "trusted",
    sentence: `${lock} kept ${context.lockerCount} lockers apart on ${context.hosts.length === 1 ? "this machine" : `${context.hosts.length} machines`}: no violation in ${oracle.acquisitionCount.toLocaleString("en")} acquisitions (fewer than ${bound} of them, with 95 % confidence).${crash}`,
  };
}

function hangSentence({ kind, text }: Hang, lock: string): string {
  if (kind === "deadlock") return `Deadlock with ${lock}: ${text}.`;
  if (kind === "dead-holder") return `Do not trust ${lock} beyond a crash: ${text}.`;
  return `Do not trust ${lock}: ${text}.`;
}

function mountInfo(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
