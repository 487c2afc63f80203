/** `contimg catalog` as an operator uses it. */

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Command } from "commander";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { describeWith, repoRoot, sharedData, sharedDataDir } from "../../../../tools/oracles.ts";
import { addCatalogCommand } from "../../src/cli/commands/catalog.ts";
import { catalogTools } from "../../src/compose/catalogs.ts";
import { nodeSimulatorDeps } from "../../src/simulate/node-deps.ts";
import { simulateGroups } from "../../src/simulate/simulate-groups.ts";
import { contimg, type Ran, scratchDirectory } from "./run-contimg.ts";

const slicePath = join(repoRoot, "apps/pipeline/test/catalogs/golden/vlacalibrators-slice.txt");

let folder: string;
beforeEach(() => {
  folder = scratchDirectory();
  vi.stubEnv("CONTIMG_STATE_DIR", folder);
  vi.stubEnv("CONTIMG_STATIC_DIR", undefined);
  return () => vi.unstubAllEnvs();
});

/** A command line from its words to its output, in this process: starting one for each would take most of the time. */
async function catalog(...args: readonly string[]): Promise<Ran> {
  const said = { stdout: "", stderr: "" };
  const hear = (name: "stdout" | "stderr") =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
  const ears = [hear("stdout"), hear("stderr")];
  try {
    const program = new Command("contimg").exitOverride();
    addCatalogCommand(program, catalogTools);
    await program.parseAsync(["catalog", ...args], { from: "user" });
    const lines = said.stdout.split("\n").filter((line) => line.startsWith("{"));
    const events = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    return { status: Number(process.exitCode ?? 0), ...said, events };
  } finally {
    for (const ear of ears) ear.mockRestore();
    process.exitCode = undefined;
  }
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const nvssTable = (rows: readonly string[]) =>
  [
    "<HEADER>",
    "line[1] = name ra dec flux_20_cm flux_20_cm_error limit_major_axis major_axis limit_minor_axis minor_axis position_angle",
    "<DATA>",
    ...rows,
    "<END>",
    "",
  ].join("\n");

describe("surveys", () => {
  /** On both sides of 0h, and one far away. */
  const rows = [
    "NVSS J000000+503000|0.0004|50.5|500.0|5.0|<|20.0|<|20.0||",
    "NVSS J235959+503500|359.9996|50.583333|300.0|3.0||35.0|<|20.0|10|",
    "NVSS J120000-300000|180.0|-30.0|50.0|2.0|<|20.0|<|20.0||",
  ];

  test("are built of files, and looked into by name, cone and box", async () => {
    const nvss = file("nvss.tdat.gz", gzipSync(nvssTable(rows)));
    const built = await catalog("build", "nvss", nvss, "--json");
    expect(built).toMatchObject({ status: 0, stderr: "" });
    expect(built.events).toEqual([
      {
        event: "catalog_built",
        catalogue: "nvss",
        path: join(folder, "catalogs/nvss.sqlite3"),
        source_count: 3,
        skipped: {},
        missing_count: 1_773_481,
      },
    ]);
    const cone = await catalog("query", "nvss", "--center", "0h0m0s,+50d30m0s", "--radius-deg", "0.1", "--json");
    expect(cone.events.map(({ name }) => name)).toEqual(["NVSS J000000+503000", "NVSS J235959+503500"]);
    expect(cone.events[0]).toMatchObject({ ra_deg: 0.0004, flux_jy: 0.5, flux_err_jy: 0.005, major_arcsec: null });
    const box = await catalog("query", "nvss", "--box", "350,10,40,60", "--max-flux-mjy", "400", "--json");
    expect(box.events.map(({ name }) => name)).toEqual(["NVSS J235959+503500"]);
    const named = await catalog("query", "nvss", "--name", "NVSS J120000-300000");
    expect(named.stdout.split("\n")[0]).toMatch(/^name +\| ra_deg +\| dec_deg +\| flux_jy/);
    expect(named.stdout).toContain("NVSS J120000-300000 | 180.00000 | -30.00000 | 0.05 ");
    expect((await catalog("query", "nvss", "--center", "90,0")).stdout).toBe("no source\n");
    const noMaster = await catalog("query", "nvss", "--center", "90,0", "--references");
    expect(noMaster).toMatchObject({ status: 1, stderr: expect.stringContaining("expected the master catalogue") });
  });

  test("say what was left out, and that a file is only a part", async () => {
    const table = "component_name,ra,dec,total_flux,duplicate_flag\na,1,2,3,0\nb,1,2,3,2\n";
    const { stdout } = await catalog("build", "vlass", file("vlass.csv", table));
    expect(stdout).toContain("vlass.sqlite3: 1 sources");
    expect(stdout).toContain("left out: 1 duplicates");
    expect((await catalog("build", "nvss", file("n.tdat", nvssTable(rows)))).stdout).toContain("1,773,481 more");
  });

  test("are limited in flux and declination, and take another frequency", async () => {
    const nvss = file("nvss.tdat", nvssTable(rows));
    const output = join(folder, "strip.sqlite3");
    await catalog(
      "build",
      "nvss",
      nvss,
      "--dec-min",
      "40",
      "--min-flux-mjy",
      "400",
      "--freq-mhz",
      "1420",
      "--output",
      output,
    );
    const strip = catalogTools.store.openSurvey(output);
    expect(strip.info).toMatchObject({ sourceCount: 1, freqHz: 1.42e9, inputs: [{ path: nvss }] });
    strip.close();
  });

  test("of a file that is cut leave the older catalogue as it was", async () => {
    await catalog("build", "nvss", file("nvss.tdat", nvssTable(rows)));
    const cut = file("cut.tdat", nvssTable(rows).slice(0, -60));
    const refused = await catalog("build", "nvss", cut, "--json");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/^CATALOG_UNREADABLE: .*cut\.tdat:6: row: expected 10 columns/);
    expect(refused.events).toMatchObject([{ event: "failed", code: "CATALOG_UNREADABLE", disposition: "quarantine" }]);
    expect(readdirSync(join(folder, "catalogs"))).toEqual(["nvss.sqlite3"]);
    const query = await catalog("query", "nvss", "--box", "0,360,-90,90", "--json");
    expect(query.events).toHaveLength(3);
  });

  test("are matched to the master catalogue, across 0h and edges of strips", async () => {
    await catalog(
      "build",
      "nvss",
      file("nvss.tdat", nvssTable([...rows, "NVSS J040000+510000|60.0|51.0|100.0|1.0|<|20.0|<|20.0||"])),
    );
    // 3″ west of the first: on the other side of 0h. 3″ south of the last: in another strip.
    const [vlassJy, westDeg] = [0.5 * (3 / 1.4) ** -0.7, 360 + 0.0004 - 3 / 3600 / Math.cos((50.5 * Math.PI) / 180)];
    const vlass = `component_name,ra,dec,total_flux,dc_maj\nv1,${westDeg},50.5,${1000 * vlassJy},0\nv2,60,${51 - 3 / 3600},80,0\n`;
    await catalog("build", "vlass", file("vlass.csv", vlass));
    expect((await catalog("build", "master")).stdout).toBe(`${join(folder, "master_sources.sqlite3")}: 4 sources\n`);
    const all = await catalog("query", "master", "--box", "0,360,-90,90", "--json");
    const ofName = (name: string) => all.events.find((event) => event["name"] === name);
    expect(ofName("NVSS J000000+503000")).toMatchObject({
      s_nvss: 0.5,
      snr_nvss: 100,
      s_vlass: expect.closeTo(vlassJy, 9),
      alpha: expect.closeTo(-0.7, 9),
      resolved_flag: 0,
      confusion_flag: 0,
    });
    expect(ofName("NVSS J235959+503500")).toMatchObject({ s_vlass: null, alpha: null, resolved_flag: 1 });
    expect(ofName("NVSS J040000+510000")).toMatchObject({ s_vlass: 0.08 });
    const references = await catalog(
      "query",
      "master",
      "--center",
      "0,50.5",
      "--radius-deg",
      "5",
      "--references",
      "--json",
    );
    expect(references.events.map(({ name }) => name)).toEqual(["NVSS J000000+503000"]);
  });
});

test("the truth of a simulation is a catalogue, and so is a sky of a seed", async () => {
  const [group] = simulateGroups(
    { outputDir: folder, antennaCount: 2, integrationCount: 1, channelCount: 1, seed: 11 },
    nodeSimulatorDeps,
  );
  await catalog("build", "synthetic", group!.truthPath);
  const { events } = await catalog("query", "synthetic", "--box", "0,360,-90,90", "--json");
  expect(events).toHaveLength(group!.truth.sources.length);
  const calibrator = group!.truth.sources.find(({ name }) => name === "CAL0")!;
  const { ra_deg, dec_deg, flux_1400_jy, alpha } = calibrator;
  expect(events).toContainEqual(
    expect.objectContaining({ name: "CAL0", ra_deg, dec_deg, flux_jy: flux_1400_jy, alpha }),
  );

  const made = join(folder, "made.sqlite3");
  await catalog("build", "synthetic", "--seed", "7", "--sources", "12", "--center", "0.1,54.6", "--output", made);
  const sky = await catalog("query", made, "--center", "0.1,54.6", "--radius-deg", "3", "--json");
  expect(sky.events).toHaveLength(12);
  expect(sky.events.some(({ ra_deg: raDeg }) => Number(raDeg) > 355)).toBe(true);
});

describe("calibrators", () => {
  beforeEach(async () => {
    await catalog("build", "vla-calibrators", slicePath);
  });

  test("are found by any of their names", async () => {
    const { events } = await catalog("query", "vla-calibrators", "--name", "3C48", "--json");
    expect(events).toMatchObject([
      {
        name: "0137+331",
        flux_jy: 16.5,
        bands: expect.arrayContaining([{ band: "20cm", quality_codes: "XPPP", flux_jy: 16.5 }]),
      },
    ]);
  });

  test("transit when they are said to", async () => {
    const days = ["--from", "2025-10-03", "--to", "2025-10-05T00:00:00"];
    const { events } = await catalog("transits", "0834+555", "3C48", ...days, "--json");
    expect(
      events.map(({ calibrator_name, transit_iso }) => [calibrator_name, String(transit_iso).slice(0, 19)]),
    ).toEqual([
      ["0137+331", "2025-10-03T08:43:04"],
      ["0834+555", "2025-10-03T15:39:37"],
      ["0137+331", "2025-10-04T08:39:08"],
      ["0834+555", "2025-10-04T15:35:41"],
    ]);
    const unknown = await catalog("transits", "3C999", ...days);
    expect(unknown).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^CALIBRATOR_UNKNOWN: 3C999: expected the name of one of 19/),
    });
  });

  test("are matched with the groups that hold them", async () => {
    const incoming = join(folder, "incoming");
    mkdirSync(incoming);
    const options = {
      outputDir: incoming,
      antennaCount: 2,
      integrationCount: 6,
      channelCount: 1,
      ptDecRad: (55.5 * Math.PI) / 180,
    };
    // The middle of six integrations is 32 s after the first; 0834+555 transits at 15:39:37.7.
    simulateGroups(
      { ...options, startJd: 2_440_587.5 + Date.UTC(2025, 9, 3, 15, 39, 5) / 86_400_000 },
      nodeSimulatorDeps,
    );
    simulateGroups(
      { ...options, startJd: 2_440_587.5 + Date.UTC(2025, 9, 3, 17, 0, 0) / 86_400_000 },
      nodeSimulatorDeps,
    );
    const { events, status } = await catalog("match", incoming, "--json");
    expect(status).toBe(0);
    expect(events).toMatchObject([
      {
        group_id: "2025-10-03T15:38:58",
        has_calibrator: true,
        ms_class: "calibrators",
        calibrators: [{ name: "0834+555", flux_jy: 8.8, transits_within: true }],
      },
      { group_id: "2025-10-03T16:59:53", has_calibrator: false, ms_class: "science", calibrators: [] },
    ]);
    const [match] = events[0]!["calibrators"] as readonly Record<string, number>[];
    // The beam looks at 55.5° of date; there the calibrator is at 55.48°, at 55.57° of J2000.
    expect(match!["sep_deg"]).toBeLessThan(0.05);
    expect(match!["weighted_flux"]).toBeGreaterThan(8.6);
    const shown = await catalog("match", incoming);
    expect(shown.stdout).toMatch(/2025-10-03T15:38:58 \| 0834\+555 +\| 8\.\d\d +\| 8\.8 +\|.*\| yes\n/);
    expect(shown.stdout).toMatch(/2025-10-03T16:59:53 \| none +\|/);
    const empty = join(folder, "empty");
    mkdirSync(empty);
    expect(await catalog("match", empty)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^no group of subband files in .*empty\n/),
    });
  });
});

describe("wrong usage", () => {
  test("ends with status 2 and says what to type", () => {
    const { status, stderr } = contimg("catalog", "query", "nvss");
    expect(`${status} ${stderr.split("\n")[0]}`).toBe("2 error: give one of --center, --box and --name");
  });

  test.each([
    [["query", "nvss", "--center", "1,2", "--name", "a"], /give one of --center, --box and --name/],
    [["query", "master", "--name", "a", "--references"], /--references goes with --center or --box/],
    [["query", "nvss", "--box", "1,2,50,40"], /expected RA from, RA to, Dec from, Dec to/],
    [["query", "nvss", "--center", "1,91"], /expected RA,DEC such as/],
    [["query", "nvss", "--center", "1,2", "--radius-deg", "181"], /expected a number from 0 to 180/],
    [["build", "nvss"], /nvss: name its file/],
    [["build", "synthetic"], /synthetic: name its file, or --seed/],
    [["transits", "3C48", "--from", "2025-10-03", "--to", "2025-10-02"], /--to: expected a time after --from/],
    [["build", "master", "x"], /master: takes no file/],
    [["build", "vla-calibrators", "x", "y"], /vla-calibrators: name its file/],
    [["build", "tgss", "x"], /expected one of nvss, first/],
  ])("%j is refused", async (args, message) => {
    await expect(catalog(...args)).rejects.toThrow(message);
  });
});

describeWith(sharedData(), "the whole list of calibrators", () => {
  test("is built in full", async () => {
    const list = join(folder, "vlacalibrators.txt");
    copyFileSync(join(sharedDataDir()!, "reference/vlacalibrators.txt"), list);
    const { stdout } = await catalog("build", "vla-calibrators", list);
    const entryCount = readFileSync(list, "latin1").split("J2000").length - 1;
    expect(stdout).toBe(
      `${join(folder, "catalogs/vla_calibrators.sqlite3")}: ${entryCount.toLocaleString("en")} calibrators\n`,
    );
    const all = await catalog("query", "vla-calibrators", "--box", "0,360,-90,90", "--limit", "5000", "--json");
    expect(all.events).toHaveLength(entryCount);
    expect(existsSync(join(folder, "catalogs/vla_calibrators.sqlite3-wal"))).toBe(false);
  });
});
