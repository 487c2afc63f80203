/** The queue database: one SQLite file that any number of processes of this machine share. */

import { renameSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { asPipelineError, PipelineError } from "../../domain/error-codes.ts";
import type { HostClock } from "../../ports/clock.ts";
import type { QueueDatabase } from "../../ports/group-queue.ts";
import { arrivalLedger } from "./arrivals.ts";
import { groupQueue } from "./claims.ts";
import { queueControl } from "./control.ts";
import { isLegacyQueue, takeOverLegacyQueue } from "./legacy-queue.ts";
import { productTables, queueTables } from "./migrations/0001-queue.sql.ts";
import { BUSY_TIMEOUT_MS, type Migration, openDatabase } from "./open-database.ts";
import { openProductsCopy, type ProductsCopy } from "./products.ts";
import type { QueueSettings } from "./queue-context.ts";

const migrations: readonly Migration[] = [
  (database) => {
    if (isLegacyQueue(database)) {
      keepLegacyCopy(database.location()!);
      takeOverLegacyQueue(database);
    } else database.exec(queueTables);
    database.exec(productTables);
  },
];

export interface QueueDatabaseOptions extends QueueSettings {
  readonly path: string;
  /** `products.sqlite3`; null: no copy is kept. */
  readonly productsPath: string | null;
  readonly clock: HostClock;
  /** Told when the copy of the products could not be brought up to date; the next commit tries again. */
  readonly onProductsBehind?: (error: PipelineError) => void;
}

/** A copy of an old file from before it is changed. The caller has the right to write, so nobody changes it meanwhile. */
function keepLegacyCopy(path: string): void {
  const copy = `${path}.before-contimg`;
  const unfinished = `${copy}~`;
  rmSync(unfinished, { force: true });
  const reader = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true });
  try {
    reader.prepare("VACUUM INTO ?").run(unfinished);
  } finally {
    reader.close();
  }
  renameSync(unfinished, copy);
}

const SQLITE_FULL = 13;

/** What SQLite throws is given a code. */
function coded(error: unknown, path: string): unknown {
  const errcode = (error as { readonly errcode?: number } | null)?.errcode;
  if (errcode === undefined || error instanceof PipelineError) return error;
  const { message } = error as Error;
  return new PipelineError(errcode === SQLITE_FULL ? "DISK_FULL" : "QUEUE_UNUSABLE", `${path}: ${message}`, {
    subject: path,
    cause: error,
  });
}

/** @throws PipelineError QUEUE_UNUSABLE, or DISK_FULL; so does every method */
export function openQueueDatabase(options: QueueDatabaseOptions): QueueDatabase {
  const { path, productsPath, clock } = options;
  const database = openDatabase(path, migrations);
  let products: ProductsCopy | undefined;
  try {
    products = productsPath === null ? undefined : openProductsCopy(productsPath);
    products?.update(database);
  } catch (error) {
    products?.close();
    database.close();
    throw coded(error, productsPath!);
  }
  const context = { database, clock, settings: options };
  const queue = groupQueue(context);
  const bare: QueueDatabase = {
    ...arrivalLedger(context),
    ...queue,
    ...queueControl(context),
    complete(lease, completion) {
      const end = queue.complete(lease, completion);
      if (end === "done") copyProducts();
      return end;
    },
    close() {
      products?.close();
      database.close();
    },
  };

  /** The group is completed already: what goes wrong here must not look like a failure of it. */
  function copyProducts(): void {
    try {
      products?.update(database);
    } catch (error) {
      const problem = asPipelineError(coded(error, productsPath!), productsPath!);
      if (options.onProductsBehind) options.onProductsBehind(problem);
      else process.emitWarning(problem);
    }
  }

  const methods = Object.entries(bare) as readonly (readonly [string, (...args: unknown[]) => unknown])[];
  return Object.fromEntries(
    methods.map(([name, act]) => [
      name,
      (...args: unknown[]) => {
        try {
          return act(...args);
        } catch (error) {
          throw coded(error, path);
        }
      },
    ]),
  ) as unknown as QueueDatabase;
}
