/** Measurement Sets of simulated groups, with what was put in. */

import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openTable } from "@contimg/casacore-tables/node";
import { planRfi } from "../../src/simulate/rfi.ts";
import type { SimulationOptions } from "../../src/simulate/simulation-options.ts";
import { contimg, scratchDirectory } from "../e2e/run-contimg.ts";
import { simulatedGroup } from "../e2e/simulated-group.ts";

export interface SimulatedMs {
  readonly msPath: string;
  readonly antennaCount: number;
  readonly timeCount: number;
  /** Of the whole band, ascending in frequency as in the Measurement Set. */
  readonly channelCount: number;
  readonly corrCount: number;
  /** Whether interference was put in, `[time][channel]`, of the whole band. */
  readonly interference: readonly (readonly boolean[])[];
  /** Antenna ids. */
  readonly dead: readonly number[];
  readonly deadYy: readonly number[];
  readonly noisy: readonly number[];
}

interface Truth {
  readonly layout: { readonly nint: number };
  readonly bad_antennas_stations: Readonly<Record<"dead" | "dead_pol_YY" | "noisy", readonly number[]>>;
}

/** A Measurement Set of its own in `directory`. */
export function simulatedMs(
  directory: string,
  options: Required<Pick<SimulationOptions, "seed" | "antennaCount" | "integrationCount" | "channelCount">>,
): SimulatedMs {
  const group = simulatedGroup(options);
  const ran = contimg("convert", group, "--output-dir", directory);
  if (ran.status !== 0) throw new Error(ran.stderr);
  const msPath = ran.events.find((event) => event["event"] === "group_converted")?.["ms_path"] as string;
  const truth = JSON.parse(readFileSync(join(group, "truth.json"), "utf8")) as Truth;
  using main = openTable(msPath);
  using spectral = main.subtable("SPECTRAL_WINDOW");
  const ascendingHz = Array.from({ length: spectral.rowCount }, (_, spw) => [
    ...(spectral.column("CHAN_FREQ").getArray(spw).data as Float64Array),
  ]).flat();
  const descendingHz = Float64Array.from(ascendingHz.toReversed());
  const { integrationCount, antennaCount, seed } = options;
  const rfi = planRfi(seed, 0, descendingHz, integrationCount, antennaCount);
  const channelCount = ascendingHz.length;
  const ids = (stations: readonly number[]) => stations.map((station) => station - 1);
  const bad = truth.bad_antennas_stations;
  return {
    msPath,
    antennaCount,
    timeCount: integrationCount,
    channelCount,
    corrCount: 2,
    interference: Array.from({ length: integrationCount }, (_, time) =>
      Array.from({ length: channelCount }, (_unused, channel) => {
        const hit = rfi.chanIndex.indexOf(channelCount - 1 - channel);
        return hit >= 0 && rfi.strengthJy[time * rfi.chanIndex.length + hit]! > 0;
      }),
    ),
    dead: ids(bad.dead),
    deadYy: ids(bad.dead_pol_YY),
    noisy: ids(bad.noisy),
  };
}

/** A copy that a test may change. */
export function copyOf(msPath: string): string {
  const copy = join(scratchDirectory(), "copy.ms");
  cpSync(msPath, copy, { recursive: true });
  return copy;
}

export interface MsScore {
  /** Flagged part of the samples with interference, and of those without, between inputs that are neither dead nor noisy. */
  readonly recallRatio: number;
  readonly falseRatio: number;
}

/** Compares FLAG with what was put in. */
export function scoreMs(ms: SimulatedMs): MsScore {
  using main = openTable(ms.msPath);
  const ant1 = main.column("ANTENNA1").getScalarRange(0, main.rowCount) as Int32Array;
  const ant2 = main.column("ANTENNA2").getScalarRange(0, main.rowCount) as Int32Array;
  const timeSec = main.column("TIME").getScalarRange(0, main.rowCount) as Float64Array;
  const window = main.column("DATA_DESC_ID").getScalarRange(0, main.rowCount) as Int32Array;
  const times = [...new Set(timeSec)].toSorted((one, other) => one - other);
  const windowCount = 1 + window.reduce((most, one) => Math.max(most, one), 0);
  const chanCount = ms.channelCount / windowCount;
  const flag = main.column("FLAG");
  const isBad = (antenna: number, corr: number) =>
    ms.dead.includes(antenna) || ms.noisy.includes(antenna) || (corr === 1 && ms.deadYy.includes(antenna));
  const counts = { on: 0, found: 0, off: 0, false: 0 };
  for (let row = 0; row < main.rowCount; row++) {
    const [one, other] = [ant1[row]!, ant2[row]!];
    if (one === other) continue;
    const flags = flag.getArray(row).data as Uint8Array;
    const interference = ms.interference[times.indexOf(timeSec[row]!)]!;
    for (let k = 0; k < flags.length; k++) {
      const corr = k % ms.corrCount;
      if (isBad(one, corr) || isBad(other, corr)) continue;
      if (interference[window[row]! * chanCount + Math.floor(k / ms.corrCount)] === true) {
        counts.on++;
        counts.found += flags[k]!;
      } else {
        counts.off++;
        counts.false += flags[k]!;
      }
    }
  }
  return { recallRatio: counts.found / counts.on, falseRatio: counts.false / counts.off };
}

/** Every file of a Measurement Set by its path and size, to see that nothing is left. */
export const filesOf = (msPath: string): readonly string[] =>
  readdirSync(msPath, { recursive: true, encoding: "utf8" }).toSorted();
