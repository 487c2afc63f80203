/**
 * Gridding: visibilities to images and back, exact over the whole sky (improved w-stacking).
 *
 * ```ts
 * const samples = channelSamples(uvwM, freqHz); // data are [row][channel]
 * const plan = planGridding(samples, { widthPx: 4800, heightPx: 4800, pixelRad: 1.45e-5, accuracyRatio: 1e-4 });
 * const engine = createEngine(plan.byteCount); // plan and engine.handle go to other threads
 * prepareGridding(engine, plan);
 * const order = orderSamples(plan, samples, flags);
 * gridVisibilities(engine, plan, order, samples, { vis, weights, flags }, image, teamOf(engine));
 * degridVisibilities(engine, plan, order, samples, model, predicted, teamOf(engine));
 * ```
 */
export { degridVisibilities } from "./degrid-visibilities.ts";
export { gridVisibilities } from "./grid-visibilities.ts";
export { type GriddingOptions, type GriddingPlan, planGridding } from "./plan-gridding.ts";
export { orderSamples, type SampleOrder } from "./sample-order.ts";
export type { SampleData } from "./sample-records.ts";
export { channelSamples, type Samples, sampleCountOf } from "./samples.ts";
export { nMinusOne } from "./sky-geometry.ts";
export { prepareGridding } from "./work-parts.ts";
