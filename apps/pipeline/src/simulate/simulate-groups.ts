/**
 * Simulated groups of the DSA-110: sixteen UVH5 files each, as the correlator nodes write them, and what is in them.
 *
 * ```ts
 * simulateGroups({ outputDir: "incoming", antennaCount: 20, integrationCount: 6, channelCount: 8 }, nodeSimulatorDeps);
 * ```
 */

import { layOutAntennas } from "./antenna-layout.ts";
import { gainsAtMiddle, rawGains, unitGains } from "./gains.ts";
import { integrationGeometry, integrationTimesJd, meanOf, pointingCentre } from "./geometry.ts";
import { type SimulationProgress, type SimulatorDeps, writeGroup } from "./group-writer.ts";
import { bandOf } from "./instrument.ts";
import { RandomStream } from "./random.ts";
import { NO_RFI, planRfi } from "./rfi.ts";
import { type ResolvedSimulation, resolveSimulation, type SimulationOptions } from "./simulation-options.ts";
import { randomSky, type SkySource, varySky } from "./sky-model.ts";
import { describeTruth, GAIN_FILE, type GroupTruth } from "./truth.ts";
import type { GroupPlan } from "./visibilities.ts";

export interface SimulatedGroup {
  readonly groupIndex: number;
  /** Names of the files that bear their final name. */
  readonly files: readonly string[];
  readonly truthPath: string;
  readonly truth: GroupTruth;
}

/**
 * Simulates consecutive groups into one directory, with `truth.json` (`truth_g0.json`, … when there are several groups)
 * and `truth_gain.c64` beside them. The same options give the same files on every machine.
 *
 * Memory: one integration of one subband (3.6 MB for a full group) besides what the writer holds.
 *
 * @throws RangeError for options out of range; TimeOutOfRangeError for times that Earth orientation does not cover;
 *   whatever `deps` throws
 */
export function simulateGroups(
  options: SimulationOptions,
  deps: SimulatorDeps,
  onProgress: (progress: SimulationProgress) => void = () => {},
): readonly SimulatedGroup[] {
  const resolved = resolveSimulation(options);
  const antennas = layOutAntennas(resolved.antennaCount);
  const { freqHz, channelWidthHz } = bandOf(resolved.subbandCount, resolved.channelCount);
  const sky = simulatedSky(resolved);
  const gains =
    resolved.gains === "unit"
      ? unitGains(resolved.antennaCount, freqHz.length)
      : rawGains(new RandomStream(resolved.seed, 2), antennas.stationOrder, freqHz, resolved.channelCount);
  deps.makeDirectory(resolved.outputDir);
  deps.writeFile(`${resolved.outputDir}/${GAIN_FILE}`, new Uint8Array(gainsAtMiddle(gains).buffer));

  return Array.from({ length: resolved.groupCount }, (_, k) => {
    const groupIndex = resolved.groupIndex + k;
    const timesJd = integrationTimesJd(resolved.startJd, groupIndex, resolved.integrationCount);
    const plan: GroupPlan = {
      seed: resolved.seed,
      groupIndex,
      antennas,
      sky,
      freqHz,
      channelWidthHz,
      gains,
      rfi: resolved.hasRfi
        ? planRfi(resolved.seed, groupIndex, freqHz, resolved.integrationCount, resolved.antennaCount)
        : NO_RFI,
      noiseScaleFactor: resolved.noiseScaleFactor,
      middleJd: meanOf(timesJd),
    };
    const geometries = Array.from(timesJd, (timeJd) =>
      integrationGeometry(timeJd, resolved.ptDecRad, sky, antennas.positionsM),
    );
    const files = writeGroup(resolved, plan, geometries, deps, (subbandIndex, fileName) => {
      const doneFraction = (k + (subbandIndex + 1) / resolved.subbandCount) / resolved.groupCount;
      onProgress({ groupIndex, subbandIndex, fileName, doneFraction });
    });
    const truth = describeTruth(resolved, plan, geometries, files);
    const truthName = resolved.groupCount === 1 ? "truth.json" : `truth_g${groupIndex}.json`;
    const truthPath = `${resolved.outputDir}/${truthName}`;
    deps.writeFile(truthPath, `${JSON.stringify(truth, null, 1)}\n`);
    return { groupIndex, files, truthPath, truth };
  });
}

function simulatedSky(options: ResolvedSimulation): readonly SkySource[] {
  if (options.sky !== undefined) return varySky(options.sky, options.varyFactor);
  const firstGroup = integrationTimesJd(options.startJd, options.groupIndex, options.integrationCount);
  const centre = pointingCentre(options.skyJd ?? meanOf(firstGroup), options.ptDecRad);
  return varySky(randomSky(new RandomStream(options.seed, 1), centre, options), options.varyFactor);
}
