/** What the writer takes. The layout is that of the DSA-110's on-site writer. Types only, so far as callers see. */

/** Everything of a file that does not grow with its rows. */
export interface Uvh5WriteHeader {
  readonly telescopeName: string;
  readonly instrument: string;
  readonly objectName: string;
  readonly history: string;
  /** "drift" in files of the DSA-110. */
  readonly phaseType: string;
  readonly latitudeRad: number;
  readonly longitudeRad: number;
  readonly altitudeM: number;
  /** `phase_center_app_dec` */
  readonly appDecRad: number;
  /** Antennas with data (`Nants_data`). */
  readonly antennaDataCount: number;
  readonly antennaNames: readonly string[];
  readonly antennaNumbers: Int32Array;
  /** [ant, 3], ITRF minus the telescope's position */
  readonly antennaPositionsM: Float64Array;
  readonly antennaDiametersM: Float64Array;
  /** Channel centres, in the order in which they are to be stored. */
  readonly freqHz: Float64Array;
  /** One signed number, stored as it is. */
  readonly channelWidthHz: number;
  readonly polarizations: Int32Array;
  readonly spwArray: Int32Array;
  /** Strings as fixed-length bytes unless wrapped in `{ vlen }`, which makes a variable-length UTF-8 string. */
  readonly extraKeywords: ReadonlyMap<string, string | number | { readonly vlen: string }>;
}

/** One integration: all baselines of one time. */
export interface Uvh5Integration {
  readonly timeJd: number;
  readonly integrationTimeSec: number;
  /** Antenna numbers [baseline]; the same count in each integration. */
  readonly ant1: Int32Array;
  readonly ant2: Int32Array;
  /** [baseline, 3]; stored as float32 */
  readonly uvwM: Float32Array | Float64Array;
  /** [baseline, chan, pol] complex, interleaved re, im */
  readonly vis: Float32Array;
  /** [baseline, chan, pol]; left out: all 0 */
  readonly flags?: Uint8Array;
  /** [baseline, chan, pol], or one number for all */
  readonly nsamples: Float32Array | number;
}

/** A file being written. It bears a temporary name until `close`. */
export interface Uvh5Writer {
  /** `…_incomplete.hdf5` while open */
  readonly temporaryPath: string;
  append(integration: Uvh5Integration): void;
  /** Completes the file, makes it durable if asked for, and renames it. @returns the final path */
  close(): string;
  /** Leaves the unfinished file as a killed writer would, for tests of readers. */
  abandon(): void;
}

export interface WriteUvh5Options {
  /** fsync before the rename. Default false. */
  readonly durable?: boolean;
}
