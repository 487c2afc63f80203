/** `contimg ms` as a user runs it, on a converted group and on what other programs wrote. */

import { cpSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith, pythonWith, repoRoot, runPython, sharedData, sharedDataDir } from "../../../../tools/oracles.ts";
import { contimg, contimgCommand, runCommandLine, scratchDirectory } from "./run-contimg.ts";
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

test("a table whose description is cut off is one line with file, expected and found", () => {
  const copy = join(scratchDirectory(), "copy.ms");
  cpSync(ms, copy, { recursive: true });
  truncateSync(join(copy, "table.dat"), 1000);
  for (const command of ["summary", "columns", "head", "verify"]) {
    const ran = contimg("ms", command, copy);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toMatch(/^TABLE_UNREADABLE: .*copy\.ms\/table\.dat: .*expected .*, found .*\n$/);
  }
});

test("a column that is not there is named beside those that are", () => {
  const ran = contimg("ms", "head", ms, "--columns", "TIME,NOPE");
  expect(ran.status).toBe(1);
  expect(ran.stderr).toMatch(/columns: expected of UVW, .*; found NOPE/);
});

/** What python-casacore reads of the figures that a summary and a description give. */
const FIGURES = `
import sys, json, casacore.tables as ct
path = sys.argv[1]
t = ct.table(path, ack=False)
def sub(name): return ct.table(path + "::" + name, ack=False)
flagged = values = 0
for row in range(t.nrows()):
    if t.iscelldefined("FLAG", row):
        flag = t.getcell("FLAG", row)
        whole = "FLAG_ROW" in t.colnames() and t.getcell("FLAG_ROW", row)
        values += flag.size
        flagged += flag.size if whole else int(flag.sum())
time, half = t.getcol("TIME"), t.getcol("INTERVAL") / 2
field, spw, ant = sub("FIELD"), sub("SPECTRAL_WINDOW"), sub("ANTENNA")
directions = [field.getcell("PHASE_DIR", k).ravel()[:2].tolist() for k in range(field.nrows())]
freqs = [spw.getcell("CHAN_FREQ", k) for k in range(spw.nrows())]
ids = t.getcol("FIELD_ID").tolist()
print(json.dumps(dict(
    row_count=t.nrows(), column_names=t.colnames(),
    flags=dict(flagged_count=flagged, value_count=values),
    time=dict(start_mjd_sec=(time - half).min(), end_mjd_sec=(time + half).max()),
    fields=[dict(name=n, ra_rad=d[0], dec_rad=d[1], row_count=ids.count(k))
            for k, (n, d) in enumerate(zip(field.getcol("NAME"), directions))],
    spws=[dict(name=n, chan_count=len(f), first_chan_hz=f[0], centre_hz=(f[0] + f[-1]) / 2)
          for n, f in zip(spw.getcol("NAME"), freqs)],
    antennas=[dict(name=n, position_m=p.tolist()) for n, p in zip(ant.getcol("NAME"), ant.getcol("POSITION"))],
    managers={n: v["TYPE"] for v in t.getdminfo().values() for n in v["COLUMNS"]})))`;

function compareWithCasacore(path: string): void {
  const { managers, ...expected } = JSON.parse(runPython(FIGURES, [path]).trim().split("\n").at(-1)!) as {
    readonly managers: Readonly<Record<string, string>>;
  } & Readonly<Record<string, unknown>>;
  const [summary] = contimg("ms", "summary", path, "--json").events;
  expect(summary).toMatchObject(expected);
  const [description] = contimg("ms", "columns", path, "--json").events;
  const columns = description!["columns"] as readonly { readonly name: string; readonly manager: string }[];
  expect(Object.fromEntries(columns.map(({ name, manager }) => [name, manager]))).toEqual(managers);
  expect(contimg("ms", "head", path).status).toBe(0);
}

const casacore = pythonWith("casacore", "numpy");

describeWith(casacore, "figures are those that casacore reads", () => {
  test("of a converted set", () => compareWithCasacore(ms));

  test("of a calibration table that CASA wrote", () =>
    compareWithCasacore(
      join(repoRoot, "packages/casacore-tables/test/corpus/foreign/test_calibration_bandpass.table"),
    ));

  test("values of cells too, in the same nesting", () => {
    const cell = `
import sys, json, casacore.tables as ct
v = ct.table(sys.argv[1], ack=False).getcell("DATA", 7)
print(json.dumps([[[float(c.real), float(c.imag)] for c in row] for row in v]))`;
    const expected: unknown = JSON.parse(runPython(cell, [ms]).trim().split("\n").at(-1)!);
    const [head] = contimg("ms", "head", ms, "--row", "7", "-n", "1", "--columns", "DATA", "--json").events;
    expect(head!["rows"]).toMatchObject([{ row_index: 7, cells: [{ kind: "value", value: expected }] }]);
  });
});

describeWith(
  [casacore, sharedData()],
  "figures of tables that other programs wrote are those that casacore reads",
  () => {
    const folder = (kind: string) => join(sharedDataDir()!, "real", kind);
    const tables = ["ms", "caltables"].flatMap((kind) =>
      sharedDataDir() === undefined
        ? []
        : readdirSync(folder(kind)).map((name) => [name, join(folder(kind), name)] as const),
    );
    test.each(tables)("%s", (_name, path) => compareWithCasacore(path));
  },
);

describeWith(sharedData(), "verify of tables that other programs wrote", () => {
  const verify = (name: string) => contimg("ms", "verify", join(sharedDataDir()!, "real", name));

  test("UVW of the OVRO-LWA agree to a millimetre", () => {
    const { stdout, status } = verify("ms/2018-03-21-01_26_33_0004384620257280_000000_downselected.ms");
    expect(stdout).toMatch(
      /OK +uvw +UVW follow from ANTENNA POSITION, TIME and PHASE_DIR: they differ by \d+ µm at most/,
    );
    expect(status).toBe(0);
  });

  test("a VLA set whose UVW are of another calibrator than its FIELD says, and of the other order of antennas", () => {
    // RA 148.74°, Dec 17.73° is J0954+1743; the only row of FIELD is J1008+0730.
    const { stdout, status } = verify("ms/day2_TDEM0003_10s_norx_1src_1spw.ms");
    expect(stdout).toMatch(
      /WARNING +uvw .*position\(ANTENNA1\) − position\(ANTENNA2\) seen from RA 148\.74°, Dec 17\.73°/,
    );
    expect(status).toBe(0);
  });

  test("a bandpass table of the DSA-110 by CASA is sound, but its channels descend", () => {
    const { stdout, status } = verify("caltables/test_calibration_bandpass.table");
    expect(stdout).toMatch(/WARNING +spectrum +CHAN_FREQ\[0\] does not ascend/);
    expect(status).toBe(0);
  });
});

test("a reader that has seen enough is no failure", () => {
  const [node, ...args] = contimgCommand;
  const shell = `"$@" | head -c 10; exit "\${PIPESTATUS[0]}"`;
  const head = ["ms", "head", ms, "-n", "4992", "--columns", "UVW,TIME,DATA"];
  const ran = runCommandLine(["bash", "-c", shell, "bash", node!, ...args, ...head]);
  expect(ran).toMatchObject({ status: 0, stderr: "" });
  expect(ran.stdout).toHaveLength(10);
});
