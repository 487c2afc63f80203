/** `contimg convert` and what looks at files: stages and their locks put together for one command. */

import { fileSystemDirectory } from "../adapters/fs/directory.ts";
import { type EarthOrientationFiles, readEarthOrientation } from "../adapters/fs/earth-orientation.ts";
import { tableInspector } from "../adapters/fs/inspect/ms-inspector.ts";
import { createMsBuilder } from "../adapters/fs/ms/ms-builder.ts";
import { uvh5SubbandReader } from "../adapters/fs/subband-reader.ts";
import { systemClock } from "../adapters/fs/system-clock.ts";
import { fileSystemLockFiles } from "../adapters/locks/lock-files.ts";
import type { Group } from "../domain/group.ts";
import type { LockFiles } from "../ports/lock-files.ts";
import type { MsInspector } from "../ports/ms-inspector.ts";
import { type ConvertGroupsOptions, convertGroups, type GroupOutcome } from "../services/convert-groups.ts";
import { type FindGroupsOptions, type FoundGroups, findGroups } from "../services/find-groups.ts";
import type { ChainSetup } from "../services/stream-setup.ts";
import type { ConvertConfig } from "../stages/convert/config.ts";
import { convertStage } from "../stages/convert/index.ts";
import { software } from "../version.ts";
import { assertChainStartsFromFiles, serialised, stagingDir } from "./stages.ts";

export interface ConversionSetup {
  readonly config: ConvertConfig;
  readonly outputDir: string;
  /** null: beside the final place. */
  readonly scratchDir: string | null;
  /** null: not used. */
  readonly tmpfsPath: string | null;
  readonly workerCount: number;
  readonly earthOrientationFiles: EarthOrientationFiles;
  readonly locks: ChainSetup["locks"];
}

/** What the commands can do. */
export interface Services {
  readonly inspector: MsInspector;
  readonly lockFiles: LockFiles;
  findGroups(options: FindGroupsOptions): FoundGroups;
  convertGroups(
    setup: ConversionSetup,
    groups: readonly Group[],
    options: ConvertGroupsOptions,
  ): Promise<readonly GroupOutcome[]>;
}

export function composeServices(): Services {
  assertChainStartsFromFiles();
  return {
    inspector: tableInspector,
    lockFiles: fileSystemLockFiles,
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
      return convertGroups(serialised(stage, setup.locks, options.onWait), groups, options);
    },
  };
}
