import { expect, test } from "vitest";
import { assertPriors, defaultCalSolveConfig, judgeSolve, type PriorTable, type SolveType } from "./cal-solve.ts";

const asked = (types: readonly SolveType[], ...priors: readonly PriorTable["type"][]) => {
  const priorTables = priors.map((type) => ({ type, path: `/x_${type}` }));
  return () => assertPriors({ ...defaultCalSolveConfig, types, priorTables }, "/data/a.ms");
};

const solvable: readonly (readonly [SolveType[], PriorTable["type"][]])[] = [
  [["BP"], []],
  [["K", "BP", "GP", "2G"], []],
  [["GP"], ["BP"]],
  [
    ["GP", "2G"],
    ["BA", "K"],
  ],
  [["2G"], ["BP", "GP"]],
];
test.each(solvable)("%j is solvable on top of %j", (types, priors) => expect(asked(types, ...priors)).not.toThrow());

const refused: readonly (readonly [SolveType[], PriorTable["type"][], RegExp])[] = [
  [[], [], /types to solve for: expected some of K, BP, GP, 2G, found none/],
  [["GP"], [], /\/data\/a\.ms: what gains are solved on top of: expected a bandpass/],
  [["2G"], ["BP"], /short phases .*expected a bandpass and gains/],
  [["BP"], ["BP"], /only types that are not solved for, found BP/],
  [["2G"], ["BP", "GP", "GP"], /one of each type, found BP, GP, GP/],
];
test.each(refused)("%j on top of %j is refused", (types, priors, message) => {
  expect(asked(types, ...priors)).toThrow(message);
  expect(asked(types, ...priors)).toThrow(expect.objectContaining({ code: "PRIOR_UNUSABLE" }));
});

const good = { verdict: "good", reasons: [] } as const;
const counts = { convergedCount: 1000, limitCount: 5, noDataCount: 200 };

test("a solve is judged by what its table does not show", () => {
  expect(judgeSolve(good, counts, 8)).toEqual(good);
  expect(judgeSolve(good, { ...counts, limitCount: 50 }, null)).toMatchObject({
    verdict: "usable",
    reasons: [{ severity: "warning", text: "50 cells ended at the limit of iterations" }],
  });
  expect(judgeSolve(good, counts, 45)).toMatchObject({ verdict: "usable" });
  expect(judgeSolve(good, counts, 103)).toMatchObject({ verdict: "bad" });
  const bad = { verdict: "bad", reasons: [{ severity: "bad", text: "of old" }] } as const;
  expect(judgeSolve(bad, { ...counts, limitCount: 50 }, 45)).toMatchObject({ verdict: "bad" });
});
