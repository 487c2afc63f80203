/** The steps of a search in plain TypeScript. */
import { createBackground, subtractBackground } from "./background.ts";
import type { RfiSearchOptions } from "./rfi-search.ts";
import { medianInPlace } from "./robust.ts";
import { createRankWork, rankPlane } from "./scale-invariant-rank.ts";
import type { SearchPlanes, SearchSteps } from "./search-steps.ts";
import { createSumThreshold, setThresholds, sumThresholdPlane } from "./sum-threshold.ts";

export function plainSteps(timeCountMax: number, channelCount: number, options: RfiSearchOptions): SearchSteps {
  const sampleCountMax = timeCountMax * channelCount;
  const lineLengthMax = Math.max(timeCountMax, channelCount);
  const planes: SearchPlanes = {
    amplitudes: new Float32Array(sampleCountMax),
    flags: new Uint8Array(sampleCountMax),
    inputFlags: new Uint8Array(sampleCountMax),
    previousFlags: new Uint8Array(sampleCountMax),
    residuals: new Float32Array(sampleCountMax),
  };
  const { amplitudes, flags, previousFlags, residuals } = planes;
  const sample = new Float32Array(sampleCountMax);
  const background = createBackground(timeCountMax, channelCount, options);
  const sumThreshold = createSumThreshold(lineLengthMax, options.windowLengthMaxCount);
  const rank = createRankWork(lineLengthMax);
  return {
    planes,
    countFlags(sampleCount) {
      let count = 0;
      for (let at = 0; at < sampleCount; at++) count += flags[at];
      return count;
    },
    sameFlags(sampleCount) {
      for (let at = 0; at < sampleCount; at++) if (flags[at] !== previousFlags[at]) return false;
      return true;
    },
    clipAbove(limit, sampleCount) {
      for (let at = 0; at < sampleCount; at++) if (amplitudes[at] > limit) flags[at] = 1;
    },
    drawSample(from, sampleCount, step) {
      const values = planes[from];
      let count = 0;
      for (let at = 0; at < sampleCount; at += step) if (flags[at] === 0) sample[count++] = values[at];
      return count;
    },
    median: (count) => medianInPlace(sample, count),
    spreadAbout(centre, count) {
      for (let i = 0; i < count; i++) sample[i] = Math.abs(sample[i] - centre);
    },
    subtractBackground: (timeCount) => subtractBackground(background, amplitudes, flags, timeCount, residuals),
    threshold(firstThreshold, timeCount) {
      setThresholds(sumThreshold, firstThreshold, options.rhoRatio);
      sumThresholdPlane(sumThreshold, residuals, flags, timeCount, channelCount);
    },
    rank: (timeCount) => {
      rankPlane(rank, flags, timeCount, channelCount, options.etaTimeRatio, options.etaFreqRatio);
    },
  };
}
