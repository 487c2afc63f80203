/**
 * Applies calibration into CORRECTED_DATA and kills itself at the n-th step of the commit: `doomed-apply.ts MS N TABLE…`.
 * Prints the steps; with N = 0 it lives.
 */

import { writeSync } from "node:fs";
import { fileSystemMsApplication } from "../../src/adapters/fs/ms-calibration/ms-application.ts";
import { systemClock } from "../../src/adapters/fs/system-clock.ts";
import { defaultApplyOptions } from "../../src/domain/cal-apply.ts";
import { applyCalibration, requestsOfPaths } from "../../src/services/apply-calibration.ts";

const [msPath, lastStep, ...tables] = process.argv.slice(2);
let stepCount = 0;
const application = fileSystemMsApplication(systemClock, {
  onStep(step) {
    writeSync(1, `${step}\n`);
    if (++stepCount === Number(lastStep)) process.kill(process.pid, "SIGKILL");
  },
});
await applyCalibration(
  { msPath: msPath!, dataColumn: "DATA", requests: requestsOfPaths(tables), options: defaultApplyOptions },
  { application, locks: null },
  {
    mode: "corrected-data",
    workerCount: 1,
    software: "contimg test",
    lockTimeoutMs: 0,
    monotonicMs: () => performance.now(),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onWait: () => undefined,
  },
);
