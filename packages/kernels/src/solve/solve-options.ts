/** What may be chosen about a solve of gains. */

/** Gains of one polarisation, and what of them is solved. */
export type GainMode =
  /** Amplitude and phase. */
  | "complex"
  /** Phase alone: gains have length 1, whatever the amplitude of the data. */
  | "phase"
  /**
   * Amplitude alone: gains are real and above 0. Phases are solved along and dropped, which keeps the noise of baselines from
   * adding to amplitudes as |V| would.
   */
  | "amplitude";

/** How baselines that lie off the solution lose weight. */
export type RobustWeighting =
  /** Student's t with this many degrees of freedom; 2 to 10 are usual. */
  | { readonly kind: "student"; readonly degreesCount: number }
  /** Full weight within this many σ, falling as 1/deviation beyond. */
  | { readonly kind: "huber"; readonly limitSigma: number };

export interface SolveOptions {
  readonly mode: GainMode;
  /** An antenna needs so many baselines to other solved ones. At least 2 count where amplitudes are solved. */
  readonly minBaselineCount: number;
  /** Solutions below are flagged; their values stay. 0 keeps all. */
  readonly minSnr: number;
  readonly maxIterationCount: number;
  /** Converged when a sweep changes the gains by less, relative and over all antennas. */
  readonly toleranceRatio: number;
  /**
   * Noise for errors and SNR: "residual" from the scatter of baselines about the solution, whatever the unit of weights;
   * "weights" takes weights as 1/σ² of real and imaginary part.
   */
  readonly noise: "residual" | "weights";
  readonly robust?: RobustWeighting;
}

export const SOLVE_DEFAULTS: SolveOptions = {
  mode: "complex",
  minBaselineCount: 4,
  minSnr: 3,
  maxIterationCount: 200,
  toleranceRatio: 1e-6,
  noise: "residual",
};

/** @throws RangeError when an option is out of its range. */
export function checkOptions(options: SolveOptions): void {
  const { minBaselineCount, minSnr, maxIterationCount, toleranceRatio, robust } = options;
  const need = (holds: boolean, name: string, expected: string, found: number): void => {
    if (!holds) throw new RangeError(`${name}: expected ${expected}, found ${found}`);
  };
  need(minBaselineCount >= 0, "minBaselineCount", "0 or more", minBaselineCount);
  need(minSnr >= 0, "minSnr", "0 or more", minSnr);
  need(maxIterationCount >= 1, "maxIterationCount", "1 or more", maxIterationCount);
  need(toleranceRatio > 0 && toleranceRatio < 1, "toleranceRatio", "within 0 to 1", toleranceRatio);
  if (robust?.kind === "student") need(robust.degreesCount > 0, "degreesCount", "above 0", robust.degreesCount);
  if (robust?.kind === "huber") need(robust.limitSigma > 0, "limitSigma", "above 0", robust.limitSigma);
}
