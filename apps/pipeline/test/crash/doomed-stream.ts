/**
 * A stream that writes a journal, sends itself a signal at the n-th occurrence of a step of its protocol, and ends by
 * itself when every group is done. Its one argument is a {@link Doom} as JSON.
 */

import { DatabaseSync } from "node:sqlite";
import { openExistingQueue } from "../../src/compose/queue.ts";
import { composeStream } from "../../src/compose/stream.ts";
import type { Log } from "../../src/ports/log.ts";
import type { ProtocolStep } from "../../src/services/stream-setup.ts";
import type { CrashSetup } from "./crash-setup.ts";
import { writeJournal } from "./journal.ts";

export interface Doom {
  readonly setup: CrashSetup;
  readonly step: ProtocolStep | null;
  readonly occurrence: number;
  /** Counts only steps of this group; null: of any. */
  readonly groupId: string | null;
  readonly signal: "SIGKILL" | "SIGSTOP";
  /** Ends when so many groups are done; 0: goes on until it is killed. */
  readonly groupCount: number;
}

const { setup, step, occurrence, groupId, signal, groupCount } = JSON.parse(process.argv[2]!) as Doom;
const nothing = () => undefined;
const say = (message: string) => void process.stderr.write(`${message}\n`);
const log: Log = { debug: nothing, info: nothing, warning: nothing, error: say, critical: say };
const stop = new AbortController();
const tokens = new Map<string, number>();
let reachedCount = 0;

/** The token with which a group was claimed last. */
function leaseTokenOf(subject: string): number {
  const database = new DatabaseSync(setup.queuePath, { readOnly: true, timeout: 30_000 });
  const row = database.prepare("SELECT lease_token FROM ingest_queue WHERE group_id = ?").get(subject);
  database.close();
  return (row as { lease_token: number }).lease_token;
}

/** Ends when nothing is left to do: all groups are there and none is open. */
function stopWhenDone(): void {
  const { queue } = openExistingQueue(setup.queuePath);
  const { completed, failed } = queue.stats(() => false).countOfState;
  queue.close();
  if (completed + failed >= groupCount) stop.abort();
}

const timer = groupCount === 0 ? undefined : setInterval(stopWhenDone, 100);
await composeStream({
  ...setup,
  log,
  onStep(reached, subject) {
    if (reached === "claimed") tokens.set(subject, leaseTokenOf(subject));
    if (reached !== "arrival-recorded") {
      const token = tokens.get(subject) ?? 0;
      writeJournal(setup.journalPath, { pid: process.pid, step: reached, groupId: subject, token });
    }
    if (reached === step && (groupId === null || subject === groupId) && ++reachedCount === occurrence)
      process.kill(process.pid, signal);
  },
}).run(stop.signal, new AbortController().signal);
clearInterval(timer);
