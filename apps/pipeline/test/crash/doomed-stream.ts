/**
 * A stream that sends itself SIGKILL at the n-th occurrence of a step of its protocol, or ends by itself when every
 * group is done.
 *
 *   doomed-stream.ts '{"setup": …, "step": "chain-ended" | null, "occurrence": 2, "groupCount": 30}'
 */

import { composeStream, openExistingQueue } from "../../src/compose.ts";
import type { Log } from "../../src/ports/log.ts";
import type { ProtocolStep, StreamSetup } from "../../src/services/stream-setup.ts";

const { setup, step, occurrence, groupCount } = JSON.parse(process.argv[2]!) as {
  readonly setup: Omit<StreamSetup, "log" | "onStep">;
  readonly step: ProtocolStep | null;
  readonly occurrence: number;
  /** 0: goes on until it is killed. */
  readonly groupCount: number;
};
const nothing = () => undefined;
const say = (message: string) => void process.stderr.write(`${message}\n`);
const log: Log = { debug: nothing, info: nothing, warning: nothing, error: say, critical: say };
const stop = new AbortController();
let reachedCount = 0;

/** Ends when nothing is left to do: all groups are there and none is open. */
function stopWhenDone(): void {
  const { queue } = openExistingQueue(setup.queuePath);
  const { completed, failed } = queue.stats(() => false).countOfState;
  queue.close();
  if (completed + failed >= groupCount) stop.abort();
}

const timer = groupCount === 0 ? undefined : setInterval(stopWhenDone, 100);
await composeStream({
  ...setup,
  log,
  onStep(reached) {
    if (reached === step && ++reachedCount === occurrence) process.kill(process.pid, "SIGKILL");
  },
}).run(stop.signal, new AbortController().signal);
clearInterval(timer);
