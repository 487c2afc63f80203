/** Where lines of right ascension and declination meet the edges of a picture. */

/** A tick: where, and what is written there. */
export interface SkyTick {
  /** Along the edge, in pixels of the image from 0. */
  readonly positionPx: number;
  readonly label: string;
}

const MAX_TICK_COUNT = 6;

/** Seconds of time or of arc between ticks, in steps that people count in. */
const STEPS_SEC = [
  0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 36_000, 108_000,
];

/**
 * Ticks along an edge where a coordinate passes whole steps.
 *
 * @param valuesDeg  the coordinate at each pixel of the edge; NaN where there is no sky
 * @param isTime     right ascension, written in hours; other longitudes and latitudes in degrees
 */
export function skyTicks(valuesDeg: ArrayLike<number>, isTime: boolean): readonly SkyTick[] {
  const values = unwrapped(valuesDeg, isTime ? 240 : 3600);
  const finite = values.filter(Number.isFinite);
  const range =
    finite.reduce((max, x) => Math.max(max, x), -Infinity) - finite.reduce((min, x) => Math.min(min, x), Infinity);
  const step = STEPS_SEC.find((one) => range / one <= MAX_TICK_COUNT) ?? STEPS_SEC.at(-1)!;
  const ticks: SkyTick[] = [];
  for (let at = 1; at < values.length && ticks.length < 4 * MAX_TICK_COUNT; at++) {
    const [before, after] = [values[at - 1]!, values[at]!];
    const [low, high] = before < after ? [before, after] : [after, before];
    const multiple = Math.ceil(low / step) * step;
    if (!(multiple <= high) || multiple === before) continue;
    const positionPx = at - 1 + (multiple - before) / (after - before);
    ticks.push({ positionPx, label: sexagesimal(multiple, step, isTime) });
  }
  return ticks;
}

/** In seconds, without jumps of a whole turn. */
function unwrapped(valuesDeg: ArrayLike<number>, secPerDeg: number): number[] {
  let turns = 0;
  let last = NaN;
  return Array.from({ length: valuesDeg.length }, (_, at) => {
    const value = valuesDeg[at]!;
    if (value - last > 180) turns -= 1;
    if (value - last < -180) turns += 1;
    last = value;
    return (value + 360 * turns) * secPerDeg;
  });
}

/** `11h48m`, `+54°30'`: as many parts as the step needs. */
function sexagesimal(valueSec: number, stepSec: number, isTime: boolean): string {
  const wrappedSec = isTime ? ((valueSec % 86_400) + 86_400) % 86_400 : Math.abs(valueSec);
  const tenths = Math.round(wrappedSec * 10);
  const [hour, minute, second] = isTime ? ["h", "m", "s"] : ["°", "'", '"'];
  const parts = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, Math.floor(tenths / 10) % 60] as const;
  const sign = isTime ? "" : valueSec < 0 ? "-" : "+";
  let text = `${sign}${String(parts[0]).padStart(2, "0")}${hour}`;
  if (stepSec < 3600) text += `${String(parts[1]).padStart(2, "0")}${minute}`;
  if (stepSec < 60) text += String(parts[2]).padStart(2, "0");
  if (stepSec < 1) text += `.${tenths % 10}`;
  return stepSec < 60 ? text + second : text;
}
