/** Polarisations: AIPS codes as UVH5 stores them, Stokes codes as a Measurement Set does. */

/** AIPS code → casacore Stokes code, in the order of the casacore codes. */
const CORR_TYPE_OF_AIPS: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 4],
  [-1, 5],
  [-3, 6],
  [-4, 7],
  [-2, 8],
  [-5, 9],
  [-7, 10],
  [-8, 11],
  [-6, 12],
]);
const NAME_OF_CORR_TYPE: ReadonlyMap<number, string> = new Map([
  [1, "I"],
  [2, "Q"],
  [3, "U"],
  [4, "V"],
  [5, "RR"],
  [6, "RL"],
  [7, "LR"],
  [8, "LL"],
  [9, "XX"],
  [10, "XY"],
  [11, "YX"],
  [12, "YY"],
]);
/** The hands change places when the baseline is turned round. */
const SWAPPED_CORR_TYPE: ReadonlyMap<number, number> = new Map([
  [6, 7],
  [7, 6],
  [10, 11],
  [11, 10],
]);

export interface PolarizationMap {
  /** casacore Stokes codes, ascending: the order that CASA expects. */
  readonly corrTypes: readonly number[];
  /** For each output correlation, the position in the file. */
  readonly polIndexIn: readonly number[];
  /** The same for rows whose baseline is turned round. */
  readonly polIndexInSwapped: readonly number[];
  /** Receptors (0 or 1) of each correlation; row-major [corr, 2]. */
  readonly corrProduct: readonly number[];
  readonly receptorNames: readonly [string, string];
}

/**
 * Receptors (0: X or R, 1: Y or L) that a correlation takes from antenna 1 and antenna 2. Circular and linear hands say which
 * met; a Stokes product needs both, and stands for the first.
 */
export function receptorsOfCorrType(corrType: number): readonly [number, number] {
  if (corrType < 5 || corrType > 12) return [0, 0];
  const hand = (corrType - 5) % 4;
  return [hand >> 1, hand & 1];
}

export const corrTypeName = (corrType: number): string => NAME_OF_CORR_TYPE.get(corrType) ?? `code ${corrType}`;

/**
 * Orders the polarisations of a file as a Measurement Set wants them.
 *
 * @returns undefined and the offending code when a code is unknown, double, or mixes bases, or when rows would
 * have to be turned round and a cross hand lacks its partner
 */
export function mapPolarizations(
  codes: readonly number[],
  turnsRows: boolean,
): { readonly map: PolarizationMap } | { readonly map: undefined; readonly reason: string } {
  const corrTypes: number[] = [];
  for (const code of codes) {
    const corrType = CORR_TYPE_OF_AIPS.get(code);
    if (corrType === undefined)
      return {
        map: undefined,
        reason: `AIPS polarisation code ${code} is not one of ${[...CORR_TYPE_OF_AIPS.keys()].join(", ")}`,
      };
    if (corrTypes.includes(corrType))
      return { map: undefined, reason: `polarisation ${corrTypeName(corrType)} (code ${code}) occurs twice` };
    corrTypes.push(corrType);
  }
  const basis = (corrType: number) => Math.ceil(corrType / 4);
  if (new Set(corrTypes.map(basis)).size > 1) {
    return { map: undefined, reason: `polarisations ${corrTypes.map(corrTypeName).join(", ")} are of different bases` };
  }
  const sorted = corrTypes.toSorted((a, b) => a - b);
  const polIndexIn = sorted.map((corrType) => corrTypes.indexOf(corrType));
  const polIndexInSwapped = sorted.map((corrType) => corrTypes.indexOf(SWAPPED_CORR_TYPE.get(corrType) ?? corrType));
  if (turnsRows && polIndexInSwapped.includes(-1)) {
    return {
      map: undefined,
      reason: `baselines must be turned round, but of ${corrTypes.map(corrTypeName).join(", ")} one cross hand lacks its partner`,
    };
  }
  const receptor = (corrType: number, second: boolean) => {
    if (corrType <= 4) return 0;
    const within = (corrType - 5) % 4;
    return second ? within % 2 : Math.floor(within / 2);
  };
  return {
    map: {
      corrTypes: sorted,
      polIndexIn,
      polIndexInSwapped: polIndexInSwapped.map((at, k) => (at < 0 ? polIndexIn[k]! : at)),
      corrProduct: sorted.flatMap((corrType) => [receptor(corrType, false), receptor(corrType, true)]),
      receptorNames: basis(sorted[0]!) === 2 ? ["R", "L"] : ["X", "Y"],
    },
  };
}
