/** Pictures of a calibration table: the whole array, and each antenna. */

import { heatMap } from "../charts/heat-map.ts";
import { amplitudePalette, phasePalette } from "../charts/palettes.ts";
import { pointChart, type Series, seriesColors } from "../charts/point-chart.ts";
import type { Markup } from "../charts/svg.ts";
import { paddedRange } from "../charts/ticks.ts";
import { quantile, type SolutionQuality } from "../domain/cal-quality.ts";
import type { CalSolutions } from "../domain/cal-solutions.ts";

export interface CalPicture {
  /** For the name of a file. */
  readonly name: string;
  /** null: of the array. */
  readonly antennaName: string | null;
  readonly picture: Markup;
}

/** One place along the axis of a table: a channel of a window, or an interval of one. */
interface Place {
  readonly row: number;
  readonly chan: number;
  /** MHz for a bandpass, minutes from the first solution for gains and delays. */
  readonly x: number;
}

const DEG_PER_RAD = 180 / Math.PI;
const WIDE = { width: 900, height: 300 } as const;
const SMALL = { width: 440, height: 190 } as const;
const SEC_PER_MIN = 60;
const HZ_PER_MHZ = 1e6;

const sizeName = (kind: CalSolutions["kind"]) => (kind === "delay" ? "delay" : "amplitude");
const sizeLabel = (kind: CalSolutions["kind"]) => (kind === "delay" ? "delay (ns)" : "amplitude");

/** @param quality  of the same solutions */
export function drawCalibration(solutions: CalSolutions, quality: SolutionQuality): readonly CalPicture[] {
  const antennas = solutions.antennaNames.map((name, id) => ({ name, places: placesOf(solutions, id) }));
  const present = antennas.filter(({ name }) => !quality.absent.includes(name));
  const sizeRange = robustRange(solutions);
  return [
    { name: `antennas_${sizeName(solutions.kind)}`, antennaName: null, picture: sizesOfAntennas(solutions, quality) },
    ...(quality.present.medianSnr === null
      ? []
      : [{ name: "antennas_snr", antennaName: null, picture: snrOfAntennas(quality) }]),
    ...waterfalls(solutions, present, sizeRange),
    ...present.flatMap(({ name, places }) => picturesOfAntenna(solutions, name, places, sizeRange)),
  ];
}

function placesOf({ rowCount, cellShape, antennaIds, ...table }: CalSolutions, antennaId: number): readonly Place[] {
  const firstMjdSec = table.timesMjdSec.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const places: Place[] = [];
  for (let row = 0; row < rowCount; row++) {
    if (antennaIds[row] !== antennaId) continue;
    const freqHz = table.spwFreqHz[table.spectralWindowIds[row]!] ?? new Float64Array(0);
    for (let chan = 0; chan < cellShape[1]; chan++) {
      const x =
        table.kind === "bandpass"
          ? (freqHz[chan] ?? Number.NaN) / HZ_PER_MHZ
          : (table.timesMjdSec[row]! - firstMjdSec) / SEC_PER_MIN;
      places.push({ row, chan, x });
    }
  }
  return places.toSorted((a, b) => a.x - b.x);
}

/** NaN where there is no solution. */
function valueAt(solutions: CalSolutions, { row, chan }: Place, receptor: number, what: "size" | "phaseDeg"): number {
  const at = (row * solutions.cellShape[1] + chan) * solutions.cellShape[0] + receptor;
  if (solutions.flags[at] === 1) return Number.NaN;
  if (!solutions.gains) return what === "size" ? solutions.delaysNs![at]! : Number.NaN;
  const [re, im] = [solutions.gains[2 * at]!, solutions.gains[2 * at + 1]!];
  return what === "size" ? Math.hypot(re, im) : Math.atan2(im, re) * DEG_PER_RAD;
}

/** Where nearly all sizes lie: one wild channel must not make all others a line. */
function robustRange(solutions: CalSolutions): readonly [number, number] {
  const values: number[] = [];
  const [receptorCount, chanCount] = solutions.cellShape;
  for (let row = 0; row < solutions.rowCount; row++)
    for (let chan = 0; chan < chanCount; chan++)
      for (let receptor = 0; receptor < receptorCount; receptor++) {
        const value = valueAt(solutions, { row, chan, x: 0 }, receptor, "size");
        if (Number.isFinite(value)) values.push(value);
      }
  const sorted = Float64Array.from(values).sort();
  return paddedRange([quantile(sorted, 0.002) ?? 0, quantile(sorted, 0.998) ?? 1], 0.1);
}

const antennaAxis = (names: readonly string[]) => ({
  label: "antenna",
  range: [-0.5, names.length - 0.5] as const,
  textOf: (place: number) => names[Math.round(place)] ?? "",
});

function sizesOfAntennas({ kind }: CalSolutions, { antennas }: SolutionQuality): Markup {
  const x = antennas.map((_, place) => place);
  const [yLow, yHigh] = [antennas.map((one) => one.lowGain ?? 0), antennas.map((one) => one.highGain ?? 0)];
  return pointChart(
    {
      ...WIDE,
      title: `${sizeName(kind)} of each antenna: median, 16 % to 84 %`,
      x: antennaAxis(antennas.map(({ antennaName }) => antennaName)),
      y: { label: sizeLabel(kind), range: paddedRange([...yLow, ...yHigh]) },
    },
    [{ name: "", color: seriesColors[0], x, y: antennas.map((one) => one.medianGain ?? Number.NaN), yLow, yHigh }],
  );
}

function snrOfAntennas({ antennas }: SolutionQuality): Markup {
  const y = antennas.map(({ medianSnr }) => medianSnr ?? Number.NaN);
  return pointChart(
    {
      ...WIDE,
      title: "signal-to-noise ratio of each antenna, median",
      x: antennaAxis(antennas.map(({ antennaName }) => antennaName)),
      y: { label: "SNR", range: paddedRange([0, ...y]) },
    },
    [{ name: "", color: seriesColors[0], x: antennas.map((_, place) => place), y }],
  );
}

interface AntennaPlaces {
  readonly name: string;
  readonly places: readonly Place[];
}

/** Antennas from the top, channels or intervals along. Gains of several windows stand side by side at each instant. */
function waterfalls(
  solutions: CalSolutions,
  antennas: readonly AntennaPlaces[],
  sizeRange: readonly [number, number],
): readonly CalPicture[] {
  const columnCount = Math.max(0, ...antennas.map(({ places }) => places.length));
  if (columnCount < 2) return [];
  const names = antennas.map(({ name }) => name);
  const x = antennas.find(({ places }) => places.length === columnCount)!.places;
  const options = {
    ...WIDE,
    height: 60 + Math.max(120, 4 * antennas.length),
    x: { ...alongAxis(solutions), range: [x[0]!.x, x.at(-1)!.x] as const },
    y: { ...antennaAxis(names), range: [antennas.length - 0.5, -0.5] as const },
  };
  return Array.from({ length: solutions.cellShape[0] }, (_, receptor) => {
    const values = (what: "size" | "phaseDeg") =>
      antennas.flatMap(({ places }) =>
        Array.from({ length: columnCount }, (__, at) =>
          places[at] ? valueAt(solutions, places[at], receptor, what) : Number.NaN,
        ),
      );
    const picture = (what: "size" | "phaseDeg"): CalPicture => {
      const isSize = what === "size";
      const title = `${isSize ? sizeName(solutions.kind) : "phase"}, polarisation ${receptor}`;
      return {
        name: `waterfall_${isSize ? sizeName(solutions.kind) : "phase"}_${receptor}`,
        antennaName: null,
        picture: heatMap(
          {
            ...options,
            title,
            palette: isSize ? amplitudePalette : phasePalette,
            valueRange: isSize ? sizeRange : [-180, 180],
            valueUnit: isSize ? (solutions.kind === "delay" ? "ns" : "") : "°",
          },
          values(what),
          columnCount,
          antennas.length,
        ),
      };
    };
    return solutions.gains ? [picture("size"), picture("phaseDeg")] : [picture("size")];
  }).flat();
}

const alongAxis = ({ kind }: CalSolutions) => ({
  label: kind === "bandpass" ? "frequency (MHz)" : "time since the first solution (min)",
});

function picturesOfAntenna(
  solutions: CalSolutions,
  antennaName: string,
  places: readonly Place[],
  sizeRange: readonly [number, number],
): readonly CalPicture[] {
  const x = places.map((place) => place.x);
  const series = (what: "size" | "phaseDeg"): readonly Series[] =>
    Array.from({ length: solutions.cellShape[0] }, (_, receptor) => ({
      name: `pol ${receptor}`,
      color: seriesColors[receptor % seriesColors.length]!,
      x,
      y: places.map((place) => valueAt(solutions, place, receptor, what)),
    }));
  const xAxis = { ...alongAxis(solutions), range: paddedRange(x, 0.02) };
  const size = {
    name: `${antennaName}_${sizeName(solutions.kind)}`,
    antennaName,
    picture: pointChart(
      {
        ...SMALL,
        title: `${antennaName} ${sizeName(solutions.kind)}`,
        x: xAxis,
        y: { label: sizeLabel(solutions.kind), range: sizeRange },
      },
      series("size"),
    ),
  };
  if (!solutions.gains) return [size];
  return [
    size,
    {
      name: `${antennaName}_phase`,
      antennaName,
      picture: pointChart(
        { ...SMALL, title: `${antennaName} phase`, x: xAxis, y: { label: "phase (°)", range: [-190, 190], step: 90 } },
        series("phaseDeg"),
      ),
    },
  ];
}
