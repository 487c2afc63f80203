/** The catalogue of sources that fluxes are compared with: NVSS, with what other surveys say of each source. */

import { type CatalogSource, spectralIndexOf } from "./catalog-source.ts";

/** Where lines are drawn. */
export interface MasterLimits {
  /** A component so near to the NVSS source is the same source. */
  readonly matchRadiusArcsec: number;
  /** Two components of one survey so near to it, half the beam of NVSS: NVSS saw them as one. */
  readonly confusionRadiusArcsec: number;
  /** FIRST resolves sources that are wider. */
  readonly resolvedArcsec: number;
  /** Good references have so much signal over noise in NVSS, and an index within these. */
  readonly goodReferenceSnr: number;
  readonly spectralIndexRange: readonly [number, number];
  readonly finalReferenceSnr: number;
}

export const defaultMasterLimits: MasterLimits = {
  matchRadiusArcsec: 7.5,
  confusionRadiusArcsec: 22.5,
  resolvedArcsec: 2.5,
  goodReferenceSnr: 50,
  spectralIndexRange: [-1.2, 0.2],
  finalReferenceSnr: 80,
};

export interface MasterSource {
  /** Of NVSS. */
  readonly name: string;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly nvssJy: number;
  readonly nvssSnr: number | null;
  readonly firstJy: number | null;
  readonly racsJy: number | null;
  readonly vlassJy: number | null;
  readonly spectralIndex: number | null;
  /** The two surveys that it is of. */
  readonly spectralIndexOf: "nvss-vlass" | "racs-nvss" | null;
  readonly isResolved: boolean;
  readonly isConfused: boolean;
  readonly firstMajorArcsec: number | null;
  readonly firstMinorArcsec: number | null;
  readonly firstPaDeg: number | null;
}

export const matchedSurveys = ["first", "racs", "vlass"] as const;
export type MatchedSurvey = (typeof matchedSurveys)[number];

/** A component near to an NVSS source. */
export interface Neighbour {
  readonly source: CatalogSource;
  readonly sepArcsec: number;
}

/** Components within the larger of the two radii, the nearest first; and the frequencies of their catalogues. */
export interface Neighbourhood {
  /** Other sources of NVSS. */
  readonly nvss: readonly Neighbour[];
  readonly first: readonly Neighbour[];
  readonly racs: readonly Neighbour[];
  readonly vlass: readonly Neighbour[];
}

export type SurveyFrequencies = Readonly<Record<"nvss" | MatchedSurvey, { readonly freqHz: number }>>;

/** What the surveys together say of one source of NVSS. */
export function masterSourceOf(
  nvss: CatalogSource,
  near: Neighbourhood,
  frequencies: SurveyFrequencies,
  limits: MasterLimits = defaultMasterLimits,
): MasterSource {
  const matchOf = (neighbours: readonly Neighbour[]) =>
    neighbours.find(({ sepArcsec }) => sepArcsec <= limits.matchRadiusArcsec)?.source;
  const [first, racs, vlass] = [matchOf(near.first), matchOf(near.racs), matchOf(near.vlass)];
  const countWithin = (neighbours: readonly Neighbour[]) =>
    neighbours.filter(({ sepArcsec }) => sepArcsec <= limits.confusionRadiusArcsec).length;
  const { name, raDeg, decDeg, fluxJy: nvssJy, fluxErrJy } = nvss;
  return {
    name,
    raDeg,
    decDeg,
    nvssJy,
    nvssSnr: fluxErrJy !== null && fluxErrJy > 0 ? nvssJy / fluxErrJy : null,
    firstJy: first?.fluxJy ?? null,
    racsJy: racs?.fluxJy ?? null,
    vlassJy: vlass?.fluxJy ?? null,
    ...spectrumOf(nvssJy, racs?.fluxJy, vlass?.fluxJy, frequencies),
    isResolved: nvss.majorArcsec !== null || (first?.majorArcsec ?? 0) > limits.resolvedArcsec,
    isConfused: countWithin(near.nvss) > 0 || [near.first, near.racs, near.vlass].some((one) => countWithin(one) > 1),
    firstMajorArcsec: first?.majorArcsec ?? null,
    firstMinorArcsec: first?.minorArcsec ?? null,
    firstPaDeg: first?.paDeg ?? null,
  };
}

/** VLASS before RACS: its frequency is further from that of NVSS. */
function spectrumOf(
  nvssJy: number,
  racsJy: number | undefined,
  vlassJy: number | undefined,
  { nvss, racs, vlass }: SurveyFrequencies,
): Pick<MasterSource, "spectralIndex" | "spectralIndexOf"> {
  if (vlassJy !== undefined) {
    const spectralIndex = spectralIndexOf(nvssJy, nvss.freqHz, vlassJy, vlass.freqHz);
    return { spectralIndex, spectralIndexOf: "nvss-vlass" };
  }
  if (racsJy !== undefined)
    return { spectralIndex: spectralIndexOf(racsJy, racs.freqHz, nvssJy, nvss.freqHz), spectralIndexOf: "racs-nvss" };
  return { spectralIndex: null, spectralIndexOf: null };
}
