/**
 * A stream in a process of its own, for tests that kill or stop it at an instant of its protocol.
 *
 *   node stream-process.ts '{"setup": …, "step": "chain-ended", "signal": "SIGKILL"}'
 */

import { composeStream } from "../../src/compose/stream.ts";
import type { Log } from "../../src/ports/log.ts";
import type { ProtocolStep, StreamSetup } from "../../src/services/stream-setup.ts";

const {
  setup,
  step,
  signal,
  occurrence = 1,
} = JSON.parse(process.argv[2]!) as {
  readonly setup: Omit<StreamSetup, "log" | "onStep">;
  readonly step: ProtocolStep;
  readonly signal: NodeJS.Signals;
  readonly occurrence?: number;
};
const say = (level: string) => (message: string) => void process.stdout.write(`${level}: ${message}\n`);
const log: Log = {
  debug: say("DEBUG"),
  info: say("INFO"),
  warning: say("WARNING"),
  error: say("ERROR"),
  critical: say("CRITICAL"),
};
let reachedCount = 0;
const stop = new AbortController();
const stream = composeStream({
  ...setup,
  log,
  onStep(reached) {
    if (reached === step && ++reachedCount === occurrence) process.kill(process.pid, signal);
    if (reached === "cleaned-up") stop.abort();
  },
});
await stream.run(stop.signal, new AbortController().signal);
