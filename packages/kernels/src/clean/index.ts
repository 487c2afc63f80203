/**
 * Deconvolution: components, from the residual image and the point spread function; the beam; the restored image.
 *
 * ```ts
 * const clean = startClean({ widthPx, heightPx, autoMaskSigma: 5, autoThresholdSigma: 1 });
 * for (let next = "major"; next === "major"; ) {
 *   ({ next } = cleanStep(clean, residual, psf));
 *   if (next !== "nothing") remakeResidual(clean.model, residual); // a major cycle
 * }
 * restoreModel(clean.model, fitBeam(psf, widthPx, heightPx, pixelRad), widthPx, heightPx, pixelRad, residual);
 * ```
 */
export { type Beam, beamHeight, fitBeam } from "./beam.ts";
export { type Clean, type CleanOptions, type CleanStep, cleanStep, startClean } from "./clean.ts";
export { noiseSigma } from "./image-statistics.ts";
export { restoreModel } from "./restore.ts";
