/** `contimg cal solve` from raw simulated files to tables, beside the gains that were put in. */

import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTable } from "@contimg/casacore-tables/node";
import { gainIndex } from "@contimg/kernels/solve";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith, pythonWith, runPython } from "../../../../tools/oracles.ts";
import { calTableFiles } from "../../src/adapters/fs/cal-table-files.ts";
import { contimg, type Ran } from "../e2e/run-contimg.ts";
import { readSkyGroup, type SkyGroup } from "../solve/simulated-sky.ts";

interface Solved {
  readonly folder: string;
  readonly msPath: string;
  readonly prefix: string;
  readonly sky: SkyGroup;
  readonly run: Ran;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function prepare(seed: number, ...simulation: readonly string[]): Omit<Solved, "run"> {
  const folder = mkdtempSync(join(tmpdir(), "contimg-cal-solve-"));
  folders.push(folder);
  const raw = join(folder, "raw");
  expect(contimg("simulate", "--output-dir", raw, "--small", "--seed", String(seed), ...simulation).status).toBe(0);
  const converted = contimg("convert", raw, "--output-dir", join(folder, "ms"));
  const msPath = converted.events.find(({ event }) => event === "group_converted")!["ms_path"] as string;
  expect(contimg("flag", msPath).status).toBe(0);
  const truth = join(raw, "truth.json");
  expect(contimg("catalog", "build", "synthetic", truth, "--output", join(folder, "sky.sqlite3")).status).toBe(0);
  return { folder, msPath, prefix: msPath.replace(/\.ms$/, "_0"), sky: readSkyGroup(raw) };
}

const solve = ({ folder, msPath }: Omit<Solved, "run">, ...flags: readonly string[]) =>
  contimg(
    "cal",
    "solve",
    msPath,
    "--catalog",
    join(folder, "sky.sqlite3"),
    "--registry-db",
    join(folder, "registry.sqlite3"),
    "--json",
    ...flags,
  );

/** Bandpass × gains × phases over the gains put in, averaged over the band, both against the reference antenna. */
function ratiosToTruth({ prefix, sky, run }: Solved): readonly { amplitude: number; phaseDeg: number }[] {
  const tables = ["_bpcal", "_gpcal", "_2gcal"].map((suffix) => calTableFiles.readSolutions(`${prefix}${suffix}`));
  const { antennaNames, spwFreqHz } = tables[0]!;
  const reference = antennaNames.indexOf(run.events[0]!["refant"] as string);
  /** By antenna, spectral window, channel and receptor; of several intervals the middle one. */
  const gainAt = (table: (typeof tables)[0], antenna: number, spw: number, chan: number, receptor: number) => {
    const rows = Array.from({ length: table.rowCount }, (_, row) => row).filter(
      (row) => table.antennaIds[row] === antenna && table.spectralWindowIds[row] === spw,
    );
    const row = rows[rows.length >> 1]!;
    const chanCount = table.cellShape[1];
    const at = (row * chanCount + (chanCount === 1 ? 0 : chan)) * 2 + receptor;
    return { re: table.gains![2 * at]!, im: table.gains![2 * at + 1]!, isFlagged: table.flags[at] === 1 };
  };
  const stations = sky.truth.layout.antenna_order_stations.map(String);
  const truthReference = stations.indexOf(antennaNames[reference]!);
  const ratios: { amplitude: number; phaseDeg: number }[] = [];
  for (const [truthAntenna, station] of stations.entries()) {
    const antenna = antennaNames.indexOf(station);
    for (let receptor = 0; receptor < 2; receptor++) {
      if (truthAntenna === truthReference || sky.gains.flags[gainIndex(sky.gains, 0, truthAntenna, 0, receptor)] === 1)
        continue;
      let [sumRe, sumIm, count] = [0, 0, 0];
      for (const [spw, freqHz] of spwFreqHz.entries()) {
        for (const [chan, hz] of freqHz.entries()) {
          let [re, im, isFlagged] = [1, 0, false];
          for (const table of tables) {
            const gain = gainAt(table, antenna, spw, chan, receptor);
            [re, im] = [re * gain.re - im * gain.im, re * gain.im + im * gain.re];
            isFlagged ||= gain.isFlagged;
          }
          const bin = sky.freqHz.findIndex((other) => Math.abs(other - hz) < 1);
          const at = gainIndex(sky.gains, 0, truthAntenna, bin, receptor);
          const of = gainIndex(sky.gains, 0, truthReference, bin, receptor);
          const [tRe, tIm] = [sky.gains.gains[2 * at]!, sky.gains.gains[2 * at + 1]!];
          const [rRe, rIm] = [sky.gains.gains[2 * of]!, sky.gains.gains[2 * of + 1]!];
          // Truth turned so that the reference has phase 0.
          const length = Math.hypot(rRe, rIm);
          const [xRe, xIm] = [(tRe * rRe + tIm * rIm) / length, (tIm * rRe - tRe * rIm) / length];
          const power = xRe * xRe + xIm * xIm;
          if (isFlagged) continue;
          sumRe += (re * xRe + im * xIm) / power;
          sumIm += (im * xRe - re * xIm) / power;
          count++;
        }
      }
      if (count === 0) continue;
      ratios.push({
        amplitude: Math.hypot(sumRe, sumIm) / count,
        phaseDeg: (Math.atan2(sumIm, sumRe) * 180) / Math.PI,
      });
    }
  }
  return ratios;
}

const rms = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

describe.each([21, 4242])("raw files of seed %i", (seed) => {
  let solved: Solved;
  beforeAll(() => {
    const prepared = prepare(seed);
    solved = { ...prepared, run: solve(prepared) };
  }, 60_000);

  test("give a bandpass, gains and phases, each with its verdict", () => {
    expect(solved.run.status).toBe(0);
    expect(solved.run.events.map((event) => event["table_type"])).toEqual(["BP", "GP", "2G"]);
    for (const event of solved.run.events) {
      expect(event["verdict"]).toBe("usable");
      expect(event["flagged_fraction"]).toBeLessThan(0.1);
      expect(event["median_snr"]).toBeGreaterThan(50);
    }
    expect(solved.run.events[0]!["median_gain"]).toBeCloseTo(1, 1);
  });

  test("to within 1 % and 1 degree of the gains put in", () => {
    const ratios = ratiosToTruth(solved);
    expect(ratios.length).toBeGreaterThan(25);
    expect(rms(ratios.map(({ amplitude }) => amplitude - 1))).toBeLessThan(0.01);
    expect(rms(ratios.map(({ phaseDeg }) => phaseDeg))).toBeLessThan(1);
  });

  test("and dead inputs none", () => {
    const bandpass = calTableFiles.readSolutions(`${solved.prefix}_bpcal`);
    const deadFlags = [...solved.sky.truth.gains.alive.entries()].flatMap(([index, alive]) => {
      const antenna = bandpass.antennaNames.indexOf(String(solved.sky.truth.layout.antenna_order_stations[index]));
      return Array.from(bandpass.flags).filter(
        (_, at) => alive[at % 2]! < 1 && bandpass.antennaIds[Math.floor(at / 2 / bandpass.cellShape[1])] === antenna,
      );
    });
    expect(deadFlags.length).toBeGreaterThan(500);
    expect(deadFlags.every((flag) => flag === 1)).toBe(true);
  });

  test("that the registry chooses for data of that time, each type by itself", () => {
    using main = openTable(solved.msPath);
    const mjd = (main.column("TIME").getScalar(0) as number) / 86_400;
    const active = contimg(
      "cal",
      "active",
      "--at",
      String(mjd),
      "--registry-db",
      join(solved.folder, "registry.sqlite3"),
      "--json",
    );
    expect(active.status).toBe(0);
    const tables = active.events[0]!["tables"] as { table_type: string; path: string }[];
    expect(tables.map(({ table_type, path }) => [table_type, path])).toEqual([
      ["BP", `${solved.prefix}_bpcal`],
      ["GP", `${solved.prefix}_gpcal`],
      ["2G", `${solved.prefix}_2gcal`],
    ]);
  });

  test("are never written over", () => {
    const again = solve(solved);
    expect(again).toMatchObject({ status: 1, events: [{ code: "OUTPUT_EXISTS" }] });
    expect(readdirSync(join(solved.msPath, "..")).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

describeWith(pythonWith("casacore", "numpy"), "with python3-casacore", () => {
  test("data divided by the tables are the model to within their noise", () => {
    const prepared = prepare(5);
    expect(solve(prepared, "--phase-solint", "none").status).toBe(0);
    const { ratio, count } = JSON.parse(runPython(APPLY, [prepared.msPath, prepared.prefix])) as {
      readonly ratio: number;
      readonly count: number;
    };
    expect(count).toBeGreaterThan(10_000);
    // Sources other than the calibrator add and take away: the mean of the real part over all baselines stays its flux.
    expect(ratio).toBeGreaterThan(0.97);
    expect(ratio).toBeLessThan(1.03);
  });
});

/** Divides by g1 g2*, in numpy, and turns towards the calibrator; prints the mean over its flux through the beam. */
const APPLY = `
import json, sys
import numpy as np
import casacore.tables as tables
ms, prefix = sys.argv[1:3]
def gains(path):
    table = tables.table(path, ack=False)
    out = {}
    for antenna, spw, gain, flag in zip(*[table.getcol(n) for n in ("ANTENNA1", "SPECTRAL_WINDOW_ID", "CPARAM", "FLAG")]):
        out[(antenna, spw)] = np.where(flag, np.nan, gain)
    return out
bandpass, gain = gains(prefix + "_bpcal"), gains(prefix + "_gpcal")
main = tables.table(ms, ack=False)
freq = tables.table(ms + "/SPECTRAL_WINDOW", ack=False).getcol("CHAN_FREQ")
ra0, dec0 = tables.table(ms + "/FIELD", ack=False).getcol("PHASE_DIR")[0, 0]
truth = json.load(open(ms.split("/ms/")[0] + "/raw/truth.json"))
cal = max(truth["sources"], key=lambda source: source["flux_1400_jy"])
ra, dec = np.radians([cal["ra_deg"], cal["dec_deg"]])
l = np.cos(dec) * np.sin(ra - ra0)
m = np.sin(dec) * np.cos(dec0) - np.cos(dec) * np.sin(dec0) * np.cos(ra - ra0)
n = np.sqrt(1 - l * l - m * m)
total, count = 0.0, 0
expected = 0.0
from math import pi
from scipy.special import j1
def power(offset, hz):
    x = pi * truth["dish_diameter_m"] * np.sin(offset) * hz / 299792458.0
    return np.where(x < 1e-9, 1.0, (2 * j1(x) / np.maximum(x, 1e-9)) ** 2)
times = np.unique(main.getcol("TIME"))
middle = times.mean()
data, flag, uvw = main.getcol("DATA"), main.getcol("FLAG"), main.getcol("UVW")
ant1, ant2, ddid, time = [main.getcol(name) for name in ("ANTENNA1", "ANTENNA2", "DATA_DESC_ID", "TIME")]
for row in range(main.nrows()):
    if ant1[row] == ant2[row]: continue
    spw = ddid[row]
    g1 = bandpass[(ant1[row], spw)] * gain[(ant1[row], spw)]
    g2 = bandpass[(ant2[row], spw)] * gain[(ant2[row], spw)]
    hz = freq[spw]
    turn = np.exp(-2j * pi * (uvw[row] @ np.array([l, m, n - 1])) * hz / 299792458.0)
    value = (data[row] / (g1 * np.conj(g2))) * turn[:, None]
    # The beam stands on the meridian: the calibrator drifts past it.
    hour = (time[row] - middle) / 86164.0905 * 2 * pi
    offset = np.arccos(np.clip(np.sin(dec) * np.sin(dec0) + np.cos(dec) * np.cos(dec0) * np.cos(ra - ra0 - hour), -1, 1))
    flux = cal["flux_1400_jy"] * (hz / 1.4e9) ** cal["alpha"] * power(offset, hz)
    good = ~flag[row] & np.isfinite(value)
    total += np.sum(np.where(good, value.real, 0))
    expected += np.sum(np.where(good, flux[:, None], 0))
    count += int(good.sum())
print(json.dumps({"ratio": total / expected, "count": count}))
`;

test("a field without a source says how bright the brightest is; nothing is written", () => {
  const prepared = prepare(9);
  const run = solve(prepared, "--min-flux", "500");
  expect(run).toMatchObject({ status: 1, events: [{ code: "SOLVE_FAILED" }] });
  expect(run.stderr).toMatch(/expected a source of 500 Jy through the beam .*the brightest has \d+\.\d+ Jy/);
  expect(existsSync(`${prepared.prefix}_bpcal`)).toBe(false);
});
