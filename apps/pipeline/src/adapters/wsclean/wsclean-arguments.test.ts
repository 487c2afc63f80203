import { expect, test } from "vitest";
import { parametersOfTier } from "../../domain/imaging.ts";
import { commandText, wscleanArguments } from "./wsclean-arguments.ts";

const request = {
  msPath: "/d/2025-10-03T11:48:50.ms",
  dataColumn: "CORRECTED_DATA",
  calibration: null,
  parameters: parametersOfTier.standard,
  threadCount: 2,
  memoryLimitBytes: null,
};
const argumentsOf = (
  change: Partial<typeof request.parameters>,
  clean: Partial<typeof request.parameters.clean> = {},
) =>
  wscleanArguments(
    { ...request, parameters: { ...request.parameters, ...change, clean: { ...request.parameters.clean, ...clean } } },
    "/w/b",
    "/w",
  ).join(" ");

test("the standard image is the command that the Python pipeline documents, and changes nothing in the Measurement Set", () => {
  expect(argumentsOf({})).toBe(
    "-name /w/b -size 4800 4800 -scale 3asec -pol I -data-column CORRECTED_DATA -field all -weight briggs 0.5 -minuv-l 1000 " +
      "-use-wgridder -wgridder-accuracy 0.0001 -niter 10000 -nmiter 20 -gain 0.1 -mgain 0.8 -auto-threshold 1 -auto-mask 5 " +
      "-j 2 -reorder -no-update-model-required -temp-dir /w /d/2025-10-03T11:48:50.ms",
  );
});

test("windows that are asked for are selected, and no others", () => {
  expect(argumentsOf({ spwIds: [3, 12] })).toContain("-spws 3,12 ");
  expect(argumentsOf({})).not.toContain("-spws");
});

test("a dirty image has a point spread function and no end of cleaning", () => {
  const text = argumentsOf({}, { maxIterationCount: 0 });
  expect(text).toContain("-niter 0 -make-psf ");
  expect(text).not.toMatch(/auto|mgain/);
});

test("parts of the band, scales, masks and thresholds are passed on", () => {
  const text = argumentsOf(
    { outputChannelCount: 8, joinsChannels: true, spectralTermCount: 2, taperArcsec: 40, maxUvLambda: 9000 },
    { scalesPx: [0, 5, 15], maskPath: "/m.fits", thresholdJy: 0.005 },
  );
  for (const words of [
    "-channels-out 8 -join-channels -fit-spectral-pol 2",
    "-multiscale -multiscale-scales 0,5,15",
    "-fits-mask /m.fits",
    "-threshold 0.005",
    "-taper-gaussian 40asec",
    "-maxuv-l 9000",
  ])
    expect(text).toContain(words);
});

test("a command can be given to a shell", () => {
  expect(commandText("wsclean", ["-name", "a b", "it's"])).toBe("wsclean -name 'a b' 'it'\\''s'");
});
