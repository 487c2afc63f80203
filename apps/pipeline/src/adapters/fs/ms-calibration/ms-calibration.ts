/** Calibration of Measurement Sets on disk. */

import { openTable } from "@contimg/casacore-tables/node";
import type { EarthOrientation } from "@contimg/sky";
import type { Clock } from "../../../ports/clock.ts";
import type { MsCalibration } from "../../../ports/ms-calibration.ts";
import { asTableError } from "../ms-flags/table-errors.ts";
import { type CalMs, describeCalMs } from "./cal-ms.ts";
import { modelOptions } from "./model-sky.ts";
import { predictMs } from "./predict-ms.ts";
import { solveMs } from "./solve-ms.ts";

const DEG_PER_RAD = 180 / Math.PI;
/** The sky turns once in a sidereal day. */
const DRIFT_DEG_PER_SEC = 360 / 86_164.0905;

export function fileSystemMsCalibration(
  clock: Clock,
  software: string,
  earthOrientation: EarthOrientation,
): MsCalibration {
  return {
    describe(msPath) {
      try {
        using main = openTable(msPath);
        const ms = describeCalMs(msPath, main);
        const field = ms.fields[ms.fieldIds[0]!]!;
        const { freqHz } = ms.windows[ms.windows.length >> 1]!;
        return {
          fieldName: field.name,
          raDeg: (((field.raRad * DEG_PER_RAD) % 360) + 360) % 360,
          decDeg: field.decRad * DEG_PER_RAD,
          driftDeg: (ms.endMjdSec - ms.startMjdSec) * DRIFT_DEG_PER_SEC * Math.cos(field.decRad),
          middleMjd: (ms.startMjdSec + ms.endMjdSec) / 2 / 86_400,
          middleFreqHz: freqHz[freqHz.length >> 1]!,
          dishDiameterM: ms.diametersM.slice().sort()[ms.diametersM.length >> 1]!,
        };
      } catch (error) {
        throw asTableError(error, msPath);
      }
    },
    async predict(msPath, { sources, config, ...run }) {
      try {
        const model = (ms: CalMs) => modelOptions(ms, { sources, config, earthOrientation });
        const onProgress = (doneCount: number, totalCount: number) => run.onProgress("model", doneCount, totalCount);
        return await predictMs(msPath, { ...run, model, onProgress });
      } catch (error) {
        throw asTableError(error, msPath);
      }
    },
    async solve(msPath, request) {
      try {
        return await solveMs(msPath, { ...request, clock, software, earthOrientation });
      } catch (error) {
        throw asTableError(error, msPath);
      }
    },
  };
}
