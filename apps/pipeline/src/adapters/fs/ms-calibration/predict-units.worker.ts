/** Thread of a prediction. All it does is in `predict-units.ts`. */

import { asTableError } from "../ms-flags/table-errors.ts";
import { serveTasks } from "../task-pool.ts";
import { openPredictor, type PredictJob } from "./predict-units.ts";

serveTasks(openPredictor, (error, job: PredictJob | undefined) => asTableError(error, job?.ms.path ?? ""));
