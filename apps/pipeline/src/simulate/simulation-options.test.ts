import { expect, test } from "vitest";
import { layOutAntennas, MAX_ANTENNA_COUNT } from "./antenna-layout.ts";
import { faultOf, parseFault } from "./faults.ts";
import { RandomStream } from "./random.ts";
import { parseVariation, resolveSimulation } from "./simulation-options.ts";
import { parseSky, randomSky, sourceFluxJy } from "./sky-model.ts";

test("an option out of range is named with what is expected and found", () => {
  const resolve = (options: object) => () => resolveSimulation({ outputDir: "out", ...options });
  expect(resolve({ antennaCount: 97 })).toThrow("antennaCount: expected a whole number 2 … 96, found 97");
  expect(resolve({ channelCount: 1.5 })).toThrow("channelCount");
  expect(resolve({ subbandCount: 17 })).toThrow("subbandCount");
  expect(resolve({ noiseScaleFactor: Number.NaN })).toThrow("noiseScaleFactor");
  expect(resolve({ ptDecRad: 2 })).toThrow("ptDecRad");
  expect(resolve({ subbandCount: 4, faults: [parseFault("short:4")] })).toThrow("faults: expected a subband below 4");
});

test("faults and variations are read from text", () => {
  expect(parseFault("truncated:3")).toEqual({ kind: "truncated", subbandIndex: 3 });
  expect(parseFault("zero-byte:11@2")).toEqual({ kind: "zero-byte", subbandIndex: 11, groupIndex: 2 });
  for (const text of ["", "broken:3", "missing", "missing:x", "missing:3@"]) {
    expect(() => parseFault(text)).toThrow(`found "${text}"`);
  }
  expect(parseVariation("SRC03=2.5")).toEqual(["SRC03", 2.5]);
  for (const text of ["SRC03", "=2", "SRC03=", "SRC03=bright"])
    expect(() => parseVariation(text)).toThrow("NAME=FACTOR");
});

test("a fault without a group holds in all of them", () => {
  const faults = [parseFault("missing:1"), parseFault("short:2@5")];
  expect([faultOf(faults, 0, 1), faultOf(faults, 0, 2), faultOf(faults, 5, 2), faultOf(faults, 5, 3)]).toEqual([
    "missing",
    undefined,
    "short",
    undefined,
  ]);
});

test("every count of antennas can be laid out: distinct stations, all baselines once, some reversed", () => {
  for (let count = 2; count <= MAX_ANTENNA_COUNT; count++) {
    const { stationOrder, firstIndex, secondIndex } = layOutAntennas(count);
    expect(new Set(stationOrder).size).toBe(count);
    expect(firstIndex).toHaveLength((count * (count + 1)) / 2);
    expect(firstIndex.every((first, row) => first <= secondIndex[row]!)).toBe(true);
  }
  const { stationOrder, firstIndex, secondIndex } = layOutAntennas(MAX_ANTENNA_COUNT);
  expect(firstIndex.some((first, row) => stationOrder[first]! > stationOrder[secondIndex[row]!]!)).toBe(true);
  expect(() => layOutAntennas(1)).toThrow("antennaCount");
});

test("a random sky keeps its distances and ranges; too full a sky is refused", () => {
  const centre = { raRad: 1.2, decRad: 0.95 };
  const sky = randomSky(new RandomStream(3), centre, { sourceCount: 40, calibratorJy: 7, raSpanRad: 0.02 });
  expect(sky).toHaveLength(40);
  expect(sky[0]).toMatchObject({ name: "CAL0", fluxJy: 7 });
  for (const source of sky.slice(1)) {
    expect(source.fluxJy).toBeGreaterThan(0.15);
    expect(source.fluxJy).toBeLessThan(2.5);
    expect(Math.abs(source.decRad - centre.decRad)).toBeLessThan((1.75 * Math.PI) / 180);
  }
  const crowded = { sourceCount: 3000, calibratorJy: 7, raSpanRad: 0 };
  expect(() => randomSky(new RandomStream(3), centre, crowded)).toThrow("sourceCount");
});

test("a sky is read from a list or a truth file, and faults in it are named", () => {
  const list = [{ name: "A", ra_deg: 180, dec_deg: -30, flux_1400_jy: 2, alpha: -1 }];
  const [source] = parseSky(JSON.stringify(list));
  expect(source!.raRad).toBeCloseTo(Math.PI, 14);
  expect(sourceFluxJy(source!, 2.8e9)).toBeCloseTo(1, 12);
  expect(parseSky(JSON.stringify({ sources: list }))).toEqual([source]);
  expect(() => parseSky("[]")).toThrow("expected array to have >=1 items");
  expect(() => parseSky(JSON.stringify([{ ...list[0], dec_deg: 91 }]))).toThrow("dec_deg");
});
