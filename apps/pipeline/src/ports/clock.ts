/** Time as the pipeline sees it, so that tests can hold it still. */
export interface Clock {
  /** Wall-clock time, Unix seconds. */
  nowUnixSec(): number;
  /** Time that never steps back, for durations. */
  monotonicMs(): number;
}
