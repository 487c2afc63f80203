/** Everything the streaming converter is told, as plain data; the configuration makes it, compose/ acts on it. */

import type { ApplyMode } from "../domain/cal-apply.ts";
import type { CalSchedule } from "../domain/cal-schedule.ts";
import type { MissingCalibrationPolicy } from "../domain/group-calibration.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { CollectingPolicy, RetryPolicy } from "../domain/queue.ts";
import type { Log } from "../ports/log.ts";
import type { ConvertConfig } from "../stages/convert/config.ts";
import type { FlagConfig } from "../stages/flag/config.ts";

/** Newer Earth-orientation tables than the shipped ones; null: the shipped. */
export interface EarthOrientationPaths {
  readonly finalsPath: string | null;
  readonly leapSecondsPath: string | null;
}

export interface CalibrationSetup {
  readonly skyCatalogPath: string;
  readonly registryPath: string;
  readonly schedule: CalSchedule;
  readonly missing: MissingCalibrationPolicy;
  readonly applyMode: ApplyMode;
  /** How long a group waits at most before it goes on uncalibrated. */
  readonly waitMs: number;
  /** How far outside its validity a table may be used, by `borrow`. */
  readonly borrowBandpassDay: number;
  readonly borrowGainDay: number;
}

/** What the chain of stages needs, wherever it runs: goes to threads and processes as it is. Paths are absolute. */
export interface ChainSetup {
  /** `expectedSubbandCount` and `allowMissingCount` are taken from the job instead. */
  readonly convert: ConvertConfig;
  readonly outputDir: string;
  /** Where a Measurement Set grows; null: beside its final place. */
  readonly scratchDir: string | null;
  /** Tried first, when twice the group's size is free there; null: not used. */
  readonly tmpfsDir: string | null;
  readonly checkpointDir: string;
  /** Threads of one conversion. */
  readonly workerCount: number;
  readonly earthOrientationFiles: EarthOrientationPaths;
  /** null: nothing is flagged. */
  readonly flag: FlagConfig | null;
  /** Catalogue of calibrators; null: nobody looks for them, every group is science. */
  readonly calibratorCatalogPath: string | null;
  /** null: groups are not calibrated. */
  readonly calibration: CalibrationSetup | null;
  readonly locks: {
    /** False: stages run without MS locks, for file systems where the operator knows better. */
    readonly isEnabled: boolean;
    /** null: `{ms}.lock` beside the Measurement Set. */
    readonly lockDir: string | null;
    readonly timeoutMs: number;
  };
}

/** Instants of the protocol between which a process may die; for tests that kill it there. */
export type ProtocolStep =
  | "arrival-recorded"
  | "claimed"
  | "inputs-staged"
  | "chain-started"
  | "chain-ended"
  | "checkpoint-recorded"
  | "completed-committed"
  | "failure-committed"
  | "cleaned-up";

export interface StreamSetup {
  readonly incomingDir: string;
  readonly queuePath: string;
  /** Database that gets copies of `ms_index` and `storage_locations`; null: none. */
  readonly productsPath: string | null;
  readonly chain: ChainSetup;
  readonly retry: RetryPolicy;
  readonly collecting: CollectingPolicy;
  readonly expectedSubbandCount: number;
  /** How long a negative verdict on a file must stand before it is final. */
  readonly settleMs: number;
  /** A rescan of the incoming directory at least this often. */
  readonly pollMs: number;
  readonly worker: {
    /** Groups at a time. */
    readonly groupCount: number;
    /** A process of its own for each group, instead of a thread. */
    readonly usesSubprocess: boolean;
    /** `--omp-threads`, told to threads and processes as OMP_NUM_THREADS and its like; null: as inherited. */
    readonly ompThreadCount: number | null;
    /** `--worker-poll-interval`. */
    readonly pollMs: number;
    /** `--in-progress-timeout`: how long a worker that does not answer keeps its group. */
    readonly leaseMs: number;
    /** How long groups may go on after a stop was asked for, before they are handed back. */
    readonly graceMs: number;
    /** Copies the input to scratch before it is read. */
    readonly stagesInputs: boolean;
    readonly stageWorkerCount: number;
    /** Also after a failure. */
    readonly cleansUpTemp: boolean;
    /** `--chunk-duration`: a group should take less than nine tenths of it. */
    readonly chunkDurationMin: number;
    /** How long a group that waits for calibration lets others go before it looks again. */
    readonly calibrationPollMs: number;
  };
  /** An alert that lasts is said again after so long. */
  readonly alertRepeatMs: number;
  readonly monitoring: {
    readonly isEnabled: boolean;
    readonly intervalMs: number;
    readonly profiles: boolean;
  };
  readonly log: Log;
  /** Called at each instant of the protocol, in the process of the stream. */
  readonly onStep?: (step: ProtocolStep, subject: string) => void;
  /** Called when a group is completed, after the commit. */
  readonly onCompleted?: (groupId: string, ms: MeasurementSet) => void;
}

/** A composed streaming converter. */
export interface Stream {
  /**
   * Runs until `stop` is aborted and what runs is finished or handed back.
   *
   * @param force  aborted: hands everything back at once
   * @throws AggregateError of everything that went wrong beyond repair, when more than one
   */
  run(stop: AbortSignal, force: AbortSignal): Promise<void>;
  /** Groups in work, for people. */
  activeGroupIds(): readonly string[];
}
