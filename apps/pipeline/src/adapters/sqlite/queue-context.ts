/** What all statement families share. */

import type { DatabaseSync } from "node:sqlite";
import type { HostClock } from "../../ports/clock.ts";

export interface QueueSettings {
  readonly expectedSubbandCount: number;
  /** Recorded in `chunk_minutes`. */
  readonly chunkMinutes: number;
}

export interface QueueContext {
  readonly database: DatabaseSync;
  readonly clock: HostClock;
  readonly settings: QueueSettings;
}
