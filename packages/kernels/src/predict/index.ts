/**
 * Prediction of visibilities from points and Gaussians.
 *
 * ```ts
 * const predictor = createPredictor(freqHz, { chanWidthHz: 244140.625 }); // one per thread
 * fillSpectra(components, freqHz, spectraJy, beamFactors);
 * setDirection(lmn, 0, 0.001, -0.002);
 * predictRows(predictor, { componentCount: 1, lmn, spectraJy }, { uvwM }, model);
 * ```
 */
export { componentShapes, fillSpectra, type PredictSky, type SkyComponent, setDirection } from "./components.ts";
export { type FrequencyRun, SPEED_OF_LIGHT_M_PER_SEC } from "./frequency-runs.ts";
export {
  createPredictor,
  type PredictMode,
  type Predictor,
  type PredictorOptions,
  type PredictRows,
  predictRows,
} from "./predict-rows.ts";
export { EARTH_ROTATION_RAD_PER_SEC, fillUvwRates } from "./tapers.ts";
