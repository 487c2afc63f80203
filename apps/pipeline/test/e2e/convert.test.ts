/** What a conversion makes, held to the definition and read by casacore. */

import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { openTable } from "@contimg/casacore-tables/node";
import { describe, expect, test } from "vitest";
import {
  describeWith,
  hasCommand,
  oracleEnv,
  pythonPath,
  pythonWith,
  repoRoot,
  runCommand,
  runPython,
  sharedData,
  sharedDataDir,
} from "../../../../tools/oracles.ts";
import { contimg, scratchDirectory, treeOf } from "./run-contimg.ts";
import { simulatedGroup } from "./simulated-group.ts";

const script = join(import.meta.dirname, "check_ms.py");
const iersDirectory = join(import.meta.dirname, "iers");
const oracle = pythonWith("casacore", "h5py", "erfa", "astropy", "numpy");

type Deviations = Readonly<Record<string, number>>;

function convert(
  input: string,
  ...more: readonly string[]
): { readonly ms: string; readonly event: Readonly<Record<string, unknown>> } {
  const output = scratchDirectory();
  const ran = contimg("convert", input, "--output-dir", output, "--json", ...more);
  expect(ran.status, ran.stderr).toBe(0);
  const event = ran.events.find((each) => each["event"] === "group_converted")!;
  return { ms: String(event["ms_path"]), event };
}

const deviations = (group: string, ms: string, phase: "mid" | "none") =>
  JSON.parse(
    execFileSync(pythonPath, [script, group, ms, iersDirectory, phase], { encoding: "utf8", env: oracleEnv }),
  ) as Deviations;

/** Every tolerance is far below what a wrong convention would make, and above rounding: see docs/tolerances.md. */
function expectAsDefined(found: Deviations): void {
  expect(found).toMatchObject({
    rows_missing: 0,
    freq_hz: 0,
    spw_id_wrong: 0,
    antenna_name_wrong: 0,
    diameter_m: 0,
    mount: ["ALT-AZ"],
    corr_type: [9, 12],
    antenna_id_wrong: 0,
    field_wrong: 0,
    flag_wrong: 0,
    dd_wrong: 0,
    reference_dir_rad: 0,
    exposure_sec: 0,
    weight: 0,
  });
  expect(found["antenna_m"]).toBeLessThan(1e-8);
  expect(found["phase_dir_mas"]).toBeLessThan(0.1);
  expect(found["uvw_m"]).toBeLessThan(1e-6);
  expect(found["data_jy"]).toBeLessThan(5e-7);
  expect(found["time_sec"]).toBeLessThan(1e-6);
}

describeWith(
  oracle,
  "a converted group is what the definition demands, computed anew with h5py, ERFA and casacore",
  () => {
    const group = () => simulatedGroup({ seed: 31, storesFlags: true });

    test("phased to the meridian at mid-time", () => {
      const { ms } = convert(group());
      const found = deviations(group(), ms, "mid");
      expectAsDefined(found);
      expect(found["fields"]).toBe(1);
    });

    test("as recorded, a field each integration", () => {
      const { ms } = convert(group(), "--phase-center", "none");
      const found = deviations(group(), ms, "none");
      expectAsDefined(found);
      expect(found["fields"]).toBe(4);
      // Nothing is rotated: the values are those of the files.
      expect(found["data_jy"]).toBe(0);
    });

    test("as one spectral window", () => {
      const { ms, event } = convert(group(), "--merge-spws");
      expect(event).toMatchObject({ spws: 1, channels_per_spw: 64 });
      expectAsDefined(deviations(group(), ms, "mid"));
    });
  },
);

describeWith([hasCommand("taql"), hasCommand("showtableinfo")], "casacore's own programs", () => {
  test("read every column and describe every storage manager without complaint", () => {
    const { ms } = convert(simulatedGroup({ seed: 31, storesFlags: true }));
    const info = runCommand("showtableinfo", [`in=${ms}`, "dm=t", "col=t"]);
    for (const manager of ["TiledShapeStMan", "TiledColumnStMan", "IncrementalStMan", "StandardStMan"])
      expect(info).toContain(manager);
    const counted = runCommand("taql", [
      `select gcount() as n, gsum(abs(sum(DATA))) as d, gsum(ntrue(FLAG)) as f, gsum(sum(WEIGHT_SPECTRUM)) as w, gmax(TIME) as t from ${ms}`,
    ]);
    expect(counted.trim().split("\n").at(-1)).toMatch(/^4992\t/);
    for (const subtable of [
      "ANTENNA",
      "DATA_DESCRIPTION",
      "FEED",
      "FIELD",
      "OBSERVATION",
      "POLARIZATION",
      "PROCESSOR",
      "SPECTRAL_WINDOW",
      "STATE",
    ]) {
      expect(
        Number(
          runCommand("taql", [`select gcount() as n from ${ms}::${subtable}`])
            .trim()
            .split("\n")
            .at(-1),
        ),
        subtable,
      ).toBeGreaterThan(0);
    }
  });
});

describeWith([oracle, sharedData()], "the recorded simulated groups", () => {
  const folder = (name: string) => join(sharedDataDir()!, "simulated", name);

  test.each(["small", "small_unit", "small_lzf", "mosaic_raw/g1"])("%s", (name) => {
    const { ms } = convert(folder(name));
    expectAsDefined(deviations(folder(name), ms, "mid"));
  });

  test("compressed by bitshuffle, a group gives the same bytes", () => {
    const [plain, compressed] = [convert(folder("small")).ms, convert(folder("small_bitshuffle")).ms];
    const files = readdirSync(plain).filter((name) => name.startsWith("table.f"));
    expect(files.length).toBeGreaterThan(4);
    for (const name of files)
      expect(readFileSync(join(compressed, name)).equals(readFileSync(join(plain, name))), name).toBe(true);
  });

  test("rewritten by pyuvdata, a group gives the same visibilities", () => {
    const [a, b] = [convert(folder("small")).ms, convert(folder("small_pyuvdata")).ms];
    const compare = `
import sys, casacore.tables as ct, numpy as np
a, b = (ct.table(p, ack=False) for p in sys.argv[1:3])
print(max(np.abs(a.getcol(c) - b.getcol(c)).max() for c in ("DATA", "UVW", "TIME", "ANTENNA1", "ANTENNA2")))`;
    expect(Number(runPython(compare, [a, b]).trim().split("\n").at(-1))).toBeLessThan(1e-3);
  });
});

describeWith(
  [pythonWith("casacore", "h5py", "numpy", "astropy"), sharedData()],
  "one file of another telescope",
  () => {
    const folder = join(sharedDataDir() ?? "", "real/uvh5");
    const files = existsSync(folder) ? readdirSync(folder).toSorted() : [];
    // A rotation keeps moduli, and what is flagged follows from the file alone.
    const compare = `
import sys, json, casacore.tables as ct, h5py, numpy as np
t = ct.table(sys.argv[1], ack=False)
d = t.getcol("DATA"); f = t.getcol("FLAG"); u = t.getcol("UVW")
p = ct.table(sys.argv[1] + "::ANTENNA", ack=False).getcol("POSITION")
b = np.linalg.norm(p[t.getcol("ANTENNA2")] - p[t.getcol("ANTENNA1")], axis=1)
with h5py.File(sys.argv[2]) as h:
    v, g, n = (h["Data/" + k][()] for k in ("visdata", "flags", "nsamples"))
if v.dtype.names: v = v["r"] + 1j * v["i"]
bad = ~np.isfinite(v) | (v == 0)
want = np.abs(np.where(bad, 0, v).astype(complex))
print(json.dumps(dict(
    values=int(d.size - v.size), finite=bool(np.isfinite(d).all()), modulus=float(abs(np.abs(d.astype(complex)).sum() / want.sum() - 1)),
    flags=int(f.sum() - (g | bad | ~(n > 0)).sum()), stretch=float(np.abs(np.linalg.norm(u, axis=1) - b).max()),
    order=bool((t.getcol("ANTENNA1") <= t.getcol("ANTENNA2")).all()))))`;

    test.each(files)("%s", (name) => {
      const { ms } = convert(join(folder, name), "--expected-subbands", "1");
      const found = JSON.parse(
        runPython(compare, [ms, join(folder, name)])
          .trim()
          .split("\n")
          .at(-1)!,
      ) as Readonly<Record<string, number | boolean>>;
      expect(found).toMatchObject({ values: 0, finite: true, order: true, flags: 0 });
      expect(found["modulus"]).toBeLessThan(1e-6);
      // |UVW| is the baseline's length but for aberration (1e-4) and, where the file's UVW are kept, its writer's geometry.
      expect(found["stretch"]).toBeLessThan(1);
    });

    test.each(files.filter((name) => name.includes("gcrs")))("%s: its GCRS phase centre is made ICRS", (name) => {
      const { ms } = convert(join(folder, name), "--expected-subbands", "1");
      const separation = `
import sys, casacore.tables as ct, h5py, numpy as np, warnings
warnings.filterwarnings("ignore")
from astropy.coordinates import GCRS, ICRS, SkyCoord
from astropy.time import Time
from astropy.utils import iers
iers.conf.auto_download = False
iers.conf.iers_degraded_accuracy = "ignore"
with h5py.File(sys.argv[2]) as h:
    t = Time(np.mean(h["Header/time_array"][[0, -1]]), format="jd")
    c = next(iter(h["Header/phase_center_catalog"].values()))
    stored = SkyCoord(c["cat_lon"][()], c["cat_lat"][()], unit="rad", frame=GCRS(obstime=t))
ra, dec = ct.table(sys.argv[1] + "::FIELD", ack=False).getcell("PHASE_DIR", 0)[0]
print(float(np.squeeze(stored.transform_to(ICRS()).separation(SkyCoord(ra, dec, unit="rad")).arcsec)))`;
      // astropy's observer is at the Earth's centre, ours where the telescope is: 0.32″ of diurnal aberration.
      expect(
        Number(
          runPython(separation, [ms, join(folder, name)])
            .trim()
            .split("\n")
            .at(-1),
        ),
      ).toBeLessThan(0.35);
    });
  },
);

describe("missing subbands", () => {
  test("are filled with flagged channels where allowed, at the frequencies they would have had", () => {
    const group = scratchDirectory();
    cpSync(simulatedGroup({ seed: 32 }), group, { recursive: true });
    for (const name of readdirSync(group).filter((each) => /_sb(00|07)\.hdf5$/.test(each))) rmSync(join(group, name));
    const { ms, event } = convert(group, "--allow-missing", "2");
    expect(event).toMatchObject({ missing_subbands: [0, 7], spws: 16 });
    expect(event["flagged_fraction"]).toBeGreaterThan(2 / 16 - 1e-9);
    using whole = openTable(convert(simulatedGroup({ seed: 32 })).ms);
    using table = openTable(ms);
    const windows = [whole.subtable("SPECTRAL_WINDOW"), table.subtable("SPECTRAL_WINDOW")] as const;
    for (let spw = 0; spw < 16; spw++) {
      const [expected, found] = windows.map((window) => window.column("CHAN_FREQ").getArray(spw)?.data as Float64Array);
      for (const [chan, freqHz] of expected!.entries()) expect(found![chan]).toBeCloseTo(freqHz, 3);
    }
    for (const window of windows) window.close();
    const rowsPerSpw = table.rowCount / 16;
    // Frequencies ascend: sb00 is the last window, sb07 the ninth.
    for (const spw of [8, 15]) {
      expect(new Set((table.column("FLAG").getArray(spw * rowsPerSpw)?.data as Uint8Array) ?? [])).toEqual(
        new Set([1]),
      );
      expect(table.column("FLAG_ROW").getScalar(spw * rowsPerSpw)).toBe(true);
    }
    expect(table.column("FLAG_ROW").getScalar(0)).toBe(false);
  });
});

describe("the columns of imaging", () => {
  test("MODEL_DATA is 1 Jy and CORRECTED_DATA a copy of DATA, on request", () => {
    const { ms } = convert(simulatedGroup({ seed: 33 }), "--model-data", "--corrected-data");
    using table = openTable(ms);
    const cells = (name: string) => table.column(name).getArray(7)?.data as Float32Array;
    expect(cells("CORRECTED_DATA")).toEqual(cells("DATA"));
    expect(cells("MODEL_DATA")).toEqual(cells("MODEL_DATA").map((_value, k) => (k % 2 === 0 ? 1 : 0)));
  });
});

describe("what the user sees", () => {
  test("the product is organised by date and nothing else is left in the output directory", () => {
    const output = scratchDirectory();
    const ran = contimg(
      "convert",
      simulatedGroup({ seed: 34, hasNameJitter: true }),
      "--output-dir",
      join(output, "ms"),
      "--json",
    );
    expect(ran.status, ran.stderr).toBe(0);
    expect(treeOf(output)).toEqual([
      "ms",
      "ms/science",
      "ms/science/2025-10-03",
      "ms/science/2025-10-03/2025-10-03T11:48:50.ms",
      "ms/science/2025-10-03/2025-10-03T11:48:50.ms.lock",
    ]);
  });

  test("a dry run says what would be done and writes nothing", () => {
    const output = scratchDirectory();
    const ran = contimg("convert", simulatedGroup({ seed: 34 }), "--output-dir", output, "--dry-run");
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.events.find((event) => event["event"] === "group_planned")).toMatchObject({
      spws: 16,
      rows: 4992,
      fields: 1,
    });
    expect(readdirSync(output)).toEqual([]);
  });

  test("a scratch directory on another file system ends in the same place", () => {
    const { ms } = convert(simulatedGroup({ seed: 34 }), "--stage-to-tmpfs");
    const direct = convert(simulatedGroup({ seed: 34 }));
    using a = openTable(ms);
    using b = openTable(direct.ms);
    expect(a.column("DATA").getArray(100)?.data).toEqual(b.column("DATA").getArray(100)?.data);
    expect(readFileSync(join(ms, "table.dat"))).toEqual(readFileSync(join(direct.ms, "table.dat")));
  });

  test("a range of time picks groups by their data", () => {
    const group = scratchDirectory();
    for (const groupIndex of [0, 1]) {
      const from = simulatedGroup({ seed: 35, groupIndex });
      for (const name of readdirSync(from).filter((each) => each.endsWith(".hdf5")))
        copyFileSync(join(from, name), join(group, name));
    }
    const ran = contimg(
      "convert",
      group,
      "--output-dir",
      scratchDirectory(),
      "--dry-run",
      "--start",
      "2025-10-03T11:50:00",
    );
    expect(ran.events.filter((event) => event["event"] === "group_planned").map((event) => event["group_id"])).toEqual([
      "2025-10-03T11:54:00",
    ]);
  });

  test("threads and one thread make the same bytes", () => {
    const group = simulatedGroup({ seed: 36, antennaCount: 96, integrationCount: 3, channelCount: 24 });
    const [one, two] = [convert(group, "--max-workers", "1"), convert(group, "--max-workers", "2")];
    expect(Number(one.event["input_bytes"])).toBeGreaterThan(64 * 2 ** 20);
    for (const name of readdirSync(one.ms).filter((each) => each.startsWith("table.f"))) {
      expect(statSync(join(two.ms, name)).size, name).toBe(statSync(join(one.ms, name)).size);
      expect(readFileSync(join(two.ms, name)).equals(readFileSync(join(one.ms, name))), name).toBe(true);
    }
  });
});

test("the Earth-orientation tables of the check are those of the recorded data", () => {
  const shared = join(repoRoot, "../shared/data/reference/Leap_Second.dat");
  if (existsSync(shared)) expect(readFileSync(join(iersDirectory, "Leap_Second.dat"))).toEqual(readFileSync(shared));
  expect(readdirSync(iersDirectory)).toContain("finals2000A.all");
});
