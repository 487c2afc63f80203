/** A stream that says everything on its standard output, one JSON object a line, and goes on until SIGTERM. */

import { writeSync } from "node:fs";
import { composeStream } from "../../src/compose/stream.ts";
import type { Log } from "../../src/ports/log.ts";
import type { StreamSetup } from "../../src/services/stream-setup.ts";

const STANDARD_OUTPUT = 1;

const say = (level: string) => (message: string) =>
  void writeSync(STANDARD_OUTPUT, `${JSON.stringify({ level, message })}\n`);
const log: Log = {
  debug: say("debug"),
  info: say("info"),
  warning: say("warning"),
  error: say("error"),
  critical: say("critical"),
};
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
const setup = JSON.parse(process.argv[2]!) as Omit<StreamSetup, "log" | "onStep">;
await composeStream({ ...setup, log }).run(stop.signal, new AbortController().signal);
