/** Thread of a run: takes tasks, answers with results. All state is in {@link UnitFlagger}. */

import { parentPort } from "node:worker_threads";
import type { FlagJob, FlagReply, FlagTask } from "./flag-job.ts";
import { asTableError } from "./table-errors.ts";
import { UnitFlagger } from "./unit-flagger.ts";

if (!parentPort) throw new Error("flag-units.worker runs in a worker thread only");
const port = parentPort;
let flagger: UnitFlagger | undefined;
let msPath = "";

export type FlagRequest =
  | { readonly kind: "job"; readonly job: FlagJob }
  | { readonly kind: "task"; readonly task: FlagTask }
  | { readonly kind: "close" };

port.on("message", (request: FlagRequest) => {
  if (request.kind === "close") {
    flagger?.close();
    port.close();
    return;
  }
  try {
    if (request.kind === "job") {
      msPath = request.job.msPath;
      flagger = new UnitFlagger(request.job);
      return;
    }
    if (flagger === undefined) throw new Error("a task came before its job");
    port.postMessage({ kind: "done", result: flagger.flag(request.task) } satisfies FlagReply);
  } catch (error) {
    const { code, message } = asTableError(error, msPath);
    port.postMessage({ kind: "failed", code, message } satisfies FlagReply);
  }
});
