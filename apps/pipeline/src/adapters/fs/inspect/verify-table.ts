/** Looks whether a table is whole and coherent, from its files to its geometry. */

import type { Verification } from "../../../ports/ms-inspector.ts";
import { checkAntennas, checkSpectrum, checkTimes } from "./check-axes.ts";
import { checkGeometry } from "./check-geometry.ts";
import { checkIds } from "./check-ids.ts";
import { checkSchema, checkTelescope, DATA_COLUMNS } from "./check-schema.ts";
import { checkCalShapes, checkMsShapes } from "./check-shapes.ts";
import { checkStorage } from "./check-storage.ts";
import { checkValues } from "./check-values.ts";
import { Findings } from "./findings.ts";
import { openInspected, tableKindOf } from "./open-inspected.ts";

export function verifyTable(path: string): Verification {
  using main = openInspected(path);
  const kind = tableKindOf(main);
  const findings = new Findings();
  checkStorage(main, findings);
  checkSchema(main, kind, findings);
  checkIds(main, kind, findings);
  if (kind === "measurement-set") {
    checkMsShapes(main, findings);
    checkSpectrum(main, findings);
    checkTimes(main, findings);
    checkAntennas(main, kind, findings);
    checkTelescope(main, findings);
    checkGeometry(main, findings);
    checkValues(main, DATA_COLUMNS, findings);
  } else if (kind === "calibration-table") {
    checkCalShapes(main, findings);
    checkSpectrum(main, findings);
    checkAntennas(main, kind, findings);
    checkTelescope(main, findings);
    checkValues(main, ["CPARAM", "FPARAM"], findings);
  }
  return { path: main.path, kind, rowCount: main.rowCount, findings: findings.list };
}
