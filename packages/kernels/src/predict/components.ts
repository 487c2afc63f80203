/** What the sky is made of: points and Gaussians with spectra, as arrays that prediction reads. */

/** One component. Directions are given apart, since they move with a drifting phase centre. */
export interface SkyComponent {
  /** Flux density at `referenceFreqHz`, before the primary beam. */
  readonly fluxJy: number;
  readonly referenceFreqHz: number;
  /** α of S ∝ (ν/ν₀)^(α + β log₁₀(ν/ν₀)); 0 when absent. */
  readonly spectralIndexRatio?: number;
  /** β of the same; 0 when absent. */
  readonly curvatureRatio?: number;
  /** Full width at half maximum of a Gaussian along its major axis; 0 or absent for a point. */
  readonly majorRad?: number;
  readonly minorRad?: number;
  /** Of the major axis, from north (m) through east (l). */
  readonly positionAngleRad?: number;
}

/** The sky of one integration, as seen from one phase centre. */
export interface PredictSky {
  readonly componentCount: number;
  /** `[component][l, m, n − 1]`, see {@link setDirection}. */
  readonly lmn: Float64Array;
  /** `[component][channel]`, Jy of Stokes I after the primary beam. */
  readonly spectraJy: Float64Array;
  /** `[component][major, minor, position angle]` in radians; a major axis of 0 is a point. Absent: all are points. */
  readonly shapesRad?: Float64Array;
}

/**
 * Writes l, m and n − 1 of a component. n − 1 is computed without the cancellation of 1 − 1.
 *
 * @throws RangeError when l² + m² is above 1.
 */
export function setDirection(lmn: Float64Array, component: number, l: number, m: number): void {
  const square = l * l + m * m;
  if (!(square <= 1)) throw new RangeError(`l² + m² of component ${component}: expected at most 1, found ${square}`);
  lmn[3 * component] = l;
  lmn[3 * component + 1] = m;
  lmn[3 * component + 2] = -square / (1 + Math.sqrt(1 - square));
}

/**
 * Spectra of components times their primary-beam factors.
 *
 * @param beamFactors `[component][channel]` power response of the primary beam; absent: 1.
 * @param spectraJy Filled: `[component][channel]`.
 * @throws RangeError when an array is too short.
 */
export function fillSpectra(
  components: readonly SkyComponent[],
  freqHz: Float64Array,
  spectraJy: Float64Array,
  beamFactors?: Float64Array,
): void {
  const channelCount = freqHz.length;
  const expected = components.length * channelCount;
  if (spectraJy.length < expected) throw new RangeError(`spectraJy: expected ${expected}, found ${spectraJy.length}`);
  if (beamFactors !== undefined && beamFactors.length < expected) {
    throw new RangeError(`beamFactors: expected ${expected}, found ${beamFactors.length}`);
  }
  for (const [component, each] of components.entries()) {
    const { fluxJy, referenceFreqHz, spectralIndexRatio = 0, curvatureRatio = 0 } = each;
    if (!(referenceFreqHz > 0)) {
      throw new RangeError(`referenceFreqHz of component ${component}: expected above 0, found ${referenceFreqHz}`);
    }
    for (let chan = 0; chan < channelCount; chan++) {
      const log = Math.log10(freqHz[chan] / referenceFreqHz);
      const at = component * channelCount + chan;
      const factor = beamFactors === undefined ? 1 : beamFactors[at];
      spectraJy[at] = factor * fluxJy * 10 ** (log * (spectralIndexRatio + curvatureRatio * log));
    }
  }
}

/** Shapes of components as {@link PredictSky} wants them; undefined when all are points. */
export function componentShapes(components: readonly SkyComponent[]): Float64Array | undefined {
  if (!components.some(({ majorRad = 0 }) => majorRad > 0)) return undefined;
  const shapesRad = new Float64Array(3 * components.length);
  for (const [component, { majorRad = 0, minorRad = 0, positionAngleRad = 0 }] of components.entries()) {
    shapesRad.set([majorRad, minorRad, positionAngleRad], 3 * component);
  }
  return shapesRad;
}
