/** A small group of UVH5 files with known truth, made once for each set of options and test file. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { nodeSimulatorDeps } from "../../src/simulate/node-deps.ts";
import { simulateGroups } from "../../src/simulate/simulate-groups.ts";
import type { SimulationOptions } from "../../src/simulate/simulation-options.ts";

const made = new Map<string, string>();

afterAll(() => {
  for (const directory of made.values()) rmSync(directory, { recursive: true, force: true });
  made.clear();
});

/** @returns the directory with the files and `truth.json`; to be copied before it is changed */
export function simulatedGroup(options: Omit<SimulationOptions, "outputDir">): string {
  const key = JSON.stringify(options);
  let directory = made.get(key);
  if (directory === undefined) {
    directory = mkdtempSync(join(tmpdir(), "contimg-group-"));
    made.set(key, directory);
    simulateGroups(
      { antennaCount: 12, integrationCount: 4, channelCount: 4, ...options, outputDir: directory },
      nodeSimulatorDeps,
    );
  }
  return directory;
}
