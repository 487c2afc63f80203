/** The images of a run as FITS files, with the keywords and the HISTORY that WSClean's users look for. */

import { join } from "node:path";
import { type FitsHeader, radioHeader, writeImage } from "@contimg/fits/node";
import { type ImageKind, type ImageProduct, productName } from "../../../domain/image-products.ts";
import { asWriteError } from "../../../domain/write-error.ts";
import type { CalMs } from "../ms-calibration/cal-ms.ts";
import type { ImagingJob } from "./imaging-job.ts";
import type { ImagingOutcome } from "./imaging-thread.ts";

const DEG_PER_RAD = 180 / Math.PI;
const MJD_OF_UNIX_EPOCH = 40_587;
const SEC_PER_DAY = 86_400;

export interface ProductOptions {
  readonly workDir: string;
  readonly base: string;
  readonly software: string;
}

/** @throws PipelineError DISK_FULL, OUTPUT_NOT_WRITABLE, … */
export async function writeProducts(
  job: ImagingJob,
  outcome: ImagingOutcome,
  { workDir, base, software }: ProductOptions,
): Promise<readonly ImageProduct[]> {
  const isCleaned = job.parameters.clean.maxIterationCount > 0;
  const images: readonly (readonly [ImageKind, Float32Array])[] = [
    ["psf", job.psf],
    ["dirty", job.dirty],
    ...(isCleaned ? [["residual", job.residual] as const, ["model", job.model] as const] : []),
    ["image", isCleaned ? job.restored : job.dirty],
  ];
  const products: ImageProduct[] = [];
  for (const [kind, values] of images) {
    const path = join(workDir, productName(base, kind, null));
    const header = headerOf(job, outcome, kind, software);
    const shape = [job.parameters.widthPx, job.parameters.heightPx, 1, 1];
    try {
      // What is published is brought to disk by whoever gives it its name.
      await writeImage(path, { shape, type: "float32", values, header }, { isDurable: false });
    } catch (error) {
      throw asWriteError(error, path);
    }
    products.push({ kind, channel: null, path });
  }
  return products;
}

function headerOf(
  { ms, sets, parameters }: ImagingJob,
  outcome: ImagingOutcome,
  kind: ImageKind,
  software: string,
): FitsHeader {
  const field = ms.fields[ms.fieldIds[0]!]!;
  const [lowHz, highHz] = bandOf(sets.flatMap(({ windowIndices }) => windowIndices.map((at) => ms.windows[at]!)));
  const { beam, majorCount, iterationCount, weightSum } = outcome;
  const header = radioHeader({
    projection: "SIN",
    raDeg: (((field.raRad * DEG_PER_RAD) % 360) + 360) % 360,
    decDeg: field.decRad * DEG_PER_RAD,
    referencePx: [Math.floor(parameters.widthPx / 2), Math.floor(parameters.heightPx / 2)],
    pixelSizeDeg: parameters.scaleArcsec / 3600,
    freqHz: (lowHz + highHz) / 2,
    freqStepHz: highHz - lowHz,
    unit: kind === "model" ? "JY/PIXEL" : "JY/BEAM",
    ...(beam === null || kind === "model"
      ? {}
      : {
          beam: {
            majorDeg: beam.majorArcsec / 3600,
            minorDeg: beam.minorArcsec / 3600,
            positionAngleDeg: beam.paDeg,
          },
        }),
    telescope: ms.telescope,
    object: field.name,
    origin: software,
    dateObs: isoOf(ms.startMjdSec),
  });
  const { clean, weighting } = parameters;
  header.set("WSCNITER", iterationCount, "iterations of cleaning");
  header.set("WSCMAJOR", majorCount, "major iterations");
  header.setReal("WSCGAIN", clean.loopGainRatio, "gain of an iteration");
  header.setReal("WSCMGAIN", clean.majorGainRatio, "gain of a major iteration");
  header.set(
    "WSCWEIGH",
    weighting.kind === "briggs" ? `Briggs'(${weighting.robustFactor})` : weighting.kind,
    "weighting",
  );
  header.setReal("WSCIMGWG", weightSum, "sum of weights");
  for (const line of outcome.lines) header.addHistory(`${software}: ${line}`);
  return header;
}

/** From the lower edge of the lowest channel to the upper one of the highest. */
function bandOf(windows: CalMs["windows"]): readonly [number, number] {
  let [lowHz, highHz] = [Number.POSITIVE_INFINITY, 0];
  for (const { freqHz, chanWidthHz } of windows) {
    for (const [chan, hz] of freqHz.entries()) {
      lowHz = Math.min(lowHz, hz - chanWidthHz[chan]! / 2);
      highHz = Math.max(highHz, hz + chanWidthHz[chan]! / 2);
    }
  }
  return [lowHz, highHz];
}

const isoOf = (mjdSec: number): string =>
  new Date(1000 * (mjdSec - MJD_OF_UNIX_EPOCH * SEC_PER_DAY)).toISOString().replace("Z", "");
