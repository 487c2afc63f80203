/** Thread of a conversion: takes tasks, answers with results. All state is in {@link RowConverter}. */

import { parentPort, workerData } from "node:worker_threads";
import { PipelineError } from "../../../domain/error-codes.ts";
import { RowConverter } from "./convert-rows.ts";
import type { ConversionJob, RowTask } from "./row-tasks.ts";
import type { WorkerReply } from "./worker-protocol.ts";

if (!parentPort) throw new Error("convert-worker runs in a worker thread only");
const port = parentPort;
const converter = new RowConverter(workerData as ConversionJob);

port.on("message", (message: RowTask | "close") => {
  if (message === "close") {
    converter.close();
    port.close();
    return;
  }
  let reply: WorkerReply;
  try {
    reply = { kind: "done", result: converter.convert(message) };
  } catch (error) {
    reply =
      error instanceof PipelineError
        ? { kind: "failed", code: error.code, message: error.message, subject: error.subject }
        : {
            kind: "failed",
            code: "INTERNAL",
            message: error instanceof Error ? (error.stack ?? error.message) : String(error),
            subject: "",
          };
  }
  port.postMessage(reply);
});
