/**
 * Every error the pipeline can end with, what it means and what happens next.
 * `docs/operations/errors.md` lists the same codes; a test compares the two.
 */

import { messageOf, systemErrorName } from "./system-error.ts";

/** What the caller does about an error: try again later, put the input aside, or stop taking work. */
export type Disposition = "retry" | "quarantine" | "halt";

interface ErrorKind {
  readonly disposition: Disposition;
  /** One sentence for the operator: what happened and what to do. */
  readonly meaning: string;
}

export const errorCodes = {
  UVH5_STILL_WRITTEN: {
    disposition: "retry",
    meaning: "A subband file is still being written; convert it again when its writer has closed it.",
  },
  UVH5_TRUNCATED: {
    disposition: "quarantine",
    meaning: "A subband file ends before the data its header announces; fetch it again from the correlator.",
  },
  UVH5_EMPTY: {
    disposition: "quarantine",
    meaning: "A subband file has no bytes; fetch it again from the correlator.",
  },
  UVH5_CORRUPT: {
    disposition: "quarantine",
    meaning: "A file contradicts itself and cannot be read; fetch it again from the correlator.",
  },
  UVH5_NOT_UVH5: {
    disposition: "quarantine",
    meaning: "A file is not HDF5, or is HDF5 without the UVH5 layout; it does not belong here.",
  },
  UVH5_UNSUPPORTED: {
    disposition: "quarantine",
    meaning: "A file uses an HDF5 or UVH5 feature that neither reader knows.",
  },
  UVH5_SUBBAND_MISSING: {
    disposition: "quarantine",
    meaning: "A group lacks subbands; wait for them, or allow a number of them to be missing with --allow-missing.",
  },
  UVH5_SUBBAND_DUPLICATE: {
    disposition: "quarantine",
    meaning: "Two files of a group claim the same subband; remove the one that is wrong.",
  },
  UVH5_SUBBANDS_DIFFER: {
    disposition: "quarantine",
    meaning:
      "The subbands of a group disagree in antennas, baselines, times, polarisations or pointing; they are not of one observation.",
  },
  UVH5_POLARIZATION_UNKNOWN: {
    disposition: "quarantine",
    meaning: "A file holds a polarisation code that a Measurement Set cannot express.",
  },
  UVH5_PHASING_UNKNOWN: {
    disposition: "quarantine",
    meaning: "A file does not say to which direction its visibilities are phased.",
  },
  TIME_OUT_OF_RANGE: {
    disposition: "quarantine",
    meaning:
      "An observation lies outside the Earth-orientation table; give a newer one with --iers-finals and --leap-seconds.",
  },
  INPUT_UNREADABLE: {
    disposition: "retry",
    meaning: "A file or directory could not be read; check that it exists and its permissions.",
  },
  OUTPUT_EXISTS: {
    disposition: "quarantine",
    meaning: "The Measurement Set is there already; it is never overwritten. Remove it, or pass --skip-existing.",
  },
  OUTPUT_NOT_WRITABLE: {
    disposition: "halt",
    meaning: "The output directory cannot be written; check its permissions.",
  },
  DISK_FULL: {
    disposition: "halt",
    meaning:
      "The file system has no room for the Measurement Set; free space and convert again. Nothing of it was kept.",
  },
  DISK_ERROR: {
    disposition: "retry",
    meaning:
      "The system could not read or write a disk; it is tried again. If it comes back, look at the kernel's log and at the disk.",
  },
  MS_VERIFY_FAILED: {
    disposition: "halt",
    meaning: "What was read back from the new Measurement Set is not what was written; suspect the disk or memory.",
  },
  TABLE_UNREADABLE: {
    disposition: "quarantine",
    meaning:
      "A casacore table contradicts itself or uses a part of the format that is not known; the message names the file and the field.",
  },
  SOLVE_FAILED: {
    disposition: "quarantine",
    meaning: "Calibration found no solution: all data flagged, no source in the beam, or a model without numbers.",
  },
  MODEL_UNUSABLE: {
    disposition: "quarantine",
    meaning:
      "The model of the sky has values that are not numbers, in a source or in MODEL_DATA; the message says where. Predict it again.",
  },
  PRIOR_UNUSABLE: {
    disposition: "quarantine",
    meaning:
      "Gains cannot be solved on top of what was given: no bandpass, a table of another array or band, or one without solutions; the message names it.",
  },
  CALIBRATION_MISSING: {
    disposition: "retry",
    meaning:
      "No valid bandpass or gains for this group yet: it waits as --missing-calibration says, and no attempt is counted. `contimg cal active` shows what there is; `contimg cal solve` makes it.",
  },
  MS_UNSUITABLE: {
    disposition: "quarantine",
    meaning:
      "A Measurement Set lacks what the work on it needs, or keeps it in a form that cannot be changed; the message names column, expected and found.",
  },
  MS_IN_USE: {
    disposition: "retry",
    meaning:
      "Another program has the Measurement Set open; it is not changed under it. Close it there, then try again.",
  },
  FLAG_VERSION_UNKNOWN: {
    disposition: "quarantine",
    meaning: "There is no flag version of this name; `contimg flag list` shows those there are.",
  },
  FLAG_VERSION_EXISTS: {
    disposition: "quarantine",
    meaning: "A flag version of this name was saved before; it is never overwritten. Choose another name.",
  },
  AOFLAGGER_FAILED: {
    disposition: "halt",
    meaning:
      "AOFlagger is not installed, or ended with an error; the flags are as they were. `--engine contimg` needs no other program.",
  },
  ENGINE_UNUSABLE: {
    disposition: "halt",
    meaning: "The imager that was asked for is not installed, or too old; the message says what is expected.",
  },
  MEMORY_SHORT: {
    disposition: "halt",
    meaning:
      "An image would take more memory than the machine or the limit has; the message says how much. Make it smaller, or image windows by themselves.",
  },
  IMAGING_FAILED: {
    disposition: "quarantine",
    meaning: "The imager ended with an error; its last lines are in the message. No product was given its name.",
  },
  IMAGE_UNREADABLE: {
    disposition: "quarantine",
    meaning: "A FITS image is cut, or is not what it should be; the message names file, keyword, expected and found.",
  },
  INPUT_CHANGED: {
    disposition: "retry",
    meaning: "A subband file changed while its group was processed; the group is done again with the new version.",
  },
  LOCK_TIMEOUT: {
    disposition: "retry",
    meaning:
      "A Measurement Set stayed locked by another program for longer than the lock timeout; `contimg locks who` says by whom.",
  },
  LOCKS_UNUSABLE: {
    disposition: "halt",
    meaning:
      "Locks on this file system do not keep two programs apart, or neither koffi nor flock(1) is there; `contimg locks doctor` says which.",
  },
  WORKER_CRASHED: {
    disposition: "retry",
    meaning: "The thread or process that worked on a group ended without an answer; the group is tried again.",
  },
  LEASE_LOST: {
    disposition: "retry",
    meaning: "The group was taken from this worker, by the operator or because it did not answer for too long.",
  },
  QUEUE_UNUSABLE: {
    disposition: "halt",
    meaning: "The queue database cannot be opened, is damaged, or was made by a newer contimg; the message says which.",
  },
  CAL_REGISTRY_UNUSABLE: {
    disposition: "halt",
    meaning:
      "The registry of calibration tables cannot be opened, is damaged, or was made by a newer contimg; the message says which.",
  },
  CAL_TABLE_INVALID: {
    disposition: "quarantine",
    meaning:
      "A calibration table is not registered: it is not there or not whole, or what is said about it contradicts itself; nothing of its set was registered.",
  },
  CAL_TABLE_CONFLICT: {
    disposition: "quarantine",
    meaning:
      "Another active calibration table has this path; retire it with `contimg cal retire`, or give the new one another name.",
  },
  CAL_MISSING: {
    disposition: "retry",
    meaning:
      "No calibration table of a needed type is valid for these data; solve for one with `contimg cal solve`, or allow an older one with `--borrow BP=7`.",
  },
  CAL_NOT_APPLICABLE: {
    disposition: "quarantine",
    meaning:
      "A calibration table does not fit the Measurement Set: of another array, without some of its antennas or frequencies, or of a kind that is not known.",
  },
  CAL_RESULT_TRIVIAL: {
    disposition: "quarantine",
    meaning:
      "Calibrated visibilities are all flagged, zero, not finite, as they were, or of an amplitude that the gains do not explain; nothing was written. Look at the tables with `contimg cal plot`.",
  },
  CATALOG_UNREADABLE: {
    disposition: "quarantine",
    meaning:
      "A catalogue file is cut, or is not what it should be; the message names the file, the line, the field, what was expected and what was found. No catalogue was made.",
  },
  CATALOG_UNUSABLE: {
    disposition: "halt",
    meaning:
      "A catalogue of sources is not there, is damaged, or was made by another version; `contimg catalog build` makes it again from the files it came from.",
  },
  CALIBRATOR_UNKNOWN: {
    disposition: "quarantine",
    meaning: "The calibrator catalogue has no entry of this name; names are as 0834+555.",
  },
  CONFIG_INVALID: {
    disposition: "halt",
    meaning:
      "A setting is wrong; the message names where it comes from, what was expected and what was found. `contimg config show --origin` lists all.",
  },
  ENVIRONMENT_UNFIT: {
    disposition: "halt",
    meaning:
      "A directory, file system or clock is not fit to run on; `contimg doctor` lists each finding and its repair.",
  },
  INTERRUPTED: { disposition: "retry", meaning: "The conversion was stopped before it ended; nothing of it was kept." },
  INTERNAL: {
    disposition: "halt",
    meaning: "An error that the pipeline did not expect; please report it with the whole message.",
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorCodes;

export interface PipelineErrorDetail {
  /** The group, file or path that the error is about. */
  readonly subject: string;
  readonly cause?: unknown;
}

/** The one error type that leaves a stage. The worker loop reads nothing of it but `disposition`. */
export class PipelineError extends Error {
  override readonly name = "PipelineError";
  readonly code: ErrorCode;
  readonly disposition: Disposition;
  readonly subject: string;

  constructor(code: ErrorCode, message: string, detail: PipelineErrorDetail) {
    super(message, detail.cause === undefined ? {} : { cause: detail.cause });
    this.code = code;
    this.disposition = errorCodes[code].disposition;
    this.subject = detail.subject;
  }
}

/** Whether `error` is a {@link PipelineError}, of one of `codes` when any are given. */
export function isPipelineError(error: unknown, ...codes: readonly ErrorCode[]): error is PipelineError {
  return error instanceof PipelineError && (codes.length === 0 || codes.includes(error.code));
}

/** What caused an error, outermost first: each as its stack, or as text when it is no error. Ten at most. */
export function causesOf(error: Error): readonly string[] {
  const causes: string[] = [];
  for (let at = error.cause; at !== undefined && causes.length < 10; at = at instanceof Error ? at.cause : undefined)
    causes.push(textOfThrown(at));
  return causes;
}

/** The stack of an error; anything else that was thrown as text. */
export function textOfThrown(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.stack ?? thrown.message;
  return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? typeof thrown);
}

/** Wraps what a stage did not foresee, so that no error leaves without a code. Coded errors pass unchanged. */
export function asPipelineError(error: unknown, subject: string): PipelineError {
  if (error instanceof PipelineError) return error;
  const errno = systemErrorName(error);
  const message = messageOf(error, errno);
  if (errno === "ENOSPC" || errno === "EDQUOT")
    return new PipelineError("DISK_FULL", message, { subject, cause: error });
  if (errno === "ERR_SQLITE_ERROR") return new PipelineError("QUEUE_UNUSABLE", message, { subject, cause: error });
  if (errno === "EIO" || errno === "ESTALE") return new PipelineError("DISK_ERROR", message, { subject, cause: error });
  if (errno === "EROFS") return new PipelineError("OUTPUT_NOT_WRITABLE", message, { subject, cause: error });
  return new PipelineError("INTERNAL", message, { subject, cause: error });
}
