/** A group worker that does what the name of its group says, for tests of the runner. */

import { serveChain } from "../../src/adapters/runner/serve-chain.ts";
import { PipelineError } from "../../src/domain/error-codes.ts";
import type { MeasurementSet } from "../../src/domain/measurement-set.ts";

const never = () => new Promise<never>(() => setInterval(() => undefined, 1_000));

serveChain<string>(async (setup, job, signal, events) => {
  const { groupId } = job.group;
  events.onMessage("INFO", `${setup} ${process.pid} ${process.env["OMP_NUM_THREADS"]}`);
  switch (groupId) {
    case "done":
      events.onProgress({ stage: "convert", step: "converting", doneBytes: 1, totalBytes: 2 });
      events.onStageEnd({ stage: "convert", startedUnixSec: 1, durationSec: 2, outcome: "done", error: null });
      events.onCheckpoint("/checkpoints/done");
      return { ms: { path: "/ms/done.ms", groupId, rowCount: Number.NaN } as MeasurementSet, calibration: null };
    case "fails":
      throw new PipelineError("UVH5_TRUNCATED", "too short", {
        subject: "file",
        cause: new Error("outer", { cause: new Error("inner") }),
      });
    case "throws":
      throw new TypeError("nobody foresaw this");
    case "exits":
      process.exit(7);
      break;
    case "runs wild":
      setTimeout(() => {
        throw new Error("thrown beside the chain");
      });
      return never();
    case "stops":
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw new PipelineError("INTERRUPTED", "stopped as told", { subject: groupId });
    case "is deaf":
      return never();
  }
  throw new Error(`no script for ${groupId}`);
});
