import { expect, it } from "vitest";
import { exampleMs } from "../../../test/flag/example-ms.ts";
import type { BaselineRecord } from "../../domain/flagging.ts";
import { defaultFlagConfig } from "./config.ts";
import { findBadInputs } from "./find-bad-inputs.ts";
import { planFlagging } from "./plan-flagging.ts";

/** Eight antennas; 3 has no power in receptor 1, 5 twenty times the noise in both. */
function baselines(): readonly BaselineRecord[] {
  const records: BaselineRecord[] = [];
  const noise = (antenna: number, receptor: number) =>
    antenna === 3 && receptor === 1 ? 1e-9 : antenna === 5 ? 20 : 1;
  for (let correlation = 0; correlation < 2; correlation++) {
    for (let ant1 = 0; ant1 < 8; ant1++) {
      for (let ant2 = ant1 + 1; ant2 < 8; ant2++) {
        const noisePower = noise(ant1, correlation) * noise(ant2, correlation);
        const signal = correlation === 1 && (ant1 === 3 || ant2 === 3) ? 0 : 1;
        records.push({
          ant1,
          ant2,
          receptorIndex: correlation,
          sampleCount: 100,
          flaggedCount: 0,
          noisePowerJyJy: noisePower,
          totalPowerJyJy: noisePower + signal,
        });
      }
    }
  }
  return records;
}

const antennas = Array.from({ length: 8 }, (_, at) => ({ name: `A${at}`, station: "", diameterM: 5 }));
const ms = exampleMs({ antennas });
const found = (changes: Partial<typeof defaultFlagConfig>) => {
  const config = { ...defaultFlagConfig, ...changes };
  return findBadInputs(baselines(), planFlagging(ms, config), config).map(
    ({ antennaIndex, receptorIndex, verdict }) => `${antennaIndex} ${receptorIndex} ${verdict}`,
  );
};

it("tells dead and noisy inputs of each receptor, with reasons", () => {
  expect(found({})).toEqual(["5 0 noisy", "3 1 dead", "5 1 noisy"]);
  const config = defaultFlagConfig;
  for (const { reasons } of findBadInputs(baselines(), planFlagging(ms, config), config))
    expect(reasons.length).toBeGreaterThan(0);
});

it("leaves out what is not asked for, and antennas that were taken out by hand", () => {
  expect(found({ flagsNoisyInputs: false })).toEqual(["3 1 dead"]);
  expect(found({ flagsDeadInputs: false })).toEqual(["5 0 noisy", "5 1 noisy"]);
  expect(found({ antennas: "A5" })).toEqual(["3 1 dead"]);
});
