/** The parameters of a conversion, with their defaults: the CLI's flags and the configuration are made from these. */

/** Where the Measurement Set is phased to. */
export type PhaseCentreChoice =
  /** The meridian at the middle of the group: one FIELD. */
  | { readonly kind: "mid" }
  /** As the file has it: each integration its own FIELD for drift data. */
  | { readonly kind: "none" }
  /** A given ICRS direction: one FIELD. */
  | { readonly kind: "icrs"; readonly raRad: number; readonly decRad: number };

export interface ConvertConfig {
  readonly phaseCentre: PhaseCentreChoice;
  readonly expectedSubbandCount: number;
  /** How many subbands may be missing; their channels are flagged. */
  readonly allowMissingCount: number;
  /** One spectral window of all channels, instead of one a subband. */
  readonly mergeSpws: boolean;
  readonly addsModelData: boolean;
  readonly addsCorrectedData: boolean;
  /** Overrides the header's. */
  readonly telescopeName: string | null;
}

export const defaultConvertConfig: ConvertConfig = {
  phaseCentre: { kind: "mid" },
  expectedSubbandCount: 16,
  allowMissingCount: 0,
  mergeSpws: false,
  addsModelData: false,
  addsCorrectedData: false,
  telescopeName: null,
};
