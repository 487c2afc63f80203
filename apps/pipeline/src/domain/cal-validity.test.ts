import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { calTable } from "../../test/contract/cal-tables.ts";
import { type CalTable, type CalTableType, calTableStatuses, calTableTypes } from "./cal-table.ts";
import { type CalChoice, type CalPolicy, chooseCalibration, defaultCalPolicy } from "./cal-validity.ts";

type Choose = typeof chooseCalibration;

/** Of each type: what is chosen, by number, and what is said about it. */
type Outcome = Readonly<Record<string, string>>;

function outcomeOf({ choices, reasons }: CalChoice): Outcome {
  const ofChoices = choices.map(({ type, tables, isBorrowed }) => {
    const numbers = tables.map(({ table, offsetDay }) => `${table.id} at ${offsetDay}`);
    return [type, numbers.join(" and ") + (isBorrowed ? " borrowed" : "")];
  });
  const ofReasons = reasons.map((reason) => {
    if (reason.kind === "expiring") return [`${reason.type} expiring`, String(reason.atMjd)];
    if (reason.kind === "missing")
      return [reason.type, `missing, ${reason.lastValidMjd} before and ${reason.nextValidMjd} after`];
    return [`${reason.type} ${reason.kind}`, reason.kind === "borrowed" ? String(reason.beyondDay) : ""];
  });
  return Object.fromEntries([...ofChoices, ...ofReasons]) as Outcome;
}

const INTERPOLATED = new Set<CalTableType>(["GA", "GP", "2G"]);
const LAST_MJD = 40;
const FOR_EVER_MJD = 1000;

/** Times are whole days, or in the middle between two. */
function oracle(tables: readonly CalTable[], mjd: number, policy: CalPolicy): Outcome {
  const outcome: Record<string, string> = {};
  for (const type of [...policy.required, ...policy.optional]) {
    const mine = tables.filter((table) => table.type === type && table.status === "active");
    const start = (table: CalTable) => table.validStartMjd ?? -FOR_EVER_MJD;
    const end = (table: CalTable) => table.validEndMjd ?? FOR_EVER_MJD;
    const holding = (at: number) => mine.filter((table) => start(table) <= at && at < end(table));
    const best = (among: readonly CalTable[], costDay: (table: CalTable) => number) => {
      const least = Math.min(...among.map(costDay));
      const numbers = among.filter((table) => costDay(table) === least).map(({ id }) => id);
      return among.find(({ id }) => id === Math.max(...numbers))!;
    };
    const away = (table: CalTable) => Math.abs(table.referenceMjd - mjd);
    const say = (...chosen: readonly CalTable[]) =>
      chosen.map(({ id, referenceMjd }) => `${id} at ${referenceMjd - mjd}`).join(" and ");
    const valid = holding(mjd);
    const beyond = (table: CalTable) => Math.max(start(table) - mjd, mjd - end(table));
    const near = mine.filter((table) => beyond(table) <= (policy.borrowDay[type] ?? -1));
    if (valid.length > 0) {
      const [early, late] = [-1, 1].map((side) => valid.filter((table) => side * (table.referenceMjd - mjd) >= 0));
      const isBetween =
        INTERPOLATED.has(type) && early!.length > 0 && late!.length > 0 && Math.min(...valid.map(away)) > 0;
      outcome[type] = isBetween ? say(best(early!, away), best(late!, away)) : say(best(valid, away));
      let coveredMjd = mjd;
      while (coveredMjd < FOR_EVER_MJD && holding(coveredMjd).length > 0) coveredMjd = Math.floor(coveredMjd) + 1;
      if (coveredMjd - mjd < (policy.expiringDay[type] ?? 0)) outcome[`${type} expiring`] = String(coveredMjd);
    } else if (near.length > 0) {
      const table = best(near, beyond);
      Object.assign(outcome, { [type]: `${say(table)} borrowed`, [`${type} borrowed`]: String(beyond(table)) });
    } else if (policy.required.includes(type)) {
      const [ends, starts] = [mine.map(end).filter((at) => at <= mjd), mine.map(start).filter((at) => at > mjd)];
      const text = (values: readonly number[], pick: (...values: number[]) => number) =>
        values.length > 0 ? pick(...values) : null;
      outcome[type] = `missing, ${text(ends, Math.max)} before and ${text(starts, Math.min)} after`;
    }
  }
  return outcome;
}

/** Gaps, overlaps, open ends, retirements, several at the same reference; numbers in any order of time. */
const schedules = fc
  .array(
    fc.record({
      type: fc.constantFrom<CalTableType>("K", "BP", "GP", "2G"),
      status: fc.constantFrom(...calTableStatuses, "active", "active"),
      setName: fc.constantFrom("one", "two"),
      referenceMjd: fc.integer({ min: 0, max: 30 }),
      before: fc.option(fc.integer({ min: 0, max: 6 }), { freq: 8 }),
      after: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 8 }),
      createdUnixSec: fc.integer({ min: 0, max: 9 }),
    }),
    { maxLength: 14 },
  )
  .map((entries) =>
    entries.map(({ before, after, ...entry }, at) =>
      calTable(at + 1, {
        ...entry,
        validStartMjd: before === null ? null : entry.referenceMjd - before,
        validEndMjd: after === null ? null : entry.referenceMjd + after,
      }),
    ),
  );

const policies = fc.record({
  required: fc.constant<readonly CalTableType[]>(["BP", "GP"]),
  optional: fc.constantFrom<readonly CalTableType[]>([], ["K"], ["2G", "K"]),
  borrowDay: fc.constantFrom({}, { BP: 3 }, { BP: 0, GP: 1, K: 50 }),
  expiringDay: fc.constantFrom({}, { BP: 2, GP: 1 }, { BP: 4.5, K: 3, GP: 2 }),
});

const times = fc.integer({ min: -2, max: 2 * (LAST_MJD - 1) }).map((half) => half / 2);

const agreement = (choose: Choose) =>
  fc.check(
    fc.property(schedules, times, policies, (tables, mjd, policy) => {
      expect(outcomeOf(choose(tables, mjd, policy))).toEqual(oracle(tables, mjd, policy));
    }),
    { numRuns: 3000, seed: 17 },
  );

describe("random schedules", () => {
  test("are chosen from as an explicit search does", () => {
    const { failed, counterexample, errorInstance } = agreement(chooseCalibration);
    expect({ failed, counterexample, errorInstance }).toEqual({
      failed: false,
      counterexample: null,
      errorInstance: null,
    });
  });

  const without =
    (isLeftOut: (table: CalTable, mjd: number) => boolean): Choose =>
    (tables, mjd, policy) =>
      chooseCalibration(
        tables.filter((table) => !isLeftOut(table, mjd)),
        mjd,
        policy,
      );
  const changed =
    (change: (table: CalTable) => Partial<CalTable>): Choose =>
    (tables, mjd, policy) =>
      chooseCalibration(
        tables.map((table) => ({ ...table, ...change(table) })),
        mjd,
        policy,
      );
  /** As the Python registry did. */
  const oneSet: Choose = (tables, mjd, policy) => {
    const covers = tables.filter(
      ({ status, validStartMjd, validEndMjd }) =>
        status === "active" && (validStartMjd ?? -1000) <= mjd && mjd < (validEndMjd ?? 1000),
    );
    const newest = covers.toSorted((a, b) => b.createdUnixSec - a.createdUnixSec || b.id - a.id)[0];
    return chooseCalibration(newest ? tables.filter(({ setName }) => setName === newest.setName) : [], mjd, policy);
  };
  const backwards: Choose = (tables, mjd, policy) => {
    const ids = new Map(tables.map(({ id }) => [id, 100 - id]));
    const choice = chooseCalibration(
      tables.map((table) => ({ ...table, id: ids.get(table.id)! })),
      mjd,
      policy,
    );
    const back = ({ table, ...rest }: CalChoice["choices"][number]["tables"][number]) => ({
      ...rest,
      table: { ...table, id: 100 - table.id },
    });
    return { ...choice, choices: choice.choices.map((one) => ({ ...one, tables: one.tables.map(back) })) };
  };
  const never: CalPolicy["borrowDay"] = {};

  test.each<readonly [string, Choose]>([
    ["one set for all types", oneSet],
    [
      "validity that includes its end",
      changed(({ validEndMjd }) => ({ validEndMjd: validEndMjd && validEndMjd + 1e-9 })),
    ],
    [
      "validity that excludes its start",
      changed(({ validStartMjd }) => ({ validStartMjd: validStartMjd && validStartMjd + 1e-9 })),
    ],
    ["retired tables", changed(({ status }) => ({ status: status === "retired" ? "active" : status }))],
    ["failed tables", changed(({ status }) => ({ status: status === "failed" ? "active" : status }))],
    ["no looking ahead", without(({ referenceMjd }, mjd) => referenceMjd > mjd)],
    ["no looking back", without(({ referenceMjd }, mjd) => referenceMjd < mjd)],
    ["open validity that is none", without(({ validStartMjd }) => validStartMjd === null)],
    ["the first of equals instead of the last", backwards],
    [
      "borrowing that nobody allowed",
      (tables, mjd, policy) => chooseCalibration(tables, mjd, { ...policy, borrowDay: { BP: 9 } }),
    ],
    ["no borrowing", (tables, mjd, policy) => chooseCalibration(tables, mjd, { ...policy, borrowDay: never })],
    ["gains that are not interpolated", changed(({ type }) => ({ type: type === "GP" ? "FLUX" : type }))],
    ["nothing that expires", (tables, mjd, policy) => chooseCalibration(tables, mjd, { ...policy, expiringDay: {} })],
  ])("a choice with %s is found out", (_, mistaken) => {
    expect(agreement(mistaken).failed).toBe(true);
  });

  test("are chosen from alike in any order of the entries", () => {
    fc.assert(
      fc.property(schedules, times, policies, fc.infiniteStream(fc.nat()), (tables, mjd, policy, keys) => {
        const order = new Map(tables.map((table) => [table, keys.next().value as number]));
        const shuffled = tables.toSorted((a, b) => order.get(a)! - order.get(b)!);
        expect(chooseCalibration(shuffled, mjd, policy)).toEqual(chooseCalibration(tables, mjd, policy));
      }),
      { numRuns: 300 },
    );
  });

  test("lose no other type when tables of one type are added", () => {
    fc.assert(
      fc.property(schedules, times, policies, (tables, mjd, policy) => {
        const without2g = tables.filter(({ type }) => type !== "GP");
        const of = (choice: CalChoice) => choice.choices.filter(({ type }) => type !== "GP");
        expect(of(chooseCalibration(tables, mjd, policy))).toEqual(of(chooseCalibration(without2g, mjd, policy)));
      }),
      { numRuns: 300 },
    );
  });
});

describe("a day of bandpass and hours of gains", () => {
  const HOUR_DAY = 1 / 24;
  const bandpass = calTable(1, { type: "BP", setName: "monday", referenceMjd: 60_976.5 });
  const gains = Array.from({ length: 4 }, (_, hour) =>
    calTable(2 + hour, { type: "GP", setName: `hour ${hour}`, referenceMjd: 60_976.5 + hour * HOUR_DAY }),
  );
  const choose = (mjd: number, tables: readonly CalTable[] = [...gains, bandpass]) =>
    chooseCalibration(tables, mjd, defaultCalPolicy);

  test("a gain that is registered later, in another set, does not hide the bandpass", () => {
    const choice = choose(60_976.5 + 1.5 * HOUR_DAY);
    expect(choice.isComplete).toBe(true);
    expect(choice.reasons).toEqual([]);
    expect(
      choice.choices.map(({ type, interpolation, tables }) => [
        type,
        interpolation,
        tables.map(({ table, why }) => [table.id, why]),
      ]),
    ).toEqual([
      ["BP", "nearest", [[1, "nearest"]]],
      [
        "GP",
        "linear",
        [
          [3, "before"],
          [4, "after"],
        ],
      ],
    ]);
  });

  test("a bandpass counts for the day before it and the day after it, to the instant", () => {
    const chosen = (mjd: number) => choose(mjd).choices.some(({ type }) => type === "BP");
    expect([60_975.5 - 1e-6, 60_975.5, 60_977.5 - 1e-6, 60_977.5].map(chosen)).toEqual([false, true, true, false]);
  });

  test("before the first gain and after the last the one neighbour is held, and the end of cover is announced", () => {
    expect(choose(60_976.5 - HOUR_DAY / 2).choices[1]!.tables.map(({ why }) => why)).toEqual(["only-after"]);
    const late = choose(gains[3]!.validEndMjd! - 0.1 * HOUR_DAY);
    expect(late.choices[1]!.tables.map(({ why }) => why)).toEqual(["only-before"]);
    expect(late.reasons).toEqual([{ kind: "expiring", type: "GP", atMjd: gains[3]!.validEndMjd }]);
  });

  test("what is missing says since when and until when", () => {
    const { isComplete, reasons } = choose(60_990);
    expect(isComplete).toBe(false);
    expect(reasons).toEqual([
      { kind: "missing", type: "BP", mjd: 60_990, lastValidMjd: 60_977.5, nextValidMjd: null },
      {
        kind: "missing",
        type: "GP",
        mjd: 60_990,
        lastValidMjd: gains[3]!.validEndMjd,
        nextValidMjd: null,
      },
    ]);
  });

  test("a gain that was solved on top of another bandpass is told", () => {
    const solvedOn = (path: string) =>
      calTable(9, {
        type: "GP",
        referenceMjd: 60_976.5,
        solvedWith: [
          { type: "BP", path },
          { type: "K", path: "/no/delays/here" },
        ],
      });
    expect(choose(60_976.5, [bandpass, solvedOn(bandpass.path)]).reasons).toEqual([]);
    expect(choose(60_976.5, [bandpass, solvedOn("/cal/other")]).reasons).toEqual([
      { kind: "solved-with-other", type: "GP", path: "/cal/9", other: "/cal/other" },
    ]);
  });

  test("gains on top of the bandpass that is applied come before nearer ones on top of another", () => {
    const gainAt = (id: number, referenceMjd: number, path: string) =>
      calTable(id, { type: "GP", referenceMjd, solvedWith: [{ type: "BP", path }] });
    const own = gainAt(20, 60_976.5 - 0.02, bandpass.path);
    const others = [gainAt(21, 60_976.5 - 0.01, "/cal/other"), gainAt(22, 60_976.5 + 0.01, "/cal/other")];
    const { choices, reasons } = choose(60_976.5, [bandpass, own, ...others]);
    expect(choices[1]!.tables.map(({ table, why }) => `${table.id} ${why}`)).toEqual(["20 only-before"]);
    expect(reasons.filter(({ kind }) => kind === "solved-with-other")).toEqual([]);
    // Of which nobody said on top of what they were solved, gains fit any bandpass.
    const unknown = calTable(23, { type: "GP", referenceMjd: 60_976.5 + 0.01 });
    expect(
      choose(60_976.5, [bandpass, own, ...others, unknown]).choices[1]!.tables.map(({ table }) => table.id),
    ).toEqual([20, 23]);
  });

  test("tables are in the order in which they are applied", () => {
    const all = calTableTypes.map((type, at) => calTable(at + 1, { type, referenceMjd: 60_976 }));
    const wantsDelays = { ...defaultCalPolicy, optional: calTableTypes };
    expect(chooseCalibration(all.toReversed(), 60_976, wantsDelays).choices.map(({ type }) => type)).toEqual([
      ...calTableTypes,
    ]);
    // A table may say that it is applied elsewhere.
    const first = calTable(9, { type: "2G", referenceMjd: 60_976, orderIndex: 5 });
    expect(chooseCalibration([...all, first], 60_976, wantsDelays).choices[0]!.tables[0]!.table.id).toBe(9);
  });
});
