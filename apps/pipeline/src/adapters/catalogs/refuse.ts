/** What is wrong with a catalogue file, and where. */

import { PipelineError } from "../../domain/error-codes.ts";

export interface Place {
  readonly path: string;
  /** Counts from 1. */
  readonly lineIndex: number;
}

const LONGEST_SHOWN_COUNT = 60;

/** Quotes what was found, cut where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_SHOWN_COUNT ? `${text.slice(0, LONGEST_SHOWN_COUNT)}…` : text);
}

/** @param found  in quotes where it is text of the file */
export function refusal({ path, lineIndex }: Place, field: string, expected: string, found: string): PipelineError {
  return new PipelineError(
    "CATALOG_UNREADABLE",
    `${path}:${lineIndex}: ${field}: expected ${expected}, found ${found}`,
    { subject: path },
  );
}
