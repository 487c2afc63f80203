/** A small simulated Measurement Set with its sky, and solves on it without a process of their own. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTable, openTableForUpdate } from "@contimg/casacore-tables/node";
import { shippedEarthOrientation } from "@contimg/sky";
import { afterAll } from "vitest";
import { calTableFiles } from "../../src/adapters/fs/cal-table-files.ts";
import { fileSystemMsCalibration } from "../../src/adapters/fs/ms-calibration/ms-calibration.ts";
import { systemClock } from "../../src/adapters/fs/system-clock.ts";
import type { CalSolutions } from "../../src/domain/cal-solutions.ts";
import { type CalSolveConfig, type CalSolveReport, defaultCalSolveConfig } from "../../src/domain/cal-solve.ts";
import type { SolveRequest } from "../../src/ports/ms-calibration.ts";
import { contimg } from "../e2e/run-contimg.ts";
import { readSkyGroup, type SkyGroup } from "../solve/simulated-sky.ts";

export interface SmallMs {
  readonly folder: string;
  readonly msPath: string;
  readonly sky: SkyGroup;
}

/** Raw files, converted and flagged; removed after the tests of the file. */
export function simulateSmallMs(seed: number, ...simulation: readonly string[]): SmallMs {
  const folder = mkdtempSync(join(tmpdir(), "contimg-solve-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const raw = join(folder, "raw");
  const run = (...args: readonly string[]) => {
    const ran = contimg(...args);
    if (ran.status !== 0) throw new Error(`contimg ${args.join(" ")}: ${ran.stderr}`);
    return ran;
  };
  run("simulate", "--output-dir", raw, "--small", "--seed", String(seed), ...simulation);
  const { events } = run("convert", raw, "--output-dir", join(folder, "ms"));
  const msPath = events.find(({ event }) => event === "group_converted")!["ms_path"] as string;
  run("flag", msPath);
  return { folder, msPath, sky: readSkyGroup(raw) };
}

const calibration = fileSystemMsCalibration(systemClock, "contimg test", shippedEarthOrientation());

let solveCount = 0;

/** Solves on the sources of the truth; tables lie below the folder under a prefix of their own. */
export async function solveSmall(
  { folder, msPath, sky }: SmallMs,
  config: Partial<CalSolveConfig> = {},
  request: Partial<SolveRequest> = {},
): Promise<CalSolveReport & { readonly prefix: string }> {
  const prefix = join(folder, `solve${solveCount++}`);
  const report = await calibration.solve(msPath, {
    sources: sky.truth.sources.map(({ ra_deg, dec_deg, flux_1400_jy, alpha }, at) => ({
      name: `SRC${at}`,
      raDeg: ra_deg,
      decDeg: dec_deg,
      fluxJy: flux_1400_jy,
      refFreqHz: 1.4e9,
      spectralIndexRatio: alpha,
      majorArcsec: 0,
      minorArcsec: 0,
      paDeg: 0,
    })),
    modelColumn: null,
    // The simulation is of instants and of channels without width.
    config: { ...defaultCalSolveConfig, isSmeared: false, ...config },
    dataColumn: "DATA",
    outputPrefix: prefix,
    workerCount: 1,
    signal: new AbortController().signal,
    onProgress() {},
    ...request,
  });
  return { ...report, prefix };
}

export const readSolutions = (path: string): CalSolutions => calTableFiles.readSolutions(path);

/** Changes the flags of a Measurement Set in place. */
export async function setFlags(
  msPath: string,
  isFlagged: (row: number, corr: number, chan: number) => boolean,
): Promise<void> {
  const shape = (() => {
    using main = openTable(msPath);
    return { rowCount: main.rowCount, cell: main.column("FLAG").shapeOf(0)! };
  })();
  const [corrCount = 0, chanCount = 0] = shape.cell;
  const flags = new Uint8Array(shape.rowCount * corrCount * chanCount);
  for (let at = 0; at < flags.length; at++)
    flags[at] = isFlagged(
      Math.floor(at / corrCount / chanCount),
      at % corrCount,
      Math.floor(at / corrCount) % chanCount,
    )
      ? 1
      : 0;
  const update = openTableForUpdate(msPath);
  update.updateTiledRows("FLAG", 0, flags);
  await update.finish();
}
