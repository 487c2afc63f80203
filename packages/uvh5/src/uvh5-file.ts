/** What an open UVH5 file offers: a normalised header and visibilities by ranges of rows. Types only, no I/O. */

/** A value of `Header/extra_keywords`, or of any header item that this package does not interpret. */
export type KeywordValue = string | number | bigint | boolean | null | readonly string[] | Float64Array;

/** One entry of the phase-centre catalogue of current UVH5 versions. Angles in radians, as stored. */
export interface PhaseCenter {
  readonly idNumber: number;
  /** `cat_name`. */
  readonly name: string;
  /** `cat_type`: `sidereal`, `ephem`, `unprojected`, `driftscan` or what the file says. */
  readonly type: string;
  /** `cat_frame`: `icrs`, `fk5`, `altaz` …; null when absent. */
  readonly frame: string | null;
  /** `cat_epoch`: for fk5 a Julian year; null when absent. */
  readonly epochYear: number | null;
  /** `cat_lon`: right ascension (or azimuth for altaz). More than one value only for `ephem`. */
  readonly lonRad: Float64Array;
  /** `cat_lat`: declination (or elevation). As many values as `lonRad`. */
  readonly latRad: Float64Array;
  /** `cat_times`: Julian dates of an ephemeris; null otherwise. */
  readonly timeJd: Float64Array | null;
  /** Proper motion in right ascension as stored (milliarcseconds a year); null when absent. */
  readonly pmRaMasPerYear: number | null;
  readonly pmDecMasPerYear: number | null;
  /** `cat_dist` in parsec; null when absent. */
  readonly distancePc: number | null;
  /** `cat_vrad` in km/s as stored; null when absent. */
  readonly radialVelocityKmPerSec: number | null;
}

/**
 * The header, in one form whatever the version of the layout.
 *
 * Everything up to and including the antennas is read and checked when the file is opened. The items
 * `[blt]` are read on first use and kept; they throw the errors of the package when they are damaged.
 */
export interface Uvh5Header {
  /** `Header/version`, such as "1.2"; null in older files (DSA-110 among them). */
  readonly version: string | null;
  /** Whether the data arrays carry the spectral-window axis `[blt, 1, chan, pol]`. */
  readonly hasSpwAxis: boolean;

  readonly bltCount: number;
  readonly baselineCount: number;
  readonly timeCount: number;
  readonly channelCount: number;
  readonly polarizationCount: number;
  readonly spwCount: number;
  /** Antennas with data (`Nants_data`). */
  readonly antennaDataCount: number;
  /** Antennas of the telescope (`Nants_telescope`), the length of the antenna arrays. */
  readonly antennaCount: number;

  readonly telescopeName: string;
  readonly instrument: string | null;
  readonly objectName: string | null;
  readonly history: string;
  readonly visUnits: string | null;
  readonly xOrientation: string | null;
  readonly telescopeFrame: string | null;
  /** Geodetic latitude, positive north. */
  readonly latitudeRad: number;
  /** Longitude, positive east. */
  readonly longitudeRad: number;
  /** Height above the ellipsoid. */
  readonly altitudeM: number;

  /** Channel centres [chan] in stored order, which may descend. */
  readonly freqHz: Float64Array;
  /** Channel widths [chan], never negative; a scalar in the file is repeated. */
  readonly channelWidthHz: Float64Array;
  /** Sign of the channel width as stored. Writers disagree about it: sort by `freqHz`, never by this. */
  readonly channelWidthStoredSign: 1 | -1;
  /** AIPS polarization numbers [pol]: 1…4 Stokes, -1…-4 circular, -5…-8 linear (XX, YY, XY, YX). */
  readonly polarizations: Int32Array;
  /** Spectral-window numbers [spw]. */
  readonly spwArray: Int32Array;
  /** Spectral-window number of each channel [chan]; null when the file has none (one window). */
  readonly flexSpwIdArray: Int32Array | null;

  /** Antenna numbers [ant], the values that occur in `ant1` and `ant2`. */
  readonly antennaNumbers: Int32Array;
  readonly antennaNames: readonly string[];
  /** ITRF minus the telescope's position [ant, 3], as stored. */
  readonly antennaPositionsM: Float64Array;
  /** Diameters [ant]; null when the file has none. A scalar in the file is repeated. */
  readonly antennaDiametersM: Float64Array | null;
  /** Mounts [ant] (`mount_type`, version 1.2 on); null when absent. */
  readonly mountTypes: readonly string[] | null;

  /** `phase_type` of older files: "drift", "phased", "unknown"; null when absent. */
  readonly phaseType: string | null;
  /** Phase-centre catalogue by its number; empty in files without one. */
  readonly phaseCenterCatalog: ReadonlyMap<number, PhaseCenter>;
  /** `phase_center_ra`, `_dec` (radians), `_epoch` (year) and `_frame` of older phased files; null when absent. */
  readonly phaseCenterRaRad: number | null;
  readonly phaseCenterDecRad: number | null;
  readonly phaseCenterEpochYear: number | null;
  readonly phaseCenterFrame: string | null;

  /** UT1 − UTC; null when absent. */
  readonly dut1Sec: number | null;
  /** Rotation of the Earth, degrees a day; null when absent. */
  readonly earthOmegaDegPerDay: number | null;
  /** Greenwich sidereal time at midnight of `referenceDate`; null when absent. */
  readonly gst0Deg: number | null;
  readonly referenceDate: string | null;
  readonly timeSystem: string | null;

  /** `Header/extra_keywords` by name. The DSA-110 has `phase_center_dec` (rad) and `ha_phase_center` (rad) here. */
  readonly extraKeywords: ReadonlyMap<string, KeywordValue>;

  /** Centres of the integrations [blt], UTC Julian date, all finite. */
  readonly timeJd: Float64Array;
  /** Length of the integrations [blt], all finite and above zero. */
  readonly integrationTimeSec: Float64Array;
  /** First antenna [blt], a number of `antennaNumbers`. */
  readonly ant1: Int32Array;
  readonly ant2: Int32Array;
  /** Baseline coordinates as stored [blt, 3], float32 ones widened; the stored ones may be a writer's shortcut. Null when absent. */
  readonly uvwM: Float64Array | null;
  /** Local apparent sidereal time [blt]; null when absent. */
  readonly lstRad: Float64Array | null;
  /** Apparent right ascension of the phase centre [blt]; null when absent. */
  readonly appRaRad: Float64Array | null;
  /** Apparent declination of the phase centre [blt]; a scalar in the file (DSA-110) is repeated; null when absent. */
  readonly appDecRad: Float64Array | null;
  /** Position angle of the frame [blt]; null when absent. */
  readonly framePaRad: Float64Array | null;
  /** Number in `phaseCenterCatalog` of each row [blt]; null when absent. */
  readonly phaseCenterIdArray: Int32Array | null;
}

/** Rows `bltStart` … `bltEnd` (exclusive) of the data arrays. */
export interface RowRange {
  readonly bltStart: number;
  /** exclusive */
  readonly bltEnd: number;
}

/**
 * Where `readRows` puts what it reads. An array that is left out is not read. Each must be at least
 * as long as needed; the elements past that are not touched. All may lie on a SharedArrayBuffer.
 */
export interface RowBuffers {
  /** [row, chan, pol] complex, interleaved re, im: 2 × rows × channels × polarizations numbers. Stored complex128 is rounded for a Float32Array. */
  readonly vis?: Float32Array | Float64Array;
  /** [row, chan, pol], 1: bad. */
  readonly flags?: Uint8Array;
  /** [row, chan, pol]. */
  readonly nsamples?: Float32Array;
}

export interface ReadRowsOptions {
  /**
   * Leave `flags` (or `nsamples`) untouched when all values of the range are equal, and only say so in
   * the result. The bytes are read and compared, but not put in order. Default false.
   */
  readonly skipUniform?: boolean;
}

/** What `readRows` found. A property of an array that was not asked for is undefined. */
export interface RowsRead {
  /** The one value of all flags of the range; undefined when they differ. */
  readonly flagsUniform: 0 | 1 | undefined;
  /** The one value of all nsamples of the range (compared bit for bit); undefined when they differ. */
  readonly nsamplesUniform: number | undefined;
}

/** An open file. Not shared between threads: each worker opens its own. */
export interface Uvh5File {
  readonly path: string;
  readonly fileBytes: number;
  /** Which reader serves this file: the own one, or h5wasm in a worker for features the own one does not know. */
  readonly engine: "own" | "h5wasm";
  readonly header: Uvh5Header;
  /** How visibilities are stored; `readRows` converts all of them. */
  readonly visStoredAs: "complex64" | "complex128" | "integer";
  /** A good number of rows for one `readRows`: a multiple of the rows of a chunk, worth a few megabytes. */
  readonly blockRowCount: number;
  /**
   * Reads a range of rows into the caller's buffers, in one pass over the file in the order of its addresses.
   *
   * @throws RangeError when the range is outside [0, bltCount] or a buffer is too short
   * @throws Uvh5CorruptError when stored bytes contradict the format or a checksum
   */
  readRows(range: RowRange, into: RowBuffers, options?: ReadRowsOptions): RowsRead;
  /** Closes the file. Idempotent; reading afterwards throws. */
  close(): void;
  [Symbol.dispose](): void;
}

export interface OpenUvh5Options {
  /** Upper limit for any one array of the header in memory. Default 1 GiB. */
  readonly maxHeaderBytes?: number;
  /** Size of the reads by which metadata is fetched: small for a local disk, large for a network. Default 4096. */
  readonly metadataPageBytes?: number;
  /**
   * Chunks that the writer never stored: "refuse" throws Uvh5CorruptError when one is needed, "fill" gives the fill
   * value as HDF5 does. Default "refuse": in a file of visibilities a chunk that is not there was lost. Files read by
   * h5wasm are always filled.
   */
  readonly missingChunks?: "refuse" | "fill";
  /** What to do with a file that needs h5wasm. Default "h5wasm"; "refuse" throws Uvh5UnsupportedError. */
  readonly fallback?: "h5wasm" | "refuse";
}

/** Machine-readable reason of a verdict of `isWhole`. */
export type WholeCode =
  | "OK"
  | "EMPTY_FILE"
  | "NOT_HDF5"
  | "NOT_UVH5"
  | "TEMPORARY_NAME"
  | "END_NOT_WRITTEN"
  | "OPEN_FOR_WRITING"
  | "SHORTER_THAN_DECLARED"
  | "FEWER_TIMES_THAN_EXPECTED"
  | "MORE_TIMES_THAN_EXPECTED"
  | "ROWS_DISAGREE"
  | "CHUNKS_MISSING"
  | "HEADER_INCONSISTENT"
  | "UNSUPPORTED"
  | "CORRUPT";

/** The answer of `isWhole`. */
export interface WholeCheck {
  /** "writing" and "truncated" may change when looked at again; "corrupt" is not expected to. */
  readonly verdict: "complete" | "writing" | "truncated" | "corrupt";
  readonly code: WholeCode;
  /** One sentence for people: field, expected, found. */
  readonly reason: string;
  readonly fileBytes: number;
  /** `Ntimes` and `Nblts` of the header, null when they could not be read. */
  readonly timeCount: number | null;
  readonly bltCount: number | null;
  /** First value of `time_array` (Julian date), by which files of one group are recognised; null when not readable. */
  readonly firstTimeJd: number | null;
}

export interface WholeOptions {
  /** Integrations that a whole file has; not checked when left out. */
  readonly expectedTimeCount?: number;
  readonly metadataPageBytes?: number;
}
