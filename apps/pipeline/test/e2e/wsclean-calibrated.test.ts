/** From raw files with unknown gains to an image: converted, flagged, solved, applied, and what WSClean sees in CORRECTED_DATA. */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith, hasCommand, oracleEnv, pythonPath, pythonWith, repoRoot } from "../../../../tools/oracles.ts";
import { contimg, scratchDirectory } from "./run-contimg.ts";

interface MeasuredSource {
  readonly name: string;
  readonly ratio: number;
  readonly dra_arcsec: number;
  readonly ddec_arcsec: number;
}

const SEED = "46";
const SIZE = { integrations: "6", channels: "3" };
/** A simulator that shares no code with this project, where it is at hand; its own otherwise. */
const independentSimulator = join(repoRoot, "../shared/tools/make_uvh5.py");

/** Gains of 0.07 to 0.5 with a bandpass, dead and noisy antennas, interference, noise of the telescope. */
function simulate(directory: string): void {
  if (existsSync(independentSimulator)) {
    const size = ["--out", directory, "--nint", SIZE.integrations, "--nchan", SIZE.channels, "--seed", SEED];
    execFileSync(pythonPath, [independentSimulator, ...size], { env: oracleEnv, stdio: "pipe" });
    return;
  }
  const size = ["--integrations", SIZE.integrations, "--channels", SIZE.channels, "--seed", SEED];
  const ran = contimg("simulate", "--output-dir", directory, ...size);
  if (ran.status !== 0) throw new Error(ran.stderr);
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

describeWith(
  [hasCommand("wsclean"), pythonWith("astropy", "h5py", "numpy", "scipy", "erfa")],
  "WSClean on data that were calibrated",
  () => {
    test("recovers the sources that are there, where and as bright as they are", () => {
      const directory = scratchDirectory();
      const group = join(directory, "group");
      simulate(group);
      // WSClean transforms each window by itself: one is faster.
      const converted = contimg("convert", group, "--output-dir", directory, "--merge-spws", "--json");
      const ms = String(converted.events.find(({ event }) => event === "group_converted")!["ms_path"]);
      const sky = join(directory, "sky.sqlite3");
      const registry = ["--registry-db", join(directory, "registry.sqlite3")];
      for (const command of [
        ["flag", ms],
        ["catalog", "build", "synthetic", join(group, "truth.json"), "--output", sky],
        ["cal", "solve", ms, "--catalog", sky, ...registry],
        ["cal", "apply", ms, ...registry, "--mode", "corrected-data"],
      ]) {
        const ran = contimg(...command);
        expect(ran.status, `${command.join(" ")}: ${ran.stderr}`).toBe(0);
      }
      const image = ["-name", join(directory, "img"), "-data-column", "CORRECTED_DATA", "-size", "4800", "4800"];
      const weighting = [
        "-scale",
        "3asec",
        "-pol",
        "I",
        "-weight",
        "briggs",
        "0.5",
        "-minuv-l",
        "1000",
        "-use-wgridder",
      ];
      const clean = ["-niter", "30000", "-nmiter", "4", "-auto-mask", "4", "-auto-threshold", "1", "-mgain", "0.85"];
      execFileSync("wsclean", [...image, ...weighting, ...clean, "-reorder", ms], {
        env: oracleEnv,
        stdio: "pipe",
        maxBuffer: 2 ** 26,
      });
      const sources = JSON.parse(
        execFileSync(
          pythonPath,
          [
            join(import.meta.dirname, "measure_sources.py"),
            join(directory, "img-image.fits"),
            join(group, "truth.json"),
          ],
          { encoding: "utf8" },
        ),
      ) as readonly MeasuredSource[];
      expect(sources).toHaveLength(20);
      const found = sources.filter(
        ({ ratio, dra_arcsec, ddec_arcsec }) => Math.hypot(dra_arcsec, ddec_arcsec) <= 0.5 && Math.abs(ratio - 1) < 0.1,
      );
      expect(found.length, JSON.stringify(sources)).toBeGreaterThanOrEqual(19);
      expect(Math.abs(median(sources.map(({ ratio }) => ratio)) - 1)).toBeLessThan(0.02);
    }, 900_000);
  },
);
