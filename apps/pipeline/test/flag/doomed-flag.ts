/** Flags a Measurement Set and kills itself at the n-th step of the commit: `doomed-flag.ts MS N`. Prints the steps. */

import { writeSync } from "node:fs";
import { flagService, runFlags } from "./run-service.ts";

const [msPath, lastStep] = process.argv.slice(2);
let stepCount = 0;
const service = flagService({
  onStep(step) {
    writeSync(1, `${step}\n`);
    if (++stepCount === Number(lastStep)) process.kill(process.pid, "SIGKILL");
  },
});
await runFlags(service, msPath!);
