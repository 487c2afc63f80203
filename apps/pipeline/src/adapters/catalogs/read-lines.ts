/** The lines of a text file, plain or compressed by gzip, in batches: memory does not grow with the file. */

import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { CatalogInput } from "../../domain/catalog-source.ts";
import { PipelineError } from "../../domain/error-codes.ts";
import { systemErrorName } from "../../domain/system-error.ts";
import { quoted, refusal } from "./refuse.ts";

export interface LineBatch {
  /** Of the first of them; counts from 1. */
  readonly lineIndex: number;
  readonly lines: readonly string[];
}

const CHUNK_BYTES = 1 << 20;
/** No line of a catalogue is as long. */
const LONGEST_LINE_BYTES = 1 << 20;

/**
 * @param onEnd  is told what was read, once all of it is
 * @throws PipelineError INPUT_UNREADABLE; CATALOG_UNREADABLE for what is no text, or was cut while compressed
 */
export async function* readLines(path: string, onEnd: (input: CatalogInput) => void): AsyncGenerator<LineBatch> {
  const digest = createHash("sha256");
  let sizeBytes = 0;
  let lineIndex = 1;
  let rest = "";
  try {
    for await (const chunk of textOf(path, (bytes) => {
      digest.update(bytes);
      sizeBytes += bytes.length;
    })) {
      if (chunk.includes("\0")) throw binaryRefusal(path, lineIndex, rest + chunk);
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      if (rest.length > LONGEST_LINE_BYTES)
        throw refusal({ path, lineIndex: lineIndex + lines.length }, "line", "lines of text", quoted(rest));
      if (lines.length > 0) yield { lineIndex, lines: lines.map(withoutReturn) };
      lineIndex += lines.length;
    }
  } catch (error) {
    throw asReadError(error, path, lineIndex);
  }
  if (rest !== "") yield { lineIndex, lines: [withoutReturn(rest)] };
  onEnd({ path, sizeBytes, sha256: digest.digest("hex") });
}

const withoutReturn = (line: string) => (line.endsWith("\r") ? line.slice(0, -1) : line);

/** Catalogues are ASCII; a stray byte of another character set in a name does no harm as Latin 1. */
async function* textOf(path: string, onBytes: (bytes: Buffer) => void): AsyncGenerator<string> {
  const isCompressed = startsWithGzip(path);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  file.on("data", (bytes) => onBytes(bytes as Buffer));
  // What fails in the file destroys the one that is read from with the same error, which the loop throws.
  const source = isCompressed ? pipeline(file, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined) : file;
  for await (const bytes of source as AsyncIterable<Buffer>) yield bytes.toString("latin1");
}

function startsWithGzip(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(2);
    return readSync(file, start) === 2 && start[0] === 0x1f && start[1] === 0x8b;
  } finally {
    closeSync(file);
  }
}

function binaryRefusal(path: string, lineIndex: number, text: string): PipelineError {
  const found = text.startsWith("SIMPLE  =") ? "a FITS file; export the table as CSV" : "binary data";
  return refusal({ path, lineIndex }, "file", "text, or text compressed by gzip", found);
}

function asReadError(error: unknown, path: string, lineIndex: number): unknown {
  const name = systemErrorName(error);
  if (error instanceof PipelineError || name === undefined) return error;
  const isCompression = name.startsWith("Z_");
  const { message } = error as Error;
  return new PipelineError(
    isCompression ? "CATALOG_UNREADABLE" : "INPUT_UNREADABLE",
    isCompression
      ? `${path}: after line ${lineIndex - 1}: expected a whole gzip file, found ${message}; fetch it again`
      : `${path}: ${message}`,
    { subject: path, cause: error },
  );
}
