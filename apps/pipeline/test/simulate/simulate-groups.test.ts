import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isWhole, openUvh5 } from "@contimg/uvh5/node";
import { afterAll, expect, test } from "vitest";
import { parseFault } from "../../src/simulate/faults.ts";
import { nodeSimulatorDeps } from "../../src/simulate/node-deps.ts";
import { simulateGroups } from "../../src/simulate/simulate-groups.ts";
import type { SimulationOptions } from "../../src/simulate/simulation-options.ts";

const root = mkdtempSync(join(tmpdir(), "contimg-simulate-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folderCount = 0;

const SMALL = { antennaCount: 20, integrationCount: 2, subbandCount: 2, channelCount: 8 };

function simulate(options: Omit<SimulationOptions, "outputDir">) {
  const outputDir = join(root, String(folderCount++));
  const groups = simulateGroups({ outputDir, ...SMALL, ...options }, nodeSimulatorDeps);
  return { outputDir, groups, truth: groups[0]!.truth };
}

function visibilities(path: string) {
  using file = openUvh5(path);
  const { bltCount, channelCount, polarizationCount, ant1, ant2 } = file.header;
  const vis = new Float32Array(2 * bltCount * channelCount * polarizationCount);
  file.readRows({ bltStart: 0, bltEnd: bltCount }, { vis });
  const at = (row: number, chan: number, pol: number) => {
    const k = 2 * ((row * channelCount + chan) * polarizationCount + pol);
    return [vis[k]!, vis[k + 1]!] as const;
  };
  return { bltCount, channelCount, ant1, ant2, at };
}

const hdf5Files = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".hdf5"));

test("equal options give equal bytes, another seed gives others", () => {
  const one = simulate({});
  const two = simulate({});
  const other = simulate({ seed: 111 });
  for (const name of readdirSync(one.outputDir)) {
    const bytes = readFileSync(join(one.outputDir, name));
    expect(bytes.equals(readFileSync(join(two.outputDir, name)))).toBe(true);
    if (name !== "truth.json") expect(bytes.equals(readFileSync(join(other.outputDir, name)))).toBe(false);
  }
});

test("gains divide out: raw visibilities over G1·conj(G2) are those of the perfect instrument", () => {
  const quiet = { noiseScaleFactor: 0, hasRfi: false, integrationCount: 1, antennaCount: 12 };
  const raw = simulate({ ...quiet });
  const unit = simulate({ ...quiet, gains: "unit" });
  const gainBytes = readFileSync(join(raw.outputDir, "truth_gain.c64"));
  const gain = new Float32Array(gainBytes.buffer.slice(gainBytes.byteOffset, gainBytes.byteOffset + gainBytes.length));
  expect(gain).toHaveLength(2 * 12 * 2 * 16);
  const order = raw.truth.layout.antenna_order_stations;
  const name = hdf5Files(raw.outputDir)[1]!; // subband 1: channels 8 … 15 of the gain file
  const a = visibilities(join(raw.outputDir, name));
  const b = visibilities(join(unit.outputDir, name));
  let comparedCount = 0;
  for (let row = 0; row < a.bltCount; row++) {
    if (a.ant1[row] === a.ant2[row]) continue; // autocorrelations carry each input's own SEFD
    for (let chan = 0; chan < 8; chan++) {
      for (let pol = 0; pol < 2; pol++) {
        const gainOf = (antenna: number) => {
          const k = 2 * ((order.indexOf(antenna + 1) * 2 + pol) * 16 + 8 + chan);
          return [gain[k]!, gain[k + 1]!] as const;
        };
        const [g1Re, g1Im] = gainOf(a.ant1[row]!);
        const [g2Re, g2Im] = gainOf(a.ant2[row]!);
        const re = g1Re * g2Re + g1Im * g2Im;
        const im = g1Im * g2Re - g1Re * g2Im;
        const [vRe, vIm] = a.at(row, chan, pol);
        const [uRe, uIm] = b.at(row, chan, pol);
        const error = Math.hypot(uRe * re - uIm * im - vRe, uRe * im + uIm * re - vIm);
        expect(error).toBeLessThan(1e-6 * Math.hypot(vRe, vIm) + 1e-6);
        comparedCount++;
      }
    }
  }
  expect(comparedCount).toBe(66 * 8 * 2);
});

test("thermal noise has the spread that SEFD, channel width and integration time make", () => {
  const noisy = simulate({ gains: "unit", hasRfi: false, antennaCount: 40 });
  const quiet = simulate({ gains: "unit", hasRfi: false, antennaCount: 40, noiseScaleFactor: 0 });
  const name = hdf5Files(noisy.outputDir)[0]!;
  const a = visibilities(join(noisy.outputDir, name));
  const b = visibilities(join(quiet.outputDir, name));
  const cross: number[] = [];
  const auto: number[] = [];
  for (let row = 0; row < a.bltCount; row++) {
    for (let chan = 0; chan < 8; chan++) {
      const [re, im] = a.at(row, chan, 1);
      const [quietRe, quietIm] = b.at(row, chan, 1);
      if (a.ant1[row] === a.ant2[row]) {
        auto.push(re - quietRe);
        expect(im).toBe(0);
      } else cross.push(re - quietRe, im - quietIm);
    }
  }
  const rms = (values: readonly number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  const sigmaJy = noisy.truth.noise_sigma_re_im_jy;
  expect(sigmaJy).toBeCloseTo(6500 / Math.sqrt(2 * 1464843.75 * 12.884902), 6);
  // 25 000 and 640 samples: 4 sigma of their own scatter.
  expect(Math.abs(rms(cross) / sigmaJy - 1)).toBeLessThan(4 / Math.sqrt(2 * cross.length));
  expect(Math.abs(rms(auto) / (Math.SQRT2 * sigmaJy) - 1)).toBeLessThan(4 / Math.sqrt(2 * auto.length));
});

test("dead inputs are dark, the noisy antenna is loud, and the truth names them", () => {
  const { outputDir, truth } = simulate({ hasRfi: false });
  const bad = truth.bad_antennas_stations;
  expect([bad.dead.length, bad.dead_pol_YY.length, bad.noisy.length]).toEqual([2, 1, 1]);
  const data = visibilities(join(outputDir, hdf5Files(outputDir)[0]!));
  const autoPower = (station: number, pol: number) => {
    for (let row = 0; row < data.bltCount; row++) {
      if (data.ant1[row] === station - 1 && data.ant2[row] === station - 1) return data.at(row, 4, pol)[0];
    }
    return Number.NaN;
  };
  const typical = autoPower(truth.layout.antenna_order_stations[0]!, 0);
  for (const station of bad.dead) expect(autoPower(station, 0) / typical).toBeLessThan(1e-5);
  expect(autoPower(bad.dead_pol_YY[0]!, 1) / autoPower(bad.dead_pol_YY[0]!, 0)).toBeLessThan(1e-5);
  expect(autoPower(bad.noisy[0]!, 0) / typical).toBeGreaterThan(2);
});

test("interference stands out in its channels only, in some integrations and not in others", () => {
  const options = { gains: "unit", subbandCount: 16, integrationCount: 12, antennaCount: 4 } as const;
  const { outputDir, truth } = simulate(options);
  const hit = truth.rfi_channels.map(({ chan }) => chan);
  expect(hit).toHaveLength(5);
  const loudIntegrations = new Map<number, number>();
  hdf5Files(outputDir).forEach((name, subband) => {
    const data = visibilities(join(outputDir, name));
    const baselineCount = data.bltCount / 12;
    for (let integration = 0; integration < 12; integration++) {
      for (let chan = 0; chan < 8; chan++) {
        const isLoud = Math.hypot(...data.at(integration * baselineCount + 1, chan, 0)) > 60;
        const key = subband * 8 + chan;
        if (isLoud) loudIntegrations.set(key, (loudIntegrations.get(key) ?? 0) + 1);
      }
    }
  });
  expect([...loudIntegrations.keys()].toSorted((a, b) => a - b)).toEqual(hit);
  const total = [...loudIntegrations.values()].reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThan(15);
  expect(total).toBeLessThan(45);
});

test("each fault gives the file that it says, and whole files stay whole", () => {
  const faults = ["missing:0", "truncated:1", "short:2", "incomplete:3", "zero-byte:4"].map(parseFault);
  const { outputDir, groups, truth } = simulate({ faults, subbandCount: 6 });
  const present = hdf5Files(outputDir).map((name) => name.slice(19));
  expect(present).toEqual(["_sb01.hdf5", "_sb02.hdf5", "_sb03_incomplete.hdf5", "_sb04.hdf5", "_sb05.hdf5"]);
  const check = (suffix: string) => {
    const name = hdf5Files(outputDir).find((file) => file.endsWith(suffix))!;
    return isWhole(join(outputDir, name), { expectedTimeCount: 2 });
  };
  expect(check("_sb01.hdf5").verdict).toBe("truncated");
  expect(check("_sb02.hdf5")).toMatchObject({ timeCount: 1 });
  expect(check("_sb02.hdf5").verdict).not.toBe("complete");
  expect(check("_sb03_incomplete.hdf5").verdict).not.toBe("complete");
  expect(check("_sb04.hdf5").verdict).not.toBe("complete");
  expect(statSync(join(outputDir, groups[0]!.files[2]!)).size).toBe(0);
  expect(check("_sb05.hdf5").verdict).toBe("complete");
  expect(groups[0]!.files.map((name) => name.slice(19, 24))).toEqual(["_sb01", "_sb02", "_sb04", "_sb05"]);
  expect(truth.faults).toHaveLength(5);
});

test("consecutive groups follow 309.24 s apart with one sky and one set of gains, each with its own truth", () => {
  const { outputDir, groups } = simulate({ groupCount: 3, groupIndex: 1, faults: [parseFault("missing:1@2")] });
  expect(groups.map(({ groupIndex, files }) => [groupIndex, files.length])).toEqual([
    [1, 2],
    [2, 1],
    [3, 2],
  ]);
  const starts = groups.map(({ truth }) => truth.layout.times_jd[0]!);
  for (const k of [1, 2]) expect((starts[k]! - starts[k - 1]!) * 86_400).toBeCloseTo(24 * 12.884902000427246, 3);
  const names = (k: number) => groups[k]!.truth.sources.map(({ name, ra_deg }) => `${name} ${ra_deg}`);
  expect(names(2)).toEqual(names(0));
  expect(groups[2]!.truth.gains).toEqual({ ...groups[0]!.truth.gains, tmid_jd: groups[2]!.truth.gains.tmid_jd });
  expect(readdirSync(outputDir).filter((name) => name.startsWith("truth"))).toEqual([
    "truth_g1.json",
    "truth_g2.json",
    "truth_g3.json",
    "truth_gain.c64",
  ]);
});

test("a later group alone has the same files as within a run that has the same sky", () => {
  const run = simulate({ groupCount: 2 });
  const skyJd = run.groups[0]!.truth.gains.tmid_jd;
  const alone = simulate({ groupIndex: 1, skyJd });
  for (const name of alone.groups[0]!.files) {
    expect(readFileSync(join(alone.outputDir, name)).equals(readFileSync(join(run.outputDir, name)))).toBe(true);
  }
});

test("names of jittered subbands differ by up to two seconds, data times not at all", () => {
  const { outputDir, groups } = simulate({
    hasNameJitter: true,
    subbandCount: 16,
    antennaCount: 4,
    integrationCount: 1,
  });
  const stamps = new Set(groups[0]!.files.map((name) => name.slice(0, 19)));
  expect(stamps.size).toBe(3);
  expect([...stamps].toSorted()).toEqual(["2025-10-03T11:48:50", "2025-10-03T11:48:51", "2025-10-03T11:48:52"]);
  const times = groups[0]!.files.map((name) => isWhole(join(outputDir, name)).firstTimeJd);
  expect(new Set(times)).toEqual(new Set([2460951.992331495]));
});

test("a variable source is brighter by its factor, others are as before", () => {
  const before = simulate({}).truth.sources;
  const after = simulate({ varyFactor: new Map([["SRC03", 2.5]]) }).truth.sources;
  before.forEach((source, k) => {
    expect(after[k]!.flux_1400_jy / source.flux_1400_jy).toBeCloseTo(source.name === "SRC03" ? 2.5 : 1, 12);
  });
  expect(() => simulate({ varyFactor: new Map([["SRC99", 2]]) })).toThrow('found "SRC99"');
});

test("flags can be stored: a dead antenna's and YY of the second integration", () => {
  const { outputDir, truth } = simulate({ storesFlags: true });
  using file = openUvh5(join(outputDir, hdf5Files(outputDir)[0]!));
  const { bltCount, ant1, ant2 } = file.header;
  const flags = new Uint8Array(bltCount * 16);
  const nsamples = new Float32Array(bltCount * 16);
  file.readRows({ bltStart: 0, bltEnd: bltCount }, { flags, nsamples });
  const dead = new Set(truth.bad_antennas_stations.dead.map((station) => station - 1));
  for (let row = 0; row < bltCount; row++) {
    const isDead = dead.has(ant1[row]!) || dead.has(ant2[row]!);
    const isSecond = row >= bltCount / 2;
    expect([...flags.subarray(16 * row, 16 * row + 2)]).toEqual([isDead ? 1 : 0, isDead || isSecond ? 1 : 0]);
    expect(nsamples[16 * row + 1]).toBe(isSecond ? 48 : isDead ? 0 : 96);
  }
});

test("a small group takes less than three seconds", () => {
  const startMs = performance.now();
  simulate({ subbandCount: 16, integrationCount: 6 });
  expect(performance.now() - startMs).toBeLessThan(3000);
});
