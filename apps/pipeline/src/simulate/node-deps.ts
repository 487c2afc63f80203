import { mkdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { createUvh5Writer } from "@contimg/uvh5/node";
import type { SimulatorDeps } from "./group-writer.ts";

/** Files on disk. */
export const nodeSimulatorDeps: SimulatorDeps = {
  createWriter: createUvh5Writer,
  makeDirectory: (path) => {
    mkdirSync(path, { recursive: true });
  },
  writeFile: (path, content) => writeFileSync(path, content),
  truncateFile: (path, keptFraction) => truncateSync(path, Math.floor(statSync(path).size * keptFraction)),
};
