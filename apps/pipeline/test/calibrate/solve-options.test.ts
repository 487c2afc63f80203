/** What may be chosen about a solve, on one small simulated Measurement Set. */

import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { openTable } from "@contimg/casacore-tables/node";
import { gainIndex } from "@contimg/kernels/solve";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith, pythonWith, runPython } from "../../../../tools/oracles.ts";
import type { CalSolutions } from "../../src/domain/cal-solutions.ts";
import { readSolutions, type SmallMs, setFlags, simulateSmallMs, solveSmall } from "./solve-small.ts";

let small: SmallMs;
beforeAll(() => {
  small = simulateSmallMs(321);
}, 60_000);

const copyOf = (name: string): SmallMs => {
  const msPath = join(small.folder, `${name}.ms`);
  cpSync(small.msPath, msPath, { recursive: true });
  return { ...small, msPath };
};

/** Unflagged gains as moduli. */
const moduli = ({ gains, flags }: CalSolutions): readonly number[] =>
  Array.from(flags).flatMap((flag, at) => (flag === 1 ? [] : [Math.hypot(gains![2 * at]!, gains![2 * at + 1]!)]));

/** Largest difference of gains that both have, and that the same are flagged. */
function difference(one: CalSolutions, other: CalSolutions): number {
  expect(one.flags).toEqual(other.flags);
  return one.flags.reduce((most, flag, at) => {
    if (flag === 1) return most;
    const off = Math.hypot(
      one.gains![2 * at]! - other.gains![2 * at]!,
      one.gains![2 * at + 1]! - other.gains![2 * at + 1]!,
    );
    return Math.max(most, off);
  }, 0);
}

test("threads change nothing: the same bits for 1, 2 and 4", async () => {
  const config = { types: ["K", "BP", "GP", "2G"], preBandpassIntervalSec: 30 } as const;
  const [one, ...others] = await Promise.all(
    [1, 2, 4].map((workerCount) => solveSmall(small, config, { workerCount })),
  );
  expect(one!.tables.map(({ type }) => type)).toEqual(["K", "BP", "GP", "2G"]);
  for (const other of others) {
    for (const suffix of ["_kcal", "_bpcal", "_gpcal", "_2gcal"]) {
      const [a, b] = [readSolutions(`${one!.prefix}${suffix}`), readSolutions(`${other.prefix}${suffix}`)];
      expect(b.gains).toEqual(a.gains);
      expect(b.delaysNs).toEqual(a.delaysNs);
      expect(b.flags).toEqual(a.flags);
      expect(b.snrRatio).toEqual(a.snrRatio);
    }
  }
});

test("with too little memory for one pass data are read again, and what comes out is the same", async () => {
  const [whole, passes] = await Promise.all([solveSmall(small), solveSmall(small, {}, { maxSumsBytes: 1 })]);
  for (const suffix of ["_bpcal", "_gpcal", "_2gcal"]) {
    const off = difference(readSolutions(`${whole.prefix}${suffix}`), readSolutions(`${passes.prefix}${suffix}`));
    // Sums are float32, and added in another order.
    expect(off).toBeLessThan(1e-5);
  }
  // Prediction of the whole twice more.
  expect(passes.cpuSec.predict).toBeGreaterThan(1.5 * whole.cpuSec.predict);
});

test("gains on a bandpass that was solved before are those of a solve of both", async () => {
  const both = await solveSmall(small);
  const priorTables = [{ type: "BP", path: `${both.prefix}_bpcal` }] as const;
  const gains = await solveSmall(small, { types: ["GP", "2G"], priorTables });
  expect(gains.tables.map(({ type }) => type)).toEqual(["GP", "2G"]);
  expect(existsSync(`${gains.prefix}_bpcal`)).toBe(false);
  for (const suffix of ["_gpcal", "_2gcal"]) {
    const off = difference(readSolutions(`${both.prefix}${suffix}`), readSolutions(`${gains.prefix}${suffix}`));
    expect(off).toBeLessThan(1e-5);
  }
});

test("delays are those put in, and the bandpass on top of them has little slope left", async () => {
  const report = await solveSmall(small, { types: ["K", "BP"] });
  const delays = readSolutions(`${report.prefix}_kcal`);
  expect(delays).toMatchObject({ kind: "delay", visCal: "K Jones", cellShape: [2, 1] });
  const { gains, layout } = small.sky.truth;
  const stations = layout.antenna_order_stations.map(String);
  const reference = stations.indexOf(report.refant);
  const errors: number[] = [];
  // All windows carry the same: those of the first.
  for (let row = 0; row < delays.antennaNames.length; row++) {
    const truth = stations.indexOf(delays.antennaNames[delays.antennaIds[row]!]!);
    for (let pol = 0; pol < 2; pol++) {
      const isDead = truth < 0 || gains.alive[truth]![pol]! < 1;
      if (isDead) expect(delays.flags[2 * row + pol], `${truth} ${pol}`).toBe(1);
      if (isDead || delays.flags[2 * row + pol] === 1) continue;
      const inputNs = 1e9 * (gains.delay_s[truth]![pol]! - gains.delay_s[reference]![pol]!);
      errors.push(delays.delaysNs![2 * row + pol]! - bestDelayNs(truth, reference, pol, inputNs));
    }
  }
  expect(errors.length).toBeGreaterThan(25);
  // 5 of their errors, which are about 0.01 ns, and the steps of the search.
  expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.08);
  const plain = await solveSmall(small, { types: ["BP"] });
  const [left, whole] = [report, plain].map(({ prefix }) =>
    Math.hypot(...meanSlopesNs(readSolutions(`${prefix}_bpcal`))),
  );
  expect(left!).toBeLessThan(0.3 * whole!);
  expect(report.tables[0]!.quality.kind).toBe("delay");
});

/** The delay that lines up the gains put in best: their ripples over channels move it from the delay that was put in. */
function bestDelayNs(antenna: number, reference: number, pol: number, nearNs: number): number {
  const { gains, freqHz } = small.sky;
  let [best, bestNs] = [-1, Number.NaN];
  for (let delayNs = nearNs - 2; delayNs < nearNs + 2; delayNs += 0.02) {
    let [re, im] = [0, 0];
    for (const [chan, hz] of freqHz.entries()) {
      const [a, b] = [antenna, reference].map((each) => 2 * gainIndex(gains, 0, each, chan, pol));
      const turn = -2e-9 * Math.PI * delayNs * (hz - freqHz[0]!);
      const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
      const x = gains.gains[a!]! * gains.gains[b!]! + gains.gains[a! + 1]! * gains.gains[b! + 1]!;
      const y = gains.gains[a! + 1]! * gains.gains[b!]! - gains.gains[a!]! * gains.gains[b! + 1]!;
      re += x * cos - y * sin;
      im += x * sin + y * cos;
    }
    if (re * re + im * im > best) [best, bestNs] = [re * re + im * im, delayNs];
  }
  return bestNs;
}

/** Mean phase slope of each antenna's first receptor over the channels of all windows, as a delay. */
function meanSlopesNs({
  rowCount,
  cellShape,
  gains,
  flags,
  antennaIds,
  antennaNames,
}: CalSolutions): readonly number[] {
  const [receptorCount, chanCount] = cellShape;
  const sums = antennaNames.map(() => ({ re: 0, im: 0 }));
  for (let row = 0; row < rowCount; row++) {
    const sum = sums[antennaIds[row]!]!;
    for (let chan = 0; chan + 1 < chanCount; chan++) {
      const [a, b] = [chan, chan + 1].map((each) => (row * chanCount + each) * receptorCount);
      if (flags[a!] === 1 || flags[b!] === 1) continue;
      sum.re += gains![2 * b!]! * gains![2 * a!]! + gains![2 * b! + 1]! * gains![2 * a! + 1]!;
      sum.im += gains![2 * b! + 1]! * gains![2 * a!]! - gains![2 * b!]! * gains![2 * a! + 1]!;
    }
  }
  return sums
    .filter(({ re }) => re !== 0)
    .map(({ re, im }) => (Math.atan2(im, re) / (2 * Math.PI * CHAN_WIDTH_HZ)) * 1e9);
}
const CHAN_WIDTH_HZ = 244_140.625 * 8;

describe("one thing changed at a time", () => {
  test("calmode p leaves amplitudes at 1, a leaves phases at 0", async () => {
    const [phases, amplitudes] = await Promise.all([
      solveSmall(small, { types: ["BP", "GP"], gainMode: "p" }),
      solveSmall(small, { types: ["BP", "GP"], gainMode: "a" }),
    ]);
    for (const modulus of moduli(readSolutions(`${phases.prefix}_gpcal`))) expect(modulus).toBeCloseTo(1, 5);
    const { gains, flags } = readSolutions(`${amplitudes.prefix}_gpcal`);
    const used = [...flags.keys()].filter((at) => flags[at] === 0);
    expect(used.length).toBeGreaterThan(300);
    for (const at of used) expect(gains![2 * at + 1]).toBe(0);
  });

  test("no-solnorm keeps the amplitude in the bandpass, and leaves 1 to the gains", async () => {
    const report = await solveSmall(small, { types: ["BP", "GP"], isBandpassNormalised: false });
    const [bandpass, gains] = ["_bpcal", "_gpcal"].map((suffix) => moduli(readSolutions(`${report.prefix}${suffix}`)));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(bandpass!)).toBeLessThan(0.5);
    expect(mean(gains!)).toBeCloseTo(1, 2);
  });

  test("combined spectral windows have one gain, which every window carries", async () => {
    const report = await solveSmall(small, { types: ["BP", "GP"], combine: ["field", "scan", "spw"] });
    const { gains, antennaIds, spectralWindowIds, rowCount } = readSolutions(`${report.prefix}_gpcal`);
    const first = Array.from({ length: rowCount }, (_, row) => row).filter((row) => spectralWindowIds[row] === 0);
    for (let row = 0; row < rowCount; row++) {
      const from = first.find((each) => antennaIds[each] === antennaIds[row])!;
      expect(gains!.subarray(4 * row, 4 * row + 4)).toEqual(gains!.subarray(4 * from, 4 * from + 4));
    }
    expect(new Set(spectralWindowIds).size).toBe(16);
  });

  test("gaps are filled, amplitudes smoothed or fitted", async () => {
    const gap = copyOf("gap");
    await setFlags(gap.msPath, (_row, _corr, chan) => chan === 5);
    const [plain, changed] = await Promise.all([
      solveSmall(gap, { types: ["BP"] }),
      solveSmall(gap, {
        types: ["BP"],
        fillGapsChanCount: 3,
        bandpassSmoothing: { kind: "hanning", widthCount: 3 },
        bandpassDegreeCount: 1,
      }),
    ]);
    const [before, after] = [plain, changed].map(({ prefix }) => readSolutions(`${prefix}_bpcal`));
    const flagged = ({ flags }: CalSolutions) => flags.reduce((sum, flag) => sum + flag, 0);
    expect(flagged(after!)).toBeLessThan(flagged(before!));
    // A line through the amplitudes of each window: second differences vanish.
    const [receptorCount, chanCount] = after!.cellShape;
    const amplitude = (at: number) => Math.hypot(after!.gains![2 * at]!, after!.gains![2 * at + 1]!);
    let seen = 0;
    for (let row = 0; row < after!.rowCount; row++) {
      for (let chan = 1; chan + 1 < chanCount; chan++) {
        const [a, b, c] = [chan - 1, chan, chan + 1].map((each) => (row * chanCount + each) * receptorCount);
        if ([a, b, c].some((at) => after!.flags[at!] === 1)) continue;
        expect(Math.abs(amplitude(a!) - 2 * amplitude(b!) + amplitude(c!))).toBeLessThan(1e-5);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(500);
  });

  test("shorter gain intervals have more rows, each integration one", async () => {
    const report = await solveSmall(small, { types: ["BP", "GP"], gainIntervalSec: 0 });
    const { timesMjdSec } = readSolutions(`${report.prefix}_gpcal`);
    expect(new Set(timesMjdSec).size).toBe(small.sky.truth.layout.nint);
  });

  test("baselines are chosen by wavelengths, fields by name", async () => {
    const far = await solveSmall(small, { types: ["BP"], minUvLambda: 1000 });
    const all = await solveSmall(small, { types: ["BP"], fields: ["0"] });
    expect(far.usedFraction).toBeLessThan(0.95 * all.usedFraction);
    await expect(solveSmall(small, { fields: ["3C48"] })).rejects.toMatchObject({ code: "MS_UNSUITABLE" });
  });

  test("robust weights and presets find the same gains on clean data", async () => {
    const [plain, robust] = await Promise.all([
      solveSmall(small, { types: ["BP", "GP"] }),
      solveSmall(small, { types: ["BP", "GP"], robust: { kind: "huber", limitSigma: 3 } }),
    ]);
    const [a, b] = [plain, robust].map(({ prefix }) => readSolutions(`${prefix}_gpcal`));
    let [sum, count] = [0, 0];
    for (const [at, flag] of a!.flags.entries()) {
      if (flag === 1 || b!.flags[at] === 1) continue;
      sum +=
        (Math.hypot(b!.gains![2 * at]!, b!.gains![2 * at + 1]!) /
          Math.hypot(a!.gains![2 * at]!, a!.gains![2 * at + 1]!) -
          1) **
        2;
      count++;
    }
    expect(count).toBeGreaterThan(300);
    expect(Math.sqrt(sum / count)).toBeLessThan(0.02);
  });
});

test("phases that drift cost the bandpass amplitude, unless they are taken out first", async () => {
  // An independent sum: |⟨e^{i r t}⟩| of each antenna's drift, as the truth has it.
  const config = { types: ["BP"], isBandpassNormalised: false } as const;
  const [kept, lost] = await Promise.all([
    solveSmall(small, { ...config, preBandpassIntervalSec: 0 }),
    solveSmall(small, config),
  ]);
  const sky = small.sky;
  const bins = binsOfChannels();
  const amplitudeOf = ({ prefix }: { readonly prefix: string }) => {
    const { antennaNames, antennaIds, flags, gains, cellShape } = readSolutions(`${prefix}_bpcal`);
    const stations = sky.truth.layout.antenna_order_stations.map(String);
    let [sum, count] = [0, 0];
    for (const [at, flag] of flags.entries()) {
      const row = Math.floor(at / 2 / cellShape[1]);
      const truth = stations.indexOf(antennaNames[antennaIds[row]!]!);
      if (flag === 1 || truth < 0) continue;
      const chan = Math.floor(at / 2) % cellShape[1];
      const window = Math.floor(row / antennaNames.length);
      const from = gainIndex(sky.gains, 0, truth, bins[window * cellShape[1] + chan]!, at % 2);
      sum +=
        Math.hypot(gains![2 * at]!, gains![2 * at + 1]!) /
        Math.hypot(sky.gains.gains[2 * from]!, sky.gains.gains[2 * from + 1]!);
      count++;
    }
    return sum / count;
  };
  const [keptRatio, lostRatio] = [amplitudeOf(kept), amplitudeOf(lost)];
  expect(keptRatio).toBeGreaterThan(lostRatio);
  expect(keptRatio).toBeCloseTo(1, 2);
});

/** Channels of the truth, whose subbands are in another order, for those of all windows. */
function binsOfChannels(): readonly number[] {
  using spectral = openTable(join(small.msPath, "SPECTRAL_WINDOW"));
  const freqHz = Array.from({ length: spectral.rowCount }, (_, window) =>
    Array.from(spectral.column("CHAN_FREQ").getArray(window).data as Float64Array),
  ).flat();
  const bins = freqHz.map((hz) => small.sky.freqHz.findIndex((other) => Math.abs(other - hz) < 1));
  expect(Math.min(...bins)).toBe(0);
  return bins;
}

describeWith(pythonWith("casacore", "numpy"), "with python3-casacore", () => {
  test("delays, bandpass and gains open, with the numbers that are here", async () => {
    const { prefix } = await solveSmall(small, { types: ["K", "BP", "GP"] });
    for (const [suffix, column, type] of [
      ["_kcal", "FPARAM", "K Jones"],
      ["_bpcal", "CPARAM", "B Jones"],
      ["_gpcal", "CPARAM", "G Jones"],
    ] as const) {
      const here = readSolutions(`${prefix}${suffix}`);
      const there = JSON.parse(runPython(DESCRIBE, [`${prefix}${suffix}`, column])) as {
        readonly visCal: string;
        readonly rows: number;
        readonly sum: number;
        readonly flagged: number;
      };
      expect(there).toMatchObject({ visCal: type, rows: here.rowCount });
      expect(there.flagged).toBe(here.flags.reduce((sum, flag) => sum + flag, 0));
      const values = here.delaysNs ?? here.gains!;
      expect(there.sum).toBeCloseTo(
        values.reduce((sum, value) => sum + Math.abs(value), 0),
        1,
      );
    }
  });
});

const DESCRIBE = `
import json, sys
import numpy as np
import casacore.tables as tables
table = tables.table(sys.argv[1], ack=False)
values = table.getcol(sys.argv[2])
parts = [values.real, values.imag] if np.iscomplexobj(values) else [values]
print(json.dumps({
    "visCal": table.getkeyword("VisCal"), "rows": table.nrows(), "flagged": int(table.getcol("FLAG").sum()),
    "sum": float(sum(np.abs(part.astype(float)).sum() for part in parts)),
}))
`;

describe("input that cannot be solved on has a code, and says what to do next", () => {
  const messageOf = async (solving: Promise<unknown>): Promise<string> => {
    const error = await solving.then(
      () => undefined,
      (reason: { readonly code: string; readonly message: string }) => reason,
    );
    return `${error?.code} ${error?.message}`;
  };

  test("all flagged", async () => {
    const flagged = copyOf("flagged");
    await setFlags(flagged.msPath, () => true);
    expect(await messageOf(solveSmall(flagged))).toMatch(
      /^SOLVE_FAILED .*none of \d+ visibilities counts.*contimg flag/,
    );
  });

  test("one polarisation dead", async () => {
    const dead = copyOf("dead");
    await setFlags(dead.msPath, (_row, corr) => corr === 1);
    expect(await messageOf(solveSmall(dead))).toMatch(/^SOLVE_FAILED .*polarisation 2 of 2 .*contimg flag summary/);
  });

  test("two antennas left", async () => {
    const few = copyOf("few");
    using main = openTable(few.msPath);
    const [ant1, ant2] = ["ANTENNA1", "ANTENNA2"].map((name) => main.column(name).getScalarRange(0, main.rowCount));
    const kept = [ant1![1] as number, ant2![1] as number];
    await setFlags(few.msPath, (row) => !(kept.includes(ant1![row] as number) && kept.includes(ant2![row] as number)));
    expect(await messageOf(solveSmall(few))).toMatch(/^SOLVE_FAILED .*too few data/);
    expect(existsSync(`${few.folder}/solve_bpcal`)).toBe(false);
  });

  test("a source that is no number", async () => {
    const bad = {
      ...small,
      sky: {
        ...small.sky,
        truth: { ...small.sky.truth, sources: [{ ra_deg: 1, dec_deg: Number.NaN, flux_1400_jy: 1, alpha: 0 }] },
      },
    };
    expect(await messageOf(solveSmall(bad))).toMatch(/^MODEL_UNUSABLE .*source SRC0 .*expected finite numbers/);
  });

  test("no source", async () => {
    expect(await messageOf(solveSmall(small, {}, { sources: [] }))).toMatch(/^SOLVE_FAILED .*no source in the beam/);
  });

  test("a model column that is not there", async () => {
    expect(await messageOf(solveSmall(small, {}, { modelColumn: "MODEL_DATA" }))).toMatch(
      /^MS_UNSUITABLE .*MODEL_DATA/,
    );
  });

  test("gains without a bandpass, or on one that is not there or of another array", async () => {
    expect(await messageOf(solveSmall(small, { types: ["GP"] }))).toMatch(
      /^PRIOR_UNUSABLE .*expected a bandpass.*--prior-table/,
    );
    const priorTables = [{ type: "BP", path: join(small.folder, "none_bpcal") }] as const;
    expect(await messageOf(solveSmall(small, { types: ["GP"], priorTables }))).toMatch(/^INPUT_UNREADABLE/);
    expect(await messageOf(solveSmall(small, { types: ["BP"], priorTables }))).toMatch(
      /^PRIOR_UNUSABLE .*not solved for/,
    );
  });
});
