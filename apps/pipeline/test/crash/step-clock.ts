/**
 * Loaded before everything else, in every thread: a wall clock that somebody sets, an hour forward or back, several times
 * a second. The times of files go on as they were; the clock that nobody can set is not touched.
 */

const HOUR_MS = 3_600_000;
const STEP_EVERY_MS = 150;

const SystemDate = Date;
const shiftMs = (): number => HOUR_MS * ((Math.floor(performance.now() / STEP_EVERY_MS) % 3) - 1);

class SteppedDate extends SystemDate {
  constructor(...values: readonly [] | ConstructorParameters<DateConstructor>) {
    if (values.length === 0) super(SystemDate.now() + shiftMs());
    else super(...(values as ConstructorParameters<DateConstructor>));
  }
  static override now(): number {
    return SystemDate.now() + shiftMs();
  }
}

globalThis.Date = SteppedDate as DateConstructor;
