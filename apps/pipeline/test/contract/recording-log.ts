import type { Log } from "../../src/ports/log.ts";

/** A log that keeps what it is told, as `LEVEL: message`. */
export function recordingLog(): Log & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const say = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  return {
    lines,
    debug: say("DEBUG"),
    info: say("INFO"),
    warning: say("WARNING"),
    error: say("ERROR"),
    critical: say("CRITICAL"),
  };
}
