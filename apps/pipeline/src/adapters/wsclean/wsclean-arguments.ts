/** The command line of WSClean for what is asked. */

import type { CleanParameters, ImagingParameters, Weighting } from "../../domain/imaging.ts";
import type { ImagingRequest } from "../../ports/imager.ts";

const GIGA_BYTES = 2 ** 30;

/**
 * The Measurement Set is only read: data are reordered beside, and no model is written back.
 *
 * @param base  path and begin of the names of products
 */
export function wscleanArguments(
  { msPath, dataColumn, parameters, threadCount, memoryLimitBytes }: ImagingRequest,
  base: string,
  tempDir: string,
): readonly string[] {
  const { widthPx, heightPx, scaleArcsec, spwIds, taperArcsec, minUvLambda, maxUvLambda, accuracyRatio } = parameters;
  return [
    "-name",
    base,
    "-size",
    `${widthPx}`,
    `${heightPx}`,
    "-scale",
    `${scaleArcsec}asec`,
    "-pol",
    "I",
    "-data-column",
    dataColumn,
    "-field",
    "all",
    ...(spwIds === null ? [] : ["-spws", spwIds.join(",")]),
    ...weightingArguments(parameters.weighting),
    ...(taperArcsec === null ? [] : ["-taper-gaussian", `${taperArcsec}asec`]),
    ...(minUvLambda === null ? [] : ["-minuv-l", `${minUvLambda}`]),
    ...(maxUvLambda === null ? [] : ["-maxuv-l", `${maxUvLambda}`]),
    "-use-wgridder",
    "-wgridder-accuracy",
    `${accuracyRatio}`,
    ...cleanArguments(parameters.clean),
    ...channelArguments(parameters),
    "-j",
    `${threadCount}`,
    ...(memoryLimitBytes === null ? [] : ["-abs-mem", (memoryLimitBytes / GIGA_BYTES).toFixed(2)]),
    "-reorder",
    "-no-update-model-required",
    "-temp-dir",
    tempDir,
    msPath,
  ];
}

function weightingArguments(weighting: Weighting): readonly string[] {
  return weighting.kind === "briggs" ? ["-weight", "briggs", `${weighting.robustFactor}`] : ["-weight", weighting.kind];
}

function cleanArguments(clean: CleanParameters): readonly string[] {
  if (clean.maxIterationCount === 0) return ["-niter", "0", "-make-psf"];
  const { thresholdJy, autoThresholdSigma, autoMaskSigma, scalesPx, maskPath } = clean;
  return [
    "-niter",
    `${clean.maxIterationCount}`,
    "-nmiter",
    `${clean.maxMajorCount}`,
    "-gain",
    `${clean.loopGainRatio}`,
    "-mgain",
    `${clean.majorGainRatio}`,
    ...(thresholdJy === null ? [] : ["-threshold", `${thresholdJy}`]),
    ...(autoThresholdSigma === null ? [] : ["-auto-threshold", `${autoThresholdSigma}`]),
    ...(autoMaskSigma === null ? [] : ["-auto-mask", `${autoMaskSigma}`]),
    ...(scalesPx === null ? [] : ["-multiscale", "-multiscale-scales", scalesPx.join(",")]),
    ...(maskPath === null ? [] : ["-fits-mask", maskPath]),
  ];
}

function channelArguments(parameters: ImagingParameters): readonly string[] {
  const { outputChannelCount, joinsChannels, spectralTermCount } = parameters;
  if (outputChannelCount === 1) return [];
  return [
    "-channels-out",
    `${outputChannelCount}`,
    ...(joinsChannels ? ["-join-channels"] : []),
    ...(spectralTermCount === null ? [] : ["-fit-spectral-pol", `${spectralTermCount}`]),
  ];
}

/** For a shell: what needs it is quoted. */
export const commandText = (command: string, args: readonly string[]): string =>
  [command, ...args]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
