/**
 * A process with one or several lockers, started by the controller. It ends with the channel to its parent: whoever
 * lost the controller lets go and goes.
 */

import { isLockTesterError } from "../errors.ts";
import { loadPrimitive } from "../primitives/load.ts";
import { changeWallClock, monotonicNs } from "./clock.ts";
import { Locker } from "./locker.ts";
import type { FromLockers, RunSetup, ToLockers } from "./messages.ts";

const STATES_EACH_MS = 200;
/** So many looks without a change are told as well: this process still answers. */
const MOST_UNTOLD = 5;
/** The end waits so long for locks to be let go of. */
const END_WITHIN_MS = 2_000;

const lockers = new Map<number, Locker>();
let statesTimer: NodeJS.Timeout | undefined;
let lastStates = "";
let untoldCount = 0;

function tell(message: FromLockers): void {
  process.send?.(message);
}

/** A thread that waits in the kernel would keep a process that merely exits; this one has nothing left to lose. */
function vanish(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("still here");
}

function fail(error: unknown): void {
  const { message } = error as Error;
  if (isLockTesterError(error)) {
    tell({ type: "failed", tag: error.tag, message, ...(error.code === undefined ? {} : { code: error.code }) });
  } else tell({ type: "failed", tag: "lost", message: (error as Error).stack ?? message });
}

async function setUp(indices: readonly number[], setup: RunSetup): Promise<void> {
  const primitive = await loadPrimitive(setup.primitive);
  for (const index of indices) {
    lockers.set(
      index,
      new Locker(index, primitive, setup, (results) => tell({ type: "empty", locker: index, results })),
    );
  }
  statesTimer = setInterval(tellStates, STATES_EACH_MS);
  tell({ type: "ready", processNumber: process.pid, nowNs: monotonicNs() });
}

/** Only what waits or is held for long matters: what changes between two looks does not hang. */
function tellStates(): void {
  const states = [...lockers.values()].map((locker) => locker.state());
  const busy = states.filter(({ held, waiting }) => held.length > 0 || waiting !== null);
  const acquiredCount = [...lockers.values()].reduce((sum, locker) => sum + locker.acquiredCount, 0);
  const text = JSON.stringify([busy, acquiredCount]);
  if (text === lastStates && ++untoldCount < MOST_UNTOLD) return;
  lastStates = text;
  untoldCount = 0;
  tell({ type: "states", states: busy, acquiredCount });
}

async function end(): Promise<void> {
  clearInterval(statesTimer);
  const timer = setTimeout(vanish, END_WITHIN_MS);
  const counts = await Promise.all([...lockers.values()].map((locker) => locker.end()));
  clearTimeout(timer);
  process.send?.({ type: "ended", counts } satisfies FromLockers, () => vanish());
}

function receive(message: ToLockers): void {
  switch (message.type) {
    case "setup":
      setUp(message.lockers, message.setup).catch(fail);
      break;
    case "action": {
      const { locker, actionIndex, action, targetNs } = message;
      lockers.get(locker)?.push({ actionIndex, action, targetNs });
      break;
    }
    case "clock":
      changeWallClock(message.change);
      break;
    case "abort":
      for (const locker of lockers.values()) locker.abort();
      break;
    case "end":
      end().catch(fail);
      break;
  }
}

process.on("message", (message) => receive(message as ToLockers));
process.on("disconnect", vanish);
process.on("uncaughtException", fail);
// An interrupt from the terminal reaches all; the controller decides.
process.on("SIGINT", () => undefined);
