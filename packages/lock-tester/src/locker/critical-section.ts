/** One stay under the lock: what is looked at when it begins and when it ends, and the record of it. */

import { FIELD, FLAW, packTarget, RECORD_LENGTH, slotsOf } from "../oracle/record.ts";
import type { ByteRange, LockMode } from "../primitive.ts";
import { monotonicNs } from "./clock.ts";
import type { ObservationLog } from "./observation-log.ts";
import type { SharedState } from "./shared-state.ts";

export interface LockPlace {
  readonly pathIndex: number;
  readonly state: SharedState;
  readonly log: ObservationLog;
  readonly slotStartsByte: readonly number[];
}

/** A stay that others can be told of while it lasts; its record is on disk from its first moment. */
export class CriticalSection {
  readonly mode: LockMode;
  readonly range: ByteRange | undefined;
  readonly #place: LockPlace;
  readonly #slots: { readonly firstSlot: number; readonly endSlot: number };
  readonly #record = new Float64Array(RECORD_LENGTH);
  readonly #recordPlace: number;

  /** Enters: call it as soon as the lock is held. */
  constructor(
    place: LockPlace,
    mode: LockMode,
    range: ByteRange | undefined,
    askedNs: number,
    fencingToken: number | undefined,
  ) {
    const enteredNs = monotonicNs();
    this.mode = mode;
    this.range = range;
    this.#place = place;
    this.#slots = slotsOf(range, place.slotStartsByte);
    const { firstSlot, endSlot } = this.#slots;
    const isExclusive = mode === "exclusive";
    this.#record[FIELD.target] = packTarget({ isExclusive, pathIndex: place.pathIndex, firstSlot, endSlot });
    this.#record[FIELD.askedNs] = askedNs;
    this.#record[FIELD.enteredNs] = enteredNs;
    this.#record[FIELD.leftNs] = Number.POSITIVE_INFINITY;
    this.#record[FIELD.fencingToken] = fencingToken ?? -1;
    this.#record[FIELD.insideAtEntry] = place.state.enter(firstSlot, endSlot, isExclusive);
    this.#record[FIELD.ticket] = place.state.ticket;
    if (place.state.isTorn) this.#record[FIELD.flawsAtExit] = FLAW.torn;
    this.#recordPlace = place.log.writeThrough(this.#record);
  }

  /** Leaves: call it before the lock is released. */
  exit(): void {
    const { firstSlot, endSlot } = this.#slots;
    if (!this.#place.state.exit(firstSlot, endSlot, this.mode === "exclusive")) this.#addFlaw(FLAW.foreignWrite);
    this.#record[FIELD.leftNs] = monotonicNs();
    this.#place.log.rewrite(this.#recordPlace, this.#record);
  }

  /** The counter at entry: an upgrade that let nobody in between finds it as it was. */
  get ticket(): number {
    return this.#record[FIELD.ticket]!;
  }

  /** @param before  the shared stay that this one was upgraded from */
  checkUpgradeOf(before: CriticalSection): void {
    if (this.ticket === before.ticket + 1) return;
    this.#addFlaw(FLAW.upgradeGap);
    this.#place.log.rewrite(this.#recordPlace, this.#record);
  }

  #addFlaw(flaw: number): void {
    this.#record[FIELD.flawsAtExit]! |= flaw;
  }

  overlaps(range: ByteRange | undefined): boolean {
    if (!range || !this.range) return true;
    return range.startByte < this.range.endByte && this.range.startByte < range.endByte;
  }

  covers(range: ByteRange | undefined): boolean {
    if (!this.range) return true;
    return range !== undefined && this.range.startByte <= range.startByte && range.endByte <= this.range.endByte;
  }
}
