import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { describeWith, pythonWith, runPython, sharedData, sharedDataDir } from "../../../tools/oracles.ts";
import { type GainTable, gainIndex, normaliseGains, referenceGains } from "../src/solve/index.ts";

const READ = `
import casacore.tables as T, json, sys
t = T.table(sys.argv[1], ack=False)
g = t.getcol("CPARAM"); f = t.getcol("FLAG")
print(json.dumps(dict(shape=g.shape, ant=t.getcol("ANTENNA1").tolist(),
    gains=g.astype("c16").view("f8").ravel().tolist(), flags=f.astype(int).ravel().tolist())))
`;

describeWith([pythonWith("casacore"), sharedData()], "a bandpass of one spectral window written by CASA 6.6", () => {
  let table: GainTable;
  let antennas: readonly number[];
  beforeAll(() => {
    const path = join(sharedDataDir() ?? "", "real/caltables/test_calibration_bandpass.table");
    const { shape, ant, gains, flags } = JSON.parse(runPython(READ, [path])) as {
      readonly shape: readonly [number, number, number];
      readonly ant: readonly number[];
      readonly gains: readonly number[];
      readonly flags: readonly number[];
    };
    antennas = ant;
    table = {
      antennaCount: shape[0],
      intervalCount: 1,
      binCount: shape[1],
      polCount: shape[2],
      gains: Float64Array.from(gains),
      flags: Uint8Array.from(flags),
    };
  });

  it("has one row for each antenna, in order: the layout of a table here", () => {
    expect(antennas).toEqual([...antennas.keys()]);
    expect(table.gains.length).toBe(2 * 117 * 48 * 2);
  });

  it("has rms 1 for each antenna and polarisation over what is not flagged: normalising changes nothing", () => {
    const copy = { ...table, gains: table.gains.slice() };
    const divisors = normaliseGains(copy, { scope: "antenna" });
    let count = 0;
    for (const [at, flag] of divisors.flags.entries()) {
      if (flag === 1) continue;
      expect(divisors.gains[2 * at]).toBeCloseTo(1, 6); // float32
      count++;
    }
    expect(count).toBeGreaterThan(100);
  });

  it("has phase 0 on its reference antenna: referencing changes nothing", () => {
    const copy = { ...table, gains: table.gains.slice(), flags: table.flags.slice() };
    const others = [...Array(table.antennaCount).keys()].slice(1);
    const { antennas: references, flaggedCount } = referenceGains(copy, Int32Array.of(0, ...others), "frequency");
    expect([...references]).toEqual([0, 0]);
    expect(flaggedCount).toBe(0);
    let compared = 0;
    for (let bin = 0; bin < table.binCount; bin++) {
      for (let pol = 0; pol < table.polCount; pol++) {
        if (table.flags[gainIndex(table, 0, 0, bin, pol)] === 1) continue; // another antenna stands in
        for (const antenna of others) {
          const at = gainIndex(table, 0, antenna, bin, pol);
          if (table.flags[at] === 1) continue;
          expect(copy.gains[2 * at]).toBeCloseTo(table.gains[2 * at] as number, 6);
          expect(copy.gains[2 * at + 1]).toBeCloseTo(table.gains[2 * at + 1] as number, 6);
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(5000);
  });
});
