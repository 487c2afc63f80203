/** Flags that follow from a visibility's own value. */
import { checkBlock, type VisibilityBlock } from "./visibility-block.ts";

/** How many samples each reason flagged that no reason before it had. */
export interface InvalidCounts {
  readonly zeroCount: number;
  readonly nonFiniteCount: number;
}

/** Flags samples that are exactly 0 + 0i (the correlator had no data) or not finite. */
export function flagInvalid(block: VisibilityBlock): InvalidCounts {
  checkBlock(block);
  const { vis, flags } = block;
  let zeroCount = 0;
  let nonFiniteCount = 0;
  for (let at = 0; at < flags.length; at++) {
    const re = vis[2 * at];
    const im = vis[2 * at + 1];
    const square = re * re + im * im;
    if (square > 0 && square < Infinity) continue;
    if (flags[at] !== 0) continue;
    flags[at] = 1;
    if (square === 0) zeroCount++;
    else nonFiniteCount++;
  }
  return { zeroCount, nonFiniteCount };
}

/** Which amplitudes to flag, in the unit of the visibilities. */
export interface ClipOptions {
  readonly minAmplitude: number;
  readonly maxAmplitude: number;
  /** `outside`: flag what is below the minimum or above the maximum; `inside`: what is between, bounds included. */
  readonly flag: "outside" | "inside";
  /**
   * `correlation`: each by its own amplitude. `stokes-i`: the amplitude of half the sum of the first and last correlation
   * (XX and YY, whether two or four are kept) decides for all; a flagged or broken one of the two leaves the sum unjudged.
   */
  readonly by: "correlation" | "stokes-i";
}

/**
 * Flags by amplitude. Non-finite samples are left to {@link flagInvalid}.
 *
 * @returns How many samples are newly flagged.
 */
export function flagClip(block: VisibilityBlock, options: ClipOptions): number {
  checkBlock(block);
  const { minAmplitude, maxAmplitude } = options;
  if (!(minAmplitude >= 0 && maxAmplitude >= minAmplitude)) {
    throw new RangeError(`clip: expected 0 ≤ minimum ≤ maximum, found ${minAmplitude} and ${maxAmplitude}`);
  }
  const inside = options.flag === "inside";
  const minSquare = minAmplitude * minAmplitude;
  const maxSquare = maxAmplitude * maxAmplitude;
  return options.by === "correlation"
    ? clipEach(block, minSquare, maxSquare, inside)
    : clipStokesI(block, minSquare, maxSquare, inside);
}

function clipEach({ vis, flags }: VisibilityBlock, minSquare: number, maxSquare: number, inside: boolean): number {
  let newCount = 0;
  for (let at = 0; at < flags.length; at++) {
    const square = vis[2 * at] * vis[2 * at] + vis[2 * at + 1] * vis[2 * at + 1];
    const hit = inside ? square >= minSquare && square <= maxSquare : square < minSquare || square > maxSquare;
    if (hit && flags[at] === 0 && square < Infinity) {
      flags[at] = 1;
      newCount++;
    }
  }
  return newCount;
}

function clipStokesI(block: VisibilityBlock, minSquare: number, maxSquare: number, inside: boolean): number {
  const { vis, flags, correlationCount } = block;
  let newCount = 0;
  for (let first = 0; first < flags.length; first += correlationCount) {
    const last = first + correlationCount - 1;
    if (flags[first] !== 0 || flags[last] !== 0) continue;
    const re = (vis[2 * first] + vis[2 * last]) / 2;
    const im = (vis[2 * first + 1] + vis[2 * last + 1]) / 2;
    const square = re * re + im * im;
    const hit = inside ? square >= minSquare && square <= maxSquare : square < minSquare || square > maxSquare;
    if (!hit || !(square < Infinity)) continue;
    for (let at = first; at <= last; at++) {
      if (flags[at] !== 0) continue;
      flags[at] = 1;
      newCount++;
    }
  }
  return newCount;
}
