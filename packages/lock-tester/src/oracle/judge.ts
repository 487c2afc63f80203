/**
 * The oracle: whether anybody was inside who should not have been. It believes no lock: it has what each locker saw of
 * the shared state, when each was inside, and what the kernel listed.
 */

import { exclude, inOrderOfEntry, type KernelSample, type Observed, type Stay } from "./observed.ts";
import { FLAW } from "./record.ts";
import { wilsonInterval } from "./wilson.ts";

/**
 * - `overlap`: two that exclude each other were inside at one time, by the clock of the machine
 * - `inside`: who entered found another's sign in the shared state
 * - `foreign-write`: who left found that another had written meanwhile
 * - `torn`: the state was half one's and half another's
 * - `lost-update`: writes are missing from the state's counters
 * - `fencing`: a later grant had no greater token
 * - `upgrade-gap`: a writer came between a shared lock and its upgrade, against the primitive's promise
 * - `not-in-kernel`: the kernel did not list the lock while it was said to be held
 */
export type ViolationKind =
  | "overlap"
  | "inside"
  | "foreign-write"
  | "torn"
  | "lost-update"
  | "fencing"
  | "upgrade-gap"
  | "not-in-kernel";

export interface Violation {
  readonly kind: ViolationKind;
  readonly locker: number;
  /** With whom, where that is known. */
  readonly otherLocker: number | null;
  readonly atNs: number;
  readonly text: string;
}

export interface Judgement {
  readonly acquisitionCount: number;
  /** Acquisitions at which something was wrong, and updates that are missing without one. */
  readonly violationCount: number;
  /** Of the fraction of acquisitions that are violations: 95 %, Wilson. */
  readonly upperBoundFraction: number;
  readonly countOfKind: Readonly<Partial<Record<ViolationKind, number>>>;
  /** The first hundred. */
  readonly violations: readonly Violation[];
  /** Overlaps that do no harm where the protected thing refuses older tokens. */
  readonly fencedCount: number;
  /** Looks at /proc/locks during a stay, and how many of them showed its lock; 0 seen: it is not shown there. */
  readonly kernelChecks: { readonly triedCount: number; readonly seenCount: number };
}

const MOST_SHOWN = 100;

export function judge(observed: Observed): Judgement {
  return new Judge(observed).run();
}

class Judge {
  readonly #observed: Observed;
  readonly #violations: Violation[] = [];
  readonly #countOfKind: Partial<Record<ViolationKind, number>> = {};
  readonly #unlisted: Violation[] = [];
  readonly #highestToken = new Map<number, Stay>();
  #inside: Stay[] = [];
  #violationCount = 0;
  #fencedCount = 0;
  #triedCount = 0;
  #seenCount = 0;
  #sampleIndex = 0;

  constructor(observed: Observed) {
    this.#observed = observed;
  }

  run(): Judgement {
    let acquisitionCount = 0;
    for (const stay of inOrderOfEntry(this.#observed.logs)) {
      acquisitionCount++;
      const isBad = [this.#checkOverlap(stay), this.#checkState(stay), this.#checkToken(stay)].includes(true);
      if (isBad) this.#violationCount++;
      this.#checkKernel(stay);
    }
    // Where the kernel never shows these locks, that it does not show one means nothing.
    if (this.#seenCount > 0) {
      for (const violation of this.#unlisted) this.#add(violation);
      this.#violationCount += this.#unlisted.length;
    }
    this.#checkCounters();
    return {
      acquisitionCount,
      violationCount: this.#violationCount,
      upperBoundFraction: wilsonInterval(Math.min(this.#violationCount, acquisitionCount), acquisitionCount)[1],
      countOfKind: this.#countOfKind,
      violations: this.#violations,
      fencedCount: this.#fencedCount,
      kernelChecks: { triedCount: this.#triedCount, seenCount: this.#seenCount },
    };
  }

  #checkOverlap(stay: Stay): boolean {
    const startNs = stay.enteredNs + stay.log.clockErrorNs;
    this.#inside = this.#inside.filter((other) => other.leftNs - other.log.clockErrorNs > startNs);
    const other = this.#inside.find((one) => one.log !== stay.log && exclude(one, stay));
    this.#inside.push(stay);
    if (!other) return false;
    if (isFencedOff(other, stay)) {
      this.#fencedCount++;
      return false;
    }
    const untilNs = Math.min(other.leftNs, stay.leftNs);
    const lastedMs = ((untilNs - stay.enteredNs) / 1e6).toFixed(3);
    return this.#add(
      violation(
        "overlap",
        stay,
        other.log.locker,
        `inside together with locker ${other.log.locker} for ${lastedMs} ms`,
      ),
    );
  }

  #checkState(stay: Stay): boolean {
    // What an older token writes is refused where tokens are checked; the state file checks none.
    if (stay.fencingToken >= 0) return false;
    let isBad = false;
    const other = stay.insideAtEntry - 1;
    if (other >= 0 && !this.#diedBefore(other, stay.enteredNs))
      isBad = this.#add(violation("inside", stay, other, `found locker ${other} inside`));
    if (stay.flaws & FLAW.foreignWrite)
      isBad = this.#add(violation("foreign-write", stay, null, "found at its end that another had written meanwhile"));
    if (stay.flaws & FLAW.torn) isBad = this.#add(violation("torn", stay, null, "found the state half written"));
    if (stay.flaws & FLAW.upgradeGap)
      isBad = this.#add(violation("upgrade-gap", stay, null, "upgraded, and a writer had come in between"));
    return isBad;
  }

  /** The sign of one that was killed inside stays until the next writer enters. */
  #diedBefore(locker: number, atNs: number): boolean {
    const log = this.#observed.logs.find((one) => one.locker === locker);
    return log?.diedNs !== undefined && log.diedNs <= atNs;
  }

  #checkToken(stay: Stay): boolean {
    if (stay.fencingToken < 0 || !stay.isExclusive) return false;
    const before = this.#highestToken.get(stay.pathIndex);
    if (!before || stay.fencingToken > before.fencingToken) {
      this.#highestToken.set(stay.pathIndex, stay);
      return false;
    }
    const isSame = stay.fencingToken === before.fencingToken;
    // An older grant may be slower to enter than a younger one: its writes are refused then.
    if (!isSame && stay.askedNs < before.enteredNs) {
      this.#fencedCount++;
      return false;
    }
    const text = `was given token ${stay.fencingToken} after locker ${before.log.locker} had ${before.fencingToken}`;
    return this.#add(violation("fencing", stay, before.log.locker, text));
  }

  #checkKernel(stay: Stay): void {
    const { samples } = this.#observed;
    while (this.#sampleIndex < samples.length && samples[this.#sampleIndex]!.startNs < stay.enteredNs)
      this.#sampleIndex++;
    for (let i = this.#sampleIndex; i < samples.length && samples[i]!.endNs <= stay.leftNs; i++) {
      const sample = samples[i]!;
      if (sample.pathIndex !== stay.pathIndex) continue;
      this.#triedCount++;
      if (isListed(sample, stay)) this.#seenCount++;
      else
        this.#unlisted.push(
          violation("not-in-kernel", stay, null, "said to hold the lock, which the kernel did not list"),
        );
    }
  }

  #checkCounters(): void {
    const { counters } = this.#observed;
    if (!counters) return;
    let missingCount = 0;
    for (const [pathIndex, expected] of counters.expected.entries())
      for (const [slot, count] of expected.entries())
        missingCount += Math.max(0, count - (counters.found[pathIndex]?.[slot] ?? 0));
    if (missingCount === 0) return;
    this.#add({
      kind: "lost-update",
      locker: -1,
      otherLocker: null,
      atNs: 0,
      text: `${missingCount} of the writers' updates are missing from the shared state`,
    });
    // Usually they are the trace of overlaps that were counted already.
    this.#violationCount = Math.max(this.#violationCount, missingCount);
  }

  #add(found: Violation): true {
    this.#countOfKind[found.kind] = (this.#countOfKind[found.kind] ?? 0) + 1;
    if (this.#violations.length < MOST_SHOWN) this.#violations.push(found);
    return true;
  }
}

function violation(kind: ViolationKind, stay: Stay, otherLocker: number | null, text: string): Violation {
  return {
    kind,
    locker: stay.log.locker,
    otherLocker,
    atNs: stay.enteredNs,
    text: `locker ${stay.log.locker} ${text}`,
  };
}

/** Whether the one that is there since longer has the smaller token, so that its writes are refused from now on. */
function isFencedOff(older: Stay, younger: Stay): boolean {
  return older.fencingToken >= 0 && younger.fencingToken > older.fencingToken;
}

function isListed(sample: KernelSample, stay: Stay): boolean {
  return sample.held.some(
    ({ processNumber, mode }) =>
      // Locks of open files and of other namespaces come without a process.
      (processNumber === stay.log.processNumber || processNumber <= 0) && (mode === "WRITE" || !stay.isExclusive),
  );
}
