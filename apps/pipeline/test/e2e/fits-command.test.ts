/** `contimg fits` as a user runs it. */

import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { createFits, radioHeader, writeImage } from "@contimg/fits/node";
import { expect, test } from "vitest";
import { contimg, scratchDirectory } from "./run-contimg.ts";

const SIZE = 64;

/** A tile with one source, two planes of polarisation and a table behind it. */
async function tile(): Promise<string> {
  const path = join(scratchDirectory(), "tile.fits");
  const header = radioHeader({
    projection: "SIN",
    raDeg: 177.2,
    decDeg: 54.5,
    referencePx: [32, 32],
    pixelSizeDeg: 3 / 3600,
    freqHz: 1.405e9,
    freqStepHz: 1.875e8,
    beam: { majorDeg: 0.003, minorDeg: 0.002, positionAngleDeg: 12 },
    object: "M 97",
  });
  header.addHistory("made for a test");
  const values = Float32Array.from({ length: 2 * SIZE * SIZE }, (_, i) => 1e-4 * ((i % 7) - 3));
  values[32 * SIZE + 32] = 0.25;
  values[0] = NaN;
  await using writer = await createFits(path);
  await writer.addImage({ shape: [SIZE, SIZE, 1, 2], type: "float32", values, header });
  await writer.addTable({
    name: "SOURCES",
    rowCount: 1,
    columns: [{ name: "N", kind: "numbers", values: Int32Array.of(1) }],
  });
  await writer.publish();
  return path;
}

test("contimg fits header shows every HDU and its cards", async () => {
  const path = await tile();
  const people = contimg("fits", "header", path, "--check");
  expect(people.status, people.stderr).toBe(0);
  expect(people.stdout).toMatch(/^HDU 0 {2}image {2}float32 {2}64 × 64 × 1 × 2 {2}32\.8 kB {2}DATASUM good$/m);
  expect(people.stdout).toMatch(/^ {2}CTYPE1 {2}= 'RA---SIN'$/m);
  expect(people.stdout).toMatch(/^HDU 1 {2}SOURCES {2}bintable/m);
  const [record] = contimg("fits", "header", path, "--hdu", "0", "--json").events;
  expect(record).toMatchObject({
    trailing_bytes: 0,
    hdus: [
      {
        hdu_index: 0,
        element_type: "float32",
        keywords: { BUNIT: "JY/BEAM", CRVAL2: 54.5, OBJECT: "M 97" },
        history: ["made for a test"],
      },
    ],
  });
});

test("contimg fits stats finds the highest value and where it is", async () => {
  const path = await tile();
  const people = contimg("fits", "stats", path);
  expect(people.status, people.stderr).toBe(0);
  expect(people.stdout).toContain("8191 of 8192 values are finite");
  expect(people.stdout).toMatch(
    /highest +0\.2500000 JY\/BEAM {2}at pixel 32, 32, 0, 0, 11:48:48\.00000 \+54\.30\.00\.0000 \(ICRS\)/,
  );
  const [record] = contimg("fits", "stats", path, "--plane", "1", "--json").events;
  expect(record).toMatchObject({
    finite_count: 4096,
    unit: "JY/BEAM",
    values: { min_value: expect.closeTo(-3e-4, 9), max_value: expect.closeTo(3e-4, 9) },
  });
});

test("contimg fits png makes a picture beside the file, or where it is told", async () => {
  const path = await tile();
  const made = contimg("fits", "png", path, "--limits", "99.5", "--stretch", "asinh", "--color-map", "heat");
  expect(made.status, made.stderr).toBe(0);
  const picture = path.replace(".fits", ".png");
  expect(Array.from(readFileSync(picture).subarray(1, 4))).toEqual(Array.from(Buffer.from("PNG")));
  const output = join(scratchDirectory(), "thumbnail.png");
  const [record] = contimg(
    "fits",
    "png",
    path,
    "--no-frame",
    "--size",
    "16",
    "--limits=-1,1",
    "--output",
    output,
    "--json",
  ).events;
  expect(record).toEqual({ path: output, width_px: 16, height_px: 16, low_value: -1, high_value: 1 });
  expect(readFileSync(output).readUInt32BE(16)).toBe(16);
  expect(readdirSync(join(path, "..")).toSorted()).toEqual(["tile.fits", "tile.png"]);
});

test("what is wrong is said with a code and exit status 1, and no picture appears", async () => {
  const path = await tile();
  const missing = contimg("fits", "stats", join(path, "../none.fits"));
  expect([missing.status, missing.stderr]).toEqual([
    1,
    expect.stringMatching(/^INPUT_UNREADABLE: .*none\.fits.*ENOENT/),
  ]);
  expect(contimg("fits", "stats", path, "--hdu", "9").stderr).toMatch(/^IMAGE_UNREADABLE: .*expected HDU 9/);
  expect(contimg("fits", "stats", path, "--hdu", "SOURCES").stderr).toMatch(/^IMAGE_UNREADABLE: .*expected an image/);
  expect(contimg("fits", "png", path, "--plane", "7").stderr).toMatch(
    /^IMAGE_UNREADABLE: .*expected a plane below 2, found 7/,
  );
  expect(contimg("fits", "png", path, "--limits", "5,1").status).toBe(2);
  expect(contimg("fits", "png", path, "--output", join(path, "../none/x.png")).status).toBe(0); // directories are made
  truncateSync(path, 20_000);
  const cut = contimg("fits", "png", path);
  expect([cut.status, cut.stderr]).toEqual([1, expect.stringMatching(/^IMAGE_UNREADABLE: .*too short: HDU 0, data/)]);
  expect(existsSync(path.replace(".fits", ".png"))).toBe(false);
  expect(contimg("fits", "header", path).stdout).toMatch(/\d+ bytes are missing/);
  const other = join(scratchDirectory(), "flat.fits");
  await writeImage(other, { shape: [3], type: "int16", values: Int16Array.of(1, 2, 3) });
  expect(contimg("fits", "stats", other).stdout).toContain("3 of 3 values");
});
