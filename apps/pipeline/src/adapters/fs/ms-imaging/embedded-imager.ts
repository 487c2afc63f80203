/** The imager that needs no other program: threads on one memory, kernels in WebAssembly. */

import { readFileSync } from "node:fs";
import { openFits } from "@contimg/fits/node";
import { bestEngineKind } from "@contimg/kernels/engine";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { ImageProduct } from "../../../domain/image-products.ts";
import type { ImagingParameters } from "../../../domain/imaging.ts";
import type { Imager, ImagingPlan, ImagingRequest, ImagingRun } from "../../../ports/imager.ts";
import { type ApplyMs, describeApplyMs } from "../ms-calibration/apply-ms.ts";
import { prepareApplication } from "../ms-calibration/ms-application.ts";
import { asTableError } from "../ms-flags/table-errors.ts";
import { runOnThreads } from "../task-pool.ts";
import { emptyDensity } from "./gather-samples.ts";
import { createJob, type ImagingJob, type JobPlan, planJob } from "./imaging-job.ts";
import { type ImagingOutcome, type ImagingTask, openImagingThread } from "./imaging-thread.ts";
import { rowSetsOf } from "./rows-to-image.ts";
import { writeProducts } from "./write-products.ts";

/** Parts that the density of weights is summed in, so that it does not depend on the number of threads. */
const DENSITY_PART_COUNT = 4;
const GIGA_BYTES = 1e9;

export interface EmbeddedImagerOptions {
  readonly software: string;
}

interface Prepared {
  readonly ms: ApplyMs;
  readonly factors: ImagingJob["factors"];
  readonly calibratesWeights: boolean;
  readonly job: JobPlan;
}

export function embeddedImager({ software }: EmbeddedImagerOptions): Imager {
  return {
    engine: "embedded",

    // What is wrong with a request rejects, as it does with engines that have to be asked.
    plan: async (request: ImagingRequest): Promise<ImagingPlan> => ({
      engine: "embedded",
      engineVersion: software,
      request,
      description: describe(prepare(request), request),
    }),

    async run({ request }: ImagingPlan, run: ImagingRun): Promise<readonly ImageProduct[]> {
      const { ms, factors, calibratesWeights, job: plan } = prepare(request);
      const { parameters, threadCount } = request;
      const mask = await readMask(parameters);
      const job = takeMemory(plan, request, {
        ms,
        factors,
        calibratesWeights,
        parameters,
        mask,
        densityCellCount: emptyDensity(plan.sets, parameters).weights.length,
        densityPartCount: DENSITY_PART_COUNT,
      });
      const outcome = await runThreads(job, threadCount, run);
      run.onProgress("writing", null);
      return writeProducts(job, outcome, { workDir: run.workDir, base: run.base, software });
    },
  };
}

/** @throws PipelineError CONFIG_INVALID */
function refuseUnknown({ outputChannelCount, clean }: ImagingParameters, msPath: string): void {
  const refuse = (field: string, expected: string, found: string) =>
    new PipelineError(
      "CONFIG_INVALID",
      `${msPath}: ${field}: the embedded engine expects ${expected}, found ${found}; use --engine wsclean`,
      { subject: msPath },
    );
  if (outputChannelCount !== 1) throw refuse("images of parts of the band", "1", `${outputChannelCount}`);
  if (clean.scalesPx !== null) throw refuse("scales of components", "points only", clean.scalesPx.join());
}

function prepare({ msPath, dataColumn, parameters, threadCount, calibration }: ImagingRequest): Prepared {
  refuseUnknown(parameters, msPath);
  try {
    const { ms, factors, calibratesWeights } = calibrationOf(msPath, dataColumn, calibration);
    return { ms, factors, calibratesWeights, job: planJob(rowSetsOf(ms, parameters.spwIds), parameters, threadCount) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw asTableError(error, msPath);
    throw new PipelineError("MS_UNSUITABLE", `${msPath}: ${error.message}`, { subject: msPath, cause: error });
  }
}

function calibrationOf(msPath: string, dataColumn: string, calibration: ImagingRequest["calibration"]) {
  if (calibration === null) {
    const described = describeApplyMs(msPath, dataColumn);
    const ms = dataColumn === "DATA" ? described : withPresentWeights(described);
    return { ms, factors: ms.windows.map(() => []), calibratesWeights: false };
  }
  const { ms, factors, plan } = prepareApplication(calibration);
  return { ms, factors, calibratesWeights: plan.calibratesWeights };
}

/** What applied calibration to a column made its weights, too. */
function withPresentWeights(ms: ApplyMs): ApplyMs {
  const spectrum = ms.weights.spectrum === null ? null : { column: "WEIGHT_SPECTRUM", isSigma: false };
  return { ...ms, weights: { weightColumn: "WEIGHT", spectrum } };
}

function describe({ job, ms }: Prepared, { threadCount, calibration }: ImagingRequest): readonly string[] {
  const lines = job.sets.flatMap((set, at) => {
    const { nodeCount } = job.resamplings[at]!;
    const { gridWidthCount, gridHeightCount, planeCount, uvKernel } = job.griddings[at]!;
    const visCount = set.rowCount * set.freqHz.length;
    return [
      `${set.windowIndices.length} of ${ms.windows.length} windows: ${set.rowCount} rows x ${set.freqHz.length} channels, ${(visCount / 1e6).toFixed(1)} M visibilities as ${(nodeCount / 1e6).toFixed(1)} M nodes`,
      `grid ${gridWidthCount} x ${gridHeightCount}, ${planeCount} planes of w, ${uvKernel.supportCount} taps`,
    ];
  });
  const calibrated = calibration === null ? [] : [`calibrated on the fly from ${calibration.requests.length} tables`];
  const kind = bestEngineKind() === "wasm" ? "WebAssembly" : "plain JavaScript";
  return [
    ...lines,
    ...calibrated,
    `${threadCount} threads of ${kind}, ${(job.byteCount / GIGA_BYTES).toFixed(2)} GB of memory`,
  ];
}

function takeMemory(plan: JobPlan, request: ImagingRequest, inputs: Parameters<typeof createJob>[1]): ImagingJob {
  const { msPath, memoryLimitBytes } = request;
  const gb = (bytes: number) => `${(bytes / GIGA_BYTES).toFixed(2)} GB`;
  const refuse = (limit: string, cause?: unknown) =>
    new PipelineError(
      "MEMORY_SHORT",
      `${msPath}: imaging takes ${gb(plan.byteCount)} of memory, ${limit}; make the image smaller or its pixels wider, or image windows by themselves with --spw`,
      { subject: msPath, cause },
    );
  if (memoryLimitBytes !== null && plan.byteCount > memoryLimitBytes)
    throw refuse(`expected at most ${gb(memoryLimitBytes)}`);
  const freeBytes = availableBytes();
  if (plan.byteCount > freeBytes) throw refuse(`found ${gb(freeBytes)} free`);
  try {
    return createJob(plan, inputs);
  } catch (error) {
    if (error instanceof RangeError) throw refuse(error.message, error);
    throw error;
  }
}

/** What the machine can give without swapping. */
function availableBytes(): number {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  return found === undefined ? Number.POSITIVE_INFINITY : 1024 * Number(found);
}

async function readMask({ clean, widthPx, heightPx }: ImagingParameters): Promise<Uint8Array | null> {
  const { maskPath } = clean;
  if (maskPath === null) return null;
  await using file = await openFits(maskPath);
  const image = file.image();
  const [width = 0, height = 0, ...further] = image.shape;
  if (width !== widthPx || height !== heightPx)
    throw new PipelineError(
      "CONFIG_INVALID",
      `${maskPath}: size of the mask: expected ${widthPx} x ${heightPx} pixels as the image, found ${width} x ${height}`,
      { subject: maskPath },
    );
  const region = { startPx: image.shape.map(() => 0), endPx: [width, height, ...further.map(() => 1)] };
  const { data } = await image.read("float32", { region });
  const mask = new Uint8Array(new SharedArrayBuffer(data.length));
  for (let pixel = 0; pixel < data.length; pixel++) mask[pixel] = data[pixel]! > 0 ? 1 : 0;
  return mask;
}

async function runThreads(job: ImagingJob, threadCount: number, run: ImagingRun): Promise<ImagingOutcome> {
  const rowCount = job.sets.reduce((sum, { rowCount: rows, windowIndices }) => sum + rows * windowIndices.length, 0);
  const entry = import.meta.url.endsWith(".ts") ? "./imaging-thread.worker.ts" : "./imaging-thread.worker.js";
  const tasks = Array.from({ length: threadCount }, (_, threadIndex): ImagingTask => ({ threadIndex, threadCount }));
  const outcomes = await runOnThreads(new URL(entry, import.meta.url), job, tasks, openImagingThread, {
    workerCount: threadCount,
    alwaysOnThreads: true,
    signal: run.signal,
    subject: job.ms.path,
    what: "imaging",
    onTick() {
      const [doneRows, major] = [Atomics.load(job.progress, 0), Atomics.load(job.progress, 1)];
      if (doneRows < rowCount) run.onProgress("reading", doneRows / rowCount);
      else run.onProgress(major === 0 ? "imaging" : `major iteration ${major}`, null);
    },
  });
  for (const line of outcomes[0]!.lines) run.onMessage(line);
  return outcomes[0]!;
}
