/** WSClean images a converted group: an off-centre, asymmetric sky comes out where and as bright as it is. */

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

const SEED = "6";
/** A simulator that shares no code with this project, where it is at hand; its own otherwise. */
const independentSimulator = join(repoRoot, "../shared/tools/make_uvh5.py");

function simulate(directory: string): void {
  const size = { antennas: "96", integrations: "6", channels: "3" };
  if (existsSync(independentSimulator)) {
    const args = [
      "--out",
      directory,
      "--nint",
      size.integrations,
      "--nchan",
      size.channels,
      "--gains",
      "unit",
      "--no-rfi",
      "--noise",
      "0",
      "--seed",
      SEED,
    ];
    execFileSync(pythonPath, [independentSimulator, ...args], { env: oracleEnv, stdio: "pipe" });
    return;
  }
  const args = [
    "--integrations",
    size.integrations,
    "--channels",
    size.channels,
    "--gains",
    "unit",
    "--no-rfi",
    "--noise",
    "0",
    "--seed",
    SEED,
  ];
  const ran = contimg("simulate", "--output-dir", directory, ...args);
  expect(ran.status, ran.stderr).toBe(0);
}

/** Middle of the sorted values. */
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

describeWith(
  [hasCommand("wsclean"), pythonWith("astropy", "h5py", "numpy", "scipy", "erfa")],
  "WSClean on a Measurement Set of perfect data",
  () => {
    test("recovers all twenty true sources", () => {
      const directory = scratchDirectory();
      const group = join(directory, "group");
      simulate(group);
      // WSClean transforms each window by itself: one is faster. Sixteen are imaged in the test of its command.
      const converted = contimg("convert", group, "--output-dir", directory, "--merge-spws", "--json");
      expect(converted.status, converted.stderr).toBe(0);
      const ms = String(converted.events.find((event) => event["event"] === "group_converted")!["ms_path"]);
      const image = ["-name", join(directory, "img"), "-size", "4800", "4800", "-scale", "3asec", "-pol", "I"];
      const weighting = ["-weight", "briggs", "0.5", "-minuv-l", "1000", "-use-wgridder", "-reorder"];
      const clean = ["-niter", "30000", "-nmiter", "12", "-auto-mask", "4", "-auto-threshold", "0.5", "-mgain", "0.85"];
      execFileSync("wsclean", [...image, ...weighting, ...clean, ms], {
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
      for (const { name, ratio, dra_arcsec, ddec_arcsec } of sources) {
        expect(Math.hypot(dra_arcsec, ddec_arcsec), name).toBeLessThan(0.5);
        // The truth is the plain mean of the beam over time and frequency, the image's is weighted: faint sources
        // far down the beam differ by up to 1.3 %.
        expect(Math.abs(ratio - 1), name).toBeLessThan(0.015);
      }
      expect(Math.abs(median(sources.map(({ ratio }) => ratio)) - 1)).toBeLessThan(0.005);
    }, 900_000);
  },
);
