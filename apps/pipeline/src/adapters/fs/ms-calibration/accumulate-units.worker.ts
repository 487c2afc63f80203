/** Thread of a solve. All it does is in `accumulate-units.ts`. */

import { asTableError } from "../ms-flags/table-errors.ts";
import { serveTasks } from "../task-pool.ts";
import { type AccumulateJob, openAccumulator } from "./accumulate-units.ts";

serveTasks(openAccumulator, (error, job: AccumulateJob | undefined) => asTableError(error, job?.ms.path ?? ""));
