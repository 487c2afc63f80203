/** Cleaning: minor cycles by one thread, major cycles by all. */

import { type Beam, type CleanStep, cleanStep, fitBeam, restoreModel, startClean } from "@contimg/kernels/clean";
import { meet, type Team } from "@contimg/kernels/engine";
import type { RestoringBeam } from "../../../domain/image-quality.ts";
import type { ImagingParameters } from "../../../domain/imaging.ts";
import { type ImagingJob, RAD_PER_ARCSEC } from "./imaging-job.ts";
import { forRows, type Transformer } from "./transform-images.ts";

export interface CleanOutcome {
  readonly beam: RestoringBeam | null;
  readonly iterationCount: number;
  readonly majorCount: number;
  readonly lines: readonly string[];
}

const DEG_PER_RAD = 180 / Math.PI;
/** Places in the shared counters. */
export const MAJOR = 1;
const IS_MORE = 2;
const HAS_CHANGED = 3;

/**
 * From the dirty image and the point spread function to the residual, the model and the restored image.
 *
 * @returns of the first thread what was done; of the others nothing that counts
 */
export function cleanImage(job: ImagingJob, transformer: Transformer, team: Team): CleanOutcome {
  const { parameters, psf, residual, model, restored, progress } = job;
  const { widthPx, heightPx, clean } = parameters;
  const isFirst = team.threadIndex === 0;
  const lines: string[] = [];
  const beam = isFirst ? beamOf(job, lines) : null;
  const deconvolution = isFirst && clean.maxIterationCount > 0 ? startClean(cleanOptions(job), model) : undefined;
  for (let isMore = clean.maxIterationCount > 0; isMore; ) {
    if (deconvolution !== undefined) {
      const step = cleanStep(deconvolution, residual, psf);
      lines.push(lineOf(step, deconvolution.iterationCount));
      const isLast = step.next !== "major" || deconvolution.majorCount >= clean.maxMajorCount;
      Atomics.store(progress, MAJOR, deconvolution.majorCount);
      Atomics.store(progress, IS_MORE, isLast ? 0 : 1);
      Atomics.store(progress, HAS_CHANGED, step.next === "nothing" ? 0 : 1);
    }
    meet(team);
    isMore = Atomics.load(progress, IS_MORE) === 1;
    if (Atomics.load(progress, HAS_CHANGED) === 0) break;
    transformer.subtractModel(model);
    transformer.image(({ workNodes }) => workNodes, residual);
  }
  forRows(job, team, (start, end) => restored.set(residual.subarray(start, end), start));
  if (isFirst && beam !== null) restoreModel(model, beam, widthPx, heightPx, job.pixelRad, restored);
  return {
    beam: beam === null ? null : restoringBeam(beam),
    iterationCount: deconvolution?.iterationCount ?? 0,
    majorCount: deconvolution?.majorCount ?? 0,
    lines,
  };
}

/** A point spread function without a main lobe that can be fitted leaves the image without a beam, and unrestored. */
function beamOf({ psf, parameters, pixelRad }: ImagingJob, lines: string[]): Beam | null {
  try {
    return fitBeam(psf, parameters.widthPx, parameters.heightPx, pixelRad);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    lines.push(`no restoring beam: ${error.message}`);
    return null;
  }
}

function cleanOptions({ parameters, mask }: ImagingJob): Parameters<typeof startClean>[0] {
  const { widthPx, heightPx, clean }: ImagingParameters = parameters;
  return {
    widthPx,
    heightPx,
    loopGain: clean.loopGainRatio,
    majorGain: clean.majorGainRatio,
    iterationLimitCount: clean.maxIterationCount,
    ...(clean.thresholdJy === null ? {} : { thresholdJyPerBeam: clean.thresholdJy }),
    ...(clean.autoThresholdSigma === null ? {} : { autoThresholdSigma: clean.autoThresholdSigma }),
    ...(clean.autoMaskSigma === null ? {} : { autoMaskSigma: clean.autoMaskSigma }),
    ...(mask === null ? {} : { mask }),
  };
}

const restoringBeam = ({ majorRad, minorRad, angleRad }: Beam): RestoringBeam => ({
  majorArcsec: majorRad / RAD_PER_ARCSEC,
  minorArcsec: minorRad / RAD_PER_ARCSEC,
  paDeg: angleRad * DEG_PER_RAD,
});

function lineOf(step: CleanStep, iterationCount: number): string {
  const mJy = (value: number) => `${(1000 * value).toFixed(3)} mJy`;
  return `peak ${mJy(step.peakJyPerBeam)}, noise ${mJy(step.sigmaJyPerBeam)}: cleaned to ${mJy(step.cycleThresholdJyPerBeam)} by ${step.iterationCount} iterations, ${iterationCount} in all`;
}
