import { createHash } from "node:crypto";
import type { QueuedFile } from "../domain/queue.ts";

/**
 * Identity of the content of a group's files: equal wherever they were copied to and whenever they were sent again.
 * A file without a digest of its samples is known by its signature, which a copy does not share.
 *
 * @param files  as the queue has them, in any order
 * @returns SHA-256 as hexadecimal digits
 */
export function inputsDigest(files: readonly QueuedFile[]): string {
  const hash = createHash("sha256");
  for (const file of files.toSorted((a, b) => a.subbandIndex - b.subbandIndex || (a.path < b.path ? -1 : 1))) {
    const content = file.sampleDigest ?? `${file.path}\n${file.signature}`;
    hash.update(`${file.subbandIndex}\n${file.sizeBytes}\n${content}\n`);
  }
  return hash.digest("hex");
}
