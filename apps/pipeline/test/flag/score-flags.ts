/** Flags beside what a simulation put in. */
import {
  type BaselineFigures,
  createRfiSearch,
  flagInvalid,
  type InputVerdict,
  judgeInputs,
  measureBaseline,
  RFI_SEARCH_DEFAULTS,
  type RfiSearchOptions,
  rowsByBaseline,
  searchBaseline,
} from "@contimg/kernels/flag";
import type { SimulatedGroup } from "./simulated-group.ts";

export interface FlagScore {
  /** Flagged part of the samples with interference, on baselines without a dead input. */
  readonly recallRatio: number;
  /** Flagged part of the samples without. */
  readonly falseRatio: number;
  /** Of those in channels that never have interference. */
  readonly falseElsewhereRatio: number;
  readonly bad: readonly InputVerdict[];
}

/**
 * Whether interference was on, `[time][rfi channel]`, seen in the data: it is 40 σ and more above the noise of every
 * baseline, so the mean over all baselines beside that of the neighbouring channels leaves no doubt.
 */
export function interferenceOn(group: SimulatedGroup): boolean[][] {
  const { block, ant1, ant2, timeCount } = group;
  const { vis, rowCount, channelCount, correlationCount } = block;
  const perTime = rowCount / timeCount;
  const meanAt = (time: number, channel: number): number => {
    let sum = 0;
    for (let row = time * perTime; row < (time + 1) * perTime; row++) {
      if (ant1[row] === ant2[row]) continue;
      const at = 2 * (row * channelCount + channel) * correlationCount;
      sum += Math.hypot(vis[at], vis[at + 1]);
    }
    return sum;
  };
  return Array.from({ length: timeCount }, (_, time) =>
    group.rfiChannels.map((channel) => {
      const beside = (meanAt(time, channel - 2) + meanAt(time, channel + 2)) / 2;
      return meanAt(time, channel) > 2 * beside;
    }),
  );
}

/** Searches all cross-correlations of the group, judges its inputs, and compares both with what was put in. */
export function searchAndScore(group: SimulatedGroup, changes: Partial<RfiSearchOptions>): FlagScore {
  const { block, ant1, ant2, timeCount, subbandChannelCount, badStations } = group;
  const { channelCount, correlationCount, flags } = block;
  flagInvalid(block);
  const options = { ...RFI_SEARCH_DEFAULTS, subbandChannelCount, ...changes };
  const search = createRfiSearch(timeCount, channelCount, options);
  const baselines: BaselineFigures[] = [];
  const rowsOf = rowsByBaseline(ant1, ant2);
  for (const rows of rowsOf.values()) {
    const ends = { ant1: ant1[rows[0]], ant2: ant2[rows[0]] };
    for (let correlation = 0; correlation < correlationCount; correlation++) {
      if (ends.ant1 !== ends.ant2) searchBaseline(search, block, rows, correlation);
      baselines.push({ ...ends, correlation, ...measureBaseline(block, rows, correlation) });
    }
  }
  const on = interferenceOn(group);
  const isDead = (antenna: number, correlation: number): boolean =>
    badStations.dead.includes(antenna + 1) || (correlation === 1 && badStations.dead_pol_YY.includes(antenna + 1));
  const counts = { on: 0, found: 0, off: 0, false: 0, elsewhere: 0, falseElsewhere: 0 };
  for (const rows of rowsOf.values()) {
    const [a, b] = [ant1[rows[0]], ant2[rows[0]]];
    if (a === b) continue;
    for (let correlation = 0; correlation < correlationCount; correlation++) {
      if (isDead(a, correlation) || isDead(b, correlation)) continue;
      for (const [time, row] of rows.entries()) {
        for (let channel = 0; channel < channelCount; channel++) {
          const flag = flags[(row * channelCount + channel) * correlationCount + correlation];
          const which = group.rfiChannels.indexOf(channel);
          if (which >= 0 && on[time]?.[which] === true) {
            counts.on++;
            counts.found += flag;
            continue;
          }
          counts.off++;
          counts.false += flag;
          if (which >= 0) continue;
          counts.elsewhere++;
          counts.falseElsewhere += flag;
        }
      }
    }
  }
  return {
    recallRatio: counts.found / counts.on,
    falseRatio: counts.false / counts.off,
    falseElsewhereRatio: counts.falseElsewhere / counts.elsewhere,
    bad: judgeInputs(baselines).filter(({ verdict }) => verdict !== "good"),
  };
}
