/** Prediction as the definition says it, with sines and cosines of every channel: slow, and the measure of the fast one. */
import type { SkyComponent } from "../src/predict/index.ts";

const C_M_PER_SEC = 299_792_458;

export interface ReferenceComponent extends SkyComponent {
  readonly l: number;
  readonly m: number;
  readonly beam: (freqHz: number) => number;
}

export interface ReferenceRow {
  readonly uvwM: readonly [number, number, number];
  /** UVW at the begin and the end of the integration, for time smearing; absent: none. */
  readonly uvwRateMPerSec?: readonly [number, number, number];
  readonly exposureSec?: number;
  readonly chanWidthHz?: number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x) / x);

/** Real and imaginary part of one row and channel. */
export function predictReference(
  components: readonly ReferenceComponent[],
  row: ReferenceRow,
  freqHz: number,
): [number, number] {
  let re = 0;
  let im = 0;
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);
  for (const each of components) {
    const lmn = [each.l, each.m, Math.sqrt(1 - each.l ** 2 - each.m ** 2) - 1];
    const delaySec = dot(row.uvwM, lmn) / C_M_PER_SEC;
    const x = Math.log10(freqHz / each.referenceFreqHz);
    let amplitude = each.fluxJy * each.beam(freqHz);
    amplitude *= (freqHz / each.referenceFreqHz) ** ((each.spectralIndexRatio ?? 0) + (each.curvatureRatio ?? 0) * x);
    const pa = each.positionAngleRad ?? 0;
    const [u, v] = [(row.uvwM[0] * freqHz) / C_M_PER_SEC, (row.uvwM[1] * freqHz) / C_M_PER_SEC];
    const along = (each.majorRad ?? 0) * (u * Math.sin(pa) + v * Math.cos(pa));
    const across = (each.minorRad ?? 0) * (u * Math.cos(pa) - v * Math.sin(pa));
    amplitude *= Math.exp((-(Math.PI ** 2) / (4 * Math.log(2))) * (along ** 2 + across ** 2));
    if (row.chanWidthHz !== undefined) amplitude *= sinc(Math.PI * row.chanWidthHz * delaySec);
    if (row.uvwRateMPerSec !== undefined && row.exposureSec !== undefined) {
      const turns = (dot(row.uvwRateMPerSec, lmn) * row.exposureSec * freqHz) / C_M_PER_SEC;
      amplitude *= sinc(Math.PI * turns);
    }
    re += amplitude * Math.cos(2 * Math.PI * freqHz * delaySec);
    im += amplitude * Math.sin(2 * Math.PI * freqHz * delaySec);
  }
  return [re, im];
}
