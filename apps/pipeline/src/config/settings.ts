/**
 * Every setting: the YAML file, the variables, the flags of `contimg stream`, the JSON schema for editors and the manual
 * are all made from this table.
 */

import { z } from "zod";
import { applyModes } from "../domain/cal-apply.ts";
import { missingCalibrationPolicies } from "../domain/group-calibration.ts";
import { defaultRetryPolicy } from "../domain/queue.ts";
import { logLevels } from "../ports/log.ts";
import { defaultConvertConfig } from "../stages/convert/config.ts";
import { parsePhaseCentre } from "../stages/convert/phase-centre-text.ts";
import {
  choice,
  decimal,
  optionalPath,
  optionalText,
  optionalWholeNumber,
  path,
  type Setting,
  text,
  toggle,
  wholeNumber,
} from "./setting.ts";

const DAY_SEC = 86_400;
const YEAR_SEC = 366 * DAY_SEC;

const file = { placeholder: "file" } as const;
const noFlag = { flag: null } as const;

/** By section and key, as they stand in the file. */
export const settings = {
  directories: {
    input_dir: optionalPath("input-dir", "Directory watched for *_sbNN.hdf5 files."),
    output_dir: optionalPath("output-dir", "Where Measurement Sets go, as ms/science/YYYY-MM-DD/<start>.ms."),
    scratch_dir: optionalPath(
      "scratch-dir",
      "Fast storage on which a Measurement Set grows and inputs are staged (default: beside its final place).",
    ),
    checkpoint_dir: optionalPath(
      "checkpoint-dir",
      "Where groups in work record how far they are (default: checkpoints, beside the queue database).",
    ),
    state_dir: optionalPath("state-dir", "Databases, apart from the data, on storage that is backed up.", noFlag),
    logs_dir: optionalPath("logs-dir", "Log files as JSON lines (default: none, console only).", noFlag),
    images_dir: optionalPath("images-dir", "Images.", noFlag),
    mosaics_dir: optionalPath("mosaics-dir", "Mosaics.", noFlag),
    static_dir: optionalPath("static-dir", "Beam models, catalogues and other data that stay.", noFlag),
    tmp_dir: optionalPath("tmp-dir", "Transient files of stages.", noFlag),
    archive_dir: optionalPath("archive-dir", "What waits for long-term storage.", noFlag),
    tmpfs_path: path("tmpfs-path", "/dev/shm", "Memory file system for --stage-to-tmpfs."),
  },
  databases: {
    queue_db: optionalPath(
      "queue-db",
      "Queue database (default: streaming_queue.sqlite3 in the current directory, or ingest.sqlite3 in the state directory when one is set).",
      file,
    ),
    products_db: optionalPath(
      "products-db",
      "Database that gets copies of ms_index and storage_locations (default: products.sqlite3 in the state directory when one is set, else none).",
      { ...noFlag, ...file },
    ),
    cal_registry_db: optionalPath(
      "cal-registry-db",
      "Registry of calibration tables (default: cal_registry.sqlite3 in the state directory when one is set, else in the current directory).",
      { ...noFlag, ...file },
    ),
  },
  stream: {
    expected_subbands: wholeNumber(
      "expected-subbands",
      [1, 64],
      defaultConvertConfig.expectedSubbandCount,
      "Subbands of a whole group.",
    ),
    min_subbands: optionalWholeNumber(
      "min-subbands",
      [1, 64],
      "Groups with this many subbands are processed when --collecting-timeout is over (default: --expected-subbands, no partial groups).",
    ),
    chunk_duration_min: decimal(
      "chunk-duration",
      [0.001, 1440],
      5,
      "minutes",
      "Time between two observations; a group should take less than nine tenths of it.",
    ),
    collecting_timeout_sec: decimal(
      "collecting-timeout",
      [0, YEAR_SEC],
      600,
      "seconds",
      "Warn about groups that are incomplete for longer.",
    ),
    collecting_close_timeout_sec: decimal(
      "collecting-close-timeout",
      [0, YEAR_SEC],
      DAY_SEC,
      "seconds",
      "Close groups that are incomplete for longer as failed.",
    ),
    settle_time_sec: decimal(
      "settle-time",
      [0, DAY_SEC],
      60,
      "seconds",
      "How long a damaged file must stay unchanged before it is called corrupt.",
    ),
    poll_interval_sec: decimal(
      "poll-interval",
      [0.05, 3600],
      5,
      "seconds",
      "Rescan the input directory at least this often.",
    ),
    worker_poll_interval_sec: decimal(
      "worker-poll-interval",
      [0.05, 3600],
      5,
      "seconds",
      "An idle worker looks into the queue at least this often.",
    ),
    max_retries: wholeNumber(
      "max-retries",
      [0, 1000],
      defaultRetryPolicy.maxRetryCount,
      "Failed attempts before a group is failed.",
    ),
    max_crash_count: wholeNumber(
      "max-crash-count",
      [0, 1000],
      defaultRetryPolicy.maxCrashCount,
      "Attempts during which the worker died, before a group is failed.",
    ),
    in_progress_timeout_sec: decimal(
      "in-progress-timeout",
      [1, YEAR_SEC],
      900,
      "seconds",
      "Groups of a worker that does not answer for longer are queued again.",
    ),
    stop_timeout_sec: decimal(
      "stop-timeout",
      [0, DAY_SEC],
      60,
      "seconds",
      "How long a group may go on after a stop was asked for, before it is handed back.",
    ),
    concurrency: wholeNumber("concurrency", [1, 256], 1, "Groups in work at a time."),
    use_subprocess: toggle("use-subprocess", false, "Convert in a process of its own for each group."),
    omp_threads: wholeNumber("omp-threads", [1, 1024], 4, "OMP_NUM_THREADS and its like for threads and processes."),
    stage_inputs: toggle("stage-inputs", false, "Copy subband files to scratch before they are read."),
    stage_workers: wholeNumber("stage-workers", [1, 64], 8, "Files copied at a time by --stage-inputs."),
    cleanup_temp: toggle("cleanup-temp", false, "Remove staged files after failures too."),
  },
  conversion: {
    max_workers: optionalWholeNumber(
      "max-workers",
      [1, 256],
      "Threads of one conversion (default: half the cores, 4 at most).",
    ),
    stage_to_tmpfs: toggle(
      "stage-to-tmpfs",
      false,
      "Build a Measurement Set under --tmpfs-path when twice its size is free there.",
      { aliases: ["STAGE_TO_TMPFS"] },
    ),
    phase_center: text(
      "phase-center",
      defaultConvertConfig.phaseCentre.kind,
      "mid, none or RA,DEC (ICRS; degrees, or 11h48m50s,+54d26m30s)",
      (value) => parsePhaseCentre(value) !== undefined,
      "mid: the meridian at mid-time, one FIELD; none: as recorded; RA,DEC: an ICRS direction.",
      { placeholder: "where" },
    ),
    merge_spws: toggle("merge-spws", defaultConvertConfig.mergeSpws, "One spectral window of all channels."),
    model_data: toggle("model-data", defaultConvertConfig.addsModelData, "Add MODEL_DATA (1 Jy)."),
    corrected_data: toggle(
      "corrected-data",
      defaultConvertConfig.addsCorrectedData,
      "Add CORRECTED_DATA (a copy of DATA).",
    ),
    telescope_name: optionalText(
      "telescope-name",
      "OBSERVATION::TELESCOPE_NAME (default: the header's, OVRO_MMA for DSA-110).",
      { placeholder: "name" },
    ),
    iers_finals: optionalPath("iers-finals", "finals2000A.all newer than the shipped one.", file),
    leap_seconds: optionalPath("leap-seconds", "Leap_Second.dat newer than the shipped one.", file),
  },
  calibration: {
    flag: toggle("flag", true, "Flag interference, dead and noisy inputs of each group."),
    calibrate: toggle("calibrate", true, "Solve and calibrate each group; needs --sky-catalog, and is off without."),
    sky_catalog: optionalPath(
      "sky-catalog",
      "Catalogue of sources, as contimg catalog build makes it: the sky that is solved on.",
      file,
    ),
    calibrator_catalog: optionalPath(
      "calibrator-catalog",
      "Catalogue of calibrators, as contimg catalog build vla-calibrators makes it: groups in which one crosses the meridian go to ms/calibrators, and the best is solved on.",
      file,
    ),
    apply_mode: choice(
      "apply-mode",
      applyModes,
      "on-the-fly",
      "Calibrated data: made anew by whoever reads the Measurement Set, or written into CORRECTED_DATA with weights and flags.",
      { placeholder: "mode" },
    ),
    bandpass_interval_hours: decimal(
      "bandpass-interval-hours",
      [0, 8760],
      24,
      "hours",
      "A bandpass so often; 24 means once a sidereal day, 0 only by hand.",
    ),
    gain_interval_hours: decimal("gain-interval-hours", [0, 8760], 1, "hours", "Gains so often; 0 means only by hand."),
    missing_calibration: choice(
      "missing-calibration",
      missingCalibrationPolicies,
      "wait",
      "Groups without valid calibration wait, go on uncalibrated, or borrow what is valid at other times.",
      { placeholder: "what" },
    ),
    calibration_wait_hours: decimal(
      "calibration-wait-hours",
      [0, 8760],
      1,
      "hours",
      "Groups that wait for longer go on uncalibrated.",
    ),
    borrow_bandpass_days: decimal(
      "borrow-bandpass-days",
      [0, 366],
      7,
      "days",
      "How far outside its validity a bandpass may be borrowed.",
    ),
    borrow_gain_hours: decimal(
      "borrow-gain-hours",
      [0, 8760],
      6,
      "hours",
      "How far outside their validity gains may be borrowed.",
    ),
    calibration_poll_sec: decimal(
      "calibration-poll",
      [0.05, 3600],
      60,
      "seconds",
      "Groups that wait for calibration look again so often.",
    ),
  },
  locks: {
    serialize_ms_access: toggle("serialize-ms-access", true, "Take {ms}.lock around each access to a Measurement Set."),
    lock_timeout_sec: decimal(
      "lock-timeout",
      [0, YEAR_SEC],
      3600,
      "seconds",
      "How long to wait for a Measurement Set that others have locked.",
    ),
    lock_dir: optionalPath("lock-dir", "Lock files go here instead of beside the Measurement Set."),
  },
  monitoring: {
    enabled: toggle("monitoring", true, "Watch queue and machine, and warn."),
    interval_sec: decimal("monitor-interval", [0.1, DAY_SEC], 60, "seconds", "Time between two looks."),
    profile: toggle("profile", false, "Log details of each group: time, throughput, memory."),
    alert_repeat_hours: decimal(
      "alert-repeat-hours",
      [0, 8760],
      6,
      "hours",
      "An alert that lasts is said again so often.",
    ),
    disk_warn_gb: decimal("disk-warn-gb", [0, 1e9], 200, "GB", "Warn when less is free where data go.", {
      ...noFlag,
      aliases: ["DISK_WARN_GB"],
    }),
    disk_critical_gb: decimal("disk-critical-gb", [0, 1e9], 100, "GB", "A problem when less is free where data go.", {
      ...noFlag,
      aliases: ["DISK_CRITICAL_GB"],
    }),
    tmpfs_warn_percent: decimal("tmpfs-warn-percent", [0, 100], 90, "percent", "Warn when tmpfs is fuller.", noFlag),
    tmpfs_critical_percent: decimal(
      "tmpfs-critical-percent",
      [0, 100],
      95,
      "percent",
      "A problem when tmpfs is fuller.",
      noFlag,
    ),
  },
  log: {
    level: choice("log-level", logLevels, "INFO", "Least severe messages to log.", {
      aliases: ["DSA110_LOG_LEVEL"],
      placeholder: "level",
    }),
    format: choice("log-format", ["text", "json"], "text", "Console: plain lines, or JSON lines."),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Setting>>>>;

type Settings = typeof settings;
export type SectionName = keyof Settings;

/** `section.key` as it stands in the file. */
export type SettingKey = { [S in SectionName]: `${S}.${Extract<keyof Settings[S], string>}` }[SectionName];

type Camel<K extends string> = K extends `${infer Head}_${infer Rest}` ? `${Head}${Capitalize<Camel<Rest>>}` : K;

/** All values, frozen; names as in the file, in camel case. */
export type Config = {
  readonly [S in SectionName]: {
    readonly [K in Extract<keyof Settings[S], string> as Camel<K>]: z.output<
      Extract<Settings[S][K], Setting>["schema"]
    >;
  };
};

/** All settings in the order of the table. */
export const settingList: readonly (readonly [SettingKey, Setting])[] = Object.entries(settings).flatMap(
  ([section, members]) =>
    Object.entries(members).map(([key, setting]) => [`${section}.${key}` as SettingKey, setting] as const),
);

export const settingsByKey: ReadonlyMap<string, Setting> = new Map(settingList);

const camel = (key: string) => key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The schema of all sections; absent keys get their defaults. */
export const configSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(settings).map(([section, members]) => [
      section,
      z
        .strictObject(Object.fromEntries(Object.entries(members).map(([key, { schema }]) => [key, schema])))
        .prefault({}),
    ]),
  ),
);

/** The frozen object of the values that `values` gives by {@link SettingKey}, and of the defaults of the others. */
export function configOf(values: ReadonlyMap<string, unknown>): Config {
  const sections: Record<string, Record<string, unknown>> = {};
  for (const [key, value] of values) {
    const [section, name] = key.split(".") as [string, string];
    (sections[section] ??= {})[name] = value;
  }
  const parsed = configSchema.parse(sections) as Record<string, Record<string, unknown>>;
  const named = Object.entries(parsed).map(([section, members]) => [
    section,
    Object.freeze(Object.fromEntries(Object.entries(members).map(([key, value]) => [camel(key), value]))),
  ]);
  return Object.freeze(Object.fromEntries(named)) as Config;
}
