/** Taking over a Measurement Set that an earlier attempt made and could not report. */

import { dirname } from "node:path";
import { isCasacoreTableError, openTable } from "@contimg/casacore-tables/node";
import type { EarthOrientation } from "@contimg/sky";
import { type ConversionPlan, type ConversionReport, INPUTS_DIGEST_PREFIX } from "../../../domain/conversion-plan.ts";
import { isPipelineError, PipelineError } from "../../../domain/error-codes.ts";
import type { Clock } from "../../../ports/clock.ts";
import { stringsOf, subtableOf } from "../inspect/cells.ts";
import { countFlags } from "../inspect/flag-stream.ts";
import { syncDirectory } from "../sync-directory.ts";
import { sizeOf } from "./size-of.ts";
import { verifyConversion } from "./verify-conversion.ts";

/** See {@link MsBuilder.inputsDigestOf}. */
export function inputsDigestOf(msPath: string): string | undefined {
  try {
    using main = openTable(msPath);
    using history = subtableOf(main, "HISTORY");
    if (history === undefined) return undefined;
    const line = stringsOf(history, "MESSAGE").find((message) => message.startsWith(INPUTS_DIGEST_PREFIX));
    return line?.slice(INPUTS_DIGEST_PREFIX.length);
  } catch (error) {
    // Whatever it is, it is not a Measurement Set of ours.
    if (isCasacoreTableError(error)) return undefined;
    throw error;
  }
}

/** See {@link MsBuilder.adopt}. */
export function adoptMs(plan: ConversionPlan, clock: Clock, earthOrientation: EarthOrientation): ConversionReport {
  const startedMs = clock.monotonicMs();
  try {
    verifyConversion(plan.msPath, plan, [], earthOrientation);
  } catch (error) {
    // It is whole, for it has its name: it was made with other settings.
    if (isPipelineError(error, "MS_VERIFY_FAILED"))
      throw new PipelineError("OUTPUT_EXISTS", `${error.message}; it was made of the same files in another way`, {
        subject: plan.groupId,
        cause: error,
      });
    throw error;
  }
  // Whoever gave it its name may not have come to bring the name to disk.
  syncDirectory(dirname(plan.msPath));
  using main = openTable(plan.msPath);
  using fields = main.subtable("FIELD");
  const direction = fields.column("PHASE_DIR").getArray(0)?.data as Float64Array;
  const flags = countFlags(main, new Int32Array(main.rowCount))?.all;
  const totalSec = (clock.monotonicMs() - startedMs) / 1000;
  return {
    groupId: plan.groupId,
    msPath: plan.msPath,
    rowCount: main.rowCount,
    spwCount: plan.spws.length,
    chanCount: plan.spws[0]!.freqHz.length,
    fieldCount: fields.rowCount,
    flaggedFraction: flags === undefined || flags.valueCount === 0 ? 0 : flags.flaggedCount / flags.valueCount,
    unusableCount: null,
    missingSubbands: plan.missingSubbands,
    inputBytes: plan.inputBytes,
    outputBytes: sizeOf(plan.msPath),
    verifiedCellCount: 0,
    startMjdSec: plan.startMjdSec,
    endMjdSec: plan.endMjdSec,
    raRad: direction[0]!,
    decRad: direction[1]!,
    isAdopted: true,
    timingsSec: { load: totalSec, phase: 0, write: 0, total: totalSec },
  };
}
