/**
 * Finds the files that come into a directory and gives each to the ledger when it is whole.
 *
 * A rescan of the directory is the truth; events of the file system only make it come sooner. A file is looked into
 * under its final name alone, and enters when its HDF5 structure is closed and holds what the header announces. A
 * verdict against a file is final only when the file did not change for a while, and not even then: a corrupt file that
 * changes is looked into again.
 */

import type { FileVersion, WholeSubband } from "../domain/arrival.ts";
import { asPipelineError, isPipelineError, type PipelineError } from "../domain/error-codes.ts";
import { startUnixSecOf } from "../domain/group.ts";
import { isHdf5Name, isUnfinishedName, NAME_CLUSTER_SEC, parseSubbandName } from "../domain/subband-file.ts";
import type { Clock } from "../ports/clock.ts";
import type { ArrivalLedger, ArrivalOutcome } from "../ports/group-queue.ts";
import type { IncomingDirectory } from "../ports/incoming-directory.ts";
import type { Log } from "../ports/log.ts";
import type { SubbandReader } from "../ports/subband-reader.ts";
import { KnownFiles } from "./known-files.ts";
import { createWakeUp } from "./wake-up.ts";

export interface DirectoryWatcherOptions {
  readonly directory: IncomingDirectory;
  readonly reader: SubbandReader;
  readonly ledger: Pick<ArrivalLedger, "knownFiles" | "recordSubband" | "recordUnusable" | "recordVanished">;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a file must stay unchanged before a verdict against it is final. */
  readonly settleMs: number;
  /** How long an unfinished name must stay unchanged before it counts as abandoned. */
  readonly abandonedMs: number;
  /** A complete listing at least this often, even when the directory says that nothing came or went. */
  readonly fullScanMs: number;
  onArrival(file: FileVersion, outcome: ArrivalOutcome): void;
}

/** A file that is not decided yet. */
interface Candidate {
  signature: string;
  changedMs: number;
  dueMs: number;
  waitMs: number;
  /** What the ledger was told last. */
  reason: string;
  isWarned: boolean;
}

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 10_000;
/** Files whose version is looked at in each listing, in turn: one that was rewritten in place without an event is found. */
const TURN_COUNT = 2_000;
/** Work between two turns of the event loop. */
const SLICE_MS = 20;
/** Seconds that a data file spans; its name is the time when it was opened or when the one before was closed. */
const LONGEST_FILE_SEC = 600;

export interface DirectoryWatcher {
  /** Something happened to a name, or to something: look soon. */
  noteEvent(name: string | null): void;
  /** Looks at the whole directory. @returns names that are new or have changed */
  scan(): Promise<number>;
  /** Looks into every file that is due. */
  examineDue(): Promise<void>;
  /** Milliseconds until a file is due; 0: now. Infinity: none. */
  dueInMs(): number;
  /** Files that are not decided yet. */
  readonly candidateCount: number;
  /** What is known of the directory since before: call once, before the first scan. */
  recall(): void;
}

export function createDirectoryWatcher(options: DirectoryWatcherOptions): DirectoryWatcher {
  const { directory, reader, ledger, clock, log } = options;
  const known = new KnownFiles();
  const candidates = new Map<string, Candidate>();
  let turnStart = 0;
  let lastFullScanMs = Number.NEGATIVE_INFINITY;

  function become(name: string, dueMs: number): void {
    const candidate = candidates.get(name);
    if (candidate) candidate.dueMs = Math.min(candidate.dueMs, dueMs);
    else
      candidates.set(name, {
        signature: "",
        changedMs: clock.monotonicMs(),
        dueMs,
        waitMs: FIRST_WAIT_MS,
        reason: "",
        isWarned: false,
      });
  }

  function decided(name: string, file: FileVersion, outcome: ArrivalOutcome): void {
    known.set(name, file.signature);
    candidates.delete(name);
    options.onArrival(file, outcome);
  }

  /** Whether anything about a known name is new; costs a stat. */
  function isNews(name: string): boolean {
    const file = directory.look(name);
    return file !== undefined && !known.isCurrent(name, file.signature);
  }

  function examine(name: string): void {
    const candidate = candidates.get(name);
    if (!candidate) return;
    const file = directory.look(name);
    if (!file) {
      candidates.delete(name);
      if (candidate.reason !== "") ledger.recordVanished([`${directory.path}/${name}`]);
      return;
    }
    if (known.isCurrent(name, file.signature)) {
      candidates.delete(name);
      return;
    }
    const now = clock.monotonicMs();
    if (candidate.signature !== file.signature) {
      candidate.signature = file.signature;
      candidate.changedMs = now;
      candidate.waitMs = FIRST_WAIT_MS;
    }
    if (isUnfinishedName(name)) return examineUnfinished(name, file, candidate);
    const subbandIndex = isHdf5Name(name) ? parseSubbandName(name)?.subbandIndex : undefined;
    if (subbandIndex === undefined) {
      decided(name, file, ledger.recordUnusable(file, "foreign", "not named <time>_sbNN.hdf5"));
      return;
    }
    let whole: WholeSubband;
    try {
      const probe = reader.probe(file.path);
      whole = {
        ...file,
        firstTimeJd: probe.firstTimeJd,
        integrationTimeSec: probe.integrationTimeSec,
        topFreqHz: probe.topFreqHz,
        subbandIndex,
        sampleDigest: directory.sampleDigest(name),
      };
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      postpone(name, file, candidate, error);
      return;
    }
    // What was looked into must be what is there now.
    if (directory.look(name)?.signature !== file.signature) {
      candidate.dueMs = now + candidate.waitMs;
      return;
    }
    noteNameTime(whole);
    // A ledger that cannot be written is no fault of the file.
    decided(name, file, ledger.recordSubband(whole));
  }

  /** Transfers under a temporary name are none of our business unless they stop. */
  function examineUnfinished(name: string, file: FileVersion, candidate: Candidate): void {
    const unchangedMs = clock.monotonicMs() - candidate.changedMs;
    if (unchangedMs < options.abandonedMs) {
      candidate.dueMs = clock.monotonicMs() + Math.max(LONGEST_WAIT_MS, options.abandonedMs - unchangedMs);
      return;
    }
    const reason = `an unfinished transfer, unchanged for ${Math.round(unchangedMs / 60_000)} min`;
    decided(name, file, ledger.recordUnusable(file, "abandoned", reason));
  }

  function postpone(name: string, file: FileVersion, candidate: Candidate, error: PipelineError): void {
    const now = clock.monotonicMs();
    const unchangedMs = now - candidate.changedMs;
    const isSettled = unchangedMs >= options.settleMs;
    // A file that cannot be opened may be in order: it is tried for as long as it is there.
    if (isSettled && error.code !== "INPUT_UNREADABLE") {
      decided(name, file, ledger.recordUnusable(file, "corrupt", `${error.code}: ${error.message}`));
      return;
    }
    if (isSettled && !candidate.isWarned) {
      candidate.isWarned = true;
      log.warning(`${error.message}; it is tried again`, { code: error.code, path: file.path });
    }
    if (candidate.reason !== error.code) {
      candidate.reason = error.code;
      options.onArrival(file, ledger.recordUnusable(file, "settling", `${error.code}: ${error.message}`));
    }
    candidate.dueMs = now + candidate.waitMs;
    candidate.waitMs = Math.min(LONGEST_WAIT_MS, 2 * candidate.waitMs);
  }

  function noteNameTime(file: WholeSubband): void {
    const name = parseSubbandName(file.path);
    if (!name) return;
    const offsetSec = name.nameTimeUnixSec - startUnixSecOf(file.firstTimeJd, file.integrationTimeSec);
    if (offsetSec < -NAME_CLUSTER_SEC || offsetSec > LONGEST_FILE_SEC + NAME_CLUSTER_SEC) {
      log.info(`${file.path}: its name is ${Math.round(offsetSec)} s off the start of its data, which decides`, {
        path: file.path,
      });
    }
  }

  return {
    get candidateCount() {
      return candidates.size;
    },

    recall() {
      for (const { name, signature, fate } of ledger.knownFiles(directory.path)) {
        if (fate === "settling") become(name, clock.monotonicMs());
        else known.set(name, signature);
      }
      // A candidate of an earlier run that has gone is then known to have vanished.
      for (const candidate of candidates.values()) candidate.reason = "settling";
    },

    noteEvent(name) {
      if (name === null) lastFullScanMs = Number.NEGATIVE_INFINITY;
      // The writer of a file that waits for its turn is at work: not at once, for the next event may be there by then.
      else become(name, clock.monotonicMs() + (candidates.has(name) ? FIRST_WAIT_MS : 0));
    },

    async scan() {
      const now = clock.monotonicMs();
      const before = candidates.size;
      let index = 0;
      const turnEnd = turnStart + TURN_COUNT;
      const result = await directory.list(
        (names) => {
          for (const name of names) {
            const isTurn = index >= turnStart && index < turnEnd;
            index++;
            if (candidates.has(name)) continue;
            if (!known.has(name) || (isTurn && isNews(name))) become(name, now);
          }
        },
        now - lastFullScanMs < options.fullScanMs,
      );
      if (result === "listed") {
        lastFullScanMs = now;
        turnStart = turnEnd >= index ? 0 : turnEnd;
      }
      return candidates.size - before;
    },

    async examineDue() {
      const startMs = clock.monotonicMs();
      let sliceStartMs = startMs;
      for (const [name, candidate] of candidates) {
        if (candidate.dueMs > startMs) continue;
        examine(name);
        if (clock.monotonicMs() - sliceStartMs < SLICE_MS) continue;
        await nextTurn();
        sliceStartMs = clock.monotonicMs();
      }
    },

    dueInMs() {
      let earliestMs = Number.POSITIVE_INFINITY;
      for (const { dueMs } of candidates.values()) earliestMs = Math.min(earliestMs, dueMs);
      return Math.max(0, earliestMs - clock.monotonicMs());
    },
  };
}

const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

export interface WatchOptions {
  readonly clock: Clock;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** Called when the directory was looked through for the first time: from then on, what is missing is missing. */
  onFirstScan(): void;
}

/**
 * Watches until `signal` is aborted. What passes by itself is said once and waited for: an absent directory, a queue that
 * cannot be written.
 *
 * @throws what has no code: a mistake of the program
 */
export async function watchDirectory(
  watcher: DirectoryWatcher,
  directory: IncomingDirectory,
  log: Log,
  { clock, pollMs, signal, onFirstScan }: WatchOptions,
): Promise<void> {
  const wakeUp = createWakeUp();
  let stopEvents: (() => void) | undefined;
  let watchedIdentity: string | undefined;
  let trouble: string | undefined;
  let isFirst = true;
  let nextScanMs = 0;

  function listen(): void {
    const identity = directory.identity();
    if (identity === watchedIdentity) return;
    // A directory that was made anew sends its events to those who ask anew.
    stopEvents?.();
    watchedIdentity = identity;
    stopEvents = directory.watch((name) => {
      watcher.noteEvent(name);
      wakeUp.wake();
    });
  }

  async function look(): Promise<void> {
    if (clock.monotonicMs() >= nextScanMs) {
      nextScanMs = clock.monotonicMs() + pollMs;
      // Before the listing, so that nothing comes between the two.
      listen();
      const newCount = await watcher.scan();
      if (isFirst) {
        const { kind, isLocal } = directory.fileSystem();
        const how = isLocal && stopEvents ? "" : "; without events, by rescans alone";
        log.info(`Watching ${directory.path} (${kind}): ${newCount} files to look into${how}`);
      }
    }
    await watcher.examineDue();
    if (isFirst) onFirstScan();
    isFirst = false;
  }

  watcher.recall();
  try {
    while (!signal.aborted) {
      try {
        await look();
        if (trouble !== undefined) log.info(`${directory.path}: watched again`);
        trouble = undefined;
      } catch (error) {
        const coded = asPipelineError(error, directory.path);
        if (coded.code === "INTERNAL") throw error;
        if (trouble !== coded.message) log.error(`${coded.message}; it is tried again`, { code: coded.code });
        trouble = coded.message;
        nextScanMs = clock.monotonicMs() + pollMs;
        await wakeUp.wait(pollMs, signal);
        continue;
      }
      const waitMs = Math.min(watcher.dueInMs(), nextScanMs - clock.monotonicMs());
      if (waitMs > 0) await wakeUp.wait(waitMs, signal);
    }
  } finally {
    stopEvents?.();
  }
}
