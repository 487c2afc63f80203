import { expect, it } from "vitest";
import { exampleMs } from "../../../test/flag/example-ms.ts";
import { type FlagRule, type FlagTotals, flagRules, type RuleCounts } from "../../domain/flagging.ts";
import { defaultFlagConfig, type FlagConfig } from "./config.ts";
import { planFlagging } from "./plan-flagging.ts";
import { flagCommands, historyLines } from "./record-run.ts";

const ms = exampleMs();
function totalsOf(counts: Partial<Record<FlagRule, number>>): FlagTotals {
  const rules = Object.fromEntries(flagRules.map((rule) => [rule, counts[rule] ?? 0])) as RuleCounts;
  const all = { flaggedCount: 50, sampleCount: 1000 };
  return {
    all,
    before: { flaggedCount: 10, sampleCount: 1000 },
    rules,
    byWindow: [],
    byAntenna: [],
    flaggedRowCount: 0,
  };
}
const commandsOf = (config: Partial<FlagConfig>, counts: Partial<Record<FlagRule, number>>) =>
  flagCommands(planFlagging(ms, { ...defaultFlagConfig, ...config }), totalsOf(counts), []);

it("says to CASA what it can be told, and nothing where it has no such command", () => {
  const config = {
    antennas: "30,pad",
    baselines: "1&2",
    channels: "0:1~3;6,1",
    scans: "1,5",
    times: "2025-10-03T00:00:10~2025-10-03T00:01:00",
    quack: { intervalSec: 13, at: "both" },
    shadowToleranceM: 0.5,
    clip: { minJy: 0, maxJy: 2.5 },
    dataColumn: "CORRECTED_DATA",
  } as const;
  const counts = Object.fromEntries(flagRules.map((rule) => [rule, 20]));
  expect(commandsOf(config, counts).map(({ command }) => command)).toEqual([
    "mode='clip' datacolumn='corrected' clipzeros=True",
    "mode='clip' datacolumn='corrected'",
    "mode='manual' autocorr=True",
    "mode='manual' antenna='30,pad'",
    "mode='manual' antenna='1&2'",
    "mode='manual' scan='1,5'",
    "mode='manual' timerange='2025/10/03/00:00:10.000~2025/10/03/00:01:00.000'",
    "mode='quack' quackmode='beg' quackinterval=13",
    "mode='quack' quackmode='endb' quackinterval=13",
    "mode='shadow' tolerance=0.5",
    "mode='manual' spw='0:1~3;6,1:0~7'",
    "mode='clip' datacolumn='corrected' clipminmax=[0,2.5]",
  ]);
});

it("leaves out rules that flagged nothing", () => {
  expect(commandsOf({}, { zero: 15 })).toEqual([
    { command: "mode='clip' datacolumn='data' clipzeros=True", reason: "zero, 1.500 %" },
  ]);
});

it("names each bad input by antenna and correlation", () => {
  const bad = {
    antennaIndex: 2,
    receptorIndex: 1,
    verdict: "dead",
    reasons: ["no power"],
    noiseRatio: 0,
    sensitivityRatio: 1,
  } as const;
  const plan = planFlagging(ms, defaultFlagConfig);
  expect(flagCommands(plan, totalsOf({ "dead-input": 5 }), [bad])).toEqual([
    { command: "mode='manual' antenna='30' correlation='YY'", reason: "dead-input, no power" },
  ]);
  const lines = historyLines(plan, totalsOf({ "dead-input": 5 }), [bad], {
    software: "contimg 1",
    rescuedVersion: "base_2",
  });
  expect(lines[0]).toBe("contimg 1: flags from version before_contimg_flag, rules asked of DATA");
  expect(lines.slice(2)).toEqual([
    "dead-input: 5 samples, 0.500 %",
    "antenna 30 receptor 1: dead, no power",
    "flags that were changed meanwhile are version base_2",
    "flagged 1.000 % before, 5.000 % after",
  ]);
});
