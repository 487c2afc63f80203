import { beforeEach, describe, expect, test } from "vitest";
import { newCalTable } from "../../test/contract/cal-tables.ts";
import { createMemoryCalRegistry } from "../../test/contract/memory-cal-registry.ts";
import { TestClock } from "../../test/contract/test-clock.ts";
import type { CalTableType } from "../domain/cal-table.ts";
import { defaultCalPolicy } from "../domain/cal-validity.ts";
import type { CalRegistry } from "../ports/cal-registry.ts";
import type { CalTableCondition, CalTableFiles } from "../ports/cal-table-files.ts";
import { findCalibration, withContent } from "./find-calibration.ts";

const MJD = 60_976;
let registry: CalRegistry;
let conditions: Map<string, CalTableCondition>;
let inspected: string[];

const files: CalTableFiles = {
  inspect(path) {
    inspected.push(path);
    return (
      conditions.get(path) ?? {
        kind: "whole",
        contentDigest: `content of ${path}`,
        visCal: "B Jones",
        referenceMjd: MJD,
      }
    );
  },
  readSolutions: () => {
    throw new Error("nobody asked for solutions");
  },
};

function register(type: CalTableType, referenceMjd: number, path: string): void {
  registry.register([newCalTable({ type, referenceMjd, path, contentDigest: `content of ${path}` })]);
}

const find = (retires = true) => findCalibration(registry, files, MJD, defaultCalPolicy, { retires });
const chosen = (found: ReturnType<typeof find>) =>
  found.choices.flatMap(({ tables }) => tables.map(({ table }) => table.path));

beforeEach(() => {
  registry = createMemoryCalRegistry(new TestClock());
  conditions = new Map();
  inspected = [];
  register("BP", MJD - 0.1, "/near_bpcal");
  register("BP", MJD - 0.3, "/far_bpcal");
  register("BP", MJD - 0.9, "/farthest_bpcal");
  register("GP", MJD, "/a_gpcal");
});

describe("calibration that is looked at on disk", () => {
  test("is what the registry says when all is whole, and nothing else is looked at", () => {
    const found = find();
    expect(chosen(found)).toEqual(["/near_bpcal", "/a_gpcal"]);
    expect([found.isComplete, found.reasons, inspected]).toEqual([true, [], ["/near_bpcal", "/a_gpcal"]]);
  });

  test.each<readonly [CalTableCondition, string]>([
    [{ kind: "vanished" }, "vanished"],
    [{ kind: "corrupt", reason: "table.f0: cut short" }, "corrupt"],
    [{ kind: "whole", contentDigest: "other", visCal: "B Jones", referenceMjd: MJD }, "changed"],
  ])("that is %j is retired with the reason, and the next best is taken", (condition, cause) => {
    conditions.set("/near_bpcal", condition).set("/far_bpcal", condition);
    const found = find();
    expect(chosen(found)).toEqual(["/farthest_bpcal", "/a_gpcal"]);
    expect(found.reasons).toMatchObject(
      ["/near_bpcal", "/far_bpcal"].map((path) => ({ kind: "unusable", type: "BP", path, cause, isRetired: true })),
    );
    expect(registry.findPath("/near_bpcal")).toMatchObject({ status: "retired", retiredCause: cause });
    expect(registry.findPath("/a_gpcal")!.status).toBe("active");
  });

  test("that cannot be reached now is left out, and stays registered", () => {
    conditions.set("/near_bpcal", { kind: "unreachable", reason: "is a disk not mounted?" });
    const found = find();
    expect(chosen(found)).toEqual(["/far_bpcal", "/a_gpcal"]);
    expect(found.reasons).toMatchObject([{ cause: "unreachable", why: "is a disk not mounted?", isRetired: false }]);
    expect(registry.findPath("/near_bpcal")!.status).toBe("active");
  });

  test("retires nothing when it is only asked", () => {
    conditions.set("/near_bpcal", { kind: "vanished" });
    const found = find(false);
    expect(chosen(found)).toEqual(["/far_bpcal", "/a_gpcal"]);
    expect(found.reasons).toMatchObject([{ cause: "vanished", isRetired: false }]);
    expect(registry.findPath("/near_bpcal")!.status).toBe("active");
  });

  test("that has lost all tables of a type is missing that type", () => {
    conditions.set("/a_gpcal", { kind: "vanished" });
    const found = find();
    expect(found.isComplete).toBe(false);
    expect(found.reasons.map(({ kind }) => kind)).toEqual(["unusable", "missing"]);
  });

  test("is borrowed from the one of those that ended together that was registered last", () => {
    for (const path of ["/c_gpcal", "/b_gpcal"]) register("GP", MJD - 1, path);
    for (const path of ["/e_gpcal", "/d_gpcal"]) register("GP", MJD - 3, path);
    const borrows = { ...defaultCalPolicy, borrowDay: { GP: 2 } };
    const at = (mjd: number) => chosen(findCalibration(registry, files, mjd, borrows, { retires: true })).at(-1);
    expect([at(MJD - 0.7), at(MJD - 4)]).toEqual(["/b_gpcal", "/d_gpcal"]);
  });

  test("is not looked at when nobody wants it", () => {
    conditions.set("/near_bpcal", { kind: "vanished" });
    const found = findCalibration(registry, null, MJD, defaultCalPolicy, { retires: true });
    expect([chosen(found), inspected]).toEqual([["/near_bpcal", "/a_gpcal"], []]);
  });
});

describe("a table that is to be registered", () => {
  const { contentDigest: _, ...draft } = newCalTable({ type: "BP", path: "/new_bpcal" });

  test("gets the digest of its content", () => {
    expect(withContent(files, draft)).toEqual({ ...draft, contentDigest: "content of /new_bpcal" });
  });

  test.each<readonly [CalTableCondition, string, RegExp]>([
    [{ kind: "vanished" }, "CAL_TABLE_INVALID", /expected a calibration table of CASA, found nothing/],
    [{ kind: "corrupt", reason: "cut short" }, "CAL_TABLE_INVALID", /read whole, found cut short/],
    [{ kind: "unreachable", reason: "EACCES" }, "INPUT_UNREADABLE", /EACCES/],
    [
      { kind: "whole", contentDigest: "x", visCal: "G Jones", referenceMjd: MJD },
      "CAL_TABLE_INVALID",
      /expected solutions of a table of type BP, found G Jones/,
    ],
  ])("but is %j is refused", (condition, code, message) => {
    conditions.set(draft.path, condition);
    expect(() => withContent(files, draft)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message), subject: draft.path }),
    );
  });
});
