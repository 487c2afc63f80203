/** Writes files of the on-site layout with contents made by formulas, for tests of the writer and of readers. */
import { createUvh5Writer } from "../src/node.ts";
import type { Uvh5Integration, Uvh5WriteHeader, Uvh5Writer } from "../src/write-uvh5.ts";

const ANTENNA_COUNT = 117;

export interface OnSiteShape {
  readonly antennaDataCount: number;
  readonly channelCount: number;
}

/** The shape of the golden structure. */
export const SMALL: OnSiteShape = { antennaDataCount: 20, channelCount: 8 };

export function onSiteHeader({ antennaDataCount, channelCount }: OnSiteShape): Uvh5WriteHeader {
  const indices = Array.from({ length: ANTENNA_COUNT }, (_, i) => i);
  return {
    telescopeName: "OVRO_MMA",
    instrument: "DSA",
    objectName: "search",
    history: "synthetic: contents made by formulas, in the layout of the writer".padEnd(65, "."),
    phaseType: "drift",
    latitudeRad: 0.6498455,
    longitudeRad: -2.0644278,
    altitudeM: 1188.0519,
    appDecRad: 0.9524855391037991,
    antennaDataCount,
    antennaNames: indices.map((i) => String(i + 1)),
    antennaNumbers: Int32Array.from(indices),
    antennaPositionsM: Float64Array.from({ length: 3 * ANTENNA_COUNT }, (_, i) => Math.sin(i) * 500),
    antennaDiametersM: new Float64Array(ANTENNA_COUNT).fill(4.65),
    freqHz: Float64Array.from({ length: channelCount }, (_, i) => 1498643188.4765625 - i * 244140.625),
    channelWidthHz: 244140.625,
    polarizations: Int32Array.of(-5, -6),
    spwArray: Int32Array.of(1),
    extraKeywords: new Map<string, string | number | { vlen: string }>([
      ["phase_center_dec", 0.9524855391037991],
      ["ha_phase_center", 0],
      ["phase_center_epoch", { vlen: "HADEC" }],
      ["fs_table", "table.npz".padEnd(60, "x")],
      ["applied_delays_ns", "0".repeat(627)],
    ]),
  };
}

export function integration({ antennaDataCount, channelCount }: OnSiteShape, index: number): Uvh5Integration {
  const pairs: [number, number][] = [];
  for (let i = 0; i < antennaDataCount; i++) for (let j = 0; j <= i; j++) pairs.push([j, i]);
  const elements = pairs.length * channelCount * 2;
  return {
    timeJd: 2460951.992331495 + index * 1.491e-4,
    integrationTimeSec: 12.884902000427246,
    ant1: Int32Array.from(pairs, ([a]) => a),
    ant2: Int32Array.from(pairs, ([, b]) => b),
    uvwM: Float32Array.from({ length: 3 * pairs.length }, (_, i) => Math.cos(i) * 100),
    vis: Float32Array.from({ length: 2 * elements }, (_, i) => Math.fround(Math.sin(i * 0.7 + index))),
    flags: Uint8Array.from({ length: elements }, (_, i) => ((i + index) % 7 === 0 ? 1 : 0)),
    nsamples: 96,
  };
}

/** Starts a file and appends integrations; not yet closed. */
export function startFile(path: string, shape: OnSiteShape, timeCount: number): Uvh5Writer {
  const writer = createUvh5Writer(path, onSiteHeader(shape));
  for (let i = 0; i < timeCount; i++) writer.append(integration(shape, i));
  return writer;
}
