/** What the pipeline needs to know of a UVH5 file before it reads a visibility. */

/** To which direction the stored visibilities are phased. Directions are ICRS unless the name says apparent. */
export type Phasing =
  /** Fringe-stopped to hour angle 0 at an apparent declination, anew in every integration: DSA-110. */
  | { readonly kind: "meridian"; readonly apparentDecRad: number }
  /** Not fringe-stopped at all: drift scans and zenith arrays. */
  | { readonly kind: "unphased" }
  /** Phased to fixed directions; `centreOfBlt` tells which one each baseline-time has. */
  | { readonly kind: "sidereal"; readonly centres: readonly PhaseCentre[]; readonly centreOfBlt: Int32Array | null };

export interface PhaseCentre {
  readonly name: string;
  readonly raRad: number;
  readonly decRad: number;
}

export interface Site {
  /** Geodetic, WGS84. */
  readonly latitudeRad: number;
  readonly longitudeRad: number;
  readonly altitudeM: number;
}

export interface Antennas {
  readonly numbers: Int32Array;
  readonly names: readonly string[];
  /** ITRF minus the array centre; row-major [antenna, 3]. */
  readonly positionsM: Float64Array;
  readonly diametersM: Float64Array;
}

export interface SubbandHeader {
  readonly path: string;
  readonly fileSizeBytes: number;
  readonly telescopeName: string;
  readonly instrument: string;
  readonly objectName: string;
  readonly site: Site;
  readonly antennas: Antennas;
  readonly phasing: Phasing;
  /** AIPS codes: 1…4 I Q U V, −1…−4 RR LL RL LR, −5…−8 XX YY XY YX. */
  readonly polarizationCodes: readonly number[];
  /** Channel centres in stored order. */
  readonly freqHz: Float64Array;
  /** Channel widths, absolute values, in stored order. */
  readonly channelWidthHz: Float64Array;
  /** Spectral window of each channel; null when there is one. */
  readonly spwOfChan: Int32Array | null;
  /** One entry a baseline-time, in stored order. Times are UTC at the centre of the integration. */
  readonly timeJd: Float64Array;
  readonly integrationTimeSec: Float64Array;
  /** Antenna numbers. */
  readonly antenna1Number: Int32Array;
  readonly antenna2Number: Int32Array;
  /** Stored baselines r(ant2) − r(ant1); row-major [blt, 3]. Read only where they cannot be computed. */
  readonly uvwM: Float64Array | null;
}
