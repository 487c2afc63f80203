/** Who waits for whom. */

import type { HeldLock, LockerState } from "../locker/messages.ts";

export interface WaitEdge {
  readonly waiter: number;
  readonly holder: number;
  /** In words: `locker 1 (write, bytes 0 to 10) waits for locker 0 (read)`. */
  readonly text: string;
}

/** Every pair of one that waits and one that holds what is in its way. */
export function waitGraph(states: readonly LockerState[]): readonly WaitEdge[] {
  return states.flatMap(({ locker: waiter, waiting }) => {
    if (!waiting) return [];
    return states.flatMap(({ locker: holder, held }) => {
      const inTheWay = holder === waiter ? undefined : held.find((lock) => areInConflict(lock, waiting));
      if (!inTheWay) return [];
      const text = `locker ${waiter} (${lockText(waiting)}) waits for locker ${holder} (${lockText(inTheWay)})`;
      return [{ waiter, holder, text }];
    });
  });
}

function areInConflict(a: HeldLock, b: HeldLock): boolean {
  if (a.pathIndex !== b.pathIndex || (a.mode === "shared" && b.mode === "shared")) return false;
  if (!a.range || !b.range) return true;
  return a.range.startByte < b.range.endByte && b.range.startByte < a.range.endByte;
}

function lockText({ mode, range }: HeldLock): string {
  return `${mode === "shared" ? "read" : "write"}${range ? `, bytes ${range.startByte} to ${range.endByte}` : ""}`;
}

/** @returns the lockers of a circle of waits, in order, or undefined */
export function findCycle(edges: readonly WaitEdge[]): readonly number[] | undefined {
  const holders = new Map<number, number[]>();
  for (const { waiter, holder } of edges) holders.set(waiter, [...(holders.get(waiter) ?? []), holder]);
  const finished = new Set<number>();
  const path: number[] = [];
  const visit = (locker: number): readonly number[] | undefined => {
    const at = path.indexOf(locker);
    if (at >= 0) return path.slice(at);
    if (finished.has(locker)) return undefined;
    path.push(locker);
    for (const next of holders.get(locker) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    finished.add(locker);
    return undefined;
  };
  for (const locker of holders.keys()) {
    const cycle = visit(locker);
    if (cycle) return cycle;
  }
  return undefined;
}
