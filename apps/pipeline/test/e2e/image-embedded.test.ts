/** The embedded imager from the command line: beside WSClean, beside the truth, on one thread and on two, calibrated on the way. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFits } from "@contimg/fits/node";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith, hasCommand, oracleEnv, pythonPath, pythonWith } from "../../../../tools/oracles.ts";
import { contimg, scratchDirectory } from "./run-contimg.ts";

const SIZE = ["--size", "800", "800", "--scale", "15asec", "--minuv-l", "0", "--maxuv-l", "6500"];

let ms = "";
/** The same in one window: WSClean transforms each by itself. */
let merged = "";
let truth = "";

beforeAll(() => {
  const directory = mkdtempSync(join(tmpdir(), "contimg-test-"));
  const group = join(directory, "group");
  const size = ["--integrations", "4", "--channels", "4", "--antennas", "48"];
  const sky = ["--gains", "unit", "--no-rfi", "--noise", "0.05", "--seed", "29"];
  const simulated = contimg("simulate", "--output-dir", group, ...size, ...sky);
  if (simulated.status !== 0) throw new Error(simulated.stderr);
  const converted = contimg("convert", group, "--output-dir", directory, "--json");
  const pathOf = ({ events }: typeof converted) =>
    String(events.find((event) => event["event"] === "group_converted")!["ms_path"]);
  ms = pathOf(converted);
  merged = pathOf(contimg("convert", group, "--output-dir", join(directory, "merged"), "--merge-spws", "--json"));
  truth = join(group, "truth.json");
  return () => rmSync(directory, { recursive: true, force: true });
}, 300_000);

const image = (directory: string, name: string, ...args: readonly string[]) => {
  const ran = contimg("image", ms, "--engine", "embedded", "--name", join(directory, name), ...SIZE, "--json", ...args);
  return { ...ran, base: join(directory, name) };
};

async function pixelsOf(path: string): Promise<Float32Array> {
  await using file = await openFits(path);
  return (await file.image().read("float32")).data;
}

const rmsOf = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

describe("the embedded imager", () => {
  test("shows the sky as bright as it is, the same to the bit on one thread and on two", () => {
    const directory = scratchDirectory();
    const clean = ["--niter", "3000", "--nmiter", "6"];
    const one = image(directory, "one", "--threads", "1", ...clean);
    expect(one.status, one.stderr).toBe(0);
    const two = image(directory, "two", "--threads", "2", ...clean);
    expect(two.status, two.stderr).toBe(0);
    for (const kind of ["psf", "dirty", "residual", "model", "image", "pb", "image-pb"]) {
      const [a, b] = [one, two].map(({ base }) => readFileSync(`${base}-${kind}.fits`));
      // Headers differ where they name the number of threads, pixels nowhere.
      expect(a!.subarray(a!.length - 4 * 800 * 800).equals(b!.subarray(b!.length - 4 * 800 * 800)), kind).toBe(true);
    }
    const made = two.events.find((event) => event["event"] === "image_made")!;
    expect(made).toMatchObject({ engine: "embedded", verdict: "good", data_column: "DATA" });
    const { sources } = JSON.parse(readFileSync(truth, "utf8")) as {
      readonly sources: readonly { readonly apparent_flux_mean_jy: number }[];
    };
    const brightest = Math.max(...sources.map((source) => source.apparent_flux_mean_jy));
    expect(Number(made["peak_jy"]) / brightest).toBeCloseTo(1, 1);
    // What is left of 12 Jy are the sidelobes of what the pixels do not resolve.
    expect(Number(made["noise_jy"])).toBeLessThan(0.03);
  }, 600_000);

  test("refuses what is larger than memory, and says how much it would take", () => {
    const directory = scratchDirectory();
    const size = ["--size", "32768", "32768", "--scale", "1asec", "--abs-mem", "2"];
    const large = contimg("image", ms, "--engine", "embedded", "--name", join(directory, "large"), ...size);
    expect(large.status).toBe(1);
    expect(large.stderr).toMatch(/^MEMORY_SHORT: .*imaging takes \d+\.\d\d GB of memory, expected at most 2\.15 GB/);
    expect(readdirSync(directory)).toEqual([]);
  }, 300_000);

  test("has nothing to image when all is outside the uv limits, and leaves nothing", () => {
    const directory = scratchDirectory();
    const few = ["--size", "64", "64", "--scale", "60asec", "--minuv-l", "30000"];
    const ran = contimg("image", ms, "--engine", "embedded", "--name", join(directory, "a"), ...few);
    expect(ran.stderr).toMatch(/^MS_UNSUITABLE: .*visibilities to image: expected some that are not flagged/);
    expect(readdirSync(directory)).toEqual([]);
  }, 300_000);

  test("says which options need WSClean", () => {
    const directory = scratchDirectory();
    expect(image(directory, "a", "--channels-out", "2").stderr).toMatch(
      /^CONFIG_INVALID: .*images of parts of the band: the embedded engine expects 1, found 2; use --engine wsclean/,
    );
    expect(image(directory, "a", "--multiscale-scales", "0,5").stderr).toMatch(/expects points only, found 0,5/);
    expect(readdirSync(directory)).toEqual([]);
  }, 300_000);

  test("plans without making anything", () => {
    const directory = scratchDirectory();
    const ran = image(directory, "a", "--dry-run", "--spw", "3,4");
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.events[0]).toMatchObject({
      event: "image_planned",
      engine: "embedded",
      spw_ids: [3, 4],
      channel_count: 8,
    });
    expect((ran.events[0]!["description"] as readonly string[]).join()).toMatch(
      /2 of 16 windows: .*visibilities as .*nodes/,
    );
    expect(existsSync(join(directory, "a-image.fits"))).toBe(false);
  }, 300_000);

  test("windows by themselves have the flux of their frequencies, not all the same image", async () => {
    const directory = scratchDirectory();
    const [low, high] = ["0", "15"].map((spw) => image(directory, `spw${spw}`, "--spw", spw, "--niter", "0"));
    expect(low!.status, low!.stderr).toBe(0);
    expect(high!.status, high!.stderr).toBe(0);
    const [a, b] = await Promise.all([low!, high!].map(({ base }) => pixelsOf(`${base}-dirty.fits`)));
    expect(rmsOf(a!.map((value, pixel) => value - b![pixel]!))).toBeGreaterThan(0.05 * rmsOf(a!));
  }, 300_000);
});

describe("the embedded imager on raw data", () => {
  test("calibrates on the way to the same image as CORRECTED_DATA has", async () => {
    const directory = scratchDirectory();
    const group = join(directory, "group");
    const run = (...args: readonly string[]) => {
      const ran = contimg(...args, "--json");
      expect(ran.status, ran.stderr).toBe(0);
      return ran;
    };
    run(
      "simulate",
      "--output-dir",
      group,
      "--integrations",
      "4",
      "--channels",
      "4",
      "--antennas",
      "24",
      "--seed",
      "61",
    );
    const converted = run("convert", group, "--output-dir", directory);
    const raw = String(converted.events.find((event) => event["event"] === "group_converted")!["ms_path"]);
    const sky = join(directory, "sky.sqlite3");
    run("catalog", "build", "synthetic", join(group, "truth.json"), "--output", sky);
    run("flag", raw);
    const prefix = join(directory, "cal");
    contimg(
      "cal",
      "solve",
      raw,
      "--catalog",
      sky,
      "--output-prefix",
      prefix,
      "--no-register",
      "--phase-solint",
      "none",
    );
    const tables = ["--table", `${prefix}_bpcal`, "--table", `${prefix}_gpcal`];
    const small = ["--size", "400", "400", "--scale", "30asec", "--minuv-l", "0", "--maxuv-l", "3200", "--niter", "0"];
    const imaged = (name: string, ...args: readonly string[]) => {
      const ran = contimg("image", raw, "--engine", "embedded", "--name", join(directory, name), ...small, ...args);
      expect(ran.status, ran.stderr).toBeLessThan(2);
      return pixelsOf(join(directory, `${name}-dirty.fits`));
    };
    const onTheWay = await imaged("way", ...tables);
    run("cal", "apply", raw, ...tables, "--mode", "corrected-data");
    const corrected = await imaged("corrected", "--column", "CORRECTED_DATA");
    expect(onTheWay.some((value) => value > 1)).toBe(true);
    expect(onTheWay.filter((value, pixel) => value !== corrected[pixel]).length).toBe(0);
  }, 600_000);
});

describeWith([hasCommand("wsclean"), pythonWith("astropy", "numpy")], "the embedded imager beside WSClean", () => {
  test.each([["natural"], ["briggs", "0.5"]])(
    "makes the same dirty image with %s weights",
    (...weight) => {
      const directory = scratchDirectory();
      const base = join(directory, "ours");
      const fine = ["--size", "1000", "1000", "--scale", "6asec", "--minuv-l", "0", "--niter", "0"];
      const ours = contimg("image", merged, "--engine", "embedded", "--name", base, ...fine, "--weight", ...weight);
      expect(ours.status, ours.stderr).toBeLessThan(2);
      const theirs = join(directory, "theirs");
      const gridding = ["-use-wgridder", "-wgridder-accuracy", "1e-5", "-no-small-inversion"];
      const geometry = ["-size", "1000", "1000", "-scale", "6asec", "-pol", "I", "-data-column", "DATA"];
      const rest = [
        "-niter",
        "0",
        "-make-psf",
        "-reorder",
        "-no-update-model-required",
        "-temp-dir",
        directory,
        merged,
      ];
      execFileSync("wsclean", ["-name", theirs, ...geometry, "-weight", ...weight, ...gridding, ...rest], {
        env: oracleEnv,
        stdio: "pipe",
        maxBuffer: 2 ** 26,
      });
      const script = `
import sys
import numpy as np
from astropy.io import fits
a, b = (fits.open(path)[0].data[0, 0].astype(float) for path in sys.argv[1:])
print(np.sqrt(np.mean((a - b) ** 2) / np.mean(b ** 2)))
`;
      for (const [kind, their] of [
        ["dirty", "image"],
        ["psf", "psf"],
      ] as const) {
        const paths = [`${base}-${kind}.fits`, `${theirs}-${their}.fits`];
        const error = Number(execFileSync(pythonPath, ["-c", script, ...paths], { encoding: "utf8" }));
        // The accuracy that is asked of ours is 1e-4.
        expect(error, kind).toBeLessThan(2e-4);
      }
    },
    600_000,
  );
});
