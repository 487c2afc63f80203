/** What the registry of calibration tables promises, of the one in memory and the one in SQLite alike. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openCalRegistry } from "../../src/adapters/sqlite/cal-registry.ts";
import { type CalTable, type CalTableType, type NewCalTable, retirementCauses } from "../../src/domain/cal-table.ts";
import { type CalPolicy, chooseCalibration, defaultCalPolicy } from "../../src/domain/cal-validity.ts";
import type { CalRegistry, SolveClaim, SolveLease } from "../../src/ports/cal-registry.ts";
import { newCalTable } from "./cal-tables.ts";
import { createMemoryCalRegistry, emptyCalRegistryState, type MemoryCalRegistryState } from "./memory-cal-registry.ts";
import { TestClock } from "./test-clock.ts";

let folder: string;
let clock: TestClock;
let memory: MemoryCalRegistryState;
let registry: CalRegistry;

const openers = {
  memory: () => createMemoryCalRegistry(clock, memory),
  SQLite: () => openCalRegistry({ path: join(folder, "cal_registry.sqlite3"), clock }),
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-cal-registry-"));
  clock = new TestClock();
  memory = emptyCalRegistryState();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bandpass = newCalTable({ type: "BP" });
const gain = newCalTable({ type: "GP" });
const registerOne = (table: NewCalTable) => registry.register([table])[0]!;
const paths = (tables: readonly CalTable[]) => tables.map(({ path }) => path);

function claimed(claim: SolveClaim): SolveLease {
  if (claim.kind !== "claimed") throw new Error(`expected a claim, found ${claim.kind}`);
  return claim.lease;
}

describe.each(Object.entries(openers))("the registry in %s", (_, open) => {
  beforeEach(() => {
    registry = open();
  });
  afterEach(() => registry.close());

  function reopen(): void {
    registry.close();
    registry = open();
  }

  describe("registration", () => {
    test("of a table that is no good keeps it, as one that is never applied, and its solve may be done again", () => {
      const lease = claimed(registry.claimSolve("BP after 0", "me", 60_000));
      const made = registry.completeSolve(lease, [{ ...bandpass, status: "failed" }]);
      expect(made).toMatchObject([{ outcome: "new", table: { status: "failed", retiredCause: null } }]);
      expect(registry.candidates(bandpass.referenceMjd, 0)).toEqual([]);
      expect(registry.list({ statuses: ["failed"] })).toHaveLength(1);
      expect(registry.claimSolve("BP after 0", "you", 60_000)).toMatchObject({ kind: "claimed", attemptCount: 1 });
    });

    test("of one that is known to be dead is not waited for", () => {
      const lost = claimed(registry.claimSolve("BP after 0", "dead", 60_000));
      expect(registry.claimSolve("BP after 0", "me", 60_000, (owner) => owner === "other").kind).toBe("busy");
      const mine = registry.claimSolve("BP after 0", "me", 60_000, (owner) => owner === "dead");
      expect(mine).toMatchObject({ kind: "claimed", attemptCount: 2, lastFailure: "dead did not end it in time" });
      expect(registry.completeSolve(lost, [bandpass])).toBe("lease-lost");
    });

    test("counts on, type by type, whatever becomes of the tables", () => {
      expect(registry.newestId("BP")).toBe(0);
      const { table } = registerOne(bandpass);
      expect([registry.newestId("BP"), registry.newestId("GP")]).toEqual([table.id, 0]);
      registerOne(gain);
      expect(registry.newestId("GP")).toBeGreaterThan(table.id);
      registry.retire(table, "by-operator", "moved");
      reopen();
      expect(registry.newestId("BP")).toBe(table.id);
    });

    test("keeps all that is said, also when it is opened again", () => {
      const table = newCalTable({
        type: "GP",
        solvedWith: [{ type: "BP", path: bandpass.path }],
        quality: { snr: [1, 2.5, null], verdict: { isGood: true } },
        notes: "by hand",
      });
      const { table: kept, outcome } = registerOne(table);
      expect(outcome).toBe("new");
      reopen();
      expect(registry.find(kept.id)).toEqual({
        ...table,
        id: kept.id,
        orderIndex: 50,
        createdUnixSec: clock.nowUnixSec(),
        status: "active",
        retiredCause: null,
      });
      expect(registry.findPath(table.path)).toEqual(kept);
      expect([registry.find(kept.id + 1), registry.findPath("/no")]).toEqual([undefined, undefined]);
    });

    test("of the same again changes nothing", () => {
      const first = registerOne(bandpass);
      clock.pass(1000);
      const again = registry.register([bandpass, bandpass]);
      expect(again).toEqual([0, 1].map(() => ({ table: first.table, outcome: "already" })));
      expect(registry.list({}).length).toBe(1);
    });

    test.each<Partial<NewCalTable>>([
      { contentDigest: "other" },
      { type: "BA" },
      { validEndMjd: 60_999 },
      { validStartMjd: null },
      { referenceMjd: 60_976.1 },
    ])("of %j under the path of an active table is refused", (change) => {
      registerOne(bandpass);
      expect(() => registerOne({ ...bandpass, ...change })).toThrow(
        expect.objectContaining({ code: "CAL_TABLE_CONFLICT", subject: bandpass.path }),
      );
      expect(registry.list({}).length).toBe(1);
    });

    test.each<readonly [string, Partial<NewCalTable>]>([
      ["inverted validity", { validStartMjd: 60_977, validEndMjd: 60_976 }],
      ["empty validity", { validStartMjd: 60_976, validEndMjd: 60_976 }],
      ["a Julian date", { referenceMjd: 2_460_976.5 }],
      ["seconds", { validEndMjd: 60_976 * 86_400 }],
      ["no number", { validStartMjd: Number.NaN }],
      ["a relative path", { path: "cal/x_bpcal" }],
      ["no set", { setName: "" }],
      ["no content", { contentDigest: "" }],
      ["an unknown type", { type: "bp" as CalTableType }],
      ["half an order", { orderIndex: 30.5 }],
      ["a declination of hours", { phaseCentre: { raDeg: 0, decDeg: 91 } }],
      ["a right ascension of a whole turn", { phaseCentre: { raDeg: 360, decDeg: 0 } }],
    ])("with %s is refused, and the rest of the set with it", (_name, change) => {
      const wrong = { ...bandpass, ...change };
      expect(() => registry.register([gain, wrong])).toThrow(
        expect.objectContaining({ code: "CAL_TABLE_INVALID", subject: wrong.path }),
      );
      expect(registry.list({})).toEqual([]);
    });

    test("of a set of which one is in conflict registers none", () => {
      registerOne(bandpass);
      expect(() => registry.register([gain, { ...bandpass, contentDigest: "other" }])).toThrow(/content digest/);
      expect(paths(registry.list({}))).toEqual([bandpass.path]);
    });

    test.each(retirementCauses)("after a retirement (%s)", (cause) => {
      const { table } = registerOne(bandpass);
      expect(registry.retire(table, cause, "tried")).toBe("done");
      const same = registerOne(bandpass);
      const isFinal = cause === "by-operator";
      expect([same.outcome, same.table.status]).toEqual(isFinal ? ["already", "retired"] : ["replaced", "active"]);
      if (!isFinal) return;
      const other = registerOne({ ...bandpass, contentDigest: "solved again" });
      expect([other.outcome, other.table.status, other.table.id > table.id]).toEqual(["replaced", "active", true]);
      expect(other.table.notes).toMatch(/retired \(by-operator\): tried\nreplaces number \d+, which was retired/);
    });
  });

  test("a retired table is not a candidate, says why, and is retired once", () => {
    const { table } = registerOne({ ...bandpass, notes: "good" });
    expect(registry.retire(table, "by-operator", "antenna 5 moved")).toBe("done");
    const retired = registry.find(table.id)!;
    expect(retired).toMatchObject({ status: "retired", retiredCause: "by-operator" });
    expect(retired.notes).toMatch(/^good\n\d{4}-\d\d-\d\dT[\d:]{8} retired \(by-operator\): antenna 5 moved$/);
    expect(registry.candidates(60_976, 100)).toEqual([]);
    expect(registry.retire(table, "vanished", "late")).toBe("changed");
    expect(registry.find(table.id)).toEqual(retired);
  });

  test("who has seen an older table does not retire the one that took its place", () => {
    const { table: older } = registerOne(bandpass);
    registry.retire(older, "vanished", "gone");
    const { table: newer } = registerOne(bandpass);
    expect(registry.retire(older, "vanished", "gone")).toBe("changed");
    expect(registry.find(newer.id)!.status).toBe("active");
  });

  test("the list is by type, status and time, the latest reference first", () => {
    const [a, b, c] = [60_970, 60_980, 60_975].map(
      (referenceMjd) => registerOne(newCalTable({ type: "BP", referenceMjd })).table,
    );
    const d = registerOne(
      newCalTable({ type: "K", referenceMjd: 60_970, validStartMjd: null, validEndMjd: null }),
    ).table;
    registry.retire(c!, "by-operator", "bad");
    const numbers = (filter: Parameters<CalRegistry["list"]>[0]) => registry.list(filter).map(({ id }) => id);
    expect(numbers({})).toEqual([b!.id, c!.id, d.id, a!.id]);
    expect(numbers({ types: ["BP"], statuses: ["active"] })).toEqual([b!.id, a!.id]);
    expect(numbers({ fromMjd: 60_971, toMjd: 60_979 })).toEqual([b!.id, c!.id, d.id]);
    expect(numbers({ toMjd: 60_978.9 })).toEqual([c!.id, d.id, a!.id]);
    expect(numbers({ maxCount: 2 })).toEqual([b!.id, c!.id]);
    expect(numbers({ types: [] })).toEqual([]);
  });

  test("candidates are enough to choose as from all", () => {
    const schedule = fc.array(
      fc.record({
        type: fc.constantFrom<CalTableType>("BP", "GP", "K"),
        referenceMjd: fc.integer({ min: 100, max: 130 }),
        validStartMjd: fc.option(fc.integer({ min: 95, max: 125 }), { freq: 8 }),
        lengthDay: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 8 }),
        isRetired: fc.boolean(),
      }),
      { maxLength: 12 },
    );
    const policies = fc.constantFrom<CalPolicy>(
      defaultCalPolicy,
      { ...defaultCalPolicy, required: ["BP", "GP", "K"] },
      { ...defaultCalPolicy, borrowDay: { BP: 3, GP: 0 }, expiringDay: { BP: 5, GP: 1 } },
    );
    const times = fc.integer({ min: 180, max: 270 }).map((half) => half / 2);
    fc.assert(
      fc.property(schedule, policies, fc.array(times, { minLength: 1, maxLength: 5 }), (entries, policy, mjds) => {
        rmSync(folder, { recursive: true, force: true });
        Object.assign(memory, emptyCalRegistryState());
        reopen();
        for (const [at, { lengthDay, isRetired, ...entry }] of entries.entries()) {
          const validEndMjd = lengthDay === null ? null : (entry.validStartMjd ?? 100) + lengthDay;
          const { table } = registerOne(newCalTable({ ...entry, validEndMjd, path: `/cal/${at}` }));
          if (isRetired) registry.retire(table, "by-operator", "");
        }
        const marginDay = Math.max(0, ...Object.values(policy.borrowDay), ...Object.values(policy.expiringDay));
        for (const mjd of mjds) {
          expect(chooseCalibration(registry.candidates(mjd, marginDay), mjd, policy)).toEqual(
            chooseCalibration(registry.list({}), mjd, policy),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  describe("the claim to solve", () => {
    const KEY = "2025-10-29T13:54:17 BP";

    test("is given to one at a time, of each key", () => {
      const lease = claimed(registry.claimSolve(KEY, "a", 60_000));
      clock.pass(20_000);
      expect(registry.claimSolve(KEY, "b", 60_000)).toEqual({ kind: "busy", owner: "a", expiresInMs: 40_000 });
      expect(registry.claimSolve(KEY, "a", 60_000).kind).toBe("busy");
      expect(registry.claimSolve("another", "b", 60_000).kind).toBe("claimed");
      expect(registry.renewSolve(lease, 60_000)).toBe(true);
      clock.pass(59_999);
      expect(registry.claimSolve(KEY, "b", 60_000)).toEqual({ kind: "busy", owner: "a", expiresInMs: 1 });
    });

    test("ends with the tables, which are there at once for all", () => {
      const lease = claimed(registry.claimSolve(KEY, "a", 60_000));
      const registered = registry.completeSolve(lease, [bandpass, gain]);
      if (registered === "lease-lost") throw new Error(registered);
      expect(registered.map(({ outcome }) => outcome)).toEqual(["new", "new"]);
      reopen();
      const tables = registered.map(({ table }) => table);
      expect(registry.claimSolve(KEY, "b", 60_000)).toEqual({ kind: "done", tables });
      expect(registry.completeSolve(lease, [bandpass])).toBe("lease-lost");
      expect([registry.renewSolve(lease, 1), registry.abandonSolve(lease, "late")]).toEqual([false, "lease-lost"]);
    });

    test("of an owner who did not end it goes to the next, and nothing of the late one counts", () => {
      const late = claimed(registry.claimSolve(KEY, "a", 60_000));
      clock.pass(60_000);
      const next = registry.claimSolve(KEY, "b", 60_000);
      expect(next).toMatchObject({ attemptCount: 2, lastFailure: "a did not end it in time" });
      expect(claimed(next).token).toBeGreaterThan(late.token);
      expect([
        registry.renewSolve(late, 60_000),
        registry.completeSolve(late, [bandpass]),
        registry.abandonSolve(late, "no"),
      ]).toEqual([false, "lease-lost", "lease-lost"]);
      expect(registry.list({})).toEqual([]);
      expect(registry.completeSolve(claimed(next), [bandpass])).not.toBe("lease-lost");
    });

    test("does not outlast a restart of the machine, nor hang on the wall clock", () => {
      claimed(registry.claimSolve(KEY, "a", 60_000));
      clock.step(1e7);
      expect(registry.claimSolve(KEY, "b", 60_000).kind).toBe("busy");
      clock.restartMachine();
      expect(registry.claimSolve(KEY, "b", 60_000).kind).toBe("claimed");
    });

    test("that is abandoned is free at once and says why", () => {
      const lease = claimed(registry.claimSolve(KEY, "a", 60_000));
      expect(registry.abandonSolve(lease, "no calibrator in the field")).toBe("done");
      expect(registry.claimSolve(KEY, "b", 60_000)).toMatchObject({
        kind: "claimed",
        attemptCount: 2,
        lastFailure: "no calibrator in the field",
      });
    });

    test("is still held when the tables are refused", () => {
      registerOne({ ...bandpass, contentDigest: "other" });
      const lease = claimed(registry.claimSolve(KEY, "a", 60_000));
      expect(() => registry.completeSolve(lease, [gain, bandpass])).toThrow(/content digest/);
      expect(paths(registry.list({}))).toEqual([bandpass.path]);
      expect(registry.renewSolve(lease, 60_000)).toBe(true);
    });

    test("is given again when a table was lost, not when an operator retired it", () => {
      registry.completeSolve(claimed(registry.claimSolve(KEY, "a", 60_000)), [bandpass, gain]);
      registry.retire(registry.findPath(gain.path)!, "by-operator", "bad");
      expect(registry.claimSolve(KEY, "b", 60_000).kind).toBe("done");
      registry.retire(registry.findPath(bandpass.path)!, "vanished", "gone");
      const again = registry.claimSolve(KEY, "b", 60_000);
      expect(again).toMatchObject({ kind: "claimed", attemptCount: 1 });
      registry.completeSolve(claimed(again), [bandpass, gain]);
      const done = registry.claimSolve(KEY, "c", 60_000);
      expect(done.kind === "done" && done.tables.map(({ status }) => status)).toEqual(["active", "retired"]);
    });
  });
});

/** Something done to both registries; it answers what they said. */
type Step = (one: CalRegistry, leases: SolveLease[]) => unknown;

const answer = (act: () => unknown): unknown => {
  try {
    return act() ?? null;
  } catch (error) {
    return (error as { readonly code?: string }).code ?? error;
  }
};

const steps: fc.Arbitrary<readonly [string, Step]> = (() => {
  const tables = fc.record({
    at: fc.nat(2),
    digest: fc.constantFrom("x", "y"),
    lengthDay: fc.integer({ min: 0, max: 2 }),
  });
  const tableOf = ({ at, digest, lengthDay }: { at: number; digest: string; lengthDay: number }) =>
    newCalTable({ type: "BP", path: `/cal/${at}`, contentDigest: digest, validEndMjd: 60_975 + lengthDay });
  const named = (values: unknown, step: Step) => [JSON.stringify(values), step] as const;
  return fc.oneof(
    fc
      .array(tables, { minLength: 1, maxLength: 2 })
      .map((given) => named(["register", given], (one) => one.register(given.map(tableOf)))),
    fc.record({ at: fc.nat(2), cause: fc.constantFrom(...retirementCauses) }).map(({ at, cause }) =>
      named(["retire", at, cause], (one) => {
        const table = one.findPath(`/cal/${at}`);
        return table && one.retire(table, cause, "tried");
      }),
    ),
    fc.record({ key: fc.constantFrom("k", "l"), owner: fc.constantFrom("a", "b") }).map(({ key, owner }) =>
      named(["claim", key, owner], (one, leases) => {
        const claim = one.claimSolve(key, owner, 1000);
        if (claim.kind === "claimed") leases.push(claim.lease);
        return claim;
      }),
    ),
    fc
      .record({ at: fc.nat(5), what: fc.constantFrom("renew", "abandon", "complete"), table: tables })
      .map(({ at, what, table }) =>
        named([what, at, table], (one, leases) => {
          const lease = leases[at % Math.max(1, leases.length)];
          if (!lease) return null;
          if (what === "renew") return one.renewSolve(lease, 1000);
          return what === "abandon" ? one.abandonSolve(lease, "given up") : one.completeSolve(lease, [tableOf(table)]);
        }),
      ),
  );
})();

test("both registries give the same answers to any sequence", () => {
  const event = fc.oneof({ weight: 6, arbitrary: steps }, { weight: 1, arbitrary: fc.constantFrom("pass", "restart") });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 25 }), (events) => {
      rmSync(folder, { recursive: true, force: true });
      clock = new TestClock();
      memory = emptyCalRegistryState();
      const [inMemory, inSqlite] = [openers.memory(), openers.SQLite()];
      const leases: [SolveLease[], SolveLease[]] = [[], []];
      for (const one of events) {
        if (one === "pass") clock.pass(700);
        else if (one === "restart") clock.restartMachine();
        else {
          const [, step] = one as readonly [string, Step];
          const expected = answer(() => step(inMemory, leases[0]));
          expect(answer(() => step(inSqlite, leases[1]))).toEqual(expected);
        }
      }
      expect(inSqlite.list({})).toEqual(inMemory.list({}));
      inSqlite.close();
    }),
    { numRuns: 100 },
  );
});
