import { expect, test } from "vitest";
import { faultsOf, type ImagingParameters, parametersOfTier, qualityTiers } from "./imaging.ts";

const { standard } = parametersOfTier;
const faultFields = (parameters: ImagingParameters) => faultsOf(parameters).map(({ field }) => field);

test("the tiers contradict themselves nowhere", () => {
  for (const tier of qualityTiers) expect(faultsOf(parametersOfTier[tier]), tier).toEqual([]);
});

test("development is coarser by four and sees the same field; high precision goes deeper", () => {
  const { development, high_precision: deep } = parametersOfTier;
  expect(development.scaleArcsec).toBe(4 * standard.scaleArcsec);
  expect(development.scaleArcsec * development.widthPx).toBe(standard.scaleArcsec * standard.widthPx);
  expect(development.clean.maxIterationCount).toBeLessThanOrEqual(300);
  expect(deep.clean.maxIterationCount).toBeGreaterThan(standard.clean.maxIterationCount);
});

test.each([
  ["an odd side", { widthPx: 4801 }, ["widthPx"]],
  ["a side of nothing", { heightPx: 0 }, ["heightPx"]],
  ["pixels of no size", { scaleArcsec: 0 }, ["scaleArcsec"]],
  ["more than the sky", { scaleArcsec: 100 }, ["field of view"]],
  ["a robust factor beyond", { weighting: { kind: "briggs", robustFactor: 3 } }, ["robustFactor"]],
  ["a uv range that is empty", { minUvLambda: 5000, maxUvLambda: 1000 }, ["uv range"]],
  ["channels joined of one", { joinsChannels: true }, ["joinsChannels"]],
  ["a spectrum of separate channels", { outputChannelCount: 4, spectralTermCount: 2 }, ["spectralTermCount"]],
  [
    "more terms than channels",
    { outputChannelCount: 2, joinsChannels: true, spectralTermCount: 3 },
    ["spectralTermCount"],
  ],
  ["gridding to nothing", { accuracyRatio: 1e-9 }, ["accuracyRatio"]],
  ["a beam limit of all", { beamLimitRatio: 1 }, ["beamLimitRatio"]],
] as const)("%s is refused", (_, change, fields) => {
  expect(faultFields({ ...standard, ...change })).toEqual(fields);
});

test("a clean without an end is refused, an image that is not cleaned needs none", () => {
  const endless = { ...standard.clean, autoThresholdSigma: null };
  expect(faultFields({ ...standard, clean: endless })).toEqual(["threshold"]);
  expect(faultFields({ ...standard, clean: { ...endless, thresholdJy: 0.005 } })).toEqual([]);
  expect(faultFields({ ...standard, clean: { ...endless, maxIterationCount: 0 } })).toEqual([]);
});
