import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { describeWith, sharedData, sharedDataDir } from "../../../../tools/oracles.ts";
import { type FlagScore, interferenceOn, searchAndScore } from "./score-flags.ts";
import { readSimulatedGroup, type SimulatedGroup } from "./simulated-group.ts";

describeWith([sharedData()], "flags of a simulated group, beside what was put in", () => {
  let group: SimulatedGroup;
  let score: FlagScore;
  beforeAll(() => {
    group = readSimulatedGroup(join(sharedDataDir() ?? "", "simulated", "small"));
    // Its channels are six times wider and its subbands have eight of them.
    score = searchAndScore(group, { binChannelCount: 4, sigmaChannelCount: 2 });
  });

  it("interference was on when the simulator's random numbers said so", () => {
    // default_rng([110, 0, 7]).random((6, 5)) < 0.5
    const on = interferenceOn(group).map((row) => row.map(Number).join(""));
    expect(on).toEqual(["00101", "00110", "01000", "11010", "00011", "01000"]);
  });

  it("finds 95 % of the interference and flags at most 2 % of the rest", () => {
    expect(score.recallRatio).toBeGreaterThanOrEqual(0.95);
    expect(score.falseRatio).toBeLessThanOrEqual(0.02);
  });

  it("finds the dead and the noisy inputs, and no others", () => {
    const { dead, dead_pol_YY: deadYy, noisy } = group.badStations;
    const key = (station: number, correlation: number, verdict: string): string =>
      `${station} ${correlation} ${verdict}`;
    const expected = [
      ...dead.flatMap((station) => [key(station, 0, "dead"), key(station, 1, "dead")]),
      ...deadYy.map((station) => key(station, 1, "dead")),
      ...noisy.flatMap((station) => [key(station, 0, "noisy"), key(station, 1, "noisy")]),
    ];
    expect(expected.length).toBe(7);
    const found = score.bad.map(({ antenna, correlation, verdict }) => key(antenna + 1, correlation, verdict));
    expect(found.sort()).toEqual(expected.sort());
  });
});
