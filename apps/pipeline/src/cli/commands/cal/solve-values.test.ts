import { describe, expect, test } from "vitest";
import { combineList, priorTable, robustWeighting, solintSec, solveTypeList, uvRange } from "./solve-values.ts";

const ALL = { minUvM: 0, maxUvM: Number.POSITIVE_INFINITY, minUvLambda: 0, maxUvLambda: Number.POSITIVE_INFINITY };

describe("baselines as CASA selects them", () => {
  test.each([
    ["200~3000", { minUvM: 200, maxUvM: 3000 }],
    ["200~3000m", { minUvM: 200, maxUvM: 3000 }],
    ["200~", { minUvM: 200 }],
    ["~3000", { maxUvM: 3000 }],
    [">200", { minUvM: 200 }],
    ["< 3000 m", { maxUvM: 3000 }],
    [">1klambda", { minUvLambda: 1000 }],
    ["0.5~10 klambda", { minUvLambda: 500, maxUvLambda: 10_000 }],
  ])("%s", (text, range) => expect(uvRange(text)).toEqual({ ...ALL, ...range }));

  test.each(["", "200", "3000~200", "a~b", ">", ">1Mlambda", "1~2~3", "-5~20"])("%s is refused", (text) =>
    expect(() => uvRange(text)).toThrow(/--uvrange: expected 200~3000/),
  );
});

describe("solution intervals", () => {
  test.each([
    ["inf", Number.POSITIVE_INFINITY],
    ["none", Number.POSITIVE_INFINITY],
    ["int", 0],
    ["30", 30],
    ["60s", 60],
    ["5min", 300],
    ["1h", 3600],
  ])("%s", (text, sec) => expect(solintSec("--gain-solint")(text)).toBe(sec));

  test.each(["", "0", "-3", "5 fortnights"])('"%s" is refused', (text) =>
    expect(() => solintSec("--gain-solint")(text)).toThrow(/--gain-solint/),
  );
});

test("weights that are robust have a number, or a usual one", () => {
  expect(robustWeighting("student")).toEqual({ kind: "student", degreesCount: 4 });
  expect(robustWeighting("huber:2.5")).toEqual({ kind: "huber", limitSigma: 2.5 });
  for (const text of ["", "huber:", "huber:0", "student:x", "median"].filter((each) => each !== "huber:"))
    expect(() => robustWeighting(text)).toThrow(/--robust/);
});

test("types and what is combined are lists of words", () => {
  expect(solveTypeList("GP, 2G")).toEqual(["GP", "2G"]);
  expect(combineList("")).toEqual([]);
  expect(combineList("field,spw")).toEqual(["field", "spw"]);
  expect(() => solveTypeList("GP,B")).toThrow(/--solve: expected K, BP, GP, 2G, found "B"/);
});

test("a table from before has its type in its name, or before it", () => {
  const first = priorTable("/a/x_0_bpcal/", []);
  expect(priorTable("K=/b/delays", first)).toEqual([
    { type: "BP", path: "/a/x_0_bpcal" },
    { type: "K", path: "/b/delays" },
  ]);
  expect(() => priorTable("/b/delays", [])).toThrow(/--prior-table/);
});
