/** The queue database: one SQLite file that any number of processes of this machine share. */

import { asPipelineError, type PipelineError } from "../../domain/error-codes.ts";
import type { AlertStore } from "../../ports/alerts.ts";
import type { HostClock } from "../../ports/clock.ts";
import type { QueueDatabase } from "../../ports/group-queue.ts";
import { alertStore } from "./alerts.ts";
import { arrivalLedger } from "./arrivals.ts";
import { groupQueue } from "./claims.ts";
import { codedError, withCodedErrors } from "./coded-errors.ts";
import { queueControl } from "./control.ts";
import { keepLegacyCopy } from "./legacy-copy.ts";
import { isLegacyQueue, takeOverLegacyQueue } from "./legacy-queue.ts";
import { productTables, queueTables } from "./migrations/0001-queue.sql.ts";
import { calibrationTables } from "./migrations/0002-calibration.sql.ts";
import { type Migration, openDatabase } from "./open-database.ts";
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
  (database) => database.exec(calibrationTables),
];

export interface QueueDatabaseOptions extends QueueSettings {
  readonly path: string;
  /** `products.sqlite3`; null: no copy is kept. */
  readonly productsPath: string | null;
  readonly clock: HostClock;
  /** Told when the copy of the products could not be brought up to date; the next commit tries again. */
  readonly onProductsBehind?: (error: PipelineError) => void;
}

/** @throws PipelineError QUEUE_UNUSABLE, or DISK_FULL; so does every method */
export function openQueueDatabase(options: QueueDatabaseOptions): QueueDatabase & AlertStore {
  const { path, productsPath, clock } = options;
  const database = openDatabase(path, migrations);
  let products: ProductsCopy | undefined;
  try {
    products = productsPath === null ? undefined : openProductsCopy(productsPath);
    products?.update(database);
  } catch (error) {
    products?.close();
    database.close();
    throw codedError(error, productsPath!, "QUEUE_UNUSABLE");
  }
  const context = { database, clock, settings: options };
  const queue = groupQueue(context);
  const bare: QueueDatabase & AlertStore = {
    ...arrivalLedger(context),
    ...queue,
    ...queueControl(context),
    ...alertStore(context),
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
      const problem = asPipelineError(codedError(error, productsPath!, "QUEUE_UNUSABLE"), productsPath!);
      if (options.onProductsBehind) options.onProductsBehind(problem);
      else process.emitWarning(problem);
    }
  }

  return withCodedErrors(bare, path, "QUEUE_UNUSABLE");
}
