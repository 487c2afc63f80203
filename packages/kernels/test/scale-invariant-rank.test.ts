import { expect, it } from "vitest";
import { createRankWork, rankLine, rankPlane } from "../src/flag/scale-invariant-rank.ts";
import { uniformFrom } from "./uniform-from.ts";

/** Every stretch of the line, with η in thousandths. */
function slowRank(flags: readonly number[], etaThousandths: number): number[] {
  const grown = [...flags];
  for (let start = 0; start < flags.length; start++) {
    let count = 0;
    for (let end = start + 1; end <= flags.length; end++) {
      count += flags[end - 1] as number;
      if (1000 * count >= (1000 - etaThousandths) * (end - start)) grown.fill(1, start, end);
    }
  }
  return grown;
}

it("flags what lies in a stretch of which 1 − η is flagged, for random lines", () => {
  const uniform = uniformFrom(11);
  const work = createRankWork(80);
  let grownCount = 0;
  for (let round = 0; round < 300; round++) {
    const density = uniform();
    const flags = Uint8Array.from({ length: 1 + Math.floor(80 * uniform()) }, () => (uniform() < density ? 1 : 0));
    const etaThousandths = Math.floor(1001 * uniform() ** 2);
    const before = [...flags];
    const newCount = rankLine(work, flags, 0, 1, flags.length, etaThousandths / 1000);
    expect([...flags]).toEqual(slowRank(before, etaThousandths));
    expect(newCount).toBe(flags.filter((flag, at) => flag !== before[at]).length);
    grownCount += newCount;
  }
  expect(grownCount).toBeGreaterThan(1000);
});

it("knows no scale: a line with each sample repeated grows by at least as much at the same places", () => {
  const uniform = uniformFrom(12);
  const work = createRankWork(200);
  const line = Uint8Array.from({ length: 50 }, () => (uniform() < 0.6 ? 1 : 0));
  const long = Uint8Array.from({ length: 200 }, (_, at) => line[at >> 2]);
  expect(rankLine(work, line, 0, 1, 50, 0.25)).toBeGreaterThan(0);
  rankLine(work, long, 0, 1, 200, 0.25);
  // It may also end within a sample of the short line, which grows by whole ones.
  expect(long.every((flag, at) => flag >= (line[at >> 2] as number))).toBe(true);
  expect(long.some((flag) => flag === 0)).toBe(true);
});

it("leaves a plane alone that has no flags, and closes gaps along both axes", () => {
  const work = createRankWork(10);
  expect(rankPlane(work, new Uint8Array(30), 3, 10, 0.5, 0.5)).toBe(0);
  const flags = Uint8Array.from([1, 1, 0, 1, 1, 0, 0, 0, 0, 0, ...new Array(20).fill(0)]);
  expect(rankPlane(work, flags, 3, 10, 0, 0.2)).toBe(1);
  expect(flags[2]).toBe(1);
});
