/** What an inspection says of one thing. */

export interface Finding {
  readonly name: string;
  readonly verdict: "ok" | "warning" | "problem";
  /** One sentence: what was seen. */
  readonly found: string;
  /** What to type or do; empty when all is well. */
  readonly fix: string;
}

export function finding(verdict: Finding["verdict"], name: string, found: string, fix = ""): Finding {
  return { name, verdict, found, fix };
}

export const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** Without these nothing can be converted, or not safely; other problems may pass while the stream runs. */
const BLOCKING =
  /^(?:Node|locking programs|(?:sky|calibrator) catalogue|(?:input|output|scratch|checkpoint|state|lock)_dir|queue_db|.*: (?:rename|write-ahead log|locks))$/;

/** Whether the stream must not start. */
export function blocksStream({ name, verdict }: Finding): boolean {
  return verdict === "problem" && BLOCKING.test(name);
}
