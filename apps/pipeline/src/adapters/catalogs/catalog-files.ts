/** The files that catalogues are published as. */

import type { CatalogFiles } from "../../ports/source-catalog.ts";
import { readSurvey } from "./read-survey.ts";
import { readVlaCalibrators } from "./vla-calibrators.ts";

export const catalogFiles: CatalogFiles = { readSurvey, readVlaCalibrators };
