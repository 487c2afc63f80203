/** Acquire, look, hold, release, again and again: where most acquisitions of a test come from. */

import { isLockTesterError } from "../errors.ts";
import { FIELD, FLAW, packTarget, slotsOf } from "../oracle/record.ts";
import type { AcquireOptions, ByteRange, Grant, LockMode, LockSession } from "../primitive.ts";
import type { ContendAction } from "../scenario/scenario.ts";
import { monotonicNs, pause } from "./clock.ts";
import { CriticalSection, type LockPlace } from "./critical-section.ts";

/** For so long the event loop is not asked: messages wait. */
const BATCH_NS = 20e6;

export interface ContendHooks {
  /** What the locker waits for and holds, for the search for deadlocks. */
  waitsFor(mode: LockMode, range: ByteRange | undefined): void;
  holds(section: CriticalSection | null): void;
  readonly supportsUpgrade: boolean;
}

/** @returns how many acquisitions were not had in time */
export async function contend(
  action: ContendAction,
  session: LockSession,
  place: LockPlace,
  random: () => number,
  signal: AbortSignal,
  hooks: ContendHooks,
): Promise<number> {
  const chooseMode = (): LockMode => {
    if (action.mode === "exclusive") return "exclusive";
    if (action.mode === "mixed") return random() < action.readerFraction ? "shared" : "exclusive";
    return "shared";
  };
  const { ranges } = action;
  const chooseRange = (): ByteRange | undefined =>
    ranges.length === 0 ? undefined : ranges[Math.floor(random() * ranges.length)];
  const isFast = session.sync !== undefined && action.holdMs === 0 && action.pauseMs === 0 && action.mode !== "upgrade";
  let notHadCount = 0;
  let doneCount = 0;
  let batchEndNs = monotonicNs() + BATCH_NS;
  while (doneCount < action.count && !signal.aborted) {
    const mode = chooseMode();
    const range = chooseRange();
    const askedNs = monotonicNs();
    if (isFast && session.sync!.tryAcquire(mode, range)) {
      passThrough(place, mode, range, askedNs);
      session.sync!.release(range);
    } else {
      hooks.waitsFor(mode, range);
      const isHad = await stay(action, session, place, mode, range, askedNs, signal, hooks);
      if (!isHad) notHadCount++;
      if (action.pauseMs > 0) await pause(action.pauseMs * (0.5 + random()), signal);
    }
    doneCount++;
    if (monotonicNs() > batchEndNs) {
      await new Promise(setImmediate);
      batchEndNs = monotonicNs() + BATCH_NS;
    }
  }
  place.log.flush();
  return notHadCount;
}

/** In and out without a pause: two reads, two writes, and a record in memory. */
function passThrough(place: LockPlace, mode: LockMode, range: ByteRange | undefined, askedNs: number): void {
  const enteredNs = monotonicNs();
  const isExclusive = mode === "exclusive";
  const { firstSlot, endSlot } = slotsOf(range, place.slotStartsByte);
  const { state, log } = place;
  const inside = state.enter(firstSlot, endSlot, isExclusive);
  let flaws = state.isTorn ? FLAW.torn : 0;
  if (!state.exit(firstSlot, endSlot, isExclusive)) flaws |= FLAW.foreignWrite;
  const at = log.next();
  const { buffer } = log;
  buffer[at + FIELD.target] = packTarget({ isExclusive, pathIndex: place.pathIndex, firstSlot, endSlot });
  buffer[at + FIELD.askedNs] = askedNs;
  buffer[at + FIELD.enteredNs] = enteredNs;
  buffer[at + FIELD.insideAtEntry] = inside;
  buffer[at + FIELD.flawsAtExit] = flaws;
  buffer[at + FIELD.ticket] = state.ticket;
  buffer[at + FIELD.fencingToken] = -1;
  buffer[at + FIELD.leftNs] = monotonicNs();
}

async function stay(
  action: ContendAction,
  session: LockSession,
  place: LockPlace,
  mode: LockMode,
  range: ByteRange | undefined,
  askedNs: number,
  signal: AbortSignal,
  hooks: ContendHooks,
): Promise<boolean> {
  const options = { timeoutMs: action.timeoutMs, signal, ...(range ? { range } : {}) };
  const grant = await acquire(session, mode, options);
  if (!grant) {
    hooks.holds(null);
    return false;
  }
  let section = new CriticalSection(place, mode, range, askedNs, grant.fencingToken);
  hooks.holds(section);
  let isHad = true;
  try {
    if (action.holdMs > 0) await pause(action.holdMs, signal);
    if (action.mode === "upgrade") {
      const upgraded = await upgrade(section, session, place, options, hooks);
      isHad = upgraded !== null;
      if (upgraded && action.holdMs > 0) await pause(action.holdMs, signal);
      if (upgraded) section = upgraded;
      else return false;
    }
    section.exit();
  } finally {
    try {
      await session.release(range ? { range } : {});
    } finally {
      // Also when it could not be released: the stay has ended, and must not end again when the test does.
      hooks.holds(null);
    }
  }
  return isHad;
}

/** A wait that the system refused, because it would never end, is one that was not had. */
async function acquire(session: LockSession, mode: LockMode, options: AcquireOptions): Promise<Grant | null> {
  try {
    return await session.acquire(mode, options);
  } catch (error) {
    if (!isDeadlockRefused(error)) throw error;
    return null;
  }
}

export function isDeadlockRefused(error: unknown): boolean {
  return isLockTesterError(error) && error.code === "EDEADLK";
}

/** @returns null: not had; the shared stay has then ended as well */
async function upgrade(
  shared: CriticalSection,
  session: LockSession,
  place: LockPlace,
  options: { readonly timeoutMs: number; readonly range?: ByteRange; readonly signal: AbortSignal },
  hooks: ContendHooks,
): Promise<CriticalSection | null> {
  // Where an upgrade may let go on the way, the shared stay ends before it; else it lasts until the upgrade is had.
  if (!hooks.supportsUpgrade) shared.exit();
  const askedNs = monotonicNs();
  hooks.waitsFor("exclusive", shared.range);
  const grant = await acquire(session, "exclusive", options);
  if (hooks.supportsUpgrade) shared.exit();
  if (!grant) return null;
  const section = new CriticalSection(place, "exclusive", shared.range, askedNs, grant.fencingToken);
  if (hooks.supportsUpgrade) section.checkUpgradeOf(shared);
  hooks.holds(section);
  return section;
}
