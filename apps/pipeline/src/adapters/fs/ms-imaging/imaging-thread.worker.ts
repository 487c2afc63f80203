/** Thread of the embedded imager. */

import { asTableError } from "../ms-flags/table-errors.ts";
import { serveTasks } from "../task-pool.ts";
import type { ImagingJob } from "./imaging-job.ts";
import { openImagingThread } from "./imaging-thread.ts";

serveTasks(openImagingThread, (error, job: ImagingJob | undefined) => asTableError(error, job?.ms.path ?? ""));
