/** What is imaged and how, in the words of WSClean, whichever engine does it. */

export const imagingEngines = ["embedded", "wsclean"] as const;
export type ImagingEngine = (typeof imagingEngines)[number];

export type Weighting =
  | { readonly kind: "natural" | "uniform" }
  /** From −2, nearly uniform, to 2, nearly natural. */
  | { readonly kind: "briggs"; readonly robustFactor: number };

export interface CleanParameters {
  /** 0: the image is not cleaned. */
  readonly maxIterationCount: number;
  readonly maxMajorCount: number;
  /** Of a peak, how much one iteration takes. */
  readonly loopGainRatio: number;
  /** Of the highest peak, how much is taken until the residual is made anew from the visibilities. */
  readonly majorGainRatio: number;
  /** Where cleaning ends in any case; null: by the noise alone. */
  readonly thresholdJy: number | null;
  /** Cleaning ends at so many times the noise of the residual. */
  readonly autoThresholdSigma: number | null;
  /** Down to so many times the noise everywhere, below it only where something was found. */
  readonly autoMaskSigma: number | null;
  /** Sizes of components; null: points only. */
  readonly scalesPx: readonly number[] | null;
  /** FITS image that is not 0 where something may be found; null: everywhere. */
  readonly maskPath: string | null;
}

export interface ImagingParameters {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly scaleArcsec: number;
  readonly weighting: Weighting;
  /** Full width at half maximum, on the sky; null: none. */
  readonly taperArcsec: number | null;
  /** Baselines outside are left out. */
  readonly minUvLambda: number | null;
  readonly maxUvLambda: number | null;
  readonly clean: CleanParameters;
  /** Images of parts of the band. */
  readonly outputChannelCount: number;
  /** Peaks are looked for in the sum of the parts, and taken from each. */
  readonly joinsChannels: boolean;
  /** Terms of a polynomial over frequency for each component; null: each part has its own flux. */
  readonly spectralTermCount: number | null;
  /** Null: all. */
  readonly spwIds: readonly number[] | null;
  /** Relative error of gridding. */
  readonly accuracyRatio: number;
  /** Beyond, the beam-corrected image is blank. */
  readonly beamLimitRatio: number;
}

export const qualityTiers = ["development", "standard", "high_precision"] as const;
export type QualityTier = (typeof qualityTiers)[number];

const standard: ImagingParameters = {
  widthPx: 4800,
  heightPx: 4800,
  scaleArcsec: 3,
  weighting: { kind: "briggs", robustFactor: 0.5 },
  taperArcsec: null,
  minUvLambda: 1000,
  maxUvLambda: null,
  clean: {
    maxIterationCount: 10_000,
    maxMajorCount: 20,
    loopGainRatio: 0.1,
    majorGainRatio: 0.8,
    thresholdJy: null,
    autoThresholdSigma: 1,
    autoMaskSigma: 5,
    scalesPx: null,
    maskPath: null,
  },
  outputChannelCount: 1,
  joinsChannels: false,
  spectralTermCount: null,
  spwIds: null,
  accuracyRatio: 1e-4,
  beamLimitRatio: 0.2,
};

/**
 * The tiers of the Python pipeline: "development" has pixels four times as wide and few iterations, for looking quickly and
 * not for science; "standard" is what the stream makes; "high_precision" cleans deeper and grids more exactly.
 */
export const parametersOfTier: Readonly<Record<QualityTier, ImagingParameters>> = {
  development: {
    ...standard,
    widthPx: 1200,
    heightPx: 1200,
    scaleArcsec: 12,
    clean: { ...standard.clean, maxIterationCount: 300 },
  },
  standard,
  high_precision: {
    ...standard,
    accuracyRatio: 1e-5,
    clean: { ...standard.clean, maxIterationCount: 50_000, autoMaskSigma: 4, autoThresholdSigma: 0.5 },
  },
};

export interface ParameterFault {
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

const MAX_SIDE_PX = 32_768;

/** What is wrong with parameters; empty: nothing. */
export function faultsOf(parameters: ImagingParameters): readonly ParameterFault[] {
  const faults: ParameterFault[] = [];
  const expect = (holds: boolean, field: string, expected: string, found: unknown) => {
    if (!holds) faults.push({ field, expected, found: String(found) });
  };
  const { clean, weighting, minUvLambda, maxUvLambda } = parameters;
  for (const field of ["widthPx", "heightPx"] as const) {
    const side = parameters[field];
    const isFine = Number.isInteger(side) && side >= 16 && side <= MAX_SIDE_PX && side % 2 === 0;
    expect(isFine, field, `an even number from 16 to ${MAX_SIDE_PX}`, side);
  }
  const { scaleArcsec, widthPx, heightPx } = parameters;
  expect(scaleArcsec > 0 && Number.isFinite(scaleArcsec), "scaleArcsec", "above 0", scaleArcsec);
  const sideDeg = (Math.max(widthPx, heightPx) * scaleArcsec) / 3600;
  expect(sideDeg <= 120, "field of view", "at most 120 degrees", `${sideDeg.toFixed(1)} degrees`);
  if (weighting.kind === "briggs") {
    const { robustFactor } = weighting;
    expect(Math.abs(robustFactor) <= 2, "robustFactor", "-2 to 2", robustFactor);
  }
  const [leastUv, mostUv] = [minUvLambda ?? 0, maxUvLambda ?? Number.POSITIVE_INFINITY];
  expect(leastUv >= 0 && mostUv > leastUv, "uv range", "minimum below maximum", `${leastUv} to ${mostUv} lambda`);
  const count = (field: string, value: number, least: number) =>
    expect(Number.isInteger(value) && value >= least, field, `a whole number from ${least} on`, value);
  count("maxIterationCount", clean.maxIterationCount, 0);
  count("maxMajorCount", clean.maxMajorCount, 1);
  count("outputChannelCount", parameters.outputChannelCount, 1);
  for (const field of ["loopGainRatio", "majorGainRatio"] as const)
    expect(clean[field] > 0 && clean[field] <= 1, field, "above 0, at most 1", clean[field]);
  const { spectralTermCount, outputChannelCount, joinsChannels } = parameters;
  if (spectralTermCount !== null) {
    const isFine = joinsChannels && spectralTermCount >= 1 && spectralTermCount <= outputChannelCount;
    expect(isFine, "spectralTermCount", "joined channels, and no more terms than channels", spectralTermCount);
  }
  expect(!joinsChannels || outputChannelCount > 1, "joinsChannels", "more than one channel", outputChannelCount);
  expect(
    clean.maxIterationCount === 0 || clean.thresholdJy !== null || clean.autoThresholdSigma !== null,
    "threshold",
    "a threshold, in Jy or by the noise, when the image is cleaned",
    "none",
  );
  const { accuracyRatio, beamLimitRatio } = parameters;
  expect(accuracyRatio >= 1e-6 && accuracyRatio <= 1e-2, "accuracyRatio", "1e-6 to 1e-2", accuracyRatio);
  expect(beamLimitRatio >= 0 && beamLimitRatio < 1, "beamLimitRatio", "0 to below 1", beamLimitRatio);
  return faults;
}
