import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { describeWith, repoRoot, runCommand, sharedData, sharedDataDir } from "../../../../../tools/oracles.ts";
import { lBandFluxJy, type VlaCalibrator } from "../../domain/calibrator.ts";
import { readVlaCalibrators } from "./vla-calibrators.ts";

const slicePath = join(repoRoot, "apps/pipeline/test/catalogs/golden/vlacalibrators-slice.txt");
const slice = readFileSync(slicePath, "utf8");

async function read(path: string): Promise<readonly VlaCalibrator[]> {
  const calibrators: VlaCalibrator[] = [];
  for await (const batch of readVlaCalibrators(path, { inputs: [], skippedCounts: {} })) calibrators.push(...batch);
  return calibrators;
}

function readText(text: string): Promise<readonly VlaCalibrator[]> {
  const path = join(tmpdir(), `contimg-vla-${process.pid}.txt`);
  writeFileSync(path, text);
  onTestFinished(() => rmSync(path, { force: true }));
  return read(path);
}

const calibrators = await read(slicePath);
const named = (name: string) => calibrators.filter((one) => one.name === name);
const band = (name: string, wavelength: string) => named(name)[0]?.bands.find((one) => one.wavelength === wavelength);

test("an entry is read with its place, names and bands", () => {
  expect(named("0834+555")).toMatchObject([
    {
      raDeg: expect.closeTo(15 * (8 + 34 / 60 + 54.904117 / 3600), 10),
      decDeg: expect.closeTo(55 + 34 / 60 + 21.07098 / 3600, 10),
      positionCode: "A",
      b1950Name: "0831+557",
      altName: null,
    },
  ]);
  expect(named("0137+331")[0]).toMatchObject({ b1950Name: "0134+329", altName: "3C48" });
  expect(named("0003-174")[0]!.decDeg).toBeCloseTo(-(17 + 27 / 60 + 11.781 / 3600), 10);
  expect(band("0834+555", "20cm")).toEqual({
    wavelength: "20cm",
    bandCode: "L",
    qualities: ["S", "P", "P", "P"],
    fluxJy: 8.8,
    uvMinKLambda: null,
    uvMaxKLambda: 100,
  });
  // One without a flux at 20 cm is a calibrator all the same.
  expect(named("0001+192").map(lBandFluxJy)).toEqual([null]);
});

test("two entries of one name are two", () => {
  expect(named("0632+159").map(({ raDeg }) => raDeg.toFixed(3))).toEqual(["98.140", "98.180"]);
});

test("what is written oddly is read for what it says", () => {
  const bands = calibrators.flatMap(({ name, bands }) => bands.map((one) => ({ name, ...one })));
  const odd = bands.filter(({ qualities, fluxJy }) => fluxJy === null || qualities.includes("?"));
  expect(
    odd.map(({ wavelength, qualities, fluxJy, uvMinKLambda, uvMaxKLambda }) =>
      [wavelength, qualities.join(""), fluxJy ?? "-", uvMinKLambda ?? "-", uvMaxKLambda ?? "-"].join(" "),
    ),
  ).toMatchInlineSnapshot(`
    [
      "2cm ???? - - -",
      "90cm S??? 33 10 -",
      "0.7cm ??WW 0.15 - -",
      "20cm XXXX - - -",
      "2cm ??SS 1.6 - -",
      "6cm XXXS - - 12",
      "2cm XXXX - - -",
      "3.6cm XS?? 0.43 - 400",
      "0.7cm ??SS 0.8 - -",
      "90cm XSS? 7 1 5",
      "6cm XXXX - - -",
      "2cm XXXX - - -",
    ]
  `);
});

test.each([
  [
    "a line of something else",
    slice.replace(/ 20cm +L +S P P P/, " about 20 of them"),
    /:\d+: line: expected a place or a band/,
  ],
  [
    "a flux that is no number",
    slice.replace(/8\.8(?=0? )/, "8.8x"),
    /:\d+: FLUX\(Jy\): expected a flux, found "8.8x0"/,
  ],
  [
    "hours of 99",
    slice.replace("08h34m54.904117s", "99h34m54.904117s"),
    /:\d+: RA: expected .*found "99h34m54.904117s"/,
  ],
  [
    "a missing line of B1950",
    slice.replace(/0831\+557.*\n/, ""),
    /:\d+: B1950: expected a line of B1950 for 0834\+555, found none/,
  ],
  ["an end in an entry", slice.slice(0, slice.lastIndexOf("BAND")), /band: expected bands of .*; the file is cut/],
  ["nothing", "", /file: expected the VLA calibrator list, found no calibrator/],
])("%s is refused", async (_, text, message) => {
  expect(text).not.toBe(slice);
  await expect(readText(text)).rejects.toMatchObject({
    code: "CATALOG_UNREADABLE",
    message: expect.stringMatching(message),
  });
});

describeWith(sharedData(), "the whole list", () => {
  const path = join(sharedDataDir() ?? "", "reference/vlacalibrators.txt");

  test("has every entry and every flux that grep and awk count", async () => {
    const all = await read(path);
    const count = (program: string) => Number(runCommand("awk", [program, path]));
    expect(all).toHaveLength(Number(runCommand("grep", ["-c", "J2000", path])));
    expect(all).toHaveLength(1865);
    expect(new Set(all.map(({ name }) => name)).size).toBe(1861);
    expect(new Set(all.map(({ name }) => name)).size).toBe(
      count("/J2000/ { if (!($1 in seen)) n++; seen[$1] = 1 } END { print n }"),
    );
    expect(all.flatMap(({ bands }) => bands)).toHaveLength(Number(runCommand("grep", ["-cE", "^ *[0-9.]+cm ", path])));
    const lBands = count('$1 == "20cm" && $2 == "L" { n++ } END { print n }');
    expect(all.filter(({ bands }) => bands.some(({ bandCode }) => bandCode === "L"))).toHaveLength(lBands);
    // Those of "?" and of 0.00 are unknown.
    const known = count(
      '$1 == "20cm" && $2 == "L" { for (i = 3; i <= NF; i++) if ($i + 0 > 0) { n++; break } } END { print n }',
    );
    expect(all.filter((one) => lBandFluxJy(one) !== null)).toHaveLength(known);
    expect(known).toBe(1028);
    // The sum of the fluxes at 20 cm, by columns instead of words.
    const sumJy = count(
      "substr($0, 1, 12) ~ /20cm +L/ { for (i = 3; i <= NF; i++) if ($i ~ /^[0-9.]+$/) { s += $i; break } } END { print s }",
    );
    expect(all.reduce((sum, one) => sum + (lBandFluxJy(one) ?? 0), 0)).toBeCloseTo(sumJy, 2);
  });
});
