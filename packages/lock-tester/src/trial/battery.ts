/**
 * One scenario after another of what breaks locks: contention, readers and writers, ranges, upgrades, a holder that is
 * stopped, clocks that are wrong, releases of what is not held, a holder that is killed.
 */

import type { ByteRange, LockMode, LockPrimitive } from "../primitive.ts";
import type { Action, Addressees, ClockChange, ContendAction, Scenario, Signal, Step } from "../scenario/scenario.ts";

/** The steps speak of these. */
export const BATTERY_LOCKERS = 5;

const LONG_HOLD_MS = 2_500;
const HOUR_SEC = 3_600;
const OTHERS = [1, 2, 3, 4];
/** They touch, overlap, contain each other, and lie beyond 32 bits. */
const RANGES: readonly ByteRange[] = [
  { startByte: 0, endByte: 10 },
  { startByte: 5, endByte: 15 },
  { startByte: 10, endByte: 20 },
  { startByte: 0, endByte: 20 },
  { startByte: 9, endByte: 10 },
  { startByte: 2 ** 33, endByte: 2 ** 33 + 1 },
];

const send = (to: Addressees, action: Action): Step => ({ kind: "send", to, action });
const lock = (to: Addressees, mode: LockMode, timeoutMs: number, range?: ByteRange): Step =>
  send(to, { kind: "lock", mode, timeoutMs, ...(range ? { range } : {}) });
const release = (to: Addressees): Step => send(to, { kind: "release", ifHeld: false });
const contend = (to: Addressees, action: Partial<ContendAction>): Step =>
  send(to, {
    kind: "contend",
    count: 30,
    mode: "exclusive",
    readerFraction: 0.6,
    holdMs: 1,
    pauseMs: 1,
    timeoutMs: 5_000,
    ranges: [],
    ...action,
  });
const barrier = (to: Addressees = "all"): Step => ({ kind: "barrier", to });
const wait = (durationMs: number): Step => ({ kind: "wait", durationMs });
const signal = (to: number, name: Signal): Step => ({ kind: "signal", to: [to], signal: name });
const clock = (to: Addressees, change: ClockChange): Step => ({ kind: "clock", to, change });

/** One holds for long, others try; whoever thinks that it has the lock shows. */
function whileHeld(during: readonly Step[]): readonly Step[] {
  return [lock([0], "exclusive", 5_000), barrier([0]), ...during, release([0]), barrier()];
}

function exclusiveSteps(): readonly Step[] {
  return [
    contend("all", { count: 400, holdMs: 0, pauseMs: 0 }),
    barrier(),
    contend("all", { holdMs: 2 }),
    barrier(),
    // Tries that fail, and releases of what was not had.
    ...whileHeld([
      lock(OTHERS, "exclusive", 0),
      release(OTHERS),
      barrier(OTHERS),
      lock([1], "exclusive", 60),
      barrier([1]),
      release([2]),
      lock([3], "exclusive", 60),
      release([3]),
      barrier(OTHERS),
      contend(OTHERS, { count: 3, timeoutMs: 40 }),
      barrier(OTHERS),
    ]),
    // Let go, and at once wanted by all.
    lock([0], "exclusive", 5_000),
    barrier([0]),
    contend(OTHERS, { count: 5, holdMs: 3 }),
    wait(50),
    release([0]),
    barrier(),
  ];
}

function timeSteps(): readonly Step[] {
  return [
    // Times to live that are counted by the wall clock, and ages of files.
    ...whileHeld([
      clock(OTHERS, { kind: "step", sec: 25 * HOUR_SEC }),
      contend(OTHERS, { count: 2, timeoutMs: 100 }),
      barrier(OTHERS),
      clock(OTHERS, { kind: "step", sec: -HOUR_SEC }),
      contend(OTHERS, { count: 2, timeoutMs: 50 }),
      barrier(OTHERS),
      clock(OTHERS, { kind: "resume" }),
    ]),
    // Longer than a lease, with a holder that cannot renew it.
    ...whileHeld([
      signal(0, "SIGSTOP"),
      contend(OTHERS, { count: 6, holdMs: 30, timeoutMs: LONG_HOLD_MS / 6 }),
      barrier(OTHERS),
      signal(0, "SIGCONT"),
    ]),
    // Long, with a holder that is well.
    ...whileHeld([contend(OTHERS, { count: 3, timeoutMs: LONG_HOLD_MS / 3 }), barrier(OTHERS)]),
  ];
}

function readerSteps(): readonly Step[] {
  return [
    contend("all", { count: 40, mode: "mixed" }),
    barrier(),
    contend("all", { count: 200, mode: "mixed", holdMs: 0, pauseMs: 0 }),
    barrier(),
    // A reader that goes must not take the others' lock along.
    lock([0, 1], "shared", 5_000),
    barrier(),
    release([0]),
    barrier(),
    contend([2, 3, 4], { count: 2, timeoutMs: 40 }),
    barrier(),
    lock([3], "shared", 60),
    release([3]),
    contend([4], { count: 2, timeoutMs: 40 }),
    barrier(),
    release([1]),
    barrier(),
    // A writer is inside, readers want to.
    ...whileHeld([
      lock([1, 2], "shared", 60),
      barrier([1, 2]),
      release([1, 2]),
      contend(OTHERS, { count: 2, mode: "shared", timeoutMs: 40 }),
      barrier(OTHERS),
    ]),
  ];
}

function rangeSteps(): readonly Step[] {
  return [
    contend("all", { count: 60, ranges: RANGES, holdMs: 2 }),
    barrier(),
    contend("all", { count: 60, mode: "mixed", ranges: RANGES, holdMs: 1 }),
    barrier(),
    // What is released must leave the rest.
    lock([0], "exclusive", 5_000, RANGES[0]),
    lock([0], "exclusive", 5_000, RANGES[2]),
    barrier([0]),
    send([0], { kind: "release", ifHeld: true, range: RANGES[0]! }),
    barrier([0]),
    contend([1, 2], { count: 2, timeoutMs: 40, ranges: [RANGES[2]!] }),
    contend([3, 4], { count: 2, timeoutMs: 40 }),
    barrier(),
    release([0]),
    barrier(),
  ];
}

function upgradeSteps(): readonly Step[] {
  return [
    contend("all", { count: 15, mode: "upgrade", timeoutMs: 100 }),
    barrier(),
    // One upgrades while others write.
    contend([0], { count: 40, mode: "upgrade", timeoutMs: 1_000 }),
    contend([1, 2], { count: 40, timeoutMs: 1_000 }),
    barrier(),
  ];
}

/** The last: whoever is killed is gone. */
function crashSteps(): readonly Step[] {
  return [
    lock([0], "exclusive", 5_000),
    barrier([0]),
    wait(250),
    contend(OTHERS, { count: 2, holdMs: 5, timeoutMs: 4_000 }),
    wait(100),
    signal(0, "SIGKILL"),
    barrier(OTHERS),
  ];
}

/** Everything that a primitive says it can do. */
export function batteryFor({ supports }: LockPrimitive): Scenario {
  return {
    steps: [
      ...exclusiveSteps(),
      ...(supports.shared ? readerSteps() : []),
      ...(supports.ranges ? rangeSteps() : []),
      ...(supports.shared && supports.upgrade ? upgradeSteps() : []),
      ...timeSteps(),
      ...crashSteps(),
    ],
  };
}

/** For locks of which several can be in one process. */
export const oneProcessBattery: Scenario = { steps: exclusiveSteps() };
