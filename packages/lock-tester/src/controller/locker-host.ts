/** A machine that runs lockers: this one, or another that joined. */

import type { FromLockers, RunSetup, ToLockers } from "../locker/messages.ts";
import type { Signal } from "../scenario/scenario.ts";

export interface HostProcess {
  readonly processNumber: number;
  readonly lockers: readonly number[];
}

export interface HostEvents {
  message(from: HostProcess, message: FromLockers): void;
  ended(from: HostProcess, status: string): void;
}

export interface LockerHost {
  /** For reports: `this machine`, or an address. */
  readonly name: string;
  /** What must be added to a time of the host's monotonic clock to have it on the controller's, and how wrong that may be. */
  readonly offsetNs: number;
  readonly offsetErrorNs: number;
  /**
   * Starts processes and waits until all are ready.
   *
   * @param groupsOfLockers  the lockers of each process
   * @throws LockTesterError when one cannot
   */
  start(
    groupsOfLockers: readonly (readonly number[])[],
    setup: Omit<RunSetup, "logFolder">,
    events: HostEvents,
  ): Promise<void>;
  /** To the process of that locker, or to all. */
  send(locker: number | "all", message: ToLockers): void;
  signal(locker: number, signal: Signal): void;
  /** The log of a locker, after its end. */
  readLog(locker: number): Promise<Uint8Array>;
  /** Ends what still runs and removes what it made. */
  close(): Promise<void>;
}
