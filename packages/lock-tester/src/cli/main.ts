#!/usr/bin/env node
/** The `contimg-locktest` program. */

import { runCommandLine } from "./command-line.ts";

const interrupted = new AbortController();
// The first interrupt ends the test in order; the second ends the program.
process.once("SIGINT", () => interrupted.abort());
process.once("SIGTERM", () => interrupted.abort());
// A reader such as head may close the pipe when it has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
process.exitCode = await runCommandLine(process.argv.slice(2), {
  program: "contimg-locktest",
  signal: interrupted.signal,
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
});
