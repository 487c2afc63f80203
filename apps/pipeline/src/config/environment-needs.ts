/** What the configuration asks of the machine. */

import { dirname } from "node:path";
import type { NeededDirectory } from "../services/inspect-directories.ts";
import type { EnvironmentNeeds } from "../services/inspect-environment.ts";
import type { Config } from "./settings.ts";

const BYTES_PER_GB = 1e9;

/** @param makesDirectories  missing directories are to be made, as at the start of the stream */
export function environmentNeedsOf(config: Config, makesDirectories: boolean): EnvironmentNeeds {
  const { directories, databases, monitoring, conversion, locks } = config;
  const wanted: readonly (readonly [string, string | null, NeededDirectory["role"]])[] = [
    ["input_dir", directories.inputDir, "input"],
    ["output_dir", directories.outputDir, "output"],
    ["queue_db", databases.queueDb === null ? null : dirname(databases.queueDb), "state"],
    ["state_dir", directories.stateDir, "state"],
    ["checkpoint_dir", directories.checkpointDir, "work"],
    ["scratch_dir", directories.scratchDir, "work"],
    ["images_dir", directories.imagesDir, "data"],
    ["mosaics_dir", directories.mosaicsDir, "data"],
    ["static_dir", directories.staticDir, "data"],
    ["tmp_dir", directories.tmpDir, "work"],
    ["archive_dir", directories.archiveDir, "data"],
    ["logs_dir", directories.logsDir, "logs"],
    ["lock_dir", locks.lockDir, "work"],
  ];
  const seen = new Set<string>();
  return {
    directories: wanted.flatMap(([name, path, role]) => {
      if (path === null || seen.has(`${role} ${path}`)) return [];
      seen.add(`${role} ${path}`);
      return [{ name, path, role }];
    }),
    makesDirectories,
    tmpfs: {
      path: directories.tmpfsPath,
      isUsed: conversion.stageToTmpfs,
      warnPercent: monitoring.tmpfsWarnPercent,
      criticalPercent: monitoring.tmpfsCriticalPercent,
    },
    diskWarnBytes: monitoring.diskWarnGb * BYTES_PER_GB,
    diskCriticalBytes: monitoring.diskCriticalGb * BYTES_PER_GB,
    needsLocks: locks.serializeMsAccess,
  };
}
