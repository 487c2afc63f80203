/** Round numbers along an axis. */

/** Steps of 1, 2 or 5 times a power of ten, that divide a span into about so many parts. */
export function roundStep(span: number, partCount: number): number {
  const rough = span / Math.max(1, partCount);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9))!;
  return step * power;
}

/** Multiples of a step within [low, high]. */
export function ticksOf(low: number, high: number, step: number): readonly number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
}

/** As many decimals as the step needs. */
export function tickText(value: number, step: number): string {
  const digitCount = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (digitCount > 6 || Math.abs(value) >= 1e6) return value.toExponential(1);
  // No minus before a zero.
  return (Math.abs(value) < step / 2 ? 0 : value).toFixed(digitCount);
}

/** The extent of the finite values with a margin, so that no point lies on the frame; [0, 1] when there are none. */
export function paddedRange(values: Iterable<number>, margin = 0.05): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  const pad = high > low ? margin * (high - low) : Math.max(Math.abs(high), 1) * margin;
  return [low - pad, high + pad];
}
