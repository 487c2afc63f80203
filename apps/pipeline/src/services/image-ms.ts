/** Images one Measurement Set: plan, image, correct for the beam, judge, give the products their names. */

import { basename, join } from "node:path";
import type { AppliedCalibration } from "../domain/cal-apply-report.ts";
import type { QualityVerdict } from "../domain/cal-quality.ts";
import type { BeamKind } from "../domain/cal-solve.ts";
import { PipelineError } from "../domain/error-codes.ts";
import { type ImageKind, type ImageProduct, productName } from "../domain/image-products.ts";
import { type ImageFigures, judgeImage, measureImage } from "../domain/image-quality.ts";
import { faultsOf, type ImagingParameters } from "../domain/imaging.ts";
import type { ImageFiles } from "../ports/image-files.ts";
import type { ImageableMs, ImageableMsReader } from "../ports/imageable-ms.ts";
import type { Imager, ImagingPlan } from "../ports/imager.ts";
import type { MsLocks } from "../ports/ms-locks.ts";
import { effectiveBeam } from "../stages/image/effective-beam.ts";

export interface ImageMsPorts {
  readonly reader: ImageableMsReader;
  readonly imager: Imager;
  readonly files: ImageFiles;
  /** Null: the operator vouches that nobody changes it. */
  readonly locks: MsLocks | null;
}

export interface ImageMsOptions {
  readonly parameters: ImagingParameters;
  /** "auto": CORRECTED_DATA where there is some, else DATA. */
  readonly dataColumn: string;
  /** Applied to DATA on the way, by engines that can; null: none. */
  readonly calibration: AppliedCalibration | null;
  readonly beam: BeamKind;
  /** Of the dishes; null: as the Measurement Set says. */
  readonly dishDiameterM: number | null;
  /** Path and begin of the names of products. */
  readonly base: string;
  /** Products of the same names are replaced; else they are an error. */
  readonly overwrites: boolean;
  readonly threadCount: number;
  readonly memoryLimitBytes: number | null;
  readonly lockTimeoutMs: number;
  readonly software: string;
  readonly signal: AbortSignal;
  monotonicMs(): number;
  onWait(message: string): void;
  onPlan(plan: ImagePlanned): void;
  onProgress(step: string, doneRatio: number | null): void;
  onMessage(line: string): void;
}

export interface ImagePlanned {
  readonly ms: ImageableMs;
  readonly dataColumn: string;
  readonly engine: ImagingPlan;
}

export interface ImageReport extends ImagePlanned {
  readonly products: readonly ImageProduct[];
  readonly figures: ImageFigures;
  readonly verdict: QualityVerdict;
  readonly timingsSec: { readonly imaging: number; readonly beam: number; readonly total: number };
}

/** What is decided before bulk data are read. @throws PipelineError CONFIG_INVALID, MS_UNSUITABLE, ENGINE_UNUSABLE, … */
export async function planImage(msPath: string, ports: ImageMsPorts, options: ImageMsOptions): Promise<ImagePlanned> {
  const { parameters, threadCount, memoryLimitBytes } = options;
  const faults = faultsOf(parameters);
  if (faults.length > 0) {
    const text = faults.map(({ field, expected, found }) => `${field}: expected ${expected}, found ${found}`);
    throw new PipelineError("CONFIG_INVALID", `parameters of the image: ${text.join("; ")}`, { subject: msPath });
  }
  const ms = ports.reader.describe(msPath, parameters.spwIds);
  const dataColumn = chooseColumn(ms, options.dataColumn);
  const { calibration } = options;
  const request = { msPath, dataColumn, calibration, parameters, threadCount, memoryLimitBytes };
  return { ms, dataColumn, engine: await ports.imager.plan(request) };
}

function chooseColumn({ path, dataColumns }: ImageableMs, wanted: string): string {
  const found = wanted === "auto" ? ["CORRECTED_DATA", "DATA"].find((name) => dataColumns.includes(name)) : wanted;
  if (found !== undefined && dataColumns.includes(found)) return found;
  const expected = wanted === "auto" ? "CORRECTED_DATA or DATA" : wanted;
  throw new PipelineError(
    "MS_UNSUITABLE",
    `${path}: data column: expected ${expected}, found ${dataColumns.join(", ") || "none"}`,
    { subject: path },
  );
}

/** @throws PipelineError IMAGING_FAILED, OUTPUT_EXISTS, INTERRUPTED, LOCK_TIMEOUT, and those of {@link planImage} */
export async function imageMs(msPath: string, ports: ImageMsPorts, options: ImageMsOptions): Promise<ImageReport> {
  const lock = await ports.locks?.acquire(msPath, "shared", {
    timeoutMs: options.lockTimeoutMs,
    signal: options.signal,
    onWait: ({ waitedMs, holders }) =>
      options.onWait(`${msPath}: waiting for ${holders} to release it, for ${(waitedMs / 1000).toFixed(0)} s now`),
  });
  try {
    return await makeImage(msPath, ports, options);
  } finally {
    await lock?.release();
  }
}

async function makeImage(msPath: string, ports: ImageMsPorts, options: ImageMsOptions): Promise<ImageReport> {
  const startedMs = options.monotonicMs();
  const planned = await planImage(msPath, ports, options);
  options.onPlan(planned);
  const { files, imager } = ports;
  const { base } = options;
  refuseExisting(files, options);
  const stagingDir = files.prepareStaging(base);
  try {
    const { signal, onProgress, onMessage } = options;
    const run = { workDir: stagingDir, base: basename(base), signal, onProgress, onMessage };
    const made = await imager.run(planned.engine, run);
    const imagedMs = options.monotonicMs();
    const image = productOf(made, "image") ?? productOf(made, "dirty");
    if (!image)
      throw new PipelineError("IMAGING_FAILED", `${msPath}: ${planned.engine.engine} made no image`, {
        subject: msPath,
      });
    const plane = await files.read(image.path);
    const residual = productOf(made, "residual");
    const noisePlane = residual === undefined ? plane : await files.read(residual.path);
    const figures = measureImage(plane.values, noisePlane.values, plane.beam);
    const corrected = await correctForBeam(image, plane.values, planned, ports, options, stagingDir);
    // The corrected image comes last: who sees it sees all.
    const names = [...made, ...corrected].map(({ path }) => basename(path));
    const paths = files.publish(stagingDir, names, base);
    const endedMs = options.monotonicMs();
    return {
      ...planned,
      products: [...made, ...corrected].map((product, at) => ({ ...product, path: paths[at]! })),
      figures,
      verdict: judgeImage(figures),
      timingsSec: {
        imaging: (imagedMs - startedMs) / 1000,
        beam: (endedMs - imagedMs) / 1000,
        total: (endedMs - startedMs) / 1000,
      },
    };
  } finally {
    files.discard(stagingDir);
  }
}

function refuseExisting(files: ImageFiles, { base, overwrites, parameters }: ImageMsOptions): void {
  if (overwrites) return;
  const channel = parameters.outputChannelCount > 1 ? "MFS" : null;
  const kinds: readonly ImageKind[] = ["image", "image-pb", "dirty"];
  const [found] = files.existing(kinds.map((kind) => productName(base, kind, channel)));
  if (found !== undefined)
    throw new PipelineError(
      "OUTPUT_EXISTS",
      `${found}: is there already; --overwrite replaces it, --name names others`,
      {
        subject: found,
      },
    );
}

/** Of the whole band. */
const productOf = (products: readonly ImageProduct[], kind: ImageKind): ImageProduct | undefined =>
  products.find((product) => product.kind === kind && (product.channel === null || product.channel === "MFS"));

/** @param values  of the image; they become those of the corrected one */
async function correctForBeam(
  image: ImageProduct,
  values: Float32Array,
  { ms }: ImagePlanned,
  { files }: ImageMsPorts,
  { parameters, beam, dishDiameterM, base, software }: ImageMsOptions,
  stagingDir: string,
): Promise<readonly ImageProduct[]> {
  if (beam === "none") return [];
  const { widthPx, heightPx, scaleArcsec, beamLimitRatio } = parameters;
  const centre = { raRad: ms.raRad, decRad: ms.decRad };
  const diameterM = dishDiameterM ?? ms.dishDiameterM;
  const response = effectiveBeam({
    centre,
    widthPx,
    heightPx,
    scaleRad: (scaleArcsec / 3600) * (Math.PI / 180),
    pointings: beam === "drift" ? ms.meridian : [centre],
    freqHz: ms.freqHz,
    diameterM,
  });
  for (let at = 0; at < values.length; at++)
    values[at] = response[at]! >= beamLimitRatio ? values[at]! / response[at]! : Number.NaN;
  const how = `${software}: beam of a dish of ${diameterM} m, ${beam}, mean of ${ms.timesMjdSec.length} integrations and ${ms.freqHz.length} channels`;
  const pathOf = (kind: ImageKind) => join(stagingDir, basename(productName(base, kind, image.channel)));
  const [pbPath, correctedPath] = [pathOf("pb"), pathOf("image-pb")];
  await files.writeLike(image.path, pbPath, response, "", [how]);
  await files.writeLike(image.path, correctedPath, values, null, [
    `${how}; divided by it, blank below ${beamLimitRatio}`,
  ]);
  return [
    { kind: "pb", channel: image.channel, path: pbPath },
    { kind: "image-pb", channel: image.channel, path: correctedPath },
  ];
}
