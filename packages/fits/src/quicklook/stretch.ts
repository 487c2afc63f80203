/** How values between the limits become brightness. */

/** Names of the stretches. */
export type Stretch = "linear" | "sqrt" | "log" | "asinh";

/** Where asinh turns from linear to logarithmic, as a fraction of the range. */
const ASINH_SOFTENING = 0.1;
const LOG_EXPONENT = 1000;

/** Brightness 0 to 1 for a value that is 0 at the low limit and 1 at the high one; DS9's and Lupton, Gunn & Szalay's (1999) forms. */
export function stretched(fraction: number, stretch: Stretch): number {
  const x = Math.max(0, Math.min(1, fraction));
  switch (stretch) {
    case "linear":
      return x;
    case "sqrt":
      return Math.sqrt(x);
    case "log":
      return Math.log1p(LOG_EXPONENT * x) / Math.log1p(LOG_EXPONENT);
    case "asinh":
      return Math.asinh(x / ASINH_SOFTENING) / Math.asinh(1 / ASINH_SOFTENING);
  }
}
