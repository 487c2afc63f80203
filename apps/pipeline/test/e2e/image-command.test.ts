/** `contimg image`: WSClean's products with the beam of the drift, or nothing at all. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeWith, hasCommand, pythonPath, pythonWith } from "../../../../tools/oracles.ts";
import { contimg, scratchDirectory } from "./run-contimg.ts";

function convertedSky(
  directory: string,
  ...options: readonly string[]
): { readonly ms: string; readonly truth: string } {
  const group = join(directory, "group");
  const size = ["--integrations", "4", "--channels", "2", "--antennas", "48"];
  const sky = ["--gains", "unit", "--no-rfi", "--noise", "0.2", "--seed", "17"];
  const simulated = contimg("simulate", "--output-dir", group, ...size, ...sky);
  expect(simulated.status, simulated.stderr).toBe(0);
  const converted = contimg("convert", group, "--output-dir", directory, "--json", ...options);
  expect(converted.status, converted.stderr).toBe(0);
  const event = converted.events.find((one) => one["event"] === "group_converted")!;
  return { ms: String(event["ms_path"]), truth: join(group, "truth.json") };
}

/** Of every file of a table and its subtables. */
function digestOf(directory: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" }).toSorted()) {
    hash.update(name);
    const path = join(directory, name);
    if (
      !readdirSync(join(path, ".."), { withFileTypes: true })
        .find((one) => one.name === path.split("/").at(-1))!
        .isDirectory()
    )
      hash.update(readFileSync(path));
  }
  return hash.digest("hex");
}

interface Measured {
  readonly product_error: number;
  readonly lowest_beam_seen: number;
  readonly highest_beam_blank: number;
  readonly units: readonly string[];
  readonly same_wcs: boolean;
  readonly history: readonly string[];
  readonly sources: readonly { readonly name: string; readonly beam: number; readonly true_beam: number }[];
}

const SMALL = ["--size", "1200", "1200", "--scale", "12asec", "--niter", "100", "--nmiter", "1"];

describeWith([hasCommand("wsclean"), pythonWith("astropy", "numpy")], "contimg image with WSClean", () => {
  test("gives the image, the beam of the drift and their quotient, and changes nothing in the Measurement Set", () => {
    const directory = scratchDirectory();
    const { ms, truth } = convertedSky(directory);
    const before = digestOf(ms);
    const ran = contimg("image", ms, "--engine", "wsclean", "--output-dir", directory, ...SMALL, "--json");
    expect(ran.status, ran.stderr).toBe(0);
    expect(digestOf(ms), "the Measurement Set is only read").toBe(before);
    const made = ran.events.find((event) => event["event"] === "image_made")!;
    expect(made).toMatchObject({ engine: "wsclean", data_column: "DATA", verdict: "good" });
    const day = readdirSync(join(directory, "images")).join();
    const names = readdirSync(join(directory, "images", day));
    expect(names.map((name) => name.replace(/^.*\.img-/, "")).toSorted()).toEqual(
      ["dirty", "image-pb", "image", "model", "pb", "psf", "residual"].map((kind) => `${kind}.fits`),
    );
    const base = join(directory, "images", day, names[0]!.replace(/\.img-.*$/, ".img"));
    const script = join(import.meta.dirname, "measure_corrected.py");
    const measured = JSON.parse(execFileSync(pythonPath, [script, base, truth], { encoding: "utf8" })) as Measured;
    expect(measured.product_error).toBeLessThan(1e-6);
    expect(measured.lowest_beam_seen).toBeGreaterThanOrEqual(0.2);
    expect(measured.highest_beam_blank).toBeLessThan(0.2);
    expect(measured.units).toEqual(["JY/BEAM", "", "JY/BEAM"]);
    expect(measured.same_wcs).toBe(true);
    expect(measured.history.join(" ")).toMatch(/beam of a dish of 4\.65 m, drift, mean of 4 integra/);
    expect(measured.sources).toHaveLength(20);
    // The nearest pixel is up to 8″ from the source, where the beam may differ by 1.7e-3.
    for (const { name, beam, true_beam } of measured.sources)
      expect(Math.abs(beam - true_beam), name).toBeLessThan(2e-3);

    const again = contimg("image", ms, "--engine", "wsclean", "--output-dir", directory, ...SMALL);
    expect(again.status).toBe(1);
    expect(again.stderr).toMatch(/^OUTPUT_EXISTS: .*-image\.fits: is there already; --overwrite replaces it/);
  }, 600_000);
});

describe("contimg image, whatever the imager does", () => {
  /** A program in WSClean's place. */
  function standIn(directory: string, body: string): string {
    mkdirSync(directory, { recursive: true });
    const path = join(directory, "stand-in");
    writeFileSync(
      path,
      `#!/bin/sh\nif [ "$1" = -version ]; then echo "WSClean version 3.4"; echo "WGridder is available."; exit; fi\n${body}\n`,
    );
    chmodSync(path, 0o755);
    return path;
  }

  test("an imager that fails, is missing or too old leaves nothing and says why", () => {
    const directory = scratchDirectory();
    const { ms } = convertedSky(directory);
    const run = (...args: readonly string[]) =>
      contimg("image", ms, "--engine", "wsclean", "--output-dir", directory, "--size", "64", "64", ...args);
    const failing = standIn(
      join(directory, "a"),
      'while [ "$1" != -name ]; do shift; done; echo half > "$2-image.fits"; echo out of luck; exit 3',
    );
    const failed = run("--wsclean", failing);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(/IMAGING_FAILED: .*ended with status 3: out of luck/);
    const day = readdirSync(join(directory, "images")).join();
    expect(readdirSync(join(directory, "images", day))).toEqual([]);

    const lying = standIn(join(directory, "b"), 'while [ "$1" != -name ]; do shift; done; echo half > "$2-image.fits"');
    expect(run("--wsclean", lying).stderr).toMatch(/IMAGE_UNREADABLE: .*-image\.fits/);
    expect(readdirSync(join(directory, "images", day))).toEqual([]);

    expect(run("--wsclean", join(directory, "nothing")).stderr).toMatch(/ENGINE_UNUSABLE: .*there is no such program/);
    const old = join(directory, "old");
    writeFileSync(old, "#!/bin/sh\necho WSClean version 2.9\n");
    chmodSync(old, 0o755);
    expect(run("--wsclean", old).stderr).toMatch(
      /ENGINE_UNUSABLE: .*expected WSClean 3\.0 or later, found WSClean version 2\.9/,
    );
  }, 300_000);

  test("what cannot be imaged is refused before anything is made", () => {
    const directory = scratchDirectory();
    const { ms } = convertedSky(directory);
    const imager = standIn(join(directory, "a"), "exit 1");
    const run = (...args: readonly string[]) =>
      contimg("image", ms, "--engine", "wsclean", "--wsclean", imager, "--output-dir", directory, ...args);
    expect(run("--spw", "3,40").stderr).toMatch(
      /MS_UNSUITABLE: .*spectral window: expected one of 0,1,.*,15, found 40/,
    );
    expect(run("--column", "CORRECTED_DATA").stderr).toMatch(
      /MS_UNSUITABLE: .*data column: expected CORRECTED_DATA, found DATA/,
    );
    expect(run("--size", "101", "101").stderr).toMatch(/CONFIG_INVALID: .*widthPx: expected an even number/);
    expect(run("--weight", "briggs").status).toBe(2);
    expect(run("--scale", "3parsec").status).toBe(2);
    expect(existsSync(join(directory, "images"))).toBe(false);
    const planned = run("--dry-run", "--json", "--spw", "3,4");
    expect(planned.status, planned.stderr).toBe(0);
    expect(planned.events[0]).toMatchObject({ event: "image_planned", spw_ids: [3, 4], channel_count: 4 });
    expect(existsSync(join(directory, "images"))).toBe(false);
  }, 300_000);
});
