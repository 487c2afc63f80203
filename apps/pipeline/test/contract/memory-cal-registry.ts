/** The registry of calibration tables in memory, for tests of what uses it; held to the same suite as the real one. */

import {
  assertRegistrable,
  type CalTable,
  type CalTableType,
  isLost,
  type NewCalTable,
  noteOfReplacement,
  noteOfRetirement,
  orderIndexOf,
  whatBecomesOf,
} from "../../src/domain/cal-table.ts";
import type { CalRegistry, Registered, SolveClaim, SolveLease } from "../../src/ports/cal-registry.ts";
import type { HostClock } from "../../src/ports/clock.ts";

interface Solve {
  state: "claimed" | "done" | "abandoned";
  token: number;
  owner: string;
  expiresBootMs: number;
  bootId: string;
  attemptCount: number;
  lastFailure: string | null;
  paths: readonly string[];
}

/** What outlives a restart. */
export interface MemoryCalRegistryState {
  tables: readonly CalTable[];
  lastId: number;
  readonly solves: Map<string, Solve>;
}

export const emptyCalRegistryState = (): MemoryCalRegistryState => ({ tables: [], lastId: 0, solves: new Map() });

export function createMemoryCalRegistry(
  clock: HostClock,
  state: MemoryCalRegistryState = emptyCalRegistryState(),
): CalRegistry {
  const findPath = (path: string) => state.tables.find((table) => table.path === path);

  function registerOne(given: NewCalTable): Registered {
    const before = findPath(given.path);
    if (before && whatBecomesOf(before, given) === "already") return { table: before, outcome: "already" };
    const table: CalTable = {
      ...given,
      id: ++state.lastId,
      orderIndex: given.orderIndex ?? orderIndexOf(given.type),
      createdUnixSec: clock.nowUnixSec(),
      status: given.status ?? "active",
      retiredCause: null,
      notes: before ? noteOfReplacement(before, given.notes) : given.notes,
    };
    state.tables = [...state.tables.filter(({ path }) => path !== given.path), table];
    return { table, outcome: before ? "replaced" : "new" };
  }

  function register(tables: readonly NewCalTable[]): readonly Registered[] {
    for (const table of tables) assertRegistrable(table);
    const { tables: before, lastId } = state;
    try {
      return tables.map(registerOne);
    } catch (error) {
      Object.assign(state, { tables: before, lastId });
      throw error;
    }
  }

  function held({ key, token }: SolveLease): Solve | undefined {
    const solve = state.solves.get(key);
    return solve?.state === "claimed" && solve.token === token ? solve : undefined;
  }

  function tablesOf(solve: Solve): readonly CalTable[] | undefined {
    const tables = solve.paths.flatMap((path) => findPath(path) ?? []);
    return tables.length < solve.paths.length || tables.some(isLost) ? undefined : tables;
  }

  function claim(
    key: string,
    owner: string,
    leaseMs: number,
    isDead: (owner: string) => boolean = () => false,
  ): SolveClaim {
    const before = state.solves.get(key);
    if (before?.state === "claimed" && before.bootId === clock.bootId) {
      const expiresInMs = before.expiresBootMs - clock.sinceBootMs();
      if (expiresInMs > 0 && !isDead(before.owner)) return { kind: "busy", owner: before.owner, expiresInMs };
    }
    const tables = before?.state === "done" ? tablesOf(before) : undefined;
    if (tables) return { kind: "done", tables };
    const token = (before?.token ?? 0) + 1;
    const attemptCount = before && before.state !== "done" ? before.attemptCount + 1 : 1;
    const diedFailure = `${before?.owner} did not end it in time`;
    const lastFailure = before?.state === "claimed" ? diedFailure : (before?.lastFailure ?? null);
    const { bootId } = clock;
    const expiresBootMs = clock.sinceBootMs() + leaseMs;
    state.solves.set(key, {
      state: "claimed",
      token,
      owner,
      expiresBootMs,
      bootId,
      attemptCount,
      lastFailure,
      paths: [],
    });
    return { kind: "claimed", lease: { key, token, owner }, attemptCount, lastFailure };
  }

  return {
    register,

    list({ types, statuses, fromMjd = -Infinity, toMjd = Infinity, maxCount }) {
      return state.tables
        .filter(
          ({ type, status, validStartMjd, validEndMjd }) =>
            (types?.includes(type) ?? true) &&
            (statuses?.includes(status) ?? true) &&
            (validEndMjd ?? Infinity) > fromMjd &&
            (validStartMjd ?? -Infinity) <= toMjd,
        )
        .toSorted((a, b) => b.referenceMjd - a.referenceMjd || b.id - a.id)
        .slice(0, maxCount);
    },

    newestId: (type) => Math.max(0, ...state.tables.filter((table) => table.type === type).map(({ id }) => id)),

    find: (id) => state.tables.find((table) => table.id === id),
    findPath,

    candidates(mjd, marginDay) {
      const active = state.tables.filter(({ status }) => status === "active");
      const [startMjd, endMjd] = [mjd - marginDay, mjd + marginDay];
      const types = new Set<CalTableType>(active.map(({ type }) => type));
      const around = [...types].flatMap((wanted) => {
        const mine = active.filter(({ type }) => type === wanted);
        const ended = mine.filter(({ validEndMjd }) => validEndMjd !== null && validEndMjd < startMjd);
        const coming = mine.filter(({ validStartMjd }) => validStartMjd !== null && validStartMjd > endMjd);
        return [
          ...ended.toSorted((a, b) => b.validEndMjd! - a.validEndMjd!).slice(0, 1),
          ...coming.toSorted((a, b) => a.validStartMjd! - b.validStartMjd!).slice(0, 1),
        ];
      });
      const within = active.filter(
        ({ validStartMjd, validEndMjd }) =>
          (validStartMjd ?? -Infinity) <= endMjd && (validEndMjd ?? Infinity) >= startMjd,
      );
      return [...new Set([...within, ...around])];
    },

    retire(seen, cause, reason) {
      const table = state.tables.find(({ id }) => id === seen.id);
      if (table?.status !== "active" || table.contentDigest !== seen.contentDigest) return "changed";
      const note = noteOfRetirement(cause, reason, clock.nowUnixSec());
      const notes = table.notes === null ? note : `${table.notes}\n${note}`;
      const retired: CalTable = { ...table, status: "retired", retiredCause: cause, notes };
      state.tables = state.tables.map((one) => (one === table ? retired : one));
      return "done";
    },

    claimSolve: claim,

    renewSolve(lease, leaseMs) {
      const solve = held(lease);
      if (!solve) return false;
      Object.assign(solve, { expiresBootMs: clock.sinceBootMs() + leaseMs, bootId: clock.bootId });
      return true;
    },

    completeSolve(lease, tables) {
      const solve = held(lease);
      if (!solve) return "lease-lost";
      const registered = register(tables);
      Object.assign(solve, { state: "done", lastFailure: null, paths: tables.map(({ path }) => path) });
      return registered;
    },

    abandonSolve(lease, reason) {
      const solve = held(lease);
      if (!solve) return "lease-lost";
      Object.assign(solve, { state: "abandoned", lastFailure: reason });
      return "done";
    },

    close() {
      // The state stays with whoever made it.
    },
  };
}
