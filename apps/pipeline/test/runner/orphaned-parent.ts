/** Starts a group worker in a process of its own, prints its number, and waits to be killed. */

import { createChainRunner } from "../../src/adapters/runner/chain-runner.ts";

const runner = createChainRunner({
  setup: "setup",
  entry: new URL("./scripted-worker.ts", import.meta.url),
  usesSubprocess: true,
  ompThreadCount: null,
  killAfterMs: 1_000,
});
await runner.run(
  {
    group: { groupId: "is deaf", startUnixSec: 0, files: [] },
    expectedSubbandCount: 1,
    allowMissingCount: 0,
    inputsDigest: "",
    inputSignatures: [],
    checkpoint: null,
    heldMs: 0,
  },
  new AbortController().signal,
  {
    onProgress() {},
    onStageEnd() {},
    onCheckpoint() {},
    onAlert() {},
    onMessage: (_level, message) => process.stdout.write(`${message.split(" ")[1]}\n`),
  },
);
