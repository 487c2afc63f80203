/** `contimg cal predict`: MODEL_DATA beside prediction elsewhere, and solves on it. */

import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openTable, openTableForUpdate } from "@contimg/casacore-tables/node";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith, pythonWith, runPython } from "../../../../tools/oracles.ts";
import { contimg } from "../e2e/run-contimg.ts";
import { readSolutions, type SmallMs, simulateSmallMs, solveSmall } from "./solve-small.ts";

let small: SmallMs;
let catalog: string;
beforeAll(() => {
  small = simulateSmallMs(77);
  catalog = join(small.folder, "sky.sqlite3");
  const built = contimg("catalog", "build", "synthetic", join(small.folder, "raw/truth.json"), "--output", catalog);
  if (built.status !== 0) throw new Error(built.stderr);
}, 60_000);

const predict = (msPath: string, ...flags: readonly string[]) =>
  contimg("cal", "predict", msPath, "--catalog", catalog, "--no-smearing", "--min-flux", "0.01", "--json", ...flags);

/** Of all rows, [row, chan, corr, re, im]. */
function modelOf(msPath: string): Float32Array {
  using main = openTable(msPath);
  const [corrCount = 0, chanCount = 0] = main.column("MODEL_DATA").shapeOf(0)!;
  const values = new Float32Array(2 * main.rowCount * corrCount * chanCount);
  main.column("MODEL_DATA").getCellsInto(0, main.rowCount, values);
  return values;
}

describe("a model that is written", () => {
  test("is there whole, the same for any number of threads, and replaces the one before", () => {
    const before = readdirSync(small.msPath).length;
    const first = predict(small.msPath, "--max-workers", "1");
    expect(first.events).toMatchObject([{ event: "cal_predicted", column: "MODEL_DATA", replaced: false }]);
    const one = modelOf(small.msPath);
    expect(Math.max(...one.subarray(0, 10_000))).toBeGreaterThan(1);
    const names = readdirSync(small.msPath).length;
    expect(names).toBeGreaterThan(before);
    const again = predict(small.msPath, "--max-workers", "2");
    expect(again.events).toMatchObject([{ replaced: true, peak_jy: first.events[0]!["peak_jy"] }]);
    expect(modelOf(small.msPath)).toEqual(one);
    // Nothing of the old one stays.
    expect(readdirSync(small.msPath).length).toBe(names);
    expect(contimg("ms", "verify", small.msPath).status).toBe(0);
  });

  test("gives the solutions that a catalogue gives", async () => {
    const request = { sources: [], modelColumn: "MODEL_DATA" };
    const [column, sources] = [await solveSmall(small, {}, request), await solveSmall(small)];
    expect(column.modelFluxJy).toBeNull();
    for (const suffix of ["_bpcal", "_gpcal", "_2gcal"]) {
      const [a, b] = [column, sources].map(({ prefix }) => readSolutions(`${prefix}${suffix}`));
      expect(a!.flags).toEqual(b!.flags);
      const off = a!.gains!.reduce((most, value, at) => Math.max(most, Math.abs(value - b!.gains![at]!)), 0);
      // The catalogue leaves out what is below 10 mJy through the beam.
      expect(off).toBeLessThan(2e-3);
    }
  });

  test("is refused by a solve where it has values that are no numbers, unless they are flagged", async () => {
    const msPath = join(small.folder, "nan.ms");
    cpSync(small.msPath, msPath, { recursive: true });
    using main = openTable(msPath);
    const [ant1, ant2] = ["ANTENNA1", "ANTENNA2"].map((name) => main.column(name).getScalarRange(0, main.rowCount));
    const flagged = (row: number) => (main.column("FLAG").getArray(row).data as Uint8Array).some((flag) => flag === 1);
    const row = Array.from({ length: main.rowCount }, (_, at) => at).find(
      (at) => ant1![at] !== ant2![at] && !flagged(at),
    )!;
    const values = Float32Array.from(main.column("MODEL_DATA").getArray(row).data as Float32Array);
    values[6] = Number.NaN;
    const update = openTableForUpdate(msPath);
    update.updateTiledRows("MODEL_DATA", row, values);
    await update.finish();
    const solving = solveSmall({ ...small, msPath }, {}, { sources: [], modelColumn: "MODEL_DATA" });
    await expect(solving).rejects.toMatchObject({
      code: "MODEL_UNUSABLE",
      message: expect.stringMatching(
        new RegExp(`MODEL_DATA of row ${row}: expected finite numbers, found NaN`),
      ) as string,
    });
  });
});

describeWith(pythonWith("casacore", "numpy", "scipy"), "with python3-casacore", () => {
  test("it is the sum over the sources, with w, beam and spectrum of each channel", () => {
    const { off, peak, count } = JSON.parse(
      runPython(EXPLICIT, [small.msPath, join(small.folder, "raw/truth.json")]),
    ) as { readonly off: number; readonly peak: number; readonly count: number };
    expect(count).toBeGreaterThan(500);
    // The beam follows the meridian by the sidereal day alone there, and sources below 10 mJy are left out here.
    expect(off / peak).toBeLessThan(3e-3);
  });
});

/** Every 37th row: Σ S (ν/ν₀)^α P(θ, ν) e^{2πi ν/c (u l + v m + w (n−1))}, θ from the point on the meridian. */
const EXPLICIT = `
import json, sys
import numpy as np
import casacore.tables as tables
from scipy.special import j1
ms, truth = sys.argv[1], json.load(open(sys.argv[2]))
main = tables.table(ms, ack=False)
freq = tables.table(ms + "/SPECTRAL_WINDOW", ack=False).getcol("CHAN_FREQ")
ra0, dec0 = tables.table(ms + "/FIELD", ack=False).getcol("PHASE_DIR")[0, 0]
time = main.getcol("TIME")
middle = (time.min() + time.max()) / 2
worst, peak, count = 0.0, 0.0, 0
for row in range(0, main.nrows(), 37):
    hz = freq[main.getcell("DATA_DESC_ID", row)]
    uvw = main.getcell("UVW", row)
    hour = (time[row] - middle) / 86164.0905 * 2 * np.pi
    total = np.zeros(len(hz), complex)
    for source in truth["sources"]:
        ra, dec = np.radians([source["ra_deg"], source["dec_deg"]])
        l = np.cos(dec) * np.sin(ra - ra0)
        m = np.sin(dec) * np.cos(dec0) - np.cos(dec) * np.sin(dec0) * np.cos(ra - ra0)
        n = np.sin(dec) * np.sin(dec0) + np.cos(dec) * np.cos(dec0) * np.cos(ra - ra0)
        offset = np.arccos(np.clip(np.sin(dec) * np.sin(dec0) + np.cos(dec) * np.cos(dec0) * np.cos(ra - ra0 - hour), -1, 1))
        x = np.pi * truth["dish_diameter_m"] * np.sin(offset) * hz / 299792458.0
        beam = np.where(x < 1e-9, 1.0, (2 * j1(x) / np.maximum(x, 1e-9)) ** 2)
        flux = source["flux_1400_jy"] * (hz / 1.4e9) ** source["alpha"] * beam
        total += flux * np.exp(2j * np.pi * hz / 299792458.0 * (uvw @ np.array([l, m, n - 1])))
    model = main.getcell("MODEL_DATA", row)
    worst = max(worst, np.abs(model - total[:, None]).max())
    peak = max(peak, np.abs(total).max())
    count += 1
print(json.dumps({"off": float(worst), "peak": float(peak), "count": count}))
`;
