/**
 * Fewer samples that say the same: channels of a baseline to nodes, no more of them than the delays of the image need.
 *
 * ```ts
 * const resampling = planResampling(uvwM, freqHz, { widthPx: 4800, heightPx: 4800, pixelRad: 1.45e-5 });
 * const engine = createEngine(resampling.byteCount);
 * prepareResampling(engine, resampling);
 * compressVisibilities(engine, resampling, { vis, weights, flags }, nodes, team); // once
 * // Images: gridVisibilities(…, resampling.nodes, { vis: nodes }, …). A major cycle: degridVisibilities into predicted, then
 * weightNodes(engine, resampling, predicted, { weights, flags }, predicted, team); // and nodes − predicted is imaged
 * ```
 */
export { planResampling, type ResamplingOptions, type ResamplingPlan } from "./plan-resampling.ts";
export { compressVisibilities, expandVisibilities, prepareResampling, weightNodes } from "./resample-rows.ts";
