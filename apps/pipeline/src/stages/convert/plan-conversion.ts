/** Decides everything about a conversion from the headers alone. Pure: no file is touched. */

import type { EarthOrientation } from "@contimg/sky";
import { type ConversionPlan, INPUTS_DIGEST_PREFIX, type PlannedSpw } from "../../domain/conversion-plan.ts";
import { PipelineError } from "../../domain/error-codes.ts";
import type { Group } from "../../domain/group.ts";
import { mapPolarizations } from "../../domain/polarization.ts";
import type { SubbandHeader } from "../../domain/subband-header.ts";
import { checkAgreement } from "./check-subbands.ts";
import type { ConvertConfig } from "./config.ts";
import { mjdSecOfJd, planRows } from "./plan-rows.ts";
import { fillMissing, planSpws } from "./plan-spectrum.ts";

export interface PlanRequest {
  readonly group: Group;
  /** One for each file of the group, in its order. */
  readonly headers: readonly SubbandHeader[];
  readonly missingSubbands: readonly number[];
  readonly msPath: string;
  readonly stagingDir: string;
  readonly config: ConvertConfig;
  readonly earthOrientation: EarthOrientation;
  /** Name and version of the software, for HISTORY. */
  readonly software: string;
  readonly inputsDigest: string | null;
  readonly calibrators: ConversionPlan["calibrators"];
  readonly adoptsExisting: boolean;
}

export function planConversion(request: PlanRequest): ConversionPlan {
  const { group, headers, missingSubbands, config } = request;
  const reference = headers[0]!;
  checkAgreement(group.groupId, headers);

  const { rows, fields, phasing } = planRows(reference, config.phaseCentre, request.earthOrientation);
  const polarizations = mapPolarizations(reference.polarizationCodes, rows.conjugate !== null);
  if (!polarizations.map) {
    throw new PipelineError(
      "UVH5_POLARIZATION_UNKNOWN",
      `${reference.path}: Header/polarization_array: ${polarizations.reason}`,
      { subject: reference.path },
    );
  }
  const present = headers.map((header, sourceIndex) => ({
    subbandIndex: group.files[sourceIndex]!.subbandIndex,
    sourceIndex,
    freqHz: header.freqHz,
    channelWidthHz: header.channelWidthHz,
    spwOfChan: header.spwOfChan,
  }));
  const spws = planSpws(group.groupId, fillMissing(group.groupId, present, missingSubbands), config.mergeSpws);

  const halfSec = rows.exposureSec.reduce((longest, exposure) => Math.max(longest, exposure), 0) / 2;
  let [firstJd, lastJd] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const timeJd of reference.timeJd) {
    if (timeJd < firstJd) firstJd = timeJd;
    if (timeJd > lastJd) lastJd = timeJd;
  }
  const inputBytes = headers.reduce((sum, header) => sum + header.fileSizeBytes, 0);
  const telescopeName = config.telescopeName ?? reference.telescopeName;
  return {
    groupId: group.groupId,
    msPath: request.msPath,
    stagingDir: request.stagingDir,
    telescopeName,
    objectName: reference.objectName,
    instrument: reference.instrument,
    site: reference.site,
    antennas: reference.antennas,
    sources: headers.map((header, k) => ({
      path: header.path,
      subbandIndex: group.files[k]!.subbandIndex,
      fileSizeBytes: header.fileSizeBytes,
      chanCount: header.freqHz.length,
      polCount: header.polarizationCodes.length,
    })),
    missingSubbands,
    polarization: polarizations.map,
    spws,
    fields,
    rows,
    startMjdSec: mjdSecOfJd(firstJd) - halfSec,
    endMjdSec: mjdSecOfJd(lastJd) + halfSec,
    addsModelData: config.addsModelData,
    addsCorrectedData: config.addsCorrectedData,
    outputBytes: estimateOutputBytes(rows.rowCount, spws, polarizations.map.corrTypes.length, config),
    inputBytes,
    inputsDigest: request.inputsDigest,
    calibrators: request.calibrators,
    adoptsExisting: request.adoptsExisting,
    history: [
      `${request.software}: UVH5 group ${group.groupId} converted`,
      `phase centre: ${phasing}`,
      `telescope name: ${telescopeName}${telescopeName === reference.telescopeName ? "" : ` (header: ${reference.telescopeName})`}`,
      "DATA: as correlated, V12 = <V1* V2>, with UVW = r(ANTENNA2) - r(ANTENNA1); rows with ANTENNA1 > ANTENNA2 in the file turned round and conjugated",
      ...(missingSubbands.length > 0
        ? [`subbands missing, their channels flagged: ${missingSubbands.join(", ")}`]
        : []),
      ...headers.map(
        (header, k) => `source: ${group.files[k]!.originPath ?? header.path} (${header.fileSizeBytes} bytes)`,
      ),
      ...(request.inputsDigest === null ? [] : [`${INPUTS_DIGEST_PREFIX}${request.inputsDigest}`]),
    ],
  };
}

/** From above: visibilities, flags, weights as a full column, and 200 bytes of other columns a row. */
function estimateOutputBytes(
  rowCount: number,
  spws: readonly PlannedSpw[],
  corrCount: number,
  config: ConvertConfig,
): number {
  const columns = 1 + (config.addsModelData ? 1 : 0) + (config.addsCorrectedData ? 1 : 0);
  const chanCount = spws.reduce((sum, spw) => sum + spw.freqHz.length, 0);
  const valueCount = rowCount * chanCount * corrCount;
  const fixedBytes = 4 * 2 ** 20;
  return Math.ceil(valueCount * (8 * columns + 4 + 1 / 8) + rowCount * spws.length * 200 + fixedBytes);
}
