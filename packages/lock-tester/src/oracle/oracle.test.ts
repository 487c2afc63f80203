import { describe, expect, test } from "vitest";
import { judge } from "./judge.ts";
import { jainIndex, lockNumbers, quantiles } from "./numbers.ts";
import type { LockerLog, Observed } from "./observed.ts";
import { FIELD, FLAW, packTarget, RECORD_LENGTH, slotStartsByte, slotsOf, unpackTarget } from "./record.ts";
import { wilsonInterval } from "./wilson.ts";

interface Made {
  readonly isExclusive?: boolean;
  readonly slots?: readonly [first: number, end: number];
  readonly askedNs?: number;
  readonly enteredNs: number;
  readonly leftNs?: number;
  readonly inside?: number;
  readonly flaws?: number;
  readonly token?: number;
}

function log(locker: number, stays: readonly Made[], about: Partial<LockerLog> = {}): LockerLog {
  const records = new Float64Array(RECORD_LENGTH * stays.length);
  for (const [i, stay] of stays.entries()) {
    const at = RECORD_LENGTH * i;
    const [firstSlot, endSlot] = stay.slots ?? [0, 1];
    records[at + FIELD.target] = packTarget({
      isExclusive: stay.isExclusive ?? true,
      pathIndex: 0,
      firstSlot,
      endSlot,
    });
    records[at + FIELD.askedNs] = stay.askedNs ?? stay.enteredNs;
    records[at + FIELD.enteredNs] = stay.enteredNs;
    records[at + FIELD.leftNs] = stay.leftNs ?? stay.enteredNs + 10;
    records[at + FIELD.insideAtEntry] = stay.inside ?? 0;
    records[at + FIELD.flawsAtExit] = stay.flaws ?? 0;
    records[at + FIELD.fencingToken] = stay.token ?? -1;
  }
  return { locker, processNumber: 100 + locker, records, diedNs: undefined, clockErrorNs: 0, ...about };
}

const observed = (logs: readonly LockerLog[], about: Partial<Observed> = {}): Observed => ({
  logs,
  samples: [],
  counters: undefined,
  ...about,
});

const countsOf = (logs: readonly LockerLog[], about: Partial<Observed> = {}) => {
  const { violationCount, countOfKind } = judge(observed(logs, about));
  return { violationCount, countOfKind };
};
const none = { violationCount: 0, countOfKind: {} };

describe("what a locker logs", () => {
  test("names mode, file and slots in one number", () => {
    for (const target of [
      { isExclusive: true, pathIndex: 0, firstSlot: 0, endSlot: 1 },
      { isExclusive: false, pathIndex: 32_767, firstSlot: 65_534, endSlot: 65_535 },
      { isExclusive: true, pathIndex: 5, firstSlot: 17, endSlot: 400 },
    ])
      expect(unpackTarget(packTarget(target))).toEqual(target);
  });

  test("has a slot for every part into which ranges cut the file", () => {
    const starts = slotStartsByte([
      { startByte: 5, endByte: 15 },
      { startByte: 0, endByte: 10 },
    ]);
    expect(starts).toEqual([0, 5, 10, 15]);
    expect(slotsOf({ startByte: 5, endByte: 15 }, starts)).toEqual({ firstSlot: 1, endSlot: 3 });
    expect(slotsOf(undefined, starts)).toEqual({ firstSlot: 0, endSlot: 4 });
  });
});

describe("the oracle", () => {
  test("has nothing against stays one after the other, readers together, and ranges apart", () => {
    expect(
      countsOf([log(0, [{ enteredNs: 0 }, { enteredNs: 30 }]), log(1, [{ enteredNs: 10 }, { enteredNs: 20 }])]),
    ).toEqual(none);
    const reader = { isExclusive: false, enteredNs: 5, leftNs: 50 };
    expect(countsOf([log(0, [reader]), log(1, [reader])])).toEqual(none);
    expect(countsOf([log(0, [{ enteredNs: 0, slots: [0, 2] }]), log(1, [{ enteredNs: 5, slots: [2, 3] }])])).toEqual(
      none,
    );
  });

  test.each([
    ["two writers", {}, {}],
    ["a writer beside a reader", { isExclusive: false }, {}],
    ["a reader beside a writer", {}, { isExclusive: false }],
    ["ranges that share a slot", { slots: [0, 2] as const }, { slots: [1, 3] as const }],
  ])("sees %s at one time", (_name, first, second) => {
    const counts = countsOf([
      log(0, [{ enteredNs: 0, leftNs: 20, ...first }]),
      log(1, [{ enteredNs: 19.9, ...second }]),
    ]);
    expect(counts).toEqual({ violationCount: 1, countOfKind: { overlap: 1 } });
  });

  test("allows for what is not known of another machine's clock", () => {
    const logs = (clockErrorNs: number) => [
      log(0, [{ enteredNs: 0, leftNs: 20 }]),
      log(1, [{ enteredNs: 15 }], { clockErrorNs }),
    ];
    expect(countsOf(logs(4)).violationCount).toBe(1);
    expect(countsOf(logs(6)).violationCount).toBe(0);
  });

  test("takes the sign of one that was killed inside for no violation, and any other for one", () => {
    const dead = log(0, [{ enteredNs: 0, leftNs: Number.POSITIVE_INFINITY }], { diedNs: 50 });
    expect(countsOf([dead, log(1, [{ enteredNs: 60, inside: 1 }])])).toEqual(none);
    expect(countsOf([dead, log(1, [{ enteredNs: 40, inside: 1 }])])).toEqual({
      violationCount: 1,
      countOfKind: { overlap: 1, inside: 1 },
    });
  });

  test.each([
    ["foreign-write", { flaws: FLAW.foreignWrite }],
    ["torn", { flaws: FLAW.torn }],
    ["upgrade-gap", { flaws: FLAW.upgradeGap }],
    ["inside", { inside: 2 }],
  ])("believes the state: %s", (kind, stay) => {
    const counts = countsOf([log(0, [{ enteredNs: 0, ...stay }]), log(1, [])]);
    expect(counts).toEqual({ violationCount: 1, countOfKind: { [kind]: 1 } });
  });

  test("misses updates that the counters do not have", () => {
    const counters = { found: [[7, 3]], expected: [[9, 3]] };
    expect(countsOf([log(0, [{ enteredNs: 0 }])], { counters })).toEqual({
      violationCount: 2,
      countOfKind: { "lost-update": 1 },
    });
  });

  test("knows that a younger token makes the older one harmless, and that tokens must grow", () => {
    const fenced = judge(
      observed([log(0, [{ enteredNs: 0, leftNs: 90, token: 1 }]), log(1, [{ enteredNs: 20, token: 2 }])]),
    );
    expect(fenced).toMatchObject({ violationCount: 0, fencedCount: 1 });
    const same = countsOf([log(0, [{ enteredNs: 0, token: 2 }]), log(1, [{ enteredNs: 20, token: 2 }])]);
    expect(same).toEqual({ violationCount: 1, countOfKind: { fencing: 1 } });
  });

  test("asks the kernel, where the kernel shows these locks at all", () => {
    const entry = { kind: "FLOCK", mode: "WRITE", device: "0:0", inodeNumber: "1", isWaiting: false } as const;
    const at = (startNs: number, processNumber: number | null) => ({
      pathIndex: 0,
      startNs,
      endNs: startNs + 1,
      held: processNumber === null ? [] : [{ ...entry, processNumber }],
    });
    const logs = [log(0, [{ enteredNs: 0 }, { enteredNs: 20 }])];
    expect(countsOf(logs, { samples: [at(5, 100), at(25, 100)] })).toEqual(none);
    expect(countsOf(logs, { samples: [at(5, 100), at(25, null)] })).toEqual({
      violationCount: 1,
      countOfKind: { "not-in-kernel": 1 },
    });
    expect(countsOf(logs, { samples: [at(5, null), at(25, null)] })).toEqual(none);
  });

  test("agrees with an explicit search of all pairs on random stays", () => {
    let state = 12_345;
    const random = () => (state = (1_103_515_245 * state + 12_345) % 2 ** 31) / 2 ** 31;
    for (let round = 0; round < 200; round++) {
      const logs = Array.from({ length: 4 }, (_, locker) => {
        let atNs = 0;
        return log(
          locker,
          Array.from({ length: 6 }, () => {
            const enteredNs = atNs + 60 * random();
            atNs = enteredNs + 15 * random();
            const firstSlot = Math.floor(3 * random());
            return { isExclusive: random() < 0.5, slots: [firstSlot, firstSlot + 1] as const, enteredNs, leftNs: atNs };
          }),
        );
      });
      const stays = logs.flatMap(({ locker, records }) =>
        Array.from({ length: records.length / RECORD_LENGTH }, (_, i) => {
          const at = RECORD_LENGTH * i;
          return {
            locker,
            ...unpackTarget(records[at]!),
            from: records[at + FIELD.enteredNs]!,
            to: records[at + FIELD.leftNs]!,
          };
        }),
      );
      const bad = stays.filter((one) =>
        stays.some(
          (other) =>
            other.locker !== one.locker &&
            (other.isExclusive || one.isExclusive) &&
            other.firstSlot < one.endSlot &&
            one.firstSlot < other.endSlot &&
            other.from < one.from &&
            other.to > one.from,
        ),
      );
      expect(countsOf(logs).violationCount).toBe(bad.length);
    }
  });
});

describe("the numbers", () => {
  test("are those of a hand-made history", () => {
    const ms = 1e6;
    const numbers = lockNumbers(
      [
        log(0, [
          { askedNs: 0, enteredNs: 0, leftNs: 10 * ms },
          { askedNs: 30 * ms, enteredNs: 30 * ms, leftNs: 40 * ms },
        ]),
        log(1, [{ askedNs: 2 * ms, enteredNs: 12 * ms, leftNs: 20 * ms }]),
      ],
      3,
    );
    expect(numbers).toMatchObject({
      durationSec: 0.04,
      throughputPerSec: 75,
      handOff: { count: 1, p50Ms: 2, p99Ms: 2, maxMs: 2 },
      wait: { count: 3, p50Ms: 0, maxMs: 10 },
      notHadCount: 3,
      recoveriesMs: [],
    });
    // Two of forty milliseconds: nobody wanted the lock between 20 and 30.
    expect(numbers.idleFraction).toBeCloseTo(0.05, 12);
  });

  test("tell how long a killed holder's lock was gone", () => {
    const dead = log(0, [{ enteredNs: 0, leftNs: Number.POSITIVE_INFINITY }], { diedNs: 5e6 });
    expect(lockNumbers([dead, log(1, [{ askedNs: 1e6, enteredNs: 8e6 }])], 0).recoveriesMs).toEqual([3]);
    expect(lockNumbers([dead, log(1, [])], 0).recoveriesMs).toEqual([null]);
  });

  test("name those that starved", () => {
    const logs = [0, 1, 2].map((locker) => log(locker, [{ askedNs: 0, enteredNs: locker === 2 ? 60e9 : 1e6 }]));
    expect(lockNumbers([...logs, log(3, [])], 0).starvedLockers).toEqual([2, 3]);
  });

  test("have Jain's index of equal and of unequal shares, and quantiles by rank", () => {
    expect(jainIndex([5, 5, 5])).toBe(1);
    expect(jainIndex([9, 0, 0])).toBeCloseTo(1 / 3, 12);
    expect(quantiles(Float64Array.from({ length: 100 }, (_, i) => 100 - i))).toEqual({
      count: 100,
      p50Ms: 50,
      p99Ms: 99,
      maxMs: 100,
    });
  });
});

describe("Wilson's interval", () => {
  // Solved for by hand: the bounds are the roots of (p - k/n)² = z² p (1 - p) / n.
  test.each([
    [0, 10],
    [3, 17],
    [50, 100],
    [2653, 2829],
    [1, 1_000_000],
  ])("of %d in %d solves the equation that defines it", (seen, tried) => {
    const z = 1.959963984540054;
    for (const p of wilsonInterval(seen, tried).filter((bound) => bound > 0))
      expect((p - seen / tried) ** 2).toBeCloseTo((z * z * p * (1 - p)) / tried, 12);
  });

  test("says nothing of nothing", () => expect(wilsonInterval(0, 0)).toEqual([0, 1]));
});
