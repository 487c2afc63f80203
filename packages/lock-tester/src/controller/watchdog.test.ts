import { describe, expect, test } from "vitest";
import type { LockerState } from "../locker/messages.ts";
import { findCycle, waitGraph } from "./wait-graph.ts";
import { Watchdog } from "./watchdog.ts";

const lock = (mode: "shared" | "exclusive", startByte: number, endByte: number) => ({
  pathIndex: 0,
  mode,
  range: { startByte, endByte },
});
const state = (
  locker: number,
  held: LockerState["held"],
  waiting: LockerState["held"][number] | null,
): LockerState => ({
  locker,
  held,
  waiting: waiting && { ...waiting, sinceNs: 1 },
});

const A = lock("exclusive", 0, 10);
const B = lock("exclusive", 10, 20);
const circle = [state(0, [A], B), state(1, [B], A), state(2, [], A)];

describe("the graph of waits", () => {
  test("has an edge for each holder in the way, and no other", () => {
    expect(waitGraph(circle).map(({ waiter, holder }) => [waiter, holder])).toEqual([
      [0, 1],
      [1, 0],
      [2, 0],
    ]);
    const readers = [state(0, [lock("shared", 0, 10)], null), state(1, [], lock("shared", 5, 6))];
    expect(waitGraph(readers)).toEqual([]);
    expect(waitGraph([state(0, [A], null), state(1, [], { ...A, pathIndex: 1 })])).toEqual([]);
  });

  test("shows a circle of two and of three, and none in a chain", () => {
    expect(findCycle(waitGraph(circle))).toEqual([0, 1]);
    const C = lock("exclusive", 20, 30);
    const three = [state(0, [A], B), state(1, [B], C), state(2, [C], A)];
    expect(findCycle(waitGraph(three))?.toSorted()).toEqual([0, 1, 2]);
    expect(findCycle(waitGraph(three.slice(0, 2)))).toBeUndefined();
  });
});

describe("the watchdog", () => {
  const limits = { stuckMs: 3000 };

  test("calls a circle a deadlock within a second, and only one that stays", () => {
    const dog = new Watchdog(limits);
    expect(dog.look(circle, [], 0, 0)).toBeUndefined();
    expect(dog.look([state(0, [A], null)], [], 0, 300)).toBeUndefined();
    expect(dog.look(circle, [], 0, 500)).toBeUndefined();
    expect(dog.look(circle, [], 0, 900)).toBeUndefined();
    const hang = dog.look(circle, [], 0, 1100);
    expect(hang).toMatchObject({ kind: "deadlock", lockers: [0, 1] });
    expect(hang?.graph).toEqual([
      "locker 0 (write, bytes 10 to 20) waits for locker 1 (write, bytes 10 to 20)",
      "locker 1 (write, bytes 0 to 10) waits for locker 0 (write, bytes 0 to 10)",
    ]);
  });

  test("calls a wait for nobody stuck, unless somebody still gets the lock", () => {
    const waits = [state(3, [], A)];
    const stuck = new Watchdog(limits);
    stuck.look(waits, [], 10, 0);
    expect(stuck.look(waits, [], 10, 2999)).toBeUndefined();
    expect(stuck.look(waits, [], 10, 3000)).toMatchObject({ kind: "stuck", lockers: [3] });
    const busy = new Watchdog(limits);
    for (let nowMs = 0; nowMs < 20_000; nowMs += 500) expect(busy.look(waits, [], nowMs, nowMs)).toBeUndefined();
  });

  test("names the dead whose lock stays", () => {
    const dog = new Watchdog(limits);
    const dead = [state(0, [A], null)];
    dog.look([state(1, [], A)], dead, 0, 0);
    expect(dog.look([state(1, [], A)], dead, 0, 4000)).toMatchObject({ kind: "dead-holder", lockers: [1] });
  });
});
