/** Where commands write: people get lines and a moving progress line, programs get JSON lines. */

import { PipelineError } from "../domain/error-codes.ts";

export interface Output {
  /** A line for people. Nothing when the output is for programs. */
  line(text: string): void;
  /** One JSON object a line. Nothing when the output is for people. */
  event(value: Readonly<Record<string, unknown>>): void;
  /** A line that is overwritten by the next; on a terminal only. */
  progress(text: string): void;
  /** A problem, to standard error in either form. */
  problem(text: string): void;
  readonly isJson: boolean;
}

interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const ERASE_LINE = "\r\u001b[2K";

/**
 * @param json JSON lines on `out`; without the flag they are chosen when `out` is no terminal and `autoJson` is set
 */
export function createOutput(json: boolean, out: Stream, err: Stream, autoJson: boolean): Output {
  const isJson = json || (autoJson && out.isTTY !== true);
  let progressShown = false;
  const clear = () => {
    if (progressShown) err.write(ERASE_LINE);
    progressShown = false;
  };
  return {
    isJson,
    line(text) {
      clear();
      if (!isJson) out.write(`${text}\n`);
    },
    event(value) {
      if (isJson) out.write(`${JSON.stringify(value)}\n`);
    },
    progress(text) {
      if (isJson || err.isTTY !== true) return;
      err.write(`${ERASE_LINE}${text}`);
      progressShown = true;
    },
    problem(text) {
      clear();
      err.write(`${text}\n`);
    },
  };
}

/** `code: message`, with the causes that add something. */
export function describeError(error: unknown): string {
  if (error instanceof PipelineError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** 2.33 GB, 145.3 MB, 12 kB: decimal units, as disks are sold and shown. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${units[unit]}`;
}

/** `[#########-----------]  45 %` */
export function progressBar(doneFraction: number, width = 24): string {
  const done = Math.max(0, Math.min(1, doneFraction));
  const filled = Math.round(done * width);
  return `[${"#".repeat(filled)}${"-".repeat(width - filled)}] ${String(Math.round(100 * done)).padStart(3)} %`;
}
