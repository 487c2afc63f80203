/** The queue database: one SQLite file that any number of processes of this machine share. */

import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { PipelineError } from "../../domain/error-codes.ts";
import type { HostClock } from "../../ports/clock.ts";
import type { QueueDatabase } from "../../ports/group-queue.ts";
import { arrivalLedger } from "./arrivals.ts";
import { groupQueue } from "./claims.ts";
import { queueControl } from "./control.ts";
import { isLegacyQueue, takeOverLegacyQueue } from "./legacy-queue.ts";
import { productTables, queueTables } from "./migrations/0001-queue.sql.ts";
import { BUSY_TIMEOUT_MS, type Migration, openDatabase } from "./open-database.ts";
import { openProductsCopy } from "./products.ts";
import type { QueueSettings } from "./queue-context.ts";

const migrations: readonly Migration[] = [
  (database) => {
    if (isLegacyQueue(database)) takeOverLegacyQueue(database);
    else database.exec(queueTables);
    database.exec(productTables);
  },
];

export interface QueueDatabaseOptions extends QueueSettings {
  readonly path: string;
  /** `products.sqlite3`; null: no copy is kept. */
  readonly productsPath: string | null;
  readonly clock: HostClock;
}

/** A copy of an old file from before it is changed. */
function keepLegacyCopy(path: string): void {
  if (!existsSync(path)) return;
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    const copy = `${path}.before-contimg`;
    if (isLegacyQueue(database) && !existsSync(copy)) database.prepare("VACUUM INTO ?").run(copy);
  } catch (error) {
    throw new PipelineError("QUEUE_UNUSABLE", `${path}: ${(error as Error).message}`, { subject: path, cause: error });
  } finally {
    database.close();
  }
}

/** @throws PipelineError QUEUE_UNUSABLE */
export function openQueueDatabase(options: QueueDatabaseOptions): QueueDatabase {
  keepLegacyCopy(options.path);
  const database = openDatabase(options.path, migrations);
  const products = options.productsPath === null ? undefined : openProductsCopy(options.productsPath);
  products?.update(database);
  const context = { database, clock: options.clock, settings: options };
  const queue = groupQueue(context);
  return {
    ...arrivalLedger(context),
    ...queue,
    ...queueControl(context),
    complete(lease, completion) {
      const end = queue.complete(lease, completion);
      if (end === "done") products?.update(database);
      return end;
    },
    close() {
      products?.close();
      database.close();
    },
  };
}
