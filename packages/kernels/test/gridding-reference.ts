/** The sums that gridding stands for, written out, and observations to try them on. */
import type { Samples } from "../src/grid/index.ts";
import { normalFrom, uniformFrom } from "./uniform-from.ts";

const DEG = Math.PI / 180;
const SPEED_OF_LIGHT_M_PER_SEC = 299_792_458;

export interface Observation {
  readonly decDeg: number;
  readonly antennaCount: number;
  readonly timeCount: number;
  readonly freqHz: Float64Array;
  /** Half of the array's size. */
  readonly radiusM: number;
  readonly seed: number;
}

/** Baselines of a random array near 37° north that follows a field through the meridian: `[row][3]`. */
export function uvwOf(observation: Observation): Float64Array {
  const { decDeg, antennaCount, timeCount, radiusM, seed } = observation;
  const uniform = uniformFrom(seed);
  const latitudeRad = 37.2 * DEG;
  const positions = Array.from({ length: antennaCount }, () => {
    const [eastM, northM] = [radiusM * (2 * uniform() - 1), radiusM * (2 * uniform() - 1)];
    return [-Math.sin(latitudeRad) * northM, eastM, Math.cos(latitudeRad) * northM] as const;
  });
  const uvw: number[] = [];
  for (let time = 0; time < timeCount; time++) {
    const hourRad = 60 * DEG * (timeCount === 1 ? 0.1 : time / (timeCount - 1) - 0.5);
    for (let i = 0; i < antennaCount; i++) {
      for (let j = i + 1; j < antennaCount; j++) {
        const [a, b] = [positions[i] ?? [0, 0, 0], positions[j] ?? [0, 0, 0]];
        const [x, y, z] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
        const [sinH, cosH] = [Math.sin(hourRad), Math.cos(hourRad)];
        const [sinD, cosD] = [Math.sin(decDeg * DEG), Math.cos(decDeg * DEG)];
        uvw.push(
          sinH * x + cosH * y,
          -sinD * cosH * x + sinD * sinH * y + cosD * z,
          cosD * cosH * x - cosD * sinH * y + sinD * z,
        );
      }
    }
  }
  return Float64Array.from(uvw);
}

/** Direction cosines of a pixel, n − 1 and whether it is above the horizon. */
export function directionOf(
  widthPx: number,
  heightPx: number,
  pixelRad: number,
  column: number,
  row: number,
): { l: number; m: number; nLess1: number; isUp: boolean } {
  const l = (Math.floor(widthPx / 2) - column) * pixelRad;
  const m = (row - Math.floor(heightPx / 2)) * pixelRad;
  const square = l * l + m * m;
  return { l, m, nLess1: Math.sqrt(Math.max(0, 1 - square)) - 1, isUp: square < 1 };
}

/** Waves a metre of the sample, and its row, of samples with the same channels in each row. */
function phaseOf(samples: Samples, row: number, chan: number, l: number, m: number, nLess1: number): number {
  const { uvwM, wavesPerM } = samples;
  const pathM = uvwM[3 * row] * l + uvwM[3 * row + 1] * m + uvwM[3 * row + 2] * nLess1;
  return 2 * Math.PI * pathM * wavesPerM[chan];
}

/** Σ weight Re(V e^(−iφ)) at some pixels. */
export function explicitImage(
  samples: Samples,
  vis: Float32Array,
  weights: Float32Array,
  size: { readonly widthPx: number; readonly heightPx: number; readonly pixelRad: number },
  pixels: readonly (readonly [number, number])[],
): Float64Array {
  const channelCount = samples.wavesPerM.length;
  return Float64Array.from(pixels, ([column, row]) => {
    const { l, m, nLess1, isUp } = directionOf(size.widthPx, size.heightPx, size.pixelRad, column, row);
    if (!isUp) return 0;
    let sum = 0;
    for (let sample = 0; sample < vis.length / 2; sample++) {
      if (weights[sample] === 0) continue;
      const phaseRad = phaseOf(samples, Math.floor(sample / channelCount), sample % channelCount, l, m, nLess1);
      sum += weights[sample] * (vis[2 * sample] * Math.cos(phaseRad) + vis[2 * sample + 1] * Math.sin(phaseRad));
    }
    return sum;
  });
}

/** Σ S e^(+iφ) over the model's pixels that are not 0, at all samples. */
export function explicitVisibilities(
  samples: Samples,
  model: Float32Array,
  size: { readonly widthPx: number; readonly heightPx: number; readonly pixelRad: number },
): Float64Array {
  const channelCount = samples.wavesPerM.length;
  const vis = new Float64Array(2 * channelCount * (samples.uvwM.length / 3));
  for (let pixel = 0; pixel < model.length; pixel++) {
    if (model[pixel] === 0) continue;
    const { l, m, nLess1, isUp } = directionOf(
      size.widthPx,
      size.heightPx,
      size.pixelRad,
      pixel % size.widthPx,
      Math.floor(pixel / size.widthPx),
    );
    if (!isUp) continue;
    for (let sample = 0; sample < vis.length / 2; sample++) {
      const phaseRad = phaseOf(samples, Math.floor(sample / channelCount), sample % channelCount, l, m, nLess1);
      vis[2 * sample] += model[pixel] * Math.cos(phaseRad);
      vis[2 * sample + 1] += model[pixel] * Math.sin(phaseRad);
    }
  }
  return vis;
}

/** Random visibilities, weights and flags. */
export function randomData(
  sampleCount: number,
  seed: number,
  flaggedFraction = 0.25,
): { readonly vis: Float32Array; readonly weights: Float32Array; readonly flags: Uint8Array } {
  const uniform = uniformFrom(seed);
  const normal = normalFrom(uniform);
  return {
    vis: Float32Array.from({ length: 2 * sampleCount }, normal),
    weights: Float32Array.from({ length: sampleCount }, () => 0.2 + uniform()),
    flags: Uint8Array.from({ length: sampleCount }, () => (uniform() < flaggedFraction ? 1 : 0)),
  };
}

/** Equal channels over a band. */
export function channelsHz(firstHz: number, stepHz: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, chan) => firstHz + chan * stepHz);
}

/** Longest baseline in wavelengths for which pixels of a size are small enough, in metres at a frequency. */
export function longestBaselineM(pixelRad: number, freqHz: number): number {
  return (SPEED_OF_LIGHT_M_PER_SEC / freqHz) * (0.5 / pixelRad);
}

/** Rms of a difference, relative to the rms of what is expected. */
export function relativeRms(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let power = 0;
  for (let index = 0; index < expected.length; index++) {
    difference += ((found[index] ?? NaN) - (expected[index] ?? NaN)) ** 2;
    power += (expected[index] ?? NaN) ** 2;
  }
  return Math.sqrt(difference / power);
}
