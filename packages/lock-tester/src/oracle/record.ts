/** The log of a locker: what it saw at each acquisition, in eight numbers. */

/** Numbers of one record in a Float64Array. */
export const RECORD_LENGTH = 8;

/** Index of a field within a record. */
export const FIELD = {
  /** What was locked: see {@link packTarget}. */
  target: 0,
  askedNs: 1,
  enteredNs: 2,
  /** Infinity: never left, as far as the log knows. */
  leftNs: 3,
  /** Who the shared state said was inside when this one entered: locker + 1, 0 for nobody. */
  insideAtEntry: 4,
  /** Bits of what was wrong with the state when this one left: see {@link FLAW}. */
  flawsAtExit: 5,
  /** The state's counter after this one entered; the order of entries as the state has it. */
  ticket: 6,
  /** The fencing token of the grant; -1: none. */
  fencingToken: 7,
} as const;

export const FLAW = {
  /** The counter or the one inside was another's: somebody wrote while this one was inside. */
  foreignWrite: 1,
  /** The state was torn: its sum did not fit, at entry or at exit. */
  torn: 2,
  /** A promise of the primitive was broken: a writer came between a shared lock and its upgrade. */
  upgradeGap: 4,
} as const;

/** So many lock files and so many slots can be told apart; together with the mode they fit in the 53 bits of a double. */
export const MOST_PATHS = 2 ** 15;
export const MOST_SLOTS = 2 ** 16 - 1;
const PATHS = MOST_PATHS;
const SLOTS = MOST_SLOTS + 1;

export interface Target {
  readonly isExclusive: boolean;
  readonly pathIndex: number;
  readonly firstSlot: number;
  /** Exclusive. */
  readonly endSlot: number;
}

export function packTarget({ isExclusive, pathIndex, firstSlot, endSlot }: Target): number {
  return (isExclusive ? 1 : 0) + 2 * pathIndex + 2 * PATHS * (firstSlot + SLOTS * endSlot);
}

export function unpackTarget(packed: number): Target {
  const slots = Math.floor(packed / (2 * PATHS));
  return {
    isExclusive: packed % 2 === 1,
    pathIndex: Math.floor(packed / 2) % PATHS,
    firstSlot: slots % SLOTS,
    endSlot: Math.floor(slots / SLOTS),
  };
}

/** Cuts the file at every end of a range. @returns first bytes of the parts, ascending, from 0 */
export function slotStartsByte(ranges: readonly { readonly startByte: number; readonly endByte: number }[]): number[] {
  const cuts = new Set([0]);
  for (const { startByte, endByte } of ranges) cuts.add(startByte).add(endByte);
  return [...cuts].toSorted((a, b) => a - b);
}

/** The parts of the file that a range covers; without a range all. */
export function slotsOf(
  range: { readonly startByte: number; readonly endByte: number } | undefined,
  startsByte: readonly number[],
): { readonly firstSlot: number; readonly endSlot: number } {
  if (!range) return { firstSlot: 0, endSlot: startsByte.length };
  const endSlot = startsByte.indexOf(range.endByte);
  return { firstSlot: startsByte.indexOf(range.startByte), endSlot: endSlot < 0 ? startsByte.length : endSlot };
}
