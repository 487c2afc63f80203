/** What every composition of stages shares: where they stage, which locks they take, in which order they may run. */

import { mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { msLockFiles } from "../adapters/locks/ms-lock-files.ts";
import type { ArtifactKind } from "../domain/artifacts.ts";
import type { Group } from "../domain/group.ts";
import { lockedStage } from "../services/locked-stage.ts";
import type { ChainSetup } from "../services/stream-setup.ts";
import { scienceChainNeeds } from "../stages/chain.ts";
import type { Stage } from "../stages/stage.ts";

export const TMPFS_SUBDIRECTORY = "dsa110-contimg";

/** tmpfs must hold the Measurement Set and leave as much again for everybody else. */
export function stagingDir(
  setup: { readonly scratchDir: string | null; readonly tmpfsPath: string | null },
  groups: readonly Group[],
): string | null {
  if (setup.tmpfsPath !== null) {
    const largestBytes = Math.max(
      ...groups.map((group) => group.files.reduce((sum, file) => sum + file.fileSizeBytes, 0)),
    );
    const { bavail, bsize } = statfsSync(setup.tmpfsPath);
    if (bavail * bsize > 2 * largestBytes) {
      const directory = join(setup.tmpfsPath, TMPFS_SUBDIRECTORY);
      mkdirSync(directory, { recursive: true });
      return directory;
    }
  }
  return setup.scratchDir;
}

/** A chain in the wrong order must not start: it would need what it makes itself. */
export function assertChainStartsFromFiles(): void {
  const needed = [...scienceChainNeeds].filter((kind) => kind !== "uvh5-group");
  if (needed.length > 0) throw new Error(`the chain of stages needs ${needed.join(", ")} before it makes them`);
}

/** Every stage takes the locks that follow from its declaration, unless the operator knows better. */
export function serialised<In extends ArtifactKind, Out extends ArtifactKind, Plan>(
  stage: Stage<In, Out, Plan>,
  { isEnabled, lockDir, timeoutMs }: ChainSetup["locks"],
  onWait: (message: string) => void,
): Stage<In, Out, Plan> {
  return isEnabled ? lockedStage(stage, msLockFiles(lockDir), { timeoutMs, onWait }) : stage;
}
