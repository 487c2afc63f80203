/**
 * The convert stage: one group of UVH5 subband files in, one Measurement Set out.
 *
 * consumes uvh5-group · produces ms:DATA, ms:FLAG, ms:WEIGHT
 */

import type { EarthOrientation } from "@contimg/sky";
import type { CalibratorMatch } from "../../domain/calibrator.ts";
import type { ConversionPlan, ConversionReport } from "../../domain/conversion-plan.ts";
import { isPipelineError, PipelineError } from "../../domain/error-codes.ts";
import { msClassOf, organisedMsPath } from "../../domain/measurement-set.ts";
import type { SubbandHeader } from "../../domain/subband-header.ts";
import type { MsBuilder } from "../../ports/ms-builder.ts";
import type { SubbandReader } from "../../ports/subband-reader.ts";
import { defineStage, type StageContext } from "../stage.ts";
import { checkCompleteness } from "./check-subbands.ts";
import type { ConvertConfig } from "./config.ts";
import { planConversion } from "./plan-conversion.ts";

export const convertDeclaration = {
  name: "convert",
  consumes: ["uvh5-group"],
  produces: ["ms:DATA", "ms:FLAG", "ms:WEIGHT"],
} as const;

export interface ConvertStageOptions {
  readonly reader: SubbandReader;
  readonly builder: MsBuilder;
  readonly config: ConvertConfig;
  readonly outputDir: string;
  /** Where the Measurement Set grows before it gets its name; null: beside its final place. */
  readonly stagingDir: string | null;
  readonly workerCount: number;
  readonly earthOrientation: EarthOrientation;
  readonly software: string;
  /** Identity of the content of the input: an existing Measurement Set that names the same is adopted. null: none is. */
  readonly inputsDigest: string | null;
  /** The calibrators that a group holds, by the header of one of its files; absent: nobody looks, all is science. */
  readonly findCalibrators?: (header: SubbandHeader) => readonly CalibratorMatch[];
  /** Called when the Measurement Set is whole, before it gets its name; throws when it must not get it. */
  readonly beforePublish?: () => void;
}

/** Builds the stage on the ports it needs. */
export function convertStage(options: ConvertStageOptions) {
  const { reader, builder, config } = options;
  const isOurs = (msPath: string) =>
    options.inputsDigest !== null && builder.exists(msPath) && builder.inputsDigestOf(msPath) === options.inputsDigest;

  /**
   * One group has one Measurement Set: what an earlier attempt made is found under either class, for the catalogue of
   * calibrators may have come, or changed, since.
   *
   * @throws PipelineError OUTPUT_EXISTS
   */
  function placeOf(groupId: string, msClass: "science" | "calibrators") {
    const classes =
      msClass === "science" ? (["science", "calibrators"] as const) : (["calibrators", "science"] as const);
    const [wanted, elsewhere] = classes.map((name) => organisedMsPath(options.outputDir, name, groupId));
    for (const msPath of [wanted!, elsewhere!]) {
      if (!builder.exists(msPath)) continue;
      if (isOurs(msPath)) return { msPath, adoptsExisting: true };
      throw new PipelineError("OUTPUT_EXISTS", `${msPath}: exists already, expected no such path`, {
        subject: groupId,
      });
    }
    return { msPath: wanted!, adoptsExisting: false };
  }

  async function make(plan: ConversionPlan, context: StageContext): Promise<ConversionReport> {
    if (plan.adoptsExisting) return builder.adopt(plan);
    try {
      return await builder.build(plan, {
        workerCount: options.workerCount,
        signal: context.signal,
        onProgress: (step, doneBytes, totalBytes) => context.onProgress({ step, doneBytes, totalBytes }),
        ...(options.beforePublish && { beforePublish: options.beforePublish }),
      });
    } catch (error) {
      // Another worker that was given the group before may have been a moment faster.
      if (isPipelineError(error, "OUTPUT_EXISTS") && isOurs(plan.msPath)) return builder.adopt(plan);
      throw error;
    }
  }

  return defineStage({
    ...convertDeclaration,

    async plan(inputs): Promise<ConversionPlan> {
      const group = inputs["uvh5-group"];
      const missingSubbands = checkCompleteness(group, config.expectedSubbandCount, config.allowMissingCount);
      const headers = group.files.map((file) => reader.readHeader(file.path));
      const calibrators = options.findCalibrators?.(headers[0]!) ?? null;
      const { msPath, adoptsExisting } = placeOf(group.groupId, msClassOf(calibrators ?? []));
      return planConversion({
        group,
        headers,
        missingSubbands,
        msPath,
        stagingDir: options.stagingDir ?? msPath.slice(0, msPath.lastIndexOf("/")),
        config,
        earthOrientation: options.earthOrientation,
        software: options.software,
        inputsDigest: options.inputsDigest,
        calibrators,
        adoptsExisting,
      });
    },

    isAdopting: (plan) => plan.adoptsExisting,

    msPathOf: (plan) => plan.msPath,

    async run(plan, context) {
      const report = await make(plan, context);
      const ms = {
        path: report.msPath,
        groupId: plan.groupId,
        rowCount: report.rowCount,
        sizeBytes: report.outputBytes,
        calibrators: plan.calibrators,
        conversion: report,
      };
      return { "ms:DATA": ms, "ms:FLAG": ms, "ms:WEIGHT": ms };
    },
  });
}
