/** The streams of crash runs: what they are set to, and the tiny groups that they convert. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { defaultRetryPolicy } from "../../src/domain/queue.ts";
import type { StreamSetup } from "../../src/services/stream-setup.ts";
import { nodeSimulatorDeps } from "../../src/simulate/node-deps.ts";
import { simulateGroups } from "../../src/simulate/simulate-groups.ts";
import { defaultConvertConfig } from "../../src/stages/convert/config.ts";
import { defaultFlagConfig } from "../../src/stages/flag/config.ts";

export const SUBBAND_COUNT = 3;
/** A stream that was stopped for longer has lost its groups. */
export const LEASE_MS = 2_000;

export type CrashSetup = Omit<StreamSetup, "log" | "onStep"> & { readonly journalPath: string };

/** A stream in a directory of its own. */
export function setupIn(root: string, usesSubprocess: boolean, isFlagging = false): CrashSetup {
  return {
    journalPath: join(root, "journal"),
    incomingDir: join(root, "incoming"),
    queuePath: join(root, "state/queue.sqlite3"),
    productsPath: join(root, "state/products.sqlite3"),
    expectedSubbandCount: SUBBAND_COUNT,
    settleMs: 1000,
    pollMs: 200,
    // Here workers die by design, so often that a group would look like the cause.
    retry: { ...defaultRetryPolicy, baseDelayMs: 10, maxDelayMs: 20, maxCrashCount: 100_000 },
    collecting: { timeoutMs: 600_000, minSubbandCount: SUBBAND_COUNT, closeAfterMs: 86_400_000 },
    chain: {
      convert: defaultConvertConfig,
      outputDir: join(root, "ms"),
      scratchDir: join(root, "scratch"),
      tmpfsDir: null,
      checkpointDir: join(root, "checkpoints"),
      workerCount: 1,
      earthOrientationFiles: { finalsPath: null, leapSecondsPath: null },
      flag: isFlagging ? defaultFlagConfig : null,
      calibratorCatalogPath: null,
      calibration: null,
      locks: { isEnabled: true, lockDir: null, timeoutMs: 60_000 },
    },
    worker: {
      groupCount: 2,
      usesSubprocess,
      ompThreadCount: 1,
      pollMs: 50,
      leaseMs: LEASE_MS,
      graceMs: 30_000,
      stagesInputs: true,
      stageWorkerCount: 2,
      cleansUpTemp: true,
      chunkDurationMin: 5,
      calibrationPollMs: 200,
    },
    alertRepeatMs: 3_600_000,
    monitoring: { isEnabled: true, intervalMs: 100, profiles: true },
  };
}

/** Simulates tiny groups, one cadence after the other. @returns the names of their files */
export function simulateTinyGroups(directory: string, groupCount: number, seed: number): readonly string[] {
  simulateGroups(
    {
      outputDir: directory,
      seed,
      groupCount,
      subbandCount: SUBBAND_COUNT,
      antennaCount: 4,
      integrationCount: 2,
      channelCount: 4,
      sourceCount: 2,
    },
    nodeSimulatorDeps,
  );
  return readdirSync(directory).filter((name) => name.endsWith(".hdf5"));
}
