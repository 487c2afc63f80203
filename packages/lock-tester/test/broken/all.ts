/** Every planted lock with the name by which a locker's process loads it. */

import { join } from "node:path";
import * as flocks from "./flocks.ts";
import * as names from "./names.ts";
import type { Planted } from "./plant.ts";
import * as records from "./records.ts";
import * as services from "./services.ts";

export interface Planting {
  /** `module:/path#export` */
  readonly module: string;
  readonly lock: Planted;
}

const files = { flocks, names, records, services };

export const plantings: readonly Planting[] = Object.entries(files).flatMap(([file, locks]) =>
  Object.entries(locks as Readonly<Record<string, Planted>>).map(([name, lock]) => ({
    module: `module:${join(import.meta.dirname, `${file}.ts`)}#${name}`,
    lock,
  })),
);
