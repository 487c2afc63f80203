import { beforeEach, expect, test } from "vitest";
import { newCalTable } from "../../test/contract/cal-tables.ts";
import { createMemoryCalRegistry } from "../../test/contract/memory-cal-registry.ts";
import { TestClock } from "../../test/contract/test-clock.ts";
import { type CalSolveConfig, defaultCalSolveConfig } from "../domain/cal-solve.ts";
import type { CalRegistry } from "../ports/cal-registry.ts";
import type { CalTableFiles } from "../ports/cal-table-files.ts";
import { priorsFromRegistry } from "./solve-priors.ts";

const MJD = 60_976;
let registry: CalRegistry;
const files: CalTableFiles = {
  inspect: (path) => ({ kind: "whole", contentDigest: `content of ${path}`, visCal: "B Jones", referenceMjd: MJD }),
  readSolutions: () => {
    throw new Error("nobody asked for solutions");
  },
};

const priorsOf = (config: Partial<CalSolveConfig>) =>
  priorsFromRegistry(registry, files, MJD, { ...defaultCalSolveConfig, ...config });

beforeEach(() => {
  registry = createMemoryCalRegistry(new TestClock());
  const register = (table: Parameters<typeof newCalTable>[0] & { readonly path: string }) =>
    registry.register([newCalTable({ contentDigest: `content of ${table.path}`, ...table })]);
  register({
    type: "BP",
    path: "/near_bpcal",
    referenceMjd: MJD - 0.1,
    solvedWith: [{ type: "K", path: "/its_kcal" }],
  });
  register({ type: "BP", path: "/far_bpcal", referenceMjd: MJD + 0.3 });
  register({ type: "GP", path: "/before_gpcal", referenceMjd: MJD - 0.03 });
  register({ type: "GP", path: "/after_gpcal", referenceMjd: MJD + 0.01 });
});

test("gains are solved on the nearest bandpass and what that was solved on", () => {
  expect(priorsOf({ types: ["GP", "2G"] })).toEqual([
    { type: "K", path: "/its_kcal" },
    { type: "BP", path: "/near_bpcal" },
  ]);
});

test("short phases alone need the nearest gains too", () => {
  expect(priorsOf({ types: ["2G"] }).map(({ path }) => path)).toEqual(["/its_kcal", "/near_bpcal", "/after_gpcal"]);
});

test("what is named or solved is not looked up", () => {
  const priorTables = [{ type: "BP", path: "/named_bpcal" }] as const;
  expect(priorsOf({ types: ["GP"], priorTables })).toEqual(priorTables);
  expect(priorsOf({ types: ["BP", "GP"] })).toEqual([]);
  // Delays that are solved anew are not taken from the registry as well.
  expect(priorsOf({ types: ["K", "GP"] }).map(({ path }) => path)).toEqual(["/near_bpcal"]);
});

test("without a registry, or with none that is valid, nothing is added: the solve says what it needs", () => {
  const config = { ...defaultCalSolveConfig, types: ["GP"] } as const;
  expect(priorsFromRegistry(null, files, MJD, config)).toEqual([]);
  expect(priorsFromRegistry(registry, files, MJD + 30, config)).toEqual([]);
});
