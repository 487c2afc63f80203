import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CatalogSource, SurveyName } from "../../domain/catalog-source.ts";
import { catalogFiles } from "./catalog-files.ts";
import { placeName } from "./survey-columns.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-catalogs-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Read {
  readonly sources: readonly CatalogSource[];
  readonly skippedCounts: Readonly<Record<string, number>>;
}

async function read(survey: SurveyName, content: string | Buffer, name = "table"): Promise<Read> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const tally = { inputs: [], skippedCounts: {} };
  const sources: CatalogSource[] = [];
  for await (const batch of catalogFiles.readSurvey(path, survey, tally)) sources.push(...batch);
  expect(tally.inputs).toMatchObject([{ path, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  return { sources, skippedCounts: tally.skippedCounts };
}

const lines = (...texts: readonly string[]) => `${texts.join("\n")}\n`;

/** As HEASARC writes them: 25 columns, each ended by a bar; the fluxes in mJy. */
const TDAT_NAMES =
  "name ra dec lii bii ra_error dec_error flux_20_cm flux_20_cm_error limit_major_axis major_axis major_axis_error limit_minor_axis minor_axis minor_axis_error position_angle position_angle_error residual_code residual_flux pol_flux pol_flux_error pol_angle pol_angle_error field_name x_pixel y_pixel";
const TDAT_ROWS = [
  "NVSS J000000-200449|0.001|-20.080306|62.4|-77.4|0.04|0.7|3.1|0.6|<|71.2||<|44.3|||||||0.4|||C0000M20|515.1|493.3|",
  "NVSS J083454+553421|128.728833|55.572528|161.9|37.1|0.03|0.6|8283.1|248.5||18.6|0.3|<|14.0||-82.1|1.2|S |15|12.5|0.9|33.1|2.0|C0832P56|401.2|444.9|",
];
const tdat = (rows: readonly string[], more: readonly string[] = ["<END>"], count = rows.length) =>
  lines(
    "<HEADER>",
    "#",
    "# TABLE: heasarc_nvss",
    `# TOTAL ROWS: ${count}`,
    "#",
    "table_name = heasarc_nvss",
    "field[ra] = float8:.6f_degree [pos.eq.ra] (index) // Right Ascension",
    "field[flux_20_cm] = float8:.1f_mJy [phot.flux.density] (key) // Integrated Flux Density",
    `line[1] = ${TDAT_NAMES}`,
    "<DATA>",
    ...rows,
    ...more,
  );

/** Columns as the byte-by-byte description of VIII/65 has them; built here from it, not from the reader. */
function cdsLine(values: Readonly<Record<number, string>>): string {
  const line = Array.from({ length: 158 }, () => " ");
  for (const [startByte, text] of Object.entries(values))
    for (const [at, char] of Array.from(text).entries()) line[Number(startByte) - 1 + at] = char;
  return line.join("");
}
const cds = {
  faint: cdsLine({
    1: "C0000M20",
    10: " 515.10",
    18: " 493.30",
    26: "000000-200449",
    41: "00",
    44: "00",
    47: " 0.24",
    53: "-",
    54: "20",
    57: "04",
    60: "49.1",
    65: " 0.04",
    71: " 0.7",
    76: "     3.1",
    85: "    0.6",
    93: "<",
    94: " 71.2",
    100: "<",
    101: " 44.3",
  }),
  bright: cdsLine({
    1: "C0832P56",
    26: "083454+553421",
    41: "08",
    44: "34",
    47: "54.92",
    53: "+",
    54: "55",
    57: "34",
    60: "21.1",
    65: " 0.03",
    71: " 0.6",
    76: "  8283.1",
    85: "  248.5",
    94: " 18.6",
    100: "<",
    101: " 14.0",
    107: "-82.1",
  }),
  south: cdsLine({
    26: "010203-003000",
    41: "01",
    44: "02",
    47: " 3.00",
    53: "-",
    54: "00",
    57: "30",
    60: " 0.0",
    65: " 0.04",
    71: " 0.7",
    76: "     9.9",
  }).trimEnd(),
};

describe("NVSS", () => {
  const expected = [
    {
      name: "NVSS J000000-200449",
      raDeg: 0.001,
      decDeg: expect.closeTo(-(20 + 4 / 60 + 49.1 / 3600), 6),
      fluxJy: expect.closeTo(0.0031, 12),
      fluxErrJy: expect.closeTo(0.0006, 12),
      peakJyPerBeam: null,
      majorArcsec: null,
      minorArcsec: null,
      paDeg: null,
      spectralIndex: null,
    },
    {
      name: "NVSS J083454+553421",
      raDeg: expect.closeTo(15 * (8 + 34 / 60 + 54.92 / 3600), 5),
      decDeg: expect.closeTo(55 + 34 / 60 + 21.1 / 3600, 5),
      fluxJy: expect.closeTo(8.2831, 12),
      fluxErrJy: expect.closeTo(0.2485, 12),
      majorArcsec: 18.6,
      minorArcsec: null,
      paDeg: -82.1,
    },
  ];

  test("of HEASARC", async () => {
    const { sources } = await read("nvss", tdat(TDAT_ROWS));
    expect(sources).toMatchObject(expected);
  });

  test("of HEASARC, compressed, with lines ended as on Windows", async () => {
    const { sources } = await read("nvss", gzipSync(tdat(TDAT_ROWS).replaceAll("\n", "\r\n")), "nvss.tdat.gz");
    expect(sources).toMatchObject(expected);
  });

  test("of CDS, in fixed columns, of which the last may be cut off", async () => {
    const { sources } = await read("nvss", lines(cds.faint, cds.bright, cds.south));
    expect(sources).toMatchObject([
      ...expected,
      {
        name: "NVSS J010203-003000",
        raDeg: expect.closeTo(15.5125, 9),
        decDeg: -0.5,
        fluxJy: expect.closeTo(0.0099, 12),
        majorArcsec: null,
      },
    ]);
  });

  test("of CDS, with values that fill their columns", async () => {
    const full = cdsLine({
      26: "235959-395959",
      41: "23",
      44: "59",
      47: "59.99",
      53: "-",
      54: "39",
      57: "59",
      60: "59.9",
      76: "123456.7",
      85: "98765.4",
      94: "123.4",
      101: "100.9",
      107: "-89.9",
    });
    expect((await read("nvss", lines(full))).sources).toMatchObject([
      {
        raDeg: expect.closeTo(360 - (0.01 * 15) / 3600, 9),
        decDeg: expect.closeTo(-40 + 0.1 / 3600, 9),
        fluxJy: expect.closeTo(123.4567, 9),
        fluxErrJy: expect.closeTo(98.7654, 9),
        majorArcsec: 123.4,
        minorArcsec: 100.9,
        paDeg: -89.9,
      },
    ]);
  });

  test("of VizieR, parted by tabs, with units and dashes below the names", async () => {
    const table = lines(
      "#RESOURCE=yCat_8065",
      "#Name: VIII/65/nvss",
      "",
      "_RAJ2000\t_DEJ2000\tNVSS\tRAJ2000\tDEJ2000\tS1.4\te_S1.4\tl_MajAxis\tMajAxis\tl_MinAxis\tMinAxis\tPA",
      'deg\tdeg\t \t"h:m:s"\t"d:m:s"\tmJy\tmJy\t \tarcsec\t \tarcsec\tdeg',
      "----------\t----------\t--------------\t-----------\t-----------\t--------\t-------\t-\t-----\t-\t-----\t-----",
      "000.001000\t-20.080306\t000000-200449\t00 00 00.24\t-20 04 49.1\t     3.1\t    0.6\t<\t 71.2\t<\t 44.3\t     ",
      "128.728833\t+55.572528\t083454+553421\t08 34 54.92\t+55 34 21.1\t  8283.1\t  248.5\t \t 18.6\t<\t 14.0\t-82.1",
    );
    expect((await read("nvss", table)).sources).toMatchObject(expected);
  });

  test("as CSV, with cells in quotes, and angles in hours", async () => {
    const table = lines(
      "NVSS,RAJ2000,DEJ2000,S1.4,remark",
      '083454+553421,"08 34 54.92","+55 34 21.1",8283.1,"bright, ""4C"""',
    );
    expect((await read("nvss", table)).sources).toMatchObject([
      {
        name: "NVSS J083454+553421",
        raDeg: expect.closeTo(128.728833, 5),
        fluxJy: expect.closeTo(8.2831, 12),
        fluxErrJy: null,
      },
    ]);
  });
});

describe("FIRST", () => {
  // Right ascension, declination, p(S), Fpeak, Fint, Rms, Maj, Min, PA, fMaj, fMin, fPA, field and counterparts.
  const rows = [
    "# catalog_14dec17",
    "#   RA  (2000)   Dec    P(S)   Fpeak  Fint   RMS  Maj  Min  PA",
    "00 00 00.035 +05 29 42.24 0.014     1.06      1.14   0.137  3.80  0.00  76.9   6.6  5.1  76.9 00000+05297E   0   ---    ---  -   0   ---    ---  2009.6  54933.3   0.0",
    "23 59 59.999 -00 00 01.50 0.613     1.00      0.40   0.140  0.00  0.00   0.0   5.4  5.4   0.0 23590-00001E   0   ---    ---  -   0   ---    ---  2009.6  54933.3   0.0",
    "08 34 54.904 +55 34 21.07 0.014  7420.11   7606.31   0.251  0.97  0.61  12.0   5.5  5.4  12.0 08345+55343E   1   0.12  19.55  g   0   ---    ---  1998.3  50900.0   0.0",
  ];

  test("of its own site; likely side lobes are left out", async () => {
    const { sources, skippedCounts } = await read("first", lines(...rows));
    expect(sources).toMatchObject([
      {
        name: "FIRST J000000.0+052942",
        raDeg: expect.closeTo((0.035 * 15) / 3600, 12),
        fluxJy: expect.closeTo(0.00114, 12),
        fluxErrJy: expect.closeTo(0.000137, 12),
        peakJyPerBeam: expect.closeTo(0.00106, 12),
        majorArcsec: 3.8,
        minorArcsec: null,
        paDeg: 76.9,
      },
      { name: "FIRST J083454.9+553421", decDeg: expect.closeTo(55.5725194, 6), fluxJy: expect.closeTo(7.60631, 12) },
    ]);
    expect(skippedCounts).toEqual({ "likely side lobes": 1 });
  });

  test("of HEASARC", async () => {
    const table = lines(
      "<HEADER>",
      "line[1] = name ra dec flux_20_cm flux_20_cm_error int_flux_20_cm major_axis minor_axis position_angle sidelobe_prob",
      "<DATA>",
      "FIRST J083454.9+553421|128.728767|55.572519|7420.11|0.251|7606.31|0.97|0.61|12.0|0.014|",
      "<END>",
    );
    expect((await read("first", table)).sources).toMatchObject([
      { fluxJy: expect.closeTo(7.60631, 12), peakJyPerBeam: expect.closeTo(7.42011, 12), majorArcsec: 0.97 },
    ]);
  });
});

test("RACS: sources in mJy", async () => {
  const table = lines(
    "source_name,source_id,ra,dec,e_ra,e_dec,total_flux_source,e_total_flux_source,peak_flux,dc_maj,dc_min,dc_pa",
    "J000000.0-200449,RACS_0000-18A_1,0.0010,-20.080306,0.1,0.1,4.52,0.61,4.11,0.0,0.0,0.0",
    "J000002.0-200449,RACS_0000-18A_2,0.0083,-20.080306,0.1,0.1,-1.2,0.61,4.11,0.0,0.0,0.0",
  );
  const { sources, skippedCounts } = await read("racs", table);
  expect(sources).toMatchObject([
    {
      name: "J000000.0-200449",
      fluxJy: expect.closeTo(0.00452, 12),
      peakJyPerBeam: expect.closeTo(0.00411, 12),
      majorArcsec: null,
    },
  ]);
  expect(skippedCounts).toEqual({ "without a positive flux": 1 });
});

test("VLASS: components; duplicates and what the survey flags are left out", async () => {
  const row = (name: string, duplicate: number, quality: number) =>
    `VLASS1QLCIR ${name},128.728767,55.572519,4100.5,12.1,3990.0,0.7,0.3,11,${duplicate},${quality}`;
  const table = lines(
    "Component_name,RA,DEC,Total_flux,E_Total_flux,Peak_flux,DC_Maj,DC_Min,DC_PA,Duplicate_flag,Quality_flag",
    row("J083454.90+553421.0", 0, 0),
    row("J083454.91+553421.0", 1, 4),
    row("J083454.92+553421.0", 2, 0),
    row("J083454.93+553421.0", 0, 1),
  );
  const { sources, skippedCounts } = await read("vlass", table);
  expect(sources.map(({ name, fluxJy }) => [name, fluxJy])).toEqual([
    ["VLASS1QLCIR J083454.90+553421.0", 4.1005],
    ["VLASS1QLCIR J083454.91+553421.0", 4.1005],
  ]);
  expect(skippedCounts).toEqual({ duplicates: 1, "flagged by the survey": 1 });
});

test("VLASS of VizieR: the names of its columns, and islands to which nothing was fitted left out", async () => {
  const table = lines(
    "#Column\tFtot",
    "CompName\tRAJ2000\tDEJ2000\tFtot\te_Ftot\tFpeak\tSCode\tDCMaj\tDCMin\tDCPA\tDupFlag\tQualFlag",
    " \tdeg\tdeg\tmJy\tmJy\tmJy/beam\t \tarcsec\tarcsec\tdeg\t \t ",
    "---\t---\t---\t---\t---\t---\t-\t---\t---\t---\t-\t-",
    "J083454.90+553421.0\t128.728767\t+55.572519\t4100.5\t12.1\t3990.0\tS\t0.7\t0.3\t11\t0\t0",
    "J083455.90+553421.0\t128.732900\t+55.572519\t3.1\t0.2\t2.9\tE\t0.0\t0.0\t0\t0\t4",
  );
  const { sources, skippedCounts } = await read("vlass", table);
  expect(sources).toMatchObject([
    { name: "J083454.90+553421.0", raDeg: 128.728767, decDeg: 55.572519, fluxJy: 4.1005, majorArcsec: 0.7 },
  ]);
  expect(skippedCounts).toEqual({ "islands without a fit": 1 });
  // The file behind the table calls places RAdeg and DEdeg.
  const { sources: same } = await read("vlass", table.replace("RAJ2000\tDEJ2000", "RAdeg\tDEdeg"));
  expect(same).toEqual(sources);
});

describe("a simulated sky", () => {
  const source = { name: "CAL0", ra_deg: 360.5, dec_deg: 54.6, flux_1400_jy: 8, alpha: -0.3 };

  test.each([
    ["a truth file", { seed: 7, sources: [source] }],
    ["a list", [source]],
  ])("of %s", async (_, value) => {
    expect((await read("synthetic", JSON.stringify(value))).sources).toMatchObject([
      { name: "CAL0", raDeg: 0.5, decDeg: 54.6, fluxJy: 8, spectralIndex: -0.3 },
    ]);
  });

  test.each([
    ["{", /expected the JSON of a truth file/],
    [JSON.stringify({ sources: [] }), /sources: /],
    [JSON.stringify([{ ...source, dec_deg: 91 }]), /sources\[0\]\[dec_deg\]/],
    [JSON.stringify([{ ...source, flux_1400_jy: 0 }]), /sources\[0\]\[flux_1400_jy\]/],
  ])("refused when it is %s", async (content, message) => {
    await expect(read("synthetic", content)).rejects.toMatchObject({
      code: "CATALOG_UNREADABLE",
      message: expect.stringMatching(message),
    });
  });
});

describe("what is not as it should be is refused, with file, line and field", () => {
  const badRow = (from: string, to: string) => tdat([TDAT_ROWS[0]!, TDAT_ROWS[1]!.replace(from, to)]);
  const compressed = gzipSync(tdat(TDAT_ROWS));

  test.each<[string, SurveyName, string | Buffer, RegExp]>([
    [
      "a flux that is no number",
      "nvss",
      badRow("8283.1", "8283,1"),
      /table:12: flux_20_cm: expected a number, found "8283,1"/,
    ],
    ["no flux", "nvss", badRow("8283.1", ""), /table:12: flux_20_cm: expected a number, found nothing/],
    [
      "a right ascension of 361",
      "nvss",
      badRow("128.728833", "361"),
      /table:12: ra: expected degrees within 0 to 360.*found "361"/,
    ],
    ["a declination of 91", "nvss", badRow("55.572528", "91"), /table:12: dec: .*found "91"/],
    [
      "a row with a column less",
      "nvss",
      badRow("|444.9|", "|"),
      /table:12: row: expected 26 columns, as in the header, found 25/,
    ],
    ["a table without <END>", "nvss", tdat(TDAT_ROWS, []), /table:12: <END>: .*the file is cut/],
    [
      "a table of fewer rows than it says",
      "nvss",
      tdat(TDAT_ROWS, ["<END>"], 3),
      /TOTAL ROWS: expected 3 rows, as the header says, found 2/,
    ],
    [
      "a header without names",
      "nvss",
      tdat(TDAT_ROWS).replace(/line\[1\].*\n/, ""),
      /table:9: line\[1\]: expected the names/,
    ],
    ["a header alone", "nvss", tdat([]).split("<DATA>")[0]!, /<DATA>: expected data after the header/],
    ["a table of another survey", "first", tdat(TDAT_ROWS), /columns: expected one of int_flux_20_cm, fint/],
    [
      "fixed columns cut in the middle of a line",
      "nvss",
      lines(cds.faint) + cds.bright.slice(0, 80),
      /table:2: row: expected at least 83 characters; the line is cut/,
    ],
    ["minutes of 61", "nvss", lines(cds.faint.replace(" 04 49.1", " 61 49.1")), /table:1: dec: expected/],
    [
      "a table of the Gaussian components of sources",
      "racs",
      "gaussian_id,source_id,ra,dec,total_flux_gaussian,total_flux_source\nG1,S1,1,2,3,5\n",
      /columns: expected a table of sources, a row each, found one of Gaussian components \(gaussian_id\)/,
    ],
    ["a file of nothing", "nvss", "", /file: expected sources of nvss, found none/],
    ["a file without rows", "racs", "name,ra,dec,total_flux\n", /file: expected sources of racs, found none/],
    ["prose", "nvss", "Dear colleague\n", /table:1: file: expected a table of HEASARC/],
    [
      "a FITS table",
      "first",
      `SIMPLE  =                    T${"\0".repeat(2880)}`,
      /a FITS file; export the table as CSV/,
    ],
    [
      "a FIRST row that is cut",
      "first",
      "00 00 00.035 +05 29 42.24 0.014     1.06\n",
      /table:1: row: expected at least 13 columns/,
    ],
    ["an open quote", "racs", 'name,ra,dec,total_flux\n"J00,1,2,3\n', /table:2: row: expected a closing quote/],
    [
      "a compressed file that is cut",
      "nvss",
      compressed.subarray(0, compressed.length - 40),
      /expected a whole gzip file, found unexpected end of file/,
    ],
    [
      "a compressed file with a wrong byte",
      "nvss",
      Buffer.concat([compressed.subarray(0, 60), Buffer.from([255]), compressed.subarray(61)]),
      /expected a whole gzip file/,
    ],
  ])("%s", async (_, survey, content, message) => {
    await expect(read(survey, content)).rejects.toMatchObject({
      code: "CATALOG_UNREADABLE",
      message: expect.stringMatching(message),
    });
  });

  test("a file that is not there", async () => {
    const reading = catalogFiles.readSurvey(join(folder, "none"), "nvss", { inputs: [], skippedCounts: {} });
    await expect(reading[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "INPUT_UNREADABLE" });
  });
});

test("lines across the chunks of a large file are whole", async () => {
  const rows = Array.from({ length: 20_000 }, (_, at) => TDAT_ROWS[at % 2]!);
  const { sources } = await read("nvss", tdat(rows));
  expect(sources).toHaveLength(20_000);
  expect(new Set(sources.map(({ name, fluxJy }) => `${name} ${fluxJy}`)).size).toBe(2);
});

test.each([
  [128.72876715, 55.57251972, "083454.9+553421"],
  [0, -0.5, "000000.0-003000"],
  [359.99999, 89.9999999, "235959.9+895959"],
  [15 * (1 + 2 / 60 + 3.1 / 3600), 10 + 30 / 3600, "010203.1+100030"],
])("the name of %d, %d", (raDeg, decDeg, name) => {
  expect(placeName(raDeg, decDeg)).toBe(name);
});
