/** Checkpoints as files that operators know by name: `<groupId>.checkpoint.uvh5`. */

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { freqInterpolations, timeInterpolations } from "../../domain/cal-apply.ts";
import { calTableTypes } from "../../domain/cal-table.ts";
import { asWriteError } from "../../domain/write-error.ts";
import type { Checkpoint, CheckpointStore } from "../../ports/checkpoint-store.ts";
import type { Log } from "../../ports/log.ts";
import { syncDirectory } from "./sync-directory.ts";

const SUFFIX = ".checkpoint.uvh5";
const FORMAT = "contimg checkpoint 1";
const NOTE =
  "JSON, not HDF5: how far the processing of this group came. May be removed: the group is then done afresh.";

const reportSchema = z.object({
  groupId: z.string(),
  msPath: z.string(),
  rowCount: z.number(),
  spwCount: z.number(),
  chanCount: z.number(),
  fieldCount: z.number(),
  flaggedFraction: z.number(),
  unusableCount: z.number().nullable(),
  missingSubbands: z.array(z.number()),
  inputBytes: z.number(),
  outputBytes: z.number(),
  verifiedCellCount: z.number(),
  startMjdSec: z.number(),
  endMjdSec: z.number(),
  raRad: z.number(),
  decRad: z.number(),
  isAdopted: z.boolean(),
  timingsSec: z.object({ load: z.number(), phase: z.number(), write: z.number(), total: z.number() }),
});

const calibratorSchema = z.object({
  name: z.string(),
  raDeg: z.number(),
  decDeg: z.number(),
  sepDeg: z.number(),
  fluxJy: z.number(),
  beamFactor: z.number(),
  weightedFluxJy: z.number(),
  transitMjd: z.number(),
  transitsWithin: z.boolean(),
  quality: z.enum(["P", "S", "W", "C", "X", "?"]),
});

const msSchema = z.object({
  path: z.string(),
  groupId: z.string(),
  rowCount: z.number(),
  sizeBytes: z.number(),
  calibrators: z.array(calibratorSchema).nullable().default(null),
  conversion: reportSchema,
});

const calibrationSchema = z.object({
  status: z.enum(["calibrated", "borrowed", "uncalibrated"]),
  mjd: z.number(),
  tables: z.array(
    z.object({
      type: z.enum(calTableTypes),
      path: z.string(),
      tableId: z.number(),
      why: z.enum(["exact", "nearest", "before", "after", "only-before", "only-after", "borrowed"]),
      offsetDay: z.number(),
    }),
  ),
  solvedPaths: z.array(z.string()),
  reasons: z.array(z.string()),
});

const appliedSchema = z.object({
  msPath: z.string(),
  dataColumn: z.string(),
  requests: z.array(
    z.object({
      type: z.enum(calTableTypes).nullable(),
      orderIndex: z.number().nullable(),
      paths: z.array(z.string()),
    }),
  ),
  options: z.object({
    timeInterpolation: z.enum(timeInterpolations).nullable(),
    freqInterpolation: z.enum(freqInterpolations),
    spwMapIds: z.array(z.number()).nullable(),
    calibratesWeights: z.boolean(),
  }),
});

const checkpointSchema = z.object({
  format: z.literal(FORMAT),
  groupId: z.string(),
  inputsDigest: z.string(),
  doneStages: z.array(z.string()),
  artifacts: z
    .object({
      "ms:DATA": msSchema,
      "ms:FLAG": msSchema,
      "ms:WEIGHT": msSchema,
      "ms:CORRECTED_DATA": msSchema,
      calibration: calibrationSchema,
      "applied-calibration": appliedSchema,
    })
    .partial(),
});

/** @param log  told why a file cannot be used */
export function checkpointFiles(directory: string, log: Pick<Log, "warning">): CheckpointStore {
  const pathOf = (groupId: string) => join(directory, `${groupId}${SUFFIX}`);
  const stagingOf = (groupId: string) => join(directory, `.${groupId}${SUFFIX}.part`);
  return {
    save(checkpoint) {
      const path = pathOf(checkpoint.groupId);
      try {
        mkdirSync(directory, { recursive: true });
        writeDurably(stagingOf(checkpoint.groupId), textOf(checkpoint));
        renameSync(stagingOf(checkpoint.groupId), path);
        syncDirectory(directory);
      } catch (error) {
        throw asWriteError(error, path);
      }
      return path;
    },

    load(path) {
      try {
        const { format: _format, ...checkpoint } = checkpointSchema.parse(JSON.parse(readFileSync(path, "utf8")));
        // What the schema leaves out would be lost: it lists every field there is.
        return checkpoint as Checkpoint;
      } catch (error) {
        log.warning(`Checkpoint ${path} is not used: ${reasonOf(error)}`, { path });
        return undefined;
      }
    },

    remove(groupId) {
      rmSync(pathOf(groupId), { force: true });
      rmSync(stagingOf(groupId), { force: true });
    },

    groupIds() {
      try {
        return readdirSync(directory).flatMap((name) => (name.endsWith(SUFFIX) ? [basename(name, SUFFIX)] : []));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
        throw error;
      }
    },
  };
}

/** One JSON object; its first line says what the file is to who opens it with a tool for HDF5. */
function textOf(checkpoint: Checkpoint): string {
  return `{"format": ${JSON.stringify(FORMAT)}, "note": ${JSON.stringify(NOTE)},\n${JSON.stringify(checkpoint, null, 1).slice(2)}\n`;
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const issue = error.issues[0]!;
    return `${issue.path.join(".") || "the file"}: ${issue.message}`;
  }
  return error instanceof Error ? error.message : String(error);
}

function writeDurably(path: string, text: string): void {
  const fd = openSync(path, "w", 0o664);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
