/** What of a Measurement Set decides how it is imaged. */

export interface ImageableMs {
  readonly path: string;
  /** Name without directory and `.ms`. */
  readonly stem: string;
  readonly fieldName: string;
  /** The one phase centre that all fields share, ICRS. */
  readonly raRad: number;
  readonly decRad: number;
  readonly telescope: string;
  /** The middle of each integration, in order. */
  readonly timesMjdSec: readonly number[];
  readonly startMjdSec: number;
  readonly endMjdSec: number;
  readonly spwIds: readonly number[];
  /** Of every channel of the windows that are imaged. */
  readonly freqHz: Float64Array;
  readonly dishDiameterM: number;
  /** Where the dishes point at each integration, when they stand on the meridian; ICRS. */
  readonly meridian: readonly { readonly raRad: number; readonly decRad: number }[];
  /** DATA, CORRECTED_DATA, … */
  readonly dataColumns: readonly string[];
}

export interface ImageableMsReader {
  /**
   * @param spwIds  null: all
   * @throws PipelineError INPUT_UNREADABLE, TABLE_UNREADABLE, MS_UNSUITABLE when fields have different phase centres, or a
   *   window is not there
   */
  describe(msPath: string, spwIds: readonly number[] | null): ImageableMs;
}
