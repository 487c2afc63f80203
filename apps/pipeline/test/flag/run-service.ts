/** Flagging without the command line, for tests that need many runs or other settings. */

import { fileSystemMsFlags, type MsFlagsOptions } from "../../src/adapters/fs/ms-flags/ms-flags.ts";
import { systemClock } from "../../src/adapters/fs/system-clock.ts";
import { createFlagService, type FlagService } from "../../src/services/flag-ms.ts";
import { defaultFlagConfig, type FlagConfig } from "../../src/stages/flag/config.ts";

export function flagService(options: MsFlagsOptions = {}): FlagService {
  return createFlagService(fileSystemMsFlags(systemClock, options), {
    locks: null,
    lockTimeoutMs: 0,
    signal: new AbortController().signal,
    onWait: () => undefined,
  });
}

export const runFlags = (service: FlagService, msPath: string, changes: Partial<FlagConfig> = {}, workerCount = 1) =>
  service.run(
    msPath,
    {
      config: { ...defaultFlagConfig, ...changes },
      workerCount,
      software: "contimg test",
      monotonicMs: () => performance.now(),
    },
    () => undefined,
  );
