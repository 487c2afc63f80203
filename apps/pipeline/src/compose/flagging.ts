/** Flags of a Measurement Set, for commands. */

import { fileSystemMsFlags } from "../adapters/fs/ms-flags/ms-flags.ts";
import { systemClock } from "../adapters/fs/system-clock.ts";
import { msLockFiles } from "../adapters/locks/ms-lock-files.ts";
import { createFlagService, type FlagMsOptions, type FlagService } from "../services/flag-ms.ts";

/** Flags by hand, under the locks that other programs respect too. */
export const composeFlags = (options: Omit<FlagMsOptions, "locks">): FlagService =>
  createFlagService(fileSystemMsFlags(systemClock), { ...options, locks: msLockFiles(null) });
