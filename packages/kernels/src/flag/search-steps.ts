/** The steps of a search in one plane, and the arrays they work on. They exist twice: plain, and in WebAssembly. */

/** `[time][channel]` each, of the plane that is searched. */
export interface SearchPlanes {
  /** Finite; what lies under flags does not matter. */
  readonly amplitudes: Float32Array;
  /** 0 or 1. */
  readonly flags: Uint8Array;
  /** As the plane came, and as they were at the last fit. */
  readonly inputFlags: Uint8Array;
  readonly previousFlags: Uint8Array;
  /** Amplitudes less the smooth background. */
  readonly residuals: Float32Array;
}

/** All of them see the first `sampleCount` samples of the planes, or `timeCount` times. */
export interface SearchSteps {
  readonly planes: SearchPlanes;
  /** How many flags are set. */
  countFlags(sampleCount: number): number;
  /** Whether flags are as they were at the last fit. */
  sameFlags(sampleCount: number): boolean;
  /** Flags amplitudes above the limit. */
  clipAbove(limit: number, sampleCount: number): void;
  /** Draws every `step`-th unflagged value; returns how many. */
  drawSample(from: "amplitudes" | "residuals", sampleCount: number, step: number): number;
  /** Median of the first `count` that were drawn, the upper one of two in the middle; NaN of none. */
  median(count: number): number;
  /** Replaces what was drawn by its distances from the centre. */
  spreadAbout(centre: number, count: number): void;
  /** Fills the residuals by {@link subtractBackground}. */
  subtractBackground(timeCount: number): void;
  /** SumThreshold with χ_1 = `firstThreshold` over the residuals. */
  threshold(firstThreshold: number, timeCount: number): void;
  /** Grows the flags by the scale-invariant rank operator. */
  rank(timeCount: number): void;
}
