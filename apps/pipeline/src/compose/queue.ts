/** The queue database, for commands that look into it. */

import { existsSync } from "node:fs";
import { hostClock } from "../adapters/host/host-clock.ts";
import { hostProcesses } from "../adapters/host/host-processes.ts";
import { openQueueDatabase } from "../adapters/sqlite/queue-database.ts";
import { PipelineError } from "../domain/error-codes.ts";
import type { AlertStore } from "../ports/alerts.ts";
import type { QueueDatabase } from "../ports/group-queue.ts";
import { defaultConvertConfig } from "../stages/convert/config.ts";

/** Opens a queue database that is there already, for a command to look into. */
export function openExistingQueue(path: string): {
  readonly queue: QueueDatabase & AlertStore;
  readonly isDead: (owner: string) => boolean;
} {
  if (!existsSync(path)) {
    throw new PipelineError("QUEUE_UNUSABLE", `${path}: there is no such queue database; --queue-db names another`, {
      subject: path,
    });
  }
  const queue = openQueueDatabase({
    path,
    productsPath: null,
    clock: hostClock(),
    // For groups that are new; commands make none.
    expectedSubbandCount: defaultConvertConfig.expectedSubbandCount,
    chunkMinutes: 5,
  });
  const processes = hostProcesses();
  return { queue, isDead: (owner) => processes.state(owner) === "dead" };
}
