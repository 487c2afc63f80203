/** The composition root: the only place that says which adapter stands behind which port. */

import { mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { fileSystemDirectory } from "./adapters/fs/directory.ts";
import { type EarthOrientationFiles, readEarthOrientation } from "./adapters/fs/earth-orientation.ts";
import { tableInspector } from "./adapters/fs/inspect/ms-inspector.ts";
import { createMsBuilder } from "./adapters/fs/ms/ms-builder.ts";
import { uvh5SubbandReader } from "./adapters/fs/subband-reader.ts";
import { systemClock } from "./adapters/fs/system-clock.ts";
import type { Group } from "./domain/group.ts";
import type { MsInspector } from "./ports/ms-inspector.ts";
import { type ConvertGroupsOptions, convertGroups, type GroupOutcome } from "./services/convert-groups.ts";
import { type FindGroupsOptions, type FoundGroups, findGroups } from "./services/find-groups.ts";
import { scienceChainNeeds } from "./stages/chain.ts";
import type { ConvertConfig } from "./stages/convert/config.ts";
import { convertStage } from "./stages/convert/index.ts";
import { software } from "./version.ts";

export interface ConversionSetup {
  readonly config: ConvertConfig;
  readonly outputDir: string;
  /** null: beside the final place. */
  readonly scratchDir: string | null;
  /** null: not used. */
  readonly tmpfsPath: string | null;
  readonly workerCount: number;
  readonly earthOrientationFiles: EarthOrientationFiles;
}

/** What the commands can do. */
export interface Services {
  readonly inspector: MsInspector;
  findGroups(options: FindGroupsOptions): FoundGroups;
  convertGroups(
    setup: ConversionSetup,
    groups: readonly Group[],
    options: ConvertGroupsOptions,
  ): Promise<readonly GroupOutcome[]>;
}

/** tmpfs must hold the Measurement Set and leave as much again for everybody else. */
function stagingDir(setup: ConversionSetup, groups: readonly Group[]): string | null {
  if (setup.tmpfsPath !== null) {
    const largestBytes = Math.max(
      ...groups.map((group) => group.files.reduce((sum, file) => sum + file.fileSizeBytes, 0)),
    );
    const { bavail, bsize } = statfsSync(setup.tmpfsPath);
    if (bavail * bsize > 2 * largestBytes) {
      const directory = join(setup.tmpfsPath, "dsa110-contimg");
      mkdirSync(directory, { recursive: true });
      return directory;
    }
  }
  return setup.scratchDir;
}

/** A chain in the wrong order must not start: it would need what it makes itself. */
function assertChainStartsFromFiles(): void {
  const needed = [...scienceChainNeeds].filter((kind) => kind !== "uvh5-group");
  if (needed.length > 0) throw new Error(`the chain of stages needs ${needed.join(", ")} before it makes them`);
}

export function composeServices(): Services {
  assertChainStartsFromFiles();
  return {
    inspector: tableInspector,
    findGroups: (options) => findGroups(fileSystemDirectory, uvh5SubbandReader, options),
    async convertGroups(setup, groups, options) {
      const earthOrientation = readEarthOrientation(setup.earthOrientationFiles);
      const stage = convertStage({
        reader: uvh5SubbandReader,
        builder: createMsBuilder(systemClock, earthOrientation),
        config: setup.config,
        outputDir: setup.outputDir,
        stagingDir: stagingDir(setup, groups),
        workerCount: setup.workerCount,
        earthOrientation,
        software,
        inputsDigest: null,
      });
      return convertGroups(stage, groups, options);
    },
  };
}
