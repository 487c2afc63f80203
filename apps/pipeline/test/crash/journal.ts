/** What streams of a crash run say of their steps, in one file: a line is written whole or not at all. */

import { appendFileSync, existsSync, readFileSync } from "node:fs";

export interface JournalEntry {
  readonly pid: number;
  readonly step: string;
  /** Empty when the step is about a file. */
  readonly groupId: string;
  /** With which the stream claimed the group; 0: it did not. */
  readonly token: number;
}

export function writeJournal(path: string, { pid, step, groupId, token }: JournalEntry): void {
  appendFileSync(path, `${pid}\t${step}\t${groupId}\t${token}\n`);
}

export function readJournal(path: string): readonly JournalEntry[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [pid, step, groupId, token] = line.split("\t");
      if (pid === undefined || step === undefined || groupId === undefined || token === undefined) return [];
      return [{ pid: Number(pid), step, groupId, token: Number(token) }];
    });
}
