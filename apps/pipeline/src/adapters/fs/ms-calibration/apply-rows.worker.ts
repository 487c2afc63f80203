/** Thread of a calibration: takes tasks, answers with counts. All state is in {@link BlockCalibrator}. */

import { parentPort } from "node:worker_threads";
import type { ErrorCode } from "../../../domain/error-codes.ts";
import { asTableError } from "../ms-flags/table-errors.ts";
import { type ApplyJob, type ApplyTask, type ApplyTaskResult, BlockCalibrator } from "./apply-job.ts";

export type ApplyRequest =
  | { readonly kind: "job"; readonly job: ApplyJob }
  | { readonly kind: "task"; readonly task: ApplyTask }
  | { readonly kind: "close" };

/** Errors lose their class on the way between threads: code and text are sent instead. */
export type ApplyReply =
  | { readonly kind: "done"; readonly result: ApplyTaskResult }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };

if (!parentPort) throw new Error("apply-rows.worker runs in a worker thread only");
const port = parentPort;
let calibrator: BlockCalibrator | undefined;
let msPath = "";

port.on("message", (request: ApplyRequest) => {
  if (request.kind === "close") {
    calibrator?.close();
    port.close();
    return;
  }
  try {
    if (request.kind === "job") {
      msPath = request.job.ms.path;
      calibrator = new BlockCalibrator(request.job);
      return;
    }
    if (calibrator === undefined) throw new Error("a task came before its job");
    port.postMessage({ kind: "done", result: calibrator.calibrate(request.task) } satisfies ApplyReply);
  } catch (error) {
    const { code, message } = asTableError(error, msPath);
    port.postMessage({ kind: "failed", code, message } satisfies ApplyReply);
  }
});
