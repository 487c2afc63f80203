/**
 * The convert stage: one group of UVH5 subband files in, one Measurement Set out.
 *
 * consumes uvh5-group · produces ms:DATA, ms:FLAG, ms:WEIGHT
 */

import type { EarthOrientation } from "@contimg/sky";
import type { ConversionPlan } from "../../domain/conversion-plan.ts";
import { PipelineError } from "../../domain/error-codes.ts";
import { organisedMsPath } from "../../domain/measurement-set.ts";
import type { MsBuilder } from "../../ports/ms-builder.ts";
import type { SubbandReader } from "../../ports/subband-reader.ts";
import { defineStage } from "../stage.ts";
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
}

/** Builds the stage on the ports it needs. */
export function convertStage(options: ConvertStageOptions) {
  const { reader, builder, config } = options;
  return defineStage({
    ...convertDeclaration,

    async plan(inputs): Promise<ConversionPlan> {
      const group = inputs["uvh5-group"];
      const missingSubbands = checkCompleteness(group, config.expectedSubbandCount, config.allowMissingCount);
      const msPath = organisedMsPath(options.outputDir, "science", group.groupId);
      if (builder.exists(msPath)) {
        throw new PipelineError("OUTPUT_EXISTS", `${msPath}: exists already, expected no such path`, {
          subject: group.groupId,
        });
      }
      const headers = group.files.map((file) => reader.readHeader(file.path));
      return planConversion({
        group,
        headers,
        missingSubbands,
        msPath,
        stagingDir: options.stagingDir ?? msPath.slice(0, msPath.lastIndexOf("/")),
        config,
        earthOrientation: options.earthOrientation,
        software: options.software,
      });
    },

    msPathOf: (plan) => plan.msPath,

    async run(plan, context) {
      const report = await builder.build(plan, {
        workerCount: options.workerCount,
        signal: context.signal,
        onProgress: (step, doneBytes, totalBytes) => context.onProgress({ step, doneBytes, totalBytes }),
      });
      const ms = {
        path: report.msPath,
        groupId: plan.groupId,
        rowCount: report.rowCount,
        sizeBytes: report.outputBytes,
        conversion: report,
      };
      return { "ms:DATA": ms, "ms:FLAG": ms, "ms:WEIGHT": ms };
    },
  });
}
