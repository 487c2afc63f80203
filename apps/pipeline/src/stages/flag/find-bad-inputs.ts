/** Which inputs are flagged as a whole. */

import { judgeInputs } from "@contimg/kernels/flag";
import type { BadInput, BaselineRecord, FlagPlan } from "../../domain/flagging.ts";
import type { FlagConfig } from "./config.ts";

/** Inputs of antennas that the operator took out are left out: that they are flagged says nothing about them. */
export function findBadInputs(
  baselines: readonly BaselineRecord[],
  plan: FlagPlan,
  { flagsDeadInputs, flagsNoisyInputs }: Pick<FlagConfig, "flagsDeadInputs" | "flagsNoisyInputs">,
): readonly BadInput[] {
  const listed = new Set(plan.rows.antennaIds);
  const judged = baselines
    .filter(({ ant1, ant2 }) => !listed.has(ant1) && !listed.has(ant2))
    .map(({ receptorIndex, noisePowerJyJy, totalPowerJyJy, ...baseline }) => ({
      ...baseline,
      correlation: receptorIndex,
      noisePower: noisePowerJyJy,
      totalPower: totalPowerJyJy,
    }));
  return judgeInputs(judged).flatMap(
    ({ antenna, correlation, verdict, reasons, noiseRatio, sensitivityRatio }): readonly BadInput[] => {
      if (verdict === "good") return [];
      if (!(verdict === "dead" ? flagsDeadInputs : flagsNoisyInputs)) return [];
      return [{ antennaIndex: antenna, receptorIndex: correlation, verdict, reasons, noiseRatio, sensitivityRatio }];
    },
  );
}
