/** The log: plain or JSON lines on the console, JSON lines in a file. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import type { Clock } from "../../ports/clock.ts";
import { type Log, type LogFields, type LogLevel } from "../../ports/log.ts";
import { openSteadfastFile, type WriteCalls } from "./steadfast-file.ts";

export interface LogOptions {
  /** The file is `<logsDir>/<service>.log`. */
  readonly service: string;
  /** Less severe messages are dropped. */
  readonly level: LogLevel;
  /** Of the console; the file is always JSON lines. */
  readonly format: "text" | "json";
  /** Descriptor of the console, 2 is standard error; null: none. */
  readonly consoleFd: number | null;
  /** Made when it is not there; null: no file. */
  readonly logsDir: string | null;
  readonly clock: Clock;
  /** The system calls behind both, to be replaced in tests. */
  readonly calls?: WriteCalls;
}

/**
 * Every line is handed to the system before the call returns, so that a crash loses none; trouble with the console or
 * the file never reaches the caller.
 */
export interface PinoLog extends Log {
  /** Opens the file anew, after log rotation renamed it. */
  reopen(): void;
  close(): void;
}

/** Python's numbers, which collectors of old logs know. */
const severities = { debug: 10, info: 20, warning: 30, error: 40, critical: 50 } as const;
type Severity = keyof typeof severities;

const RESERVED = new Set(["level", "time", "pid", "service", "msg"]);

export function createPinoLog(options: LogOptions): PinoLog {
  const { service, level, format, consoleFd, logsDir, clock } = options;
  const leastSevere = level.toLowerCase() as Severity;
  const isoTime = () => new Date(clock.nowUnixSec() * 1000).toISOString();

  /** A pino logger of which each line goes to `write`. */
  const jsonLogger = (write: (line: string) => void) =>
    pino(
      {
        level: leastSevere,
        customLevels: severities,
        useOnlyCustomLevels: true,
        base: { pid: process.pid, service },
        timestamp: () => `,"time":"${isoTime()}"`,
        formatters: { level: (label) => ({ level: label.toUpperCase() }) },
      },
      { write },
    );
  const textLine = (severity: Severity, message: string) => {
    const time = isoTime().slice(0, 19).replace("T", " ");
    return `${time} UTC  ${severity.toUpperCase()}: ${printable(message)}\n`;
  };
  const lostMessage = (lostCount: number, reason: string) => `${lostCount} log lines were lost (${reason})`;
  const lostJson = (lostCount: number, reason: string) => {
    const fields = { level: "WARNING", time: isoTime(), pid: process.pid, service, lost_count: lostCount };
    return `${JSON.stringify({ ...fields, msg: lostMessage(lostCount, reason) })}\n`;
  };
  const lostText = (lostCount: number, reason: string) => textLine("warning", lostMessage(lostCount, reason));

  const console =
    consoleFd === null ? null : openSteadfastFile(consoleFd, format === "json" ? lostJson : lostText, options.calls);
  const file = logsDir === null ? null : openSteadfastFile(join(logsDir, `${service}.log`), lostJson, options.calls);

  const consoleJson = console !== null && format === "json" ? jsonLogger((line) => console.write(line)) : null;
  const fileJson = file === null ? null : jsonLogger((line) => file.write(line));

  const write = (severity: Severity, message: string, fields: LogFields = {}) => {
    if (severities[severity] < severities[leastSevere]) return;
    if (console !== null && consoleJson === null) console.write(textLine(severity, message));
    if (consoleJson === null && fileJson === null) return;
    const named = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, value]),
    );
    consoleJson?.[severity](named, message);
    fileJson?.[severity](named, message);
  };

  const log: PinoLog = {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warning: (message, fields) => write("warning", message, fields),
    error: (message, fields) => write("error", message, fields),
    critical: (message, fields) => write("critical", message, fields),
    reopen: () => file?.reopen(),
    close() {
      file?.close();
      console?.close();
    },
  };
  if (logsDir !== null) {
    try {
      mkdirSync(logsDir, { recursive: true });
    } catch (error) {
      log.warning(`No log file can be written: ${(error as Error).message}`, { logs_dir: logsDir });
    }
  }
  return log;
}

/** Further lines of a message are indented, and control characters shown: a file's name cannot forge a log line. */
function printable(message: string): string {
  return message.replaceAll(/\r?\n/g, "\n    ").replaceAll(/[^\P{Cc}\n]/gu, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
