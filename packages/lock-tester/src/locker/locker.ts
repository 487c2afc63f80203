/**
 * One locker: a queue of actions that it does one after the other, and a report whenever the queue is empty. It holds
 * locks on one file at a time, as the original does; another file lets go of the first.
 */

import { join } from "node:path";
import type { ByteRange, LockMode, LockPrimitive, LockSession } from "../primitive.ts";
import { randomFrom } from "../scenario/random.ts";
import type { Action } from "../scenario/scenario.ts";
import { monotonicNs, pause, sleepUntil } from "./clock.ts";
import { contend, isDeadlockRefused } from "./contend.ts";
import { CriticalSection, type LockPlace } from "./critical-section.ts";
import type { ActionResult, HeldLock, LockerCounts, LockerState, Outcome, RunSetup } from "./messages.ts";
import { ObservationLog } from "./observation-log.ts";
import { SharedState } from "./shared-state.ts";

export interface QueuedAction {
  readonly actionIndex: number;
  readonly action: Action;
  readonly targetNs: number | undefined;
}

interface OpenFile {
  readonly session: LockSession;
  readonly place: LockPlace;
}

type Done = { readonly outcome: Outcome; readonly problem?: string };

const MOST_ERRORS = 10;

export class Locker {
  readonly index: number;
  readonly #primitive: LockPrimitive;
  readonly #setup: RunSetup;
  readonly #onEmpty: (results: readonly ActionResult[]) => void;
  readonly #log: ObservationLog;
  readonly #random: () => number;
  readonly #aborter = new AbortController();
  readonly #states = new Map<number, SharedState>();
  readonly #queue: QueuedAction[] = [];
  #results: ActionResult[] = [];
  #working: Promise<void> | undefined;
  #open: OpenFile | undefined;
  #sections: CriticalSection[] = [];
  #waiting: (HeldLock & { readonly sinceNs: number }) | null = null;
  #notHadCount = 0;
  readonly #errors: string[] = [];
  #startNs = 0;
  #latenessMs: number | null = null;

  constructor(
    index: number,
    primitive: LockPrimitive,
    setup: RunSetup,
    onEmpty: (results: readonly ActionResult[]) => void,
  ) {
    this.index = index;
    this.#primitive = primitive;
    this.#setup = setup;
    this.#onEmpty = onEmpty;
    this.#log = new ObservationLog(join(setup.logFolder, `locker-${index}.log`));
    this.#random = randomFrom(setup.seed + 7919 * (index + 1));
  }

  push(action: QueuedAction): void {
    this.#queue.push(action);
    this.#working ??= this.#work();
  }

  abort(): void {
    this.#queue.length = 0;
    this.#aborter.abort();
  }

  get acquiredCount(): number {
    return this.#log.recordCount;
  }

  state(): LockerState {
    const pathIndex = this.#open?.place.pathIndex ?? 0;
    const held = this.#sections.map(({ mode, range }) => ({ pathIndex, mode, ...(range ? { range } : {}) }));
    return { locker: this.index, held, waiting: this.#waiting };
  }

  async #work(): Promise<void> {
    // Messages that arrived together are queued together: an empty queue is told of once.
    await new Promise(setImmediate);
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      this.#results.push(await this.#do(next));
    }
    this.#working = undefined;
    this.#log.flush();
    const results = this.#results;
    this.#results = [];
    this.#onEmpty(results);
  }

  async #do({ actionIndex, action, targetNs }: QueuedAction): Promise<ActionResult> {
    this.#startNs = monotonicNs();
    this.#latenessMs = null;
    let done: Done;
    try {
      done = await this.#perform(action, targetNs);
    } catch (error) {
      done = this.#failed(error);
    }
    this.#waiting = null;
    return {
      locker: this.index,
      actionIndex,
      startedNs: this.#startNs,
      latenessMs: this.#latenessMs,
      waitedMs: (monotonicNs() - this.#startNs) / 1e6,
      ...done,
    };
  }

  #failed(error: unknown): Done {
    const problem = (error as Error).message;
    if (isDeadlockRefused(error)) {
      this.#notHadCount++;
      return { outcome: "not-had", problem };
    }
    if (this.#errors.length < MOST_ERRORS) this.#errors.push(problem);
    return { outcome: "error", problem };
  }

  async #perform(action: Action, targetNs: number | undefined): Promise<Done> {
    switch (action.kind) {
      case "file":
        await this.#openFile(action.path);
        return { outcome: "done" };
      case "sleep":
        await pause(action.durationMs, this.#aborter.signal);
        return { outcome: "done" };
      case "stop":
        await this.#closeFile();
        return { outcome: "done" };
      case "lock":
        await this.#until(targetNs);
        return await this.#lock(action.mode, action.range, action.timeoutMs ?? this.#setup.defaultTimeoutMs);
      case "release":
        // Whether anything is held is looked at before waiting for the time, as the original does.
        if (action.ifHeld && !this.#sections.some((section) => section.overlaps(action.range))) {
          return { outcome: "skipped" };
        }
        await this.#until(targetNs);
        await this.#release(action.range);
        return { outcome: "released" };
      case "contend": {
        const { session, place } = this.#file();
        const count = await contend(action, session, place, this.#random, this.#aborter.signal, {
          supportsUpgrade: this.#primitive.supports.upgrade,
          waitsFor: (mode, range) => this.#waitFor(mode, range),
          holds: (section) => {
            this.#waiting = null;
            this.#sections = section ? [section] : [];
          },
        });
        this.#notHadCount += count;
        return count === 0 ? { outcome: "done" } : { outcome: "done", problem: `${count} not had in time` };
      }
    }
  }

  async #until(targetNs: number | undefined): Promise<void> {
    if (targetNs === undefined) return;
    const lateNs = await sleepUntil(targetNs, this.#aborter.signal);
    this.#startNs = monotonicNs();
    this.#latenessMs = lateNs / 1e6;
  }

  #waitFor(mode: LockMode, range: ByteRange | undefined): void {
    const pathIndex = this.#open?.place.pathIndex ?? 0;
    this.#waiting = { pathIndex, mode, sinceNs: monotonicNs(), ...(range ? { range } : {}) };
  }

  async #lock(mode: LockMode, range: ByteRange | undefined, timeoutMs: number): Promise<Done> {
    const { session, place } = this.#file();
    const isKept = this.#sections.some(
      (section) => section.covers(range) && (section.mode === "exclusive" || mode === "shared"),
    );
    if (isKept) return { outcome: "kept" };
    const before = this.#sections.filter((section) => section.overlaps(range));
    const isSame =
      before.length === 1 && before[0]!.covers(range) && (range === undefined || sameRange(before[0]!, range));
    const upgraded = isSame && this.#primitive.supports.upgrade ? before[0] : undefined;
    // What the new lock changes is no longer claimed to be held, unless the primitive promises that it stays.
    if (!upgraded) this.#leave(before);
    const askedNs = monotonicNs();
    this.#waitFor(mode, range);
    const options = { timeoutMs, signal: this.#aborter.signal, ...(range ? { range } : {}) };
    const grant = await session.acquire(mode, options);
    this.#waiting = null;
    if (!grant) {
      this.#notHadCount++;
      if (before.length > 0 && !upgraded) await session.release(range ? { range } : {});
      return { outcome: "not-had" };
    }
    if (upgraded) this.#leave([upgraded]);
    const section = new CriticalSection(place, mode, range, askedNs, grant.fencingToken);
    if (upgraded) section.checkUpgradeOf(upgraded);
    this.#sections.push(section);
    return { outcome: "held" };
  }

  async #release(range: ByteRange | undefined): Promise<void> {
    const { session } = this.#file();
    this.#leave(this.#sections.filter((section) => section.overlaps(range)));
    await session.release(range ? { range } : {});
  }

  #leave(sections: readonly CriticalSection[]): void {
    for (const section of sections) section.exit();
    this.#sections = this.#sections.filter((section) => !sections.includes(section));
  }

  #file(): OpenFile {
    if (!this.#open) throw new Error("no file specified");
    return this.#open;
  }

  async #openFile(path: string): Promise<void> {
    await this.#closeFile();
    const { paths, stateSuffix, slotStartsByte, openOptions } = this.#setup;
    const pathIndex = paths.indexOf(path);
    let state = this.#states.get(pathIndex);
    if (!state) {
      state = new SharedState(path + stateSuffix, this.index, slotStartsByte.length);
      this.#states.set(pathIndex, state);
    }
    const session = await this.#primitive.open(path, openOptions);
    this.#open = { session, place: { pathIndex, state, log: this.#log, slotStartsByte } };
  }

  async #closeFile(): Promise<void> {
    if (!this.#open) return;
    const { session } = this.#open;
    this.#leave(this.#sections);
    this.#open = undefined;
    await session.release();
    await session.close();
  }

  /** Gives up everything and closes the log. */
  async end(): Promise<LockerCounts> {
    this.#queue.length = 0;
    this.#aborter.abort();
    await this.#working;
    try {
      await this.#closeFile();
    } catch (error) {
      this.#errors.push((error as Error).message);
    }
    this.#log.close();
    const { paths } = this.#setup;
    const exclusiveCounts = paths.map((_, pathIndex) => this.#states.get(pathIndex)?.exclusiveCounts ?? []);
    for (const state of this.#states.values()) state.close();
    return { locker: this.index, exclusiveCounts, notHadCount: this.#notHadCount, errors: this.#errors };
  }
}

function sameRange(section: CriticalSection, range: ByteRange): boolean {
  return section.range?.startByte === range.startByte && section.range.endByte === range.endByte;
}
