/** `contimg ms` as a user runs it, on a converted group and on what other programs wrote. */

import { cpSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith, pythonWith, runPython, sharedData, sharedDataDir } from "../../../../tools/oracles.ts";
import { contimg, scratchDirectory } from "./run-contimg.ts";
import { simulatedGroup } from "./simulated-group.ts";

let ms: string;
beforeAll(() => {
  const group = simulatedGroup({ seed: 41 });
  const ran = contimg("convert", group, "--output-dir", group, "--json");
  ms = String(ran.events.find((event) => event["event"] === "group_converted")!["ms_path"]);
});

describe("contimg ms summary", () => {
  test("tells people what was observed, as listobs does", () => {
    const ran = contimg("ms", "summary", ms);
    expect(ran.status, ran.stderr).toBe(0);
    for (const line of [
      /telescope OVRO_MMA/,
      /observed 2025\/10\/03\/11:48:5\d\.\d to 2025\/10\/03\/11:49:4\d\.\d \(UTC\), 51\.5 s, 4 integrations/,
      /baselines: 66 cross, [\d.]+ to [\d.]+ m, 12 auto/,
      /0 {2}meridian_icrs_mid .* \d\d:\d\d:\d\d\.\d{5} {2}\+54\.\d\d\.\d\d\.\d{4} {2}J2000/,
      /15 {2}spw15 {2,}4 {2}TOPO .* XX YY/,
      /Antennas: 117, of which 12 have rows/,
    ])
      expect(ran.stdout).toMatch(line);
  });

  test("tells programs the same in JSON, in snake case", () => {
    const [summary] = contimg("ms", "summary", ms, "--json").events;
    expect(summary).toMatchObject({
      kind: "measurement-set",
      row_count: 4992,
      integration_count: 4,
      time_scale: "UTC",
    });
    expect(summary!["spws"]).toHaveLength(16);
    expect(summary!["fields"]).toHaveLength(1);
  });
});

test("contimg ms columns shows types, storage, units and measures", () => {
  const { stdout, status } = contimg("ms", "columns", ms);
  expect(status).toBe(0);
  expect(stdout).toMatch(/UVW +double +\[3\] +TiledColumnStMan +m +uvw/);
  expect(stdout).toMatch(/DATA +complex +\[4, 2\] .*TiledShapeStMan/);
  expect(stdout).toMatch(/SPECTRAL_WINDOW +16/);
  expect(contimg("ms", "columns", join(ms, "SPECTRAL_WINDOW"), "--keywords").stdout).toMatch(
    /VarRefCol.*MEAS_FREQ_REF/,
  );
});

test("contimg ms head shows the values asked for", () => {
  const [head] = contimg("ms", "head", ms, "-n", "2", "--row", "3", "--columns", "ANTENNA1,DATA", "--json")
    .events as readonly {
    readonly column_names: readonly string[];
    readonly rows: readonly {
      readonly row_index: number;
      readonly cells: readonly { readonly shape: readonly number[] }[];
    }[];
  }[];
  expect(head!.column_names).toEqual(["ANTENNA1", "DATA"]);
  expect(head!.rows.map((row) => row.row_index)).toEqual([3, 4]);
  expect(head!.rows[0]!.cells[1]!.shape).toEqual([4, 2]);
});

describe("contimg ms verify", () => {
  test("finds no fault with a converted set", () => {
    const ran = contimg("ms", "verify", ms);
    expect(ran.stdout).toMatch(/\d+ checks passed, 0 warnings, 0 errors/);
    expect(ran.status).toBe(0);
  });

  test("ends with 1 and names what is wrong with a damaged one", () => {
    const copy = join(scratchDirectory(), "copy.ms");
    cpSync(ms, copy, { recursive: true });
    const tile = readdirSync(copy).find((name) => name.endsWith("_TSM1"))!;
    truncateSync(join(copy, tile), 100);
    const ran = contimg("ms", "verify", copy);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toMatch(/ERROR +storage/);
    rmSync(join(copy, "FIELD"), { recursive: true });
    expect(contimg("ms", "verify", copy).stdout).toMatch(/ERROR +storage +subtable FIELD: .*not a casacore table/);
  });
});

test.each([
  [
    "nothing",
    "/nowhere/at/all",
    /INPUT_UNREADABLE: \/nowhere\/at\/all: expected a casacore table, found nothing there/,
  ],
  ["a file", import.meta.filename, /expected a casacore table, found a file/],
  ["a directory", import.meta.dirname, /expected a casacore table, found a directory without table\.dat/],
])("%s is one clear line, not a stack", (_what, path, message) => {
  for (const command of ["summary", "columns", "head", "verify"]) {
    const ran = contimg("ms", command, path);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(message);
    expect(ran.stderr.trim().split("\n")).toHaveLength(1);
  }
});

test("a column that is not there is named beside those that are", () => {
  const ran = contimg("ms", "head", ms, "--columns", "TIME,NOPE");
  expect(ran.status).toBe(1);
  expect(ran.stderr).toMatch(/columns: expected of UVW, .*; found NOPE/);
});

describeWith([pythonWith("casacore", "numpy"), sharedData()], "tables that other programs wrote", () => {
  const folder = (kind: string) => join(sharedDataDir()!, "real", kind);
  const tables = ["ms", "caltables"].flatMap((kind) =>
    sharedDataDir() === undefined
      ? []
      : readdirSync(folder(kind)).map((name) => [name, join(folder(kind), name)] as const),
  );
  const count = `
import sys, json, casacore.tables as ct
t = ct.table(sys.argv[1], ack=False)
n = lambda s: ct.table(sys.argv[1] + "::" + s, ack=False).nrows()
print(json.dumps(dict(row_count=t.nrows(), columns=t.colnames(), fields=n("FIELD"), spws=n("SPECTRAL_WINDOW"), antennas=n("ANTENNA"))))`;

  test.each(tables)("%s", (_name, path) => {
    const expected = JSON.parse(runPython(count, [path]).trim().split("\n").at(-1)!) as Readonly<
      Record<string, number | readonly string[]>
    >;
    const [summary] = contimg("ms", "summary", path, "--json").events;
    expect(summary).toMatchObject({ row_count: expected["row_count"], column_names: expected["columns"] });
    for (const list of ["fields", "spws", "antennas"])
      expect(summary![list], list).toHaveLength(expected[list] as number);
    for (const command of ["columns", "head", "summary"]) expect(contimg("ms", command, path).status, command).toBe(0);
    expect([0, 1]).toContain(contimg("ms", "verify", path).status);
  });
});
