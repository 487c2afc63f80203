import { beforeEach, describe, expect, test } from "vitest";
import { newCalTable } from "../../test/contract/cal-tables.ts";
import {
  createMemoryCalRegistry,
  emptyCalRegistryState,
  type MemoryCalRegistryState,
} from "../../test/contract/memory-cal-registry.ts";
import { TestClock } from "../../test/contract/test-clock.ts";
import type { AlertChange } from "../domain/alert.ts";
import { defaultCalSchedule, type SolvableGroup } from "../domain/cal-schedule.ts";
import { PipelineError } from "../domain/error-codes.ts";
import type { CalRegistry } from "../ports/cal-registry.ts";
import type { CalTableFiles } from "../ports/cal-table-files.ts";
import { type CalibrateGroupOptions, type CalibrateGroupPorts, calibrateGroup } from "./calibrate-group.ts";
import type { GroupSolve, SolvedCalTable } from "./solve-due.ts";

const MJD = 60_951;
const GROUP_DAY = 309.24 / 86_400;

const groupAt = (startMjd: number, more: Partial<SolvableGroup> = {}): SolvableGroup => ({
  startMjd,
  endMjd: startMjd + GROUP_DAY,
  transitFluxJy: null,
  hasCalibratorsAtDec: true,
  modelFluxJy: 5,
  ...more,
});

const options: CalibrateGroupOptions = {
  schedule: defaultCalSchedule,
  missing: "wait",
  waitMs: 3_600_000,
  heldMs: 0,
  borrowBandpassDay: 7,
  borrowGainDay: 0.25,
  leaseMs: 60_000,
  busyWaitMs: 5_000,
  busyPollMs: 1,
};

const whole: CalTableFiles = {
  inspect: (path) => ({ kind: "whole", contentDigest: `content of ${path}`, visCal: "B Jones", referenceMjd: MJD }),
  readSolutions: () => {
    throw new Error("nobody asked for solutions");
  },
};

let clock: TestClock;
let state: MemoryCalRegistryState;
let registry: CalRegistry;
let solves: string[];
let said: string[];
let alerts: AlertChange[];
let verdict: SolvedCalTable["verdict"];
let failure: PipelineError | undefined;

/** Solves on a group as told, under names that say when and how often. */
const solverOf = (group: SolvableGroup, name: string) => async (solve: GroupSolve) => {
  solves.push(`${name}: ${solve.types.join("+")}`);
  await Promise.resolve();
  if (failure) throw failure;
  const referenceMjd = group.startMjd + GROUP_DAY / 2;
  const made: SolvedCalTable[] = [];
  for (const type of solve.types) {
    const path = `/ms/${name}_${solves.length}_${type.toLowerCase()}cal`;
    const solvedWith = [...solve.priorTables, ...made.map(({ table }) => ({ type: table.type, path: table.path }))];
    const table = newCalTable({ type, referenceMjd, path, solvedWith, parameters: solve.parameters });
    made.push({ table, verdict, reasons: verdict === "bad" ? ["bad: 45 % flagged"] : [] });
  }
  return made;
};

function calibrate(
  group: SolvableGroup,
  change: Partial<CalibrateGroupOptions> = {},
  name = "a",
  ports: Partial<CalibrateGroupPorts> = {},
  signal = new AbortController().signal,
) {
  return calibrateGroup(
    name,
    group,
    {
      registry,
      files: whole,
      clock,
      owner: name,
      isDead: (owner) => owner === "dead",
      solve: solverOf(group, name),
      say: (level, message) => void said.push(`${level} ${message}`),
      alert: (alert) => void alerts.push(alert),
      ...ports,
    },
    { ...options, ...change },
    signal,
  );
}

const raised = () => alerts.flatMap((alert) => (alert.kind === "raise" ? [`${alert.severity} ${alert.key}`] : []));

beforeEach(() => {
  clock = new TestClock();
  state = emptyCalRegistryState();
  registry = createMemoryCalRegistry(clock, state);
  solves = [];
  said = [];
  alerts = [];
  verdict = "good";
  failure = undefined;
});

describe("a group of the stream", () => {
  test("that comes first makes a bandpass with its gains, which apply to it at once", async () => {
    const calibration = await calibrate(groupAt(MJD));
    expect(solves).toEqual(["a: BP+GP+2G"]);
    expect(calibration).toMatchObject({ status: "calibrated", reasons: [] });
    expect(calibration.tables.map(({ type, why }) => `${type} ${why}`)).toEqual(["BP exact", "GP exact", "2G exact"]);
    expect(calibration.solvedPaths).toHaveLength(3);
    expect(raised()).toEqual([]);
  });

  test("that follows uses what is there, and solves nothing", async () => {
    await calibrate(groupAt(MJD));
    const calibration = await calibrate(groupAt(MJD + GROUP_DAY), {}, "b");
    expect(solves).toHaveLength(1);
    expect(calibration.tables.map(({ type, why }) => `${type} ${why}`)).toEqual([
      "BP nearest",
      "GP only-before",
      "2G only-before",
    ]);
  });

  test("of an hour later solves gains alone, on top of the bandpass that applies", async () => {
    await calibrate(groupAt(MJD));
    const calibration = await calibrate(groupAt(MJD + 11 * GROUP_DAY), {}, "b");
    expect(solves).toEqual(["a: BP+GP+2G", "b: GP+2G"]);
    expect(registry.findPath(calibration.solvedPaths[0]!)!.solvedWith).toEqual([{ type: "BP", path: "/ms/a_1_bpcal" }]);
    expect(calibration.reasons).toEqual([]);
  });

  test("of long ago makes and uses what was valid then, not what is valid now", async () => {
    await calibrate(groupAt(MJD));
    await calibrate(groupAt(MJD - 3), {}, "old");
    expect(solves).toEqual(["a: BP+GP+2G", "old: BP+GP+2G"]);
    const between = await calibrate(groupAt(MJD - 3 - 8 * GROUP_DAY), {}, "older");
    expect(solves).toHaveLength(2);
    expect(between.tables.map(({ type, why }) => `${type} ${why}`)).toEqual([
      "BP nearest",
      "GP only-after",
      "2G only-after",
    ]);
  });

  test("that is done again finds what it made, and solves nothing", async () => {
    const first = await calibrate(groupAt(MJD));
    const again = await calibrate(groupAt(MJD));
    expect(again.tables).toEqual(first.tables);
    expect(again.solvedPaths).toEqual([]);
    expect(solves).toHaveLength(1);
  });

  test("whose bandpass is gone from disk makes another", async () => {
    await calibrate(groupAt(MJD));
    const files: CalTableFiles = {
      ...whole,
      inspect: (path) => (path === "/ms/a_1_bpcal" ? { kind: "vanished" } : whole.inspect(path)),
    };
    const calibration = await calibrate(groupAt(MJD + GROUP_DAY), {}, "b", { files });
    expect(solves).toEqual(["a: BP+GP+2G", "b: BP+GP+2G"]);
    expect(calibration).toMatchObject({ status: "calibrated" });
    expect(registry.findPath("/ms/a_1_bpcal")).toMatchObject({ status: "retired", retiredCause: "vanished" });
  });
});

describe("groups that come at the same time", () => {
  test("never solve the same twice: one does, and the others use what it made", async () => {
    const groups = Array.from({ length: 6 }, (_, at) => groupAt(MJD + at * GROUP_DAY));
    const made = await Promise.all(groups.map((group, at) => calibrate(group, {}, `g${at}`)));
    expect(solves).toHaveLength(1);
    expect(made.every(({ status }) => status === "calibrated")).toBe(true);
    expect(made.filter(({ solvedPaths }) => solvedPaths.length > 0)).toHaveLength(1);
  });

  test("wait for a solve of another for a while, then go on with what is valid", async () => {
    registry.claimSolve("BP after 0", "slow", 60_000);
    const waiting = calibrate(groupAt(MJD), { busyWaitMs: 50, missing: "uncalibrated" });
    clock.pass(60);
    await expect(waiting).resolves.toMatchObject({ status: "uncalibrated", tables: [] });
    expect(solves).toEqual([]);
    expect(said.join("\n")).toContain("slow solves BP for long");
  });

  test("that are stopped while they wait for another are given back", async () => {
    registry.claimSolve("BP after 0", "slow", 60_000);
    const stop = new AbortController();
    const waiting = calibrate(groupAt(MJD), {}, "a", {}, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  test("take over at once from one whose process is gone", async () => {
    registry.claimSolve("BP after 0", "dead", 60_000);
    await expect(calibrate(groupAt(MJD))).resolves.toMatchObject({ status: "calibrated" });
    expect(solves).toHaveLength(1);
  });

  test("take over from one that died while it solved", async () => {
    registry.claimSolve("BP after 0", "died", 1_000);
    const waiting = calibrate(groupAt(MJD));
    clock.pass(1_500);
    await expect(waiting).resolves.toMatchObject({ status: "calibrated" });
    expect(solves).toHaveLength(1);
  });

  test("whose lease was lost while it solved registers nothing of it", async () => {
    const group = groupAt(MJD);
    let isFirst = true;
    const solve = async (asked: GroupSolve) => {
      const made = await solverOf(group, "a")(asked);
      if (isFirst) {
        isFirst = false;
        clock.pass(70_000);
        await calibrate(groupAt(MJD + GROUP_DAY), {}, "b");
      }
      return made;
    };
    const calibration = await calibrate(group, {}, "a", { solve });
    expect(solves).toEqual(["a: BP+GP+2G", "b: BP+GP+2G"]);
    expect(calibration).toMatchObject({ status: "calibrated", solvedPaths: [] });
    expect(state.tables.map(({ path }) => path).every((path) => path.startsWith("/ms/b_"))).toBe(true);
  });
});

describe("a solve that is no good", () => {
  test("is kept as failed, told, and tried again on the next group", async () => {
    verdict = "bad";
    await expect(calibrate(groupAt(MJD))).rejects.toMatchObject({ code: "CALIBRATION_MISSING" });
    expect(state.tables.map(({ type, status }) => `${type} ${status}`)).toEqual([
      "BP failed",
      "GP failed",
      "2G failed",
    ]);
    expect(raised()).toEqual([
      "ERROR calibration-solve:BP",
      "ERROR calibration-missing:BP",
      "ERROR calibration-missing:GP",
    ]);
    verdict = "usable";
    alerts = [];
    await expect(calibrate(groupAt(MJD + GROUP_DAY), {}, "b")).resolves.toMatchObject({ status: "calibrated" });
    expect(raised()).toEqual([]);
    expect(alerts).toContainEqual({ kind: "resolve", key: "calibration-solve:BP" });
  });

  test("costs the group nothing when another table is valid", async () => {
    await calibrate(groupAt(MJD));
    failure = new PipelineError("SOLVE_FAILED", "all data flagged", { subject: "b" });
    const calibration = await calibrate(groupAt(MJD + 11 * GROUP_DAY), {}, "b");
    expect(calibration).toMatchObject({ status: "calibrated", solvedPaths: [] });
    // These gains end in three minutes, and this was the group to renew them.
    expect(raised()).toEqual(["ERROR calibration-solve:GP", "WARNING calibration-expiring:GP"]);
    failure = undefined;
    await calibrate(groupAt(MJD + 12 * GROUP_DAY), {}, "c");
    expect(solves.at(-1)).toBe("c: GP+2G");
  });

  test.each(["DISK_FULL", "INTERRUPTED", "CATALOG_UNUSABLE"] as const)(
    "by %s is no news about the data: the group is given back",
    async (code) => {
      failure = new PipelineError(code, "not now", { subject: "a" });
      await expect(calibrate(groupAt(MJD))).rejects.toMatchObject({ code });
      expect(raised()).toEqual([]);
      failure = undefined;
      await expect(calibrate(groupAt(MJD))).resolves.toMatchObject({ status: "calibrated" });
    },
  );
});

describe("without calibration a group", () => {
  const nothing = { schedule: { bandpassIntervalDay: 0, gainIntervalDay: 0 } };

  test("waits, and says for what", async () => {
    await expect(calibrate(groupAt(MJD), nothing)).rejects.toMatchObject({
      code: "CALIBRATION_MISSING",
      message: expect.stringMatching(
        /no BP is valid at 2025-10-03T00:02:34: none was before; no GP is valid .* in 60 min/,
      ) as string,
    });
  });

  test("goes on uncalibrated when it has waited long enough, or at once when it is told to", async () => {
    const expected = {
      status: "uncalibrated",
      tables: [],
      reasons: [expect.stringContaining("no BP"), expect.stringContaining("no GP")],
    };
    await expect(calibrate(groupAt(MJD), { ...nothing, heldMs: 3_600_000 })).resolves.toMatchObject(expected);
    await expect(calibrate(groupAt(MJD), { ...nothing, missing: "uncalibrated" })).resolves.toMatchObject(expected);
  });

  test("borrows, when it is told to, and says so", async () => {
    await calibrate(groupAt(MJD));
    const calibration = await calibrate(groupAt(MJD + 0.1), { ...nothing, missing: "borrow" }, "b");
    expect(calibration).toMatchObject({ status: "borrowed" });
    expect(calibration.tables.map(({ type, why }) => `${type} ${why}`)).toEqual(["BP nearest", "GP borrowed"]);
    expect(raised()).toEqual(["WARNING calibration-borrowed:GP"]);
    await expect(calibrate(groupAt(MJD + 0.4), { ...nothing, missing: "borrow" }, "c")).resolves.toMatchObject({
      status: "uncalibrated",
    });
  });

  test("with a bandpass and no gains has no calibration at all", async () => {
    registry.register([
      newCalTable({ type: "BP", referenceMjd: MJD, path: "/cal/x_bpcal", contentDigest: "content of /cal/x_bpcal" }),
    ]);
    await expect(calibrate(groupAt(MJD), { ...nothing, missing: "uncalibrated" })).resolves.toMatchObject({
      tables: [],
    });
    expect(raised()).toEqual(["ERROR calibration-missing:GP"]);
  });
});

test("what ends soon is told when nothing renews it by itself", async () => {
  await calibrate(groupAt(MJD));
  alerts = [];
  await calibrate(groupAt(MJD + 10 * GROUP_DAY), { schedule: { bandpassIntervalDay: 0, gainIntervalDay: 0 } }, "b");
  expect(raised()).toEqual(["WARNING calibration-expiring:GP"]);
  alerts = [];
  await calibrate(groupAt(MJD + 10 * GROUP_DAY), {}, "b");
  expect(raised()).toEqual([]);
});
