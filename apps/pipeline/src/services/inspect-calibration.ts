/** What `contimg doctor` says of calibration: whether it is on, and whether its catalogues can be used. */

import { asPipelineError } from "../domain/error-codes.ts";
import type { CatalogStore } from "../ports/source-catalog.ts";
import { type Finding, finding } from "./finding.ts";

export interface CalibrationNeeds {
  readonly isWanted: boolean;
  readonly skyCatalogPath: string | null;
  readonly calibratorCatalogPath: string | null;
}

/** The stream says the same when it starts. */
export const CALIBRATION_OFF =
  "Calibration is off: no --sky-catalog names sources to solve on, or --no-calibrate was given";
export const CALIBRATORS_OFF = "Calibrators are not looked for: --calibrator-catalog names no catalogue";

export function inspectCalibration(
  store: Pick<CatalogStore, "openSurvey" | "openCalibrators">,
  { isWanted, skyCatalogPath, calibratorCatalogPath }: CalibrationNeeds,
): Finding[] {
  return [
    !isWanted
      ? finding("ok", "sky catalogue", "calibration is turned off")
      : skyCatalogPath === null
        ? finding("ok", "sky catalogue", CALIBRATION_OFF)
        : opened("sky catalogue", skyCatalogPath, "nvss", () => {
            const catalog = store.openSurvey(skyCatalogPath);
            const text = `${catalog.info.sourceCount} sources of ${catalog.info.survey}`;
            catalog.close();
            return text;
          }),
    calibratorCatalogPath === null
      ? finding("ok", "calibrator catalogue", CALIBRATORS_OFF)
      : opened("calibrator catalogue", calibratorCatalogPath, "vla-calibrators", () => {
          const catalog = store.openCalibrators(calibratorCatalogPath);
          const text = `${catalog.calibratorCount} calibrators`;
          catalog.close();
          return text;
        }),
  ];
}

function opened(name: string, path: string, kind: string, open: () => string): Finding {
  try {
    return finding("ok", name, `${path}: ${open()}`);
  } catch (error) {
    const { message } = asPipelineError(error, path);
    return finding("problem", name, message, `contimg catalog build ${kind} FILE --output ${path}`);
  }
}
