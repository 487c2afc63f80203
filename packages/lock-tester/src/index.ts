/**
 * Can this file system's locks be trusted? This module holds the types and what needs no system;
 * `@contimg/lock-tester/node` runs tests.
 */

export { isLockTesterError, LockTesterError, type LockTesterTag } from "./errors.ts";
export type { Judgement, Violation, ViolationKind } from "./oracle/judge.ts";
export type { LockNumbers, Quantiles } from "./oracle/numbers.ts";
export { wilsonInterval } from "./oracle/wilson.ts";
export type {
  AcquireOptions,
  ByteRange,
  Grant,
  LockMode,
  LockPrimitive,
  LockSession,
  OpenOptions,
} from "./primitive.ts";
export { type Advice, type AdviceGrounds, adviceFor, type Safety } from "./probes/advice.ts";
export { type Finding, type ProbedLock } from "./probes/finding.ts";
export { exitStatusOf, type LockReport, type Verdict } from "./report/report.ts";
export { parseCommand } from "./scenario/command.ts";
export { readScenario } from "./scenario/read-scenario.ts";
export type { Action, ContendAction, Scenario, Step } from "./scenario/scenario.ts";
export { seedExample } from "./scenario/scenario.ts";
export { writeScenario } from "./scenario/write-scenario.ts";
