/** A simulated group as calibration sees it: rows, the sky that its truth names, and the gains put in. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createPredictor, fillSpectra, predictRows, setDirection } from "@contimg/kernels/predict";
import { createGainTable, type GainTable, gainIndex } from "@contimg/kernels/solve";
import {
  airyPower,
  baselineUvw,
  icrsUnitVector,
  meridianCentreIcrs,
  observeFrom,
  separationRad,
  tangentAxes,
  utcFromJd,
  uvwForPhaseCentre,
  type Vector,
} from "@contimg/sky";
import { openUvh5 } from "@contimg/uvh5/node";
import { readSimulatedGroup, type SimulatedGroup } from "../flag/simulated-group.ts";

export interface SkyTruth {
  readonly files: readonly string[];
  readonly layout: {
    readonly nant: number;
    readonly nint: number;
    readonly nchan: number;
    readonly channel_width_hz: number;
    readonly times_jd: readonly number[];
    readonly integration_time_s: number;
    readonly antenna_order_stations: readonly number[];
  };
  readonly pt_dec_rad: number;
  readonly noise_sigma_re_im_jy: number;
  readonly dish_diameter_m: number;
  readonly sources: readonly {
    readonly ra_deg: number;
    readonly dec_deg: number;
    readonly flux_1400_jy: number;
    readonly alpha: number;
  }[];
  readonly gains: {
    readonly delay_s: readonly (readonly number[])[];
    readonly sefd_jy: readonly (readonly number[])[];
    readonly alive: readonly (readonly number[])[];
    readonly phase_rate_rad_per_s: readonly (readonly number[])[];
  };
  readonly rfi_channels: readonly { readonly chan: number }[];
  readonly bad_antennas_stations: SimulatedGroup["badStations"];
}

export interface SkyGroup {
  readonly group: SimulatedGroup;
  readonly truth: SkyTruth;
  readonly freqHz: Float64Array;
  /** Antennas as 0 … n − 1 in the order of the truth, per row. */
  readonly ant1: Int32Array;
  readonly ant2: Int32Array;
  /** Integration of each row. */
  readonly timeOfRow: Int32Array;
  /** `[row][channel][re, im]`, Jy. */
  readonly model: Float32Array;
  /** Gains at mid-time as they were put in, one interval, bins as channels; dead inputs are flagged. */
  readonly gains: GainTable;
}

const RAD_PER_DEG = Math.PI / 180;
const dot = (a: Vector, b: Vector): number => a.x * b.x + a.y * b.y + a.z * b.z;

export function readSkyGroup(directory: string): SkyGroup {
  const group = readSimulatedGroup(directory);
  const truth = JSON.parse(readFileSync(join(directory, "truth.json"), "utf8")) as SkyTruth;
  const channelCount = group.block.channelCount;
  const freqHz = new Float64Array(channelCount);
  const places: { ant: Int32Array; positionsM: Float64Array; site: Parameters<typeof observeFrom>[1] }[] = [];
  for (const [subband, name] of truth.files.entries()) {
    using file = openUvh5(join(directory, name));
    const { header } = file;
    freqHz.set(header.freqHz, subband * truth.layout.nchan);
    places.push({
      ant: Int32Array.from(header.antennaNumbers),
      positionsM: Float64Array.from(header.antennaPositionsM),
      site: {
        latitudeRad: header.latitudeRad,
        longitudeRad: header.longitudeRad,
        altitudeM: header.altitudeM,
      },
    });
  }
  const { ant, positionsM, site } = places[0] as (typeof places)[0];
  const stations = truth.layout.antenna_order_stations;
  const mineM = new Float64Array(3 * stations.length);
  const indexOf = new Map<number, number>();
  for (const [index, station] of stations.entries()) {
    const from = ant.indexOf(station - 1);
    mineM.set(positionsM.subarray(3 * from, 3 * from + 3), 3 * index);
    indexOf.set(station - 1, index);
  }
  const ant1 = group.ant1.map((number) => indexOf.get(number) as number);
  const ant2 = group.ant2.map((number) => indexOf.get(number) as number);
  const perTime = group.block.rowCount / truth.layout.nint;
  const model = new Float32Array(2 * group.block.rowCount * channelCount);
  for (const [time, jd] of truth.layout.times_jd.entries()) {
    const rows: [number, number] = [time * perTime, (time + 1) * perTime];
    const epoch = observeFrom(utcFromJd(jd), site);
    const centre = meridianCentreIcrs(epoch, truth.pt_dec_rad);
    const uvwM = baselineUvw(uvwForPhaseCentre(epoch, mineM, centre), ant1.subarray(...rows), ant2.subarray(...rows));
    const sky = skyOf(truth, centre, freqHz);
    const part = model.subarray(2 * rows[0] * channelCount, 2 * rows[1] * channelCount);
    predictRows(createPredictor(freqHz, { correlationFactors: [1] }), sky, { uvwM }, part);
  }
  return {
    group,
    truth,
    freqHz,
    ant1,
    ant2,
    timeOfRow: ant1.map((_, row) => Math.floor(row / perTime)),
    model,
    gains: readGains(directory, truth, channelCount),
  };
}

function skyOf(
  truth: SkyTruth,
  centre: { readonly raRad: number; readonly decRad: number },
  freqHz: Float64Array,
): Parameters<typeof predictRows>[1] {
  const { sources } = truth;
  const axes = tangentAxes(centre);
  const lmn = new Float64Array(3 * sources.length);
  const beams = new Float64Array(sources.length * freqHz.length);
  for (const [index, { ra_deg, dec_deg }] of sources.entries()) {
    const at = icrsUnitVector({ raRad: ra_deg * RAD_PER_DEG, decRad: dec_deg * RAD_PER_DEG });
    setDirection(lmn, index, dot(at, axes.l), dot(at, axes.m));
    const offRad = separationRad(at, axes.n);
    for (const [chan, hz] of freqHz.entries()) {
      beams[index * freqHz.length + chan] = airyPower(offRad, hz, truth.dish_diameter_m);
    }
  }
  const spectraJy = new Float64Array(sources.length * freqHz.length);
  const components = sources.map(({ flux_1400_jy, alpha }) => ({
    fluxJy: flux_1400_jy,
    referenceFreqHz: 1.4e9,
    spectralIndexRatio: alpha,
  }));
  fillSpectra(components, freqHz, spectraJy, beams);
  return { componentCount: sources.length, lmn, spectraJy };
}

/** `[antenna][pol][channel]` of complex64 as a table. */
function readGains(directory: string, truth: SkyTruth, channelCount: number): GainTable {
  const bytes = readFileSync(join(directory, "truth_gain.c64"));
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const antennaCount = truth.layout.nant;
  const table = createGainTable({ antennaCount, intervalCount: 1, polCount: 2, binCount: channelCount });
  for (let antenna = 0; antenna < antennaCount; antenna++) {
    for (let pol = 0; pol < 2; pol++) {
      for (let chan = 0; chan < channelCount; chan++) {
        const from = 2 * ((antenna * 2 + pol) * channelCount + chan);
        const to = gainIndex(table, 0, antenna, chan, pol);
        table.gains[2 * to] = values[from] as number;
        table.gains[2 * to + 1] = values[from + 1] as number;
        table.flags[to] = (truth.gains.alive[antenna]?.[pol] as number) < 1 ? 1 : 0;
      }
    }
  }
  return table;
}
