/** `contimg image`: images of Measurement Sets. */

import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { defaultApplyOptions } from "../../domain/cal-apply.ts";
import { type BeamKind, beamKinds } from "../../domain/cal-solve.ts";
import { isPipelineError } from "../../domain/error-codes.ts";
import { organisedImageBase } from "../../domain/image-products.ts";
import {
  type ImagingEngine,
  type ImagingParameters,
  imagingEngines,
  parametersOfTier,
  type QualityTier,
  qualityTiers,
  type Weighting,
} from "../../domain/imaging.ts";
import { requestsOfPaths } from "../../services/apply-calibration.ts";
import type { ImageMsOptions, ImagePlanned, ImageReport } from "../../services/image-ms.ts";
import { software } from "../../version.ts";
import { createOutput, describeError, type Output, progressBar } from "../output.ts";
import { finiteNumber, wholeNumber } from "../values.ts";

const HELP = `
Options are those of WSClean where it has them. The tiers are starting points; every other option counts more than the tier.
Without --name the products become OUTPUT_DIR/images/DATE/NAME.img-image.fits, -image-pb.fits (corrected for the beam), -pb.fits,
-residual.fits, -model.fits, -dirty.fits and -psf.fits. All get their names together, after the last is whole.

Exit status: 0 done, 1 refused, failed or a bad image, 2 wrong usage, 130 interrupted.

Examples:
  contimg image obs.ms --engine embedded --output-dir out
  contimg image obs.ms --engine embedded --table obs_0_bpcal --table obs_0_gpcal --output-dir out
  contimg image obs.ms --engine wsclean --size 2400 2400 --scale 6asec --niter 5000 --auto-mask 4 --name obs.img
  contimg image obs.ms --engine wsclean --spw 3,4 --quality-tier development --dry-run`;

const INTERRUPTED = 130;

interface ImageFlags {
  readonly engine: ImagingEngine;
  readonly wsclean: string;
  readonly qualityTier: QualityTier;
  readonly size?: readonly string[];
  readonly scale?: number;
  readonly weight?: readonly string[];
  readonly taperGaussian?: number;
  readonly minuvL?: number;
  readonly maxuvL?: number;
  readonly niter?: number;
  readonly nmiter?: number;
  readonly gain?: number;
  readonly mgain?: number;
  readonly threshold?: number;
  readonly autoThreshold?: number;
  readonly autoMask?: number;
  readonly multiscaleScales?: readonly number[];
  readonly fitsMask?: string;
  readonly channelsOut?: number;
  readonly joinChannels: boolean;
  readonly fitSpectralPol?: number;
  readonly spw?: readonly number[];
  readonly wgridderAccuracy?: number;
  readonly column: string;
  readonly table: readonly string[];
  readonly beam: BeamKind;
  readonly dishDiameter?: number;
  readonly primaryBeamLimit?: number;
  readonly outputDir: string;
  readonly name?: string;
  readonly overwrite: boolean;
  readonly threads: number;
  readonly absMem?: number;
  readonly timeout: number;
  readonly lockTimeout: number;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export interface EngineChoice {
  readonly engine: ImagingEngine;
  readonly wscleanCommand: string;
  readonly timeoutMs: number;
}

/** What the command needs. */
export interface ImageServices {
  plan(msPath: string, engine: EngineChoice, options: ImageMsOptions): Promise<ImagePlanned>;
  image(msPath: string, engine: EngineChoice, options: ImageMsOptions): Promise<ImageReport>;
}

const ARCSEC_PER_UNIT: Readonly<Record<string, number>> = {
  asec: 1,
  arcsec: 1,
  amin: 60,
  arcmin: 60,
  deg: 3600,
  "": 3600,
};

/** WSClean's angles: `3asec`, `0.5amin`; a number alone is in degrees. */
function angleArcsec(name: string): (text: string) => number {
  return (text) => {
    const [, number, unit] = /^([-+\d.eE]+?)(asec|arcsec|amin|arcmin|deg|)$/.exec(text.trim()) ?? [];
    const factor = ARCSEC_PER_UNIT[unit ?? "?"];
    const value = Number(number);
    if (factor === undefined || !(value > 0))
      throw new InvalidArgumentError(`${name}: expected an angle as 3asec, 0.1amin or 0.001deg, found "${text}"`);
    return value * factor;
  };
}

/** `5mJy`, `0.005Jy`; a number alone is in Jy. */
function fluxJy(text: string): number {
  const [, number, unit] = /^([-+\d.eE]+?)(mJy|uJy|Jy|)$/.exec(text.trim()) ?? [];
  const factor = { mJy: 1e-3, uJy: 1e-6, Jy: 1, "": 1 }[unit ?? "?"];
  const value = Number(number);
  if (factor === undefined || !(value >= 0))
    throw new InvalidArgumentError(`--threshold: expected a flux as 5mJy or 0.005, found "${text}"`);
  return value * factor;
}

function numbers(name: string): (text: string) => readonly number[] {
  return (text) => {
    const values = text.split(",").map(Number);
    if (text.trim() === "" || values.some((value) => !(value >= 0)))
      throw new InvalidArgumentError(`${name}: expected numbers as 0,5,15, found "${text}"`);
    return values;
  };
}

function oneOf<const Choice extends string>(name: string, choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new InvalidArgumentError(`${name}: expected ${choices.join(", ")}, found "${text}"`);
    return found;
  };
}

export function addImageCommand(program: Command, services: ImageServices): void {
  program
    .command("image")
    .summary("image a Measurement Set")
    .description("Makes a cleaned image of a Measurement Set, corrects it for the primary beam and judges it.")
    .argument("<ms>", "the Measurement Set; it is only read")
    .requiredOption(
      "--engine <name>",
      `${imagingEngines.join(" or ")}: who makes the image`,
      oneOf("--engine", imagingEngines),
    )
    .option("--wsclean <command>", "the command of WSClean", "wsclean")
    .option("--quality-tier <tier>", qualityTiers.join(", "), oneOf("--quality-tier", qualityTiers), "standard")
    .option("--size <pixels...>", "width and height")
    .option("--scale <angle>", "of a pixel, as 3asec", angleArcsec("--scale"))
    .option("--weight <mode...>", "natural, uniform, or briggs and its robust factor")
    .option("--taper-gaussian <angle>", "taper to a beam of this width", angleArcsec("--taper-gaussian"))
    .option("--minuv-l <lambda>", "shorter baselines are left out", finiteNumber("--minuv-l"))
    .option("--maxuv-l <lambda>", "longer ones are", finiteNumber("--maxuv-l"))
    .option("--niter <n>", "iterations at most; 0: do not clean", wholeNumber("--niter", 0))
    .option("--nmiter <n>", "major iterations at most", wholeNumber("--nmiter", 1))
    .option("--gain <ratio>", "of a peak, taken by one iteration", finiteNumber("--gain"))
    .option("--mgain <ratio>", "of the highest peak, taken by one major iteration", finiteNumber("--mgain"))
    .option("--threshold <flux>", "where cleaning ends, as 5mJy", fluxJy)
    .option("--auto-threshold <sigma>", "the same in noise of the residual", finiteNumber("--auto-threshold"))
    .option("--auto-mask <sigma>", "below, clean only where something was found", finiteNumber("--auto-mask"))
    .option("--multiscale-scales <pixels>", "components of these sizes too, as 0,5,15", numbers("--multiscale-scales"))
    .option("--fits-mask <file>", "clean only where this image is not 0")
    .option("--channels-out <n>", "images of parts of the band", wholeNumber("--channels-out", 1))
    .option("--join-channels", "find peaks in the sum of the parts", false)
    .option("--fit-spectral-pol <terms>", "of a polynomial over frequency", wholeNumber("--fit-spectral-pol", 1))
    .option("--spw <ids>", "spectral windows, as 0,3,4", numbers("--spw"))
    .option("--wgridder-accuracy <ratio>", "relative error of gridding", finiteNumber("--wgridder-accuracy"))
    .option("--column <name>", "what is imaged; auto: CORRECTED_DATA where there is some, else DATA", "auto")
    .option(
      "--table <path>",
      "calibration table to apply to DATA on the way; may be given several times; for the embedded engine",
      (path: string, before: readonly string[]) => [...before, resolve(path)],
      [],
    )
    .option("--beam <kind>", `${beamKinds.join(", ")}: how the dishes stood`, oneOf("--beam", beamKinds), "drift")
    .option("--dish-diameter <metres>", "(default: as the Measurement Set says)", finiteNumber("--dish-diameter"))
    .option("--primary-beam-limit <ratio>", "blank where the beam is below", finiteNumber("--primary-beam-limit"))
    .option("--output-dir <directory>", "where images/ lies", ".")
    .option("--name <base>", "path and begin of the names of products")
    .option("--overwrite", "replace products of the same names", false)
    .option("-j, --threads <n>", "threads", wholeNumber("--threads", 1, 256), availableParallelism())
    .option("--abs-mem <GB>", "memory that the imager may use", finiteNumber("--abs-mem"))
    .option("--timeout <seconds>", "WSClean is ended after so long", finiteNumber("--timeout"), 3600)
    .option(
      "--lock-timeout <seconds>",
      "how long to wait for a Measurement Set that is changed",
      finiteNumber("--lock-timeout"),
      3600,
    )
    .option("--dry-run", "say what would be done", false)
    .option("--json", "JSON lines", false)
    .addHelpText("after", HELP)
    .action((ms: string, flags: ImageFlags) => image(resolve(ms.replace(/\/+$/, "")), flags, services));
}

function sizeOf(size: readonly string[] | undefined): { readonly widthPx?: number; readonly heightPx?: number } {
  if (size === undefined) return {};
  const [widthPx, heightPx = widthPx] = size.map(wholeNumber("--size", 1));
  return size.length <= 2
    ? { widthPx: widthPx!, heightPx: heightPx! }
    : wrongUsage("--size: expected width and height", size);
}

function weightingOf(words: readonly string[] | undefined): { readonly weighting?: Weighting } {
  if (words === undefined) return {};
  const [kind, robustFactor] = words;
  if (kind === "briggs" && words.length === 2)
    return { weighting: { kind, robustFactor: finiteNumber("--weight briggs")(robustFactor!) } };
  if ((kind === "natural" || kind === "uniform") && words.length === 1) return { weighting: { kind } };
  return wrongUsage("--weight: expected natural, uniform, or briggs and a number", words);
}

function wrongUsage(what: string, found: readonly string[]): never {
  throw new InvalidArgumentError(`${what}, found "${found.join(" ")}"`);
}

/** Leaves out what was not said. */
function said<T extends object>(values: { readonly [Key in keyof T]: T[Key] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function parametersOf(flags: ImageFlags): ImagingParameters {
  const tier = parametersOfTier[flags.qualityTier];
  return {
    ...tier,
    ...sizeOf(flags.size),
    ...weightingOf(flags.weight),
    ...said<ImagingParameters>({
      scaleArcsec: flags.scale,
      taperArcsec: flags.taperGaussian,
      minUvLambda: flags.minuvL,
      maxUvLambda: flags.maxuvL,
      outputChannelCount: flags.channelsOut,
      spectralTermCount: flags.fitSpectralPol,
      spwIds: flags.spw,
      accuracyRatio: flags.wgridderAccuracy,
      beamLimitRatio: flags.primaryBeamLimit,
    } as { readonly [Key in keyof ImagingParameters]: ImagingParameters[Key] | undefined }),
    joinsChannels: flags.joinChannels,
    clean: {
      ...tier.clean,
      ...said<ImagingParameters["clean"]>({
        maxIterationCount: flags.niter,
        maxMajorCount: flags.nmiter,
        loopGainRatio: flags.gain,
        majorGainRatio: flags.mgain,
        thresholdJy: flags.threshold,
        autoThresholdSigma: flags.autoThreshold,
        autoMaskSigma: flags.autoMask,
        scalesPx: flags.multiscaleScales,
        maskPath: flags.fitsMask === undefined ? undefined : resolve(flags.fitsMask),
      }),
    },
  };
}

async function image(msPath: string, flags: ImageFlags, services: ImageServices): Promise<void> {
  const output = createOutput(flags.json, process.stdout, process.stderr, false);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const engine = { engine: flags.engine, wscleanCommand: flags.wsclean, timeoutMs: 1000 * flags.timeout };
  try {
    const options = optionsOf(msPath, flags, stop.signal, output);
    if (flags.dryRun) {
      showPlan(await services.plan(msPath, engine, options), options, output);
      return;
    }
    const report = await services.image(msPath, engine, options);
    showReport(report, output);
    process.exitCode = report.verdict.verdict === "bad" ? 1 : 0;
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    output.event({ event: "failed", code: error.code, disposition: error.disposition, message: error.message });
    process.exitCode = error.code === "INTERRUPTED" ? INTERRUPTED : 1;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

function optionsOf(msPath: string, flags: ImageFlags, signal: AbortSignal, output: Output): ImageMsOptions {
  const stem = msPath.slice(msPath.lastIndexOf("/") + 1).replace(/\.ms$/, "");
  const options: ImageMsOptions = {
    parameters: parametersOf(flags),
    dataColumn: flags.table.length > 0 ? "DATA" : flags.column,
    calibration:
      flags.table.length === 0
        ? null
        : { msPath, dataColumn: "DATA", requests: requestsOfPaths(flags.table), options: defaultApplyOptions },
    beam: flags.beam,
    dishDiameterM: flags.dishDiameter ?? null,
    base: resolve(flags.name ?? organisedImageBase(flags.outputDir, stem)),
    overwrites: flags.overwrite,
    threadCount: flags.threads,
    memoryLimitBytes: flags.absMem === undefined ? null : flags.absMem * 2 ** 30,
    lockTimeoutMs: 1000 * flags.lockTimeout,
    software,
    signal,
    monotonicMs: () => performance.now(),
    onWait: output.problem,
    onPlan: (planned) => showPlan(planned, options, output),
    onProgress: (step, doneRatio) => output.progress(doneRatio === null ? step : `${step} ${progressBar(doneRatio)}`),
    onMessage: (line) => output.event({ event: "engine_message", ms_path: msPath, line }),
  };
  return options;
}

function showPlan(
  { ms, dataColumn, engine }: ImagePlanned,
  { base, parameters }: ImageMsOptions,
  output: Output,
): void {
  output.event({
    event: "image_planned",
    ms_path: ms.path,
    field: ms.fieldName,
    data_column: dataColumn,
    engine: engine.engine,
    engine_version: engine.engineVersion,
    base,
    spw_ids: ms.spwIds,
    channel_count: ms.freqHz.length,
    integration_count: ms.timesMjdSec.length,
    parameters,
    description: engine.description,
  });
  const { widthPx, heightPx, scaleArcsec } = parameters;
  output.line(
    `${ms.path}: ${dataColumn} of field ${ms.fieldName}, ${ms.timesMjdSec.length} integrations, ${ms.freqHz.length} channels of ${ms.spwIds.length} windows`,
  );
  output.line(
    `${engine.engine} ${engine.engineVersion}: ${widthPx} x ${heightPx} pixels of ${scaleArcsec} arcsec, to ${base}-*.fits`,
  );
  for (const line of engine.description) output.line(`  ${line}`);
}

function showReport(
  { ms, products, figures, verdict, timingsSec, engine, dataColumn }: ImageReport,
  output: Output,
): void {
  const { noiseJyPerBeam, peakJyPerBeam, dynamicRangeRatio, beam } = figures;
  output.event({
    event: "image_made",
    ms_path: ms.path,
    engine: engine.engine,
    engine_version: engine.engineVersion,
    data_column: dataColumn,
    products: products.map(({ kind, channel, path }) => ({ kind, channel, path })),
    noise_jy: noiseJyPerBeam,
    peak_jy: peakJyPerBeam,
    dynamic_range: dynamicRangeRatio,
    beam_major_arcsec: beam?.majorArcsec ?? null,
    beam_minor_arcsec: beam?.minorArcsec ?? null,
    beam_pa_deg: beam?.paDeg ?? null,
    verdict: verdict.verdict,
    reasons: verdict.reasons,
    timings_sec: timingsSec,
  });
  const beamText = beam
    ? `, beam ${beam.majorArcsec.toFixed(1)} x ${beam.minorArcsec.toFixed(1)} arcsec at ${beam.paDeg.toFixed(0)} degrees`
    : "";
  output.line(
    `${verdict.verdict}: peak ${peakJyPerBeam.toFixed(4)} Jy, noise ${(1000 * noiseJyPerBeam).toFixed(3)} mJy, dynamic range ${dynamicRangeRatio.toFixed(0)}${beamText}`,
  );
  for (const { severity, text } of verdict.reasons) output.line(`  ${severity}: ${text}`);
  for (const { path } of products) output.line(`  ${path}`);
  output.line(`imaging ${timingsSec.imaging.toFixed(1)} s, beam ${timingsSec.beam.toFixed(1)} s`);
}
