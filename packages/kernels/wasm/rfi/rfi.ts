/**
 * The search for interference in one plane `[time][channel]` (AssemblyScript). What the steps do is told beside their plain
 * twins in `src/flag`; here is how they do it with vectors. All places are byte offsets; flags are bytes, 0 or 1.
 *
 * Arrays of samples and flags have 16 bytes of room behind them, which vectors may read.
 */
export { fillResiduals, findShape, smoothFreq, smoothTime, sumBins } from "./background";
export { clipAbove, countFlags, drawSample, sameFlags, selectKth, spreadAbout } from "./plane";
export { rankPlane } from "./rank";
export { thresholdColumns, thresholdRows } from "./sum-threshold";
