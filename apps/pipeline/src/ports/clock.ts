/** Time as the pipeline sees it, so that tests can hold it still or make it jump. */
export interface Clock {
  /** Wall-clock time, Unix seconds. It may jump either way: only to be shown and recorded. */
  nowUnixSec(): number;
  /** Time that never steps back, for durations within this process. */
  monotonicMs(): number;
}

/** Time that all processes of this machine share and that no one can set. */
export interface HostClock extends Clock {
  /** Milliseconds since the machine started, whatever is done to the wall clock. */
  sinceBootMs(): number;
  /** Differs after every start of the machine: times since boot of another boot mean nothing. */
  readonly bootId: string;
}
