/** Drives a test: hands out the steps, waits for results, watches that all get on, and collects what was seen. */

import { LockTesterError } from "../errors.ts";
import { monotonicNs, pause } from "../locker/clock.ts";
import type { ActionResult, FromLockers, LockerCounts, LockerState, RunSetup } from "../locker/messages.ts";
import type { LockerLog, Observed } from "../oracle/observed.ts";
import { FIELD, RECORD_LENGTH } from "../oracle/record.ts";
import type { LockPrimitive } from "../primitive.ts";
import { lockersOf } from "../scenario/expand.ts";
import type { Action, Addressees, FlatStep, Signal, When } from "../scenario/scenario.ts";
import { DiskFiller } from "./disk-filler.ts";
import { KernelSampler } from "./kernel-sampler.ts";
import type { HostProcess, LockerHost } from "./locker-host.ts";
import type { TrialFiles } from "./trial-files.ts";
import { type Hang, Watchdog } from "./watchdog.ts";

export interface ControllerEvents {
  /** A locker's queue is empty: what came of the actions since the last time. */
  result?(locker: number, processNumber: number, results: readonly ActionResult[]): void;
  /** What happens, in words. */
  say?(text: string): void;
}

export interface ControllerOptions {
  readonly primitive: LockPrimitive;
  readonly hosts: readonly LockerHost[];
  readonly groups: readonly { readonly hostIndex: number; readonly lockers: readonly number[] }[];
  readonly steps: readonly FlatStep[];
  readonly files: TrialFiles;
  readonly limitMs: number;
  /** A process that says nothing for so long does not answer any more. */
  readonly silentMs: number;
  readonly signal: AbortSignal | undefined;
  readonly events: ControllerEvents;
  readonly setup: Omit<RunSetup, "logFolder">;
}

export interface Fault {
  readonly atNs: number;
  readonly text: string;
}

/** What a run gave, before anybody judges it. */
export interface Run {
  readonly observed: Observed;
  readonly actions: readonly SentAction[];
  readonly hang: Hang | undefined;
  readonly faults: readonly Fault[];
  /** What lockers complained of, with the locker. */
  readonly problems: readonly string[];
  readonly notHadCount: number;
  readonly startedNs: number;
  readonly endedNs: number;
}

export interface SentAction {
  readonly locker: number;
  readonly action: Action;
  result: ActionResult | null;
}

interface LockerRecord {
  readonly host: LockerHost;
  process: HostProcess | undefined;
  /** Actions sent and not yet answered for. */
  openCount: number;
  state: LockerState | undefined;
  diedNs: number | undefined;
  hasEnded: boolean;
  counts: LockerCounts | undefined;
}

const LOOK_EACH_MS = 150;
/** A lock that waits in the kernel is had at once when it is free; one that polls looks only now and then. */
const STUCK_MS = { blocking: 3_000, polling: 15_000 } as const;
const END_WITHIN_MS = 6_000;

export class Controller {
  readonly #options: ControllerOptions;
  readonly #lockers: readonly LockerRecord[];
  readonly #acquiredCounts = new Map<HostProcess, number>();
  readonly #heardMs = new Map<HostProcess, number>();
  readonly #stopped = new Set<HostProcess>();
  readonly #actions: SentAction[] = [];
  readonly #faults: Fault[] = [];
  readonly #problems: string[] = [];
  readonly #aborter = new AbortController();
  readonly #watchdog: Watchdog;
  readonly #filler: DiskFiller;
  #hang: Hang | undefined;
  #failure: LockTesterError | undefined;
  #wake: () => void = () => undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const hostOf = new Map(
      options.groups.flatMap(({ hostIndex, lockers }) => lockers.map((locker) => [locker, hostIndex])),
    );
    this.#lockers = Array.from({ length: hostOf.size }, (_, locker) => ({
      host: options.hosts[hostOf.get(locker)!]!,
      process: undefined,
      openCount: 0,
      state: undefined,
      diedNs: undefined,
      hasEnded: false,
      counts: undefined,
    }));
    this.#aborter.signal.addEventListener("abort", () => this.#wake());
    const { blocking } = options.primitive.supports;
    const polls = !blocking || options.setup.openOptions.pollMs !== undefined;
    this.#watchdog = new Watchdog({ stuckMs: polls ? STUCK_MS.polling : STUCK_MS.blocking });
    this.#filler = new DiskFiller(`${options.files.paths[0]}${options.files.stateSuffix}-filler`);
  }

  /** @throws LockTesterError when the lockers could not do what they were told */
  async run(): Promise<Run> {
    const { hosts, groups, setup, files, primitive, events, signal } = this.#options;
    const onAbort = () => this.#aborter.abort();
    signal?.addEventListener("abort", onAbort);
    const sampler = primitive.procLocksKind ? new KernelSampler(files.paths, primitive.procLocksKind) : undefined;
    let watch: NodeJS.Timeout | undefined;
    try {
      await Promise.all(
        hosts.map((host, hostIndex) => {
          const own = groups.filter((group) => group.hostIndex === hostIndex).map(({ lockers }) => lockers);
          return host.start(own, setup, {
            message: (from, message) => this.#receive(from, message),
            ended: (from, status) => this.#processEnded(from, status),
          });
        }),
      );
      const startedNs = monotonicNs();
      events.say?.(`${this.#lockers.length} lockers in ${groups.length} processes are ready`);
      watch = setInterval(() => this.#look(startedNs), LOOK_EACH_MS);
      for (const step of this.#options.steps) {
        if (this.#isOver()) break;
        await this.#do(step);
      }
      await this.#untilEmpty("all");
      const endedNs = monotonicNs();
      clearInterval(watch);
      sampler?.stop();
      if (signal?.aborted) throw new LockTesterError("lost", "the test was interrupted");
      await this.#endAll();
      if (this.#failure !== undefined) throw this.#failure;
      return {
        observed: { logs: await this.#readLogs(), samples: sampler?.samples ?? [], counters: this.#counters() },
        actions: this.#actions,
        hang: this.#hang,
        faults: this.#faults,
        problems: [
          ...this.#problems,
          ...this.#lockers.flatMap(({ counts }, locker) =>
            (counts?.errors ?? []).map((text) => `locker ${locker}: ${text}`),
          ),
        ],
        notHadCount: this.#lockers.reduce((sum, { counts }) => sum + (counts?.notHadCount ?? 0), 0),
        startedNs,
        endedNs,
      };
    } finally {
      clearInterval(watch);
      sampler?.stop();
      this.#filler.free();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #do(step: FlatStep): Promise<void> {
    switch (step.kind) {
      case "send":
        this.#send(lockersOf(step.to, this.#lockers.length), step.action);
        break;
      case "barrier":
        await this.#untilEmpty(step.to);
        break;
      case "wait":
        await pause(step.durationMs, this.#aborter.signal);
        break;
      case "signal":
        for (const locker of lockersOf(step.to, this.#lockers.length)) this.#signal(locker, step.signal);
        break;
      case "disk":
        this.#faults.push({ atNs: monotonicNs(), text: `disk ${step.state}` });
        if (step.state === "full") this.#filler.fill();
        else this.#filler.free();
        break;
      case "clock":
        for (const locker of lockersOf(step.to, this.#lockers.length)) {
          this.#faults.push({ atNs: monotonicNs(), text: `clock of locker ${locker}: ${step.change.kind}` });
          this.#lockers[locker]!.host.send(locker, { type: "clock", locker, change: step.change });
        }
        break;
    }
  }

  #send(lockers: readonly number[], action: Action): void {
    // One time for all that are told together, as the original computes it when it sends.
    const targetNs = targetOf(action.kind === "lock" || action.kind === "release" ? action.when : undefined);
    for (const locker of lockers) {
      const { host, hasEnded } = this.#lockers[locker]!;
      const actionIndex = this.#actions.length;
      this.#actions.push({ locker, action, result: null });
      if (hasEnded) continue;
      this.#lockers[locker]!.openCount++;
      host.send(locker, {
        type: "action",
        locker,
        actionIndex,
        action,
        ...(targetNs === undefined ? {} : { targetNs: targetNs - host.offsetNs }),
      });
    }
  }

  #signal(locker: number, signal: Signal): void {
    const record = this.#lockers[locker]!;
    const atNs = monotonicNs();
    this.#faults.push({ atNs, text: `${signal} to locker ${locker}` });
    if (signal === "SIGKILL") {
      // Whoever shares the process dies with it.
      for (const one of this.#lockers) if (one.process === record.process) one.diedNs ??= atNs;
    }
    if (record.process && signal === "SIGSTOP") this.#stopped.add(record.process);
    if (record.process && signal === "SIGCONT") {
      this.#stopped.delete(record.process);
      this.#heardMs.set(record.process, atNs / 1e6);
    }
    record.host.signal(locker, signal);
  }

  /** Waits until nothing that was sent to these lockers is unanswered, or the test is over. */
  async #untilEmpty(to: Addressees): Promise<void> {
    const waited = lockersOf(to, this.#lockers.length).map((locker) => this.#lockers[locker]!);
    while (!this.#isOver() && waited.some(({ openCount, hasEnded }) => openCount > 0 && !hasEnded)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #isOver(): boolean {
    return this.#hang !== undefined || this.#failure !== undefined || this.#aborter.signal.aborted;
  }

  #receive(from: HostProcess, message: FromLockers): void {
    this.#heardMs.set(from, monotonicNs() / 1e6);
    switch (message.type) {
      case "ready":
        for (const locker of from.lockers) this.#lockers[locker]!.process = from;
        break;
      case "failed":
        this.#failure ??= new LockTesterError(message.tag, message.message);
        break;
      case "empty": {
        const record = this.#lockers[message.locker]!;
        record.openCount -= message.results.length;
        for (const result of message.results) this.#actions[result.actionIndex]!.result = result;
        this.#options.events.result?.(message.locker, from.processNumber, message.results);
        break;
      }
      case "states":
        this.#acquiredCounts.set(from, message.acquiredCount);
        for (const locker of from.lockers) {
          // What was said before a kill and arrives after it is what the dead one held.
          this.#lockers[locker]!.state = message.states.find((state) => state.locker === locker);
        }
        break;
      case "ended":
        for (const counts of message.counts) this.#lockers[counts.locker]!.counts = counts;
        break;
    }
    this.#wake();
  }

  #processEnded(from: HostProcess, status: string): void {
    for (const locker of from.lockers) {
      const record = this.#lockers[locker]!;
      record.hasEnded = true;
      if (record.diedNs === undefined && record.counts === undefined && record.process !== undefined) {
        // Nobody asked for this, and when it was is not known: it is told, and not held against the lock.
        record.diedNs = Number.NEGATIVE_INFINITY;
        this.#problems.push(`locker ${locker}: its process ${from.processNumber} ended by itself (${status})`);
      }
    }
    this.#wake();
  }

  #look(startedNs: number): void {
    if (this.#hang) return;
    const nowNs = monotonicNs();
    const states = this.#lockers.flatMap(({ state, diedNs }) => (state && diedNs === undefined ? [state] : []));
    const dead = this.#lockers.flatMap(({ state, diedNs }) => (state && diedNs !== undefined ? [state] : []));
    const acquiredCount = [...this.#acquiredCounts.values()].reduce((sum, count) => sum + count, 0);
    this.#hang = this.#watchdog.look(states, dead, acquiredCount, nowNs / 1e6);
    this.#hang ??= this.#lookForSilent(nowNs / 1e6);
    const ranMs = (nowNs - startedNs) / 1e6;
    if (!this.#hang && ranMs > this.#options.limitMs) {
      const lockers = this.#lockers.flatMap(({ openCount }, locker) => (openCount > 0 ? [locker] : []));
      const text = `the test is not done after ${(ranMs / 1000).toFixed(0)} s: ${lockers.length} lockers have not answered`;
      this.#hang = { kind: "limit", text, graph: [], lockers, afterMs: ranMs };
    }
    if (!this.#hang) return;
    this.#options.events.say?.([this.#hang.text, ...this.#hang.graph].join("\n  "));
    for (const host of this.#options.hosts) host.send("all", { type: "abort" });
    this.#wake();
  }

  /** A call that the kernel does not come back from keeps the whole process, as on a server that is gone. */
  #lookForSilent(nowMs: number): Hang | undefined {
    const isSilent = ({ process, hasEnded, openCount }: LockerRecord): boolean =>
      process !== undefined &&
      !hasEnded &&
      openCount > 0 &&
      !this.#stopped.has(process) &&
      nowMs - (this.#heardMs.get(process) ?? nowMs) > this.#options.silentMs;
    const lockers = this.#lockers.flatMap((record, locker) => (isSilent(record) ? [locker] : []));
    if (lockers.length === 0) return undefined;
    const afterMs = this.#options.silentMs;
    const text = `lockers ${lockers.join(", ")} said nothing for ${(afterMs / 1000).toFixed(0)} s: a system call does not come back`;
    return { kind: "silent", text, graph: [], lockers, afterMs };
  }

  async #endAll(): Promise<void> {
    for (const [locker, { host }] of this.#lockers.entries()) {
      // One that is stopped could not hear that it is to end.
      if (this.#faults.some(({ text }) => text.startsWith("SIGSTOP"))) host.signal(locker, "SIGCONT");
      if (this.#hang?.kind === "silent" && this.#hang.lockers.includes(locker)) host.signal(locker, "SIGKILL");
    }
    for (const host of this.#options.hosts) host.send("all", { type: "end" });
    const endMs = performance.now() + END_WITHIN_MS;
    while (this.#lockers.some(({ hasEnded }) => !hasEnded) && performance.now() < endMs) {
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        pause(100, new AbortController().signal),
      ]);
    }
    for (const [locker, { hasEnded, host }] of this.#lockers.entries()) if (!hasEnded) host.signal(locker, "SIGKILL");
  }

  async #readLogs(): Promise<readonly LockerLog[]> {
    return await Promise.all(
      this.#lockers.map(async ({ host, process, diedNs }, locker) => {
        const bytes = await host.readLog(locker);
        const records = recordsOf(bytes);
        if (host.offsetNs !== 0) shift(records, host.offsetNs);
        return {
          locker,
          processNumber: process?.processNumber ?? -1,
          records,
          diedNs,
          clockErrorNs: host.offsetErrorNs,
        };
      }),
    );
  }

  /** Counts can be compared only when every locker lived to tell its own. */
  #counters(): Observed["counters"] {
    const counts = this.#lockers.map((locker) => locker.counts);
    if (counts.includes(undefined) || this.#lockers.some(({ diedNs }) => diedNs !== undefined)) return undefined;
    const found = this.#options.files.counters();
    const expected = found.map((slots, pathIndex) =>
      slots.map((_, slot) => counts.reduce((sum, one) => sum + (one!.exclusiveCounts[pathIndex]?.[slot] ?? 0), 0)),
    );
    return { found, expected };
  }
}

function targetOf(when: When | undefined): number | undefined {
  if (!when) return undefined;
  if (when.kind === "after-sending") return monotonicNs() + 1e9 * when.sec;
  // The wall clock is looked at once; from here on the monotonic one counts.
  return monotonicNs() + 1e9 * (when.unixSec - Date.now() / 1000);
}

/** A process that was killed may have left half a record. */
function recordsOf(bytes: Uint8Array): Float64Array {
  const recordBytes = RECORD_LENGTH * Float64Array.BYTES_PER_ELEMENT;
  const wholeBytes = bytes.byteLength - (bytes.byteLength % recordBytes);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + wholeBytes));
}

function shift(records: Float64Array, offsetNs: number): void {
  for (let at = 0; at < records.length; at += RECORD_LENGTH)
    for (const field of [FIELD.askedNs, FIELD.enteredNs, FIELD.leftNs]) records[at + field]! += offsetNs;
}
