/** `contimg cal`: calibration tables, and which of them count when. */

import type { Command } from "commander";
import type { ApplyServices } from "../../services/apply-calibration.ts";
import type { PredictServices } from "../../services/predict-model.ts";
import type { SolveServices } from "../../services/solve-calibration.ts";
import { addCalActive } from "./cal/active.ts";
import { addCalApply } from "./cal/apply.ts";
import { addCalCompare } from "./cal/compare.ts";
import { addCalLs } from "./cal/ls.ts";
import { addCalPlot } from "./cal/plot.ts";
import { addCalPredict } from "./cal/predict.ts";
import { addCalRegister } from "./cal/register.ts";
import type { CalServices } from "./cal/registry-access.ts";
import { addCalRetire } from "./cal/retire.ts";
import { addCalShow } from "./cal/show.ts";
import { addCalSolve } from "./cal/solve.ts";

const HELP = `
Exit status: 0 done, 1 there is no such table or something needed is missing, 2 wrong usage.

Examples:
  contimg cal solve 2025-10-29T13:54:17.ms --catalog nvss.sqlite3
  contimg cal apply 2025-10-29T13:59:26.ms --mode corrected-data
  contimg cal ls --type BP,GP --status active
  contimg cal show 12
  contimg cal active --at 2025-10-29T13:54:17
  contimg cal active --at 60977.5794 --borrow BP=7
  contimg cal retire 12 --reason "antenna 5 moved"
  contimg cal compare 12 15
  contimg cal plot 2025-10-29T13:54:17_0~23_bpcal --output-dir plots
  contimg cal register /stage/dsa110-contimg/ms/calibrators/2025-10-29/2025-10-29T13:54:17_0~23_*cal`;

export function addCalCommand(
  program: Command,
  services: CalServices & SolveServices & PredictServices & ApplyServices,
): void {
  const cal = program
    .command("cal")
    .summary("calibration tables")
    .description("Looks after calibration tables: which there are, and which are applied to data of which time.")
    .addHelpText("after", HELP);
  addCalSolve(cal, services);
  addCalPredict(cal, services);
  addCalApply(cal, services);
  addCalLs(cal, services);
  addCalShow(cal, services);
  addCalActive(cal, services);
  addCalRetire(cal, services);
  addCalCompare(cal, services);
  addCalPlot(cal, services);
  addCalRegister(cal, services);
}
