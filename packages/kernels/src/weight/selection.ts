/** Which samples count by their distance from the origin of the uv plane, and how much. */

/** Limits and taper; all optional. */
export interface UvSelection {
  /**
   * Baselines shorter or longer than this, in wavelengths at the sample's frequency, have weight 0. The limit is taken of each
   * sample; WSClean takes it of each cell of its weight grid.
   */
  readonly uvLeastLambda?: number;
  readonly uvMostLambda?: number;
  /**
   * Gaussian taper: weights are multiplied by exp(−2π² σ² (u² + v²)), the transform of a Gaussian image of this full width at
   * half maximum, σ = FWHM / √(8 ln 2).
   */
  readonly taperFwhmRad?: number;
}

/** What a sample's weight is multiplied by. */
export function uvFactor(selection: UvSelection, uLambda: number, vLambda: number): number {
  const { uvLeastLambda = 0, uvMostLambda = Infinity, taperFwhmRad } = selection;
  const square = uLambda * uLambda + vLambda * vLambda;
  if (square < uvLeastLambda * uvLeastLambda || square > uvMostLambda * uvMostLambda) return 0;
  if (taperFwhmRad === undefined) return 1;
  const sigmaRad = taperFwhmRad / Math.sqrt(8 * Math.LN2);
  return Math.exp(-2 * (Math.PI * sigmaRad) ** 2 * square);
}
