/** The chain of stages for one job of the stream, where it runs: in a thread or process of its own. */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { checkpointFiles } from "../adapters/fs/checkpoint-files.ts";
import { readEarthOrientation } from "../adapters/fs/earth-orientation.ts";
import { signatureOf } from "../adapters/fs/input-staging.ts";
import { createMsBuilder } from "../adapters/fs/ms/ms-builder.ts";
import { uvh5SubbandReader } from "../adapters/fs/subband-reader.ts";
import { systemClock } from "../adapters/fs/system-clock.ts";
import { type RunJob, serveChain } from "../adapters/runner/serve-chain.ts";
import type { ChainJob } from "../ports/chain-runner.ts";
import { assertInputsUnchanged, buildWithRoom } from "../services/convert-safely.ts";
import { runChain } from "../services/run-chain.ts";
import type { ChainSetup } from "../services/stream-setup.ts";
import { convertStage } from "../stages/convert/index.ts";
import { software } from "../version.ts";
import { serialised, stagingDir } from "./stages.ts";

/** The convert stage for one group of the stream: it takes over what an earlier attempt made of the same files. */
function streamConvertStage(setup: ChainSetup, job: ChainJob) {
  const earthOrientation = readEarthOrientation(setup.earthOrientationFiles);
  const builder = createMsBuilder(systemClock, earthOrientation);
  const directory = stagingDir({ scratchDir: setup.scratchDir, tmpfsPath: setup.tmpfsDir }, [job.group]);
  const { expectedSubbandCount, allowMissingCount } = job;
  return convertStage({
    reader: uvh5SubbandReader,
    builder: {
      ...builder,
      build: (plan, options) => buildWithRoom(builder, plan, options, setup.scratchDir ?? dirname(plan.msPath)),
    },
    config: { ...setup.convert, expectedSubbandCount, allowMissingCount },
    outputDir: setup.outputDir,
    stagingDir: directory,
    workerCount: setup.workerCount,
    earthOrientation,
    software,
    inputsDigest: job.inputsDigest,
    beforePublish: () => assertInputsUnchanged(job, signatureOf),
  });
}

/** The chain for one job, where it runs: in a thread or process of its own. */
const runChainOfJob: RunJob<ChainSetup> = (setup, job, signal, events) => {
  const warning = (message: string) => events.onMessage("WARNING", message);
  return runChain(
    job,
    {
      stages: [serialised(streamConvertStage(setup, job), setup.locks, warning)],
      checkpoints: checkpointFiles(setup.checkpointDir, { warning }),
      clock: systemClock,
      exists: (kind, artifact) => kind === "uvh5-group" || ("path" in artifact && existsSync(artifact.path)),
    },
    signal,
    events,
  );
};

/** For the entry of group workers. */
export function serveGroups(): void {
  serveChain(runChainOfJob);
}
