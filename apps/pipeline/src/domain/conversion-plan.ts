/** Everything about one UVH5 → Measurement Set conversion that is decided before a visibility is read. Plain data. */

import type { CalibratorMatch } from "./calibrator.ts";
import type { PolarizationMap } from "./polarization.ts";
import type { Antennas, PhaseCentre, Site } from "./subband-header.ts";

/** How the line of HISTORY begins that ends with {@link ConversionPlan.inputsDigest}. */
export const INPUTS_DIGEST_PREFIX = "content of the input: sha256 ";

/** A run of channels that one file gives to one spectral window. */
export interface SpwSegment {
  /** Position in `sources`; null: the subband is missing and its channels are flagged. */
  readonly sourceIndex: number | null;
  /** For each output channel of the segment, the channel in the file. */
  readonly chanIndexIn: Int32Array;
  /** First channel of the segment within the spectral window. */
  readonly chanStartOut: number;
}

export interface PlannedSpw {
  readonly name: string;
  /** Channel centres, ascending. */
  readonly freqHz: Float64Array;
  readonly channelWidthHz: Float64Array;
  /** In ascending channel order, without gaps. */
  readonly segments: readonly SpwSegment[];
}

export interface PlannedSource {
  readonly path: string;
  readonly subbandIndex: number;
  readonly fileSizeBytes: number;
  readonly chanCount: number;
  readonly polCount: number;
}

/**
 * Geometry of the rows of one spectral window; all windows share it. Arrays by row have one entry a baseline-time, in
 * stored order. Backed by SharedArrayBuffers, so that worker threads see one copy.
 */
export interface PlannedRows {
  readonly rowCount: number;
  /** Index into `times` of each row. */
  readonly timeIndex: Int32Array;
  /** Rows of the ANTENNA table; antenna1 ≤ antenna2. */
  readonly antenna1: Int32Array;
  readonly antenna2: Int32Array;
  /** 1 where the file has the baseline the other way round, so that the conjugate is stored; null: nowhere. */
  readonly conjugate: Uint8Array | null;
  readonly fieldId: Int32Array;
  /** UTC, seconds since MJD 0, at the centre of the integration. */
  readonly timeMjdSec: Float64Array;
  readonly exposureSec: Float64Array;
  /** Baseline r(ant2) − r(ant1) in the frame of the row's field; row-major [row, 3]. */
  readonly uvwM: Float64Array;
  /** Whether `uvwM` is what the file stores, because it does not follow from the file's antenna positions. */
  readonly keepsStoredUvw: boolean;
  /** Path of the rotation to the new phase centre, for the baseline as the file has it; null: no rotation. */
  readonly pathM: Float64Array | null;
}

export interface PlannedField extends PhaseCentre {
  /** Mean time of the field's rows. */
  readonly timeMjdSec: number;
}

export interface ConversionPlan {
  readonly groupId: string;
  readonly msPath: string;
  readonly stagingDir: string;
  readonly telescopeName: string;
  readonly objectName: string;
  readonly instrument: string;
  readonly site: Site;
  readonly antennas: Antennas;
  readonly sources: readonly PlannedSource[];
  readonly missingSubbands: readonly number[];
  readonly polarization: PolarizationMap;
  /** Ascending frequency. */
  readonly spws: readonly PlannedSpw[];
  readonly fields: readonly PlannedField[];
  readonly rows: PlannedRows;
  readonly startMjdSec: number;
  readonly endMjdSec: number;
  readonly addsModelData: boolean;
  readonly addsCorrectedData: boolean;
  /** An estimate from above, for the check of free space. */
  readonly outputBytes: number;
  readonly inputBytes: number;
  /** Sentences for HISTORY: what was chosen and why. */
  readonly history: readonly string[];
  /** Identity of the content of the input, for HISTORY; null: not known. */
  readonly inputsDigest: string | null;
  /** Calibrators in the beam, the best first; null: nobody looked. */
  readonly calibrators: readonly CalibratorMatch[] | null;
  /** Whether the Measurement Set is there already, made from the same content, and only has to be checked. */
  readonly adoptsExisting: boolean;
}

/** What a finished conversion tells, for logs, metrics and users. */
export interface ConversionReport {
  readonly groupId: string;
  readonly msPath: string;
  readonly rowCount: number;
  readonly spwCount: number;
  readonly chanCount: number;
  readonly fieldCount: number;
  readonly flaggedFraction: number;
  /** Values that are exactly zero or not finite in the input and not flagged there; null: not known, adopted. */
  readonly unusableCount: number | null;
  readonly missingSubbands: readonly number[];
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly verifiedCellCount: number;
  /** UTC, seconds since MJD 0, edges of the first and last integration. */
  readonly startMjdSec: number;
  readonly endMjdSec: number;
  /** ICRS direction of the first FIELD. */
  readonly raRad: number;
  readonly decRad: number;
  /** Whether an earlier attempt made it, and this one checked and took it over. */
  readonly isAdopted: boolean;
  readonly timingsSec: {
    readonly load: number;
    readonly phase: number;
    readonly write: number;
    readonly total: number;
  };
}
