/**
 * The measurement equation, for what is stored in a file (ant1, ant2 as stored):
 *
 *   V_p(1,2,t,ν) = G_1p(t,ν) · conj G_2p(t,ν) · [ Σ_k S_k(ν) A(θ_k(t),ν) exp(+2πi ν/c (r2 − r1)·(s_k(t) − s0)) + noise + RFI ]
 *
 * with s0 the meridian at the pointing declination (fringe-stopped in every integration). Values are those of the
 * middle of an integration and channel: no smearing. Autocorrelations add the SEFD and are real before the gains.
 */

import { airyPower } from "@contimg/sky";
import type { AntennaLayout } from "./antenna-layout.ts";
import type { InputGains } from "./gains.ts";
import type { IntegrationGeometry } from "./geometry.ts";
import { DISH_DIAMETER_M, INTEGRATION_SEC } from "./instrument.ts";
import { RandomStream } from "./random.ts";
import type { RfiPlan } from "./rfi.ts";
import { type SkySource, sourceFluxJy } from "./sky-model.ts";

const LIGHT_M_PER_SEC = 299_792_458;
const POL_COUNT = 2;
/** What a dead input adds to its baselines, of the noise of a live one. */
const DEAD_NOISE_FACTOR = 0.02 * 0.0625;

/** What all integrations of a group share. */
export interface GroupPlan {
  readonly seed: number;
  readonly groupIndex: number;
  readonly antennas: AntennaLayout;
  readonly sky: readonly SkySource[];
  readonly freqHz: Float64Array;
  readonly channelWidthHz: number;
  readonly gains: InputGains;
  readonly rfi: RfiPlan;
  /** Of thermal noise; 0 = none. */
  readonly noiseScaleFactor: number;
  /** Time at which drifting gains are what `truth_gain.c64` says. */
  readonly middleJd: number;
}

/** Buffers of one integration of one subband, used again and again. */
export interface VisibilityBuffers {
  /** Complex, interleaved re, im; row-major [baseline, chan, pol]. */
  readonly vis: Float32Array;
  /** Σ_k of one channel, [baseline], complex. */
  readonly sky: Float64Array;
  /** exp(2πi ν/c path) of one channel, [ant, source], complex. */
  readonly fringe: Float64Array;
  /** Gains of one channel and polarisation, [ant], complex. */
  readonly gain: Float64Array;
}

export function allocateVisibilities(plan: GroupPlan, channelCount: number): VisibilityBuffers {
  const baselineCount = plan.antennas.firstIndex.length;
  const antCount = plan.antennas.stationOrder.length;
  return {
    vis: new Float32Array(2 * baselineCount * channelCount * POL_COUNT),
    sky: new Float64Array(2 * baselineCount),
    fringe: new Float64Array(2 * antCount * plan.sky.length),
    gain: new Float64Array(2 * antCount),
  };
}

/**
 * Works out all baselines of one integration of one subband into `buffers.vis`.
 *
 * Noise comes from a stream of its own for each group, subband and integration, so that the values do not depend on the
 * order in which they are worked out.
 */
export function simulateIntegration(
  plan: GroupPlan,
  geometry: IntegrationGeometry,
  integrationIndex: number,
  subbandIndex: number,
  channelCount: number,
  buffers: VisibilityBuffers,
): void {
  const { antennas, gains, rfi, noiseScaleFactor } = plan;
  const { firstIndex, secondIndex } = antennas;
  const { vis, sky, gain } = buffers;
  const baselineCount = firstIndex.length;
  const elapsedSec = (geometry.timeJd - plan.middleJd) * 86_400;
  const noise = new RandomStream(plan.seed, plan.groupIndex, 99, subbandIndex, integrationIndex);
  const noiseRatio = noiseScaleFactor / Math.sqrt(2 * plan.channelWidthHz * INTEGRATION_SEC);

  for (let channel = 0; channel < channelCount; channel++) {
    const chan = subbandIndex * channelCount + channel;
    sumSources(plan, geometry, chan, buffers);
    addRfi(rfi, chan, integrationIndex, antennas, sky);
    for (let pol = 0; pol < POL_COUNT; pol++) {
      fillGains(gains, pol, chan, elapsedSec, gain);
      for (let row = 0; row < baselineCount; row++) {
        const one = firstIndex[row]!;
        const two = secondIndex[row]!;
        const isAuto = one === two;
        const sefdJy = Math.sqrt(gains.sefdJy[POL_COUNT * one + pol]! * gains.sefdJy[POL_COUNT * two + pol]!);
        let re = sky[2 * row]!;
        let im = sky[2 * row + 1]!;
        let noiseRe = 0;
        let noiseIm = 0;
        if (noiseRatio > 0) {
          noiseRe = noise.normal() * sefdJy * noiseRatio;
          noiseIm = noise.normal() * sefdJy * noiseRatio;
          if (isAuto) {
            noiseRe *= Math.SQRT2;
            noiseIm = 0;
          }
          re += noiseRe;
          im += noiseIm;
        }
        if (isAuto) re += sefdJy;
        const gainRe = gain[2 * one]! * gain[2 * two]! + gain[2 * one + 1]! * gain[2 * two + 1]!;
        const gainIm = gain[2 * one + 1]! * gain[2 * two]! - gain[2 * one]! * gain[2 * two + 1]!;
        let storedRe = re * gainRe - im * gainIm;
        let storedIm = re * gainIm + im * gainRe;
        const isDead = gains.aliveFactor[POL_COUNT * one + pol]! < 1 || gains.aliveFactor[POL_COUNT * two + pol]! < 1;
        if (isDead && !isAuto) {
          storedRe += DEAD_NOISE_FACTOR * noiseRe;
          storedIm += DEAD_NOISE_FACTOR * noiseIm;
        }
        const at = 2 * ((row * channelCount + channel) * POL_COUNT + pol);
        vis[at] = storedRe;
        vis[at + 1] = storedIm;
      }
    }
  }
}

/** Σ_k S_k A_k exp(2πi ν/c (r2 − r1)·(s_k − s0)) of one channel, into `buffers.sky`; autocorrelations become real. */
function sumSources(plan: GroupPlan, geometry: IntegrationGeometry, chan: number, buffers: VisibilityBuffers): void {
  const { antennas, sky } = plan;
  const { firstIndex, secondIndex } = antennas;
  const { fringe, sky: total } = buffers;
  const freqHz = plan.freqHz[chan]!;
  const sourceCount = sky.length;
  const radPerM = (2 * Math.PI * freqHz) / LIGHT_M_PER_SEC;
  for (let k = 0; k < geometry.pathM.length; k++) {
    const phaseRad = radPerM * geometry.pathM[k]!;
    fringe[2 * k] = Math.cos(phaseRad);
    fringe[2 * k + 1] = Math.sin(phaseRad);
  }
  const fluxJy = Float64Array.from(
    sky,
    (source, k) => sourceFluxJy(source, freqHz) * airyPower(geometry.separationRad[k]!, freqHz, DISH_DIAMETER_M),
  );
  for (let row = 0; row < firstIndex.length; row++) {
    const one = 2 * sourceCount * firstIndex[row]!;
    const two = 2 * sourceCount * secondIndex[row]!;
    let re = 0;
    let im = 0;
    for (let k = 0; k < sourceCount; k++) {
      const oneRe = fringe[one + 2 * k]!;
      const oneIm = fringe[one + 2 * k + 1]!;
      const twoRe = fringe[two + 2 * k]!;
      const twoIm = fringe[two + 2 * k + 1]!;
      re += fluxJy[k]! * (oneRe * twoRe + oneIm * twoIm);
      im += fluxJy[k]! * (oneRe * twoIm - oneIm * twoRe);
    }
    total[2 * row] = re;
    total[2 * row + 1] = one === two ? 0 : im;
  }
}

function addRfi(
  rfi: RfiPlan,
  chan: number,
  integrationIndex: number,
  antennas: AntennaLayout,
  total: Float64Array,
): void {
  const hit = rfi.chanIndex.indexOf(chan);
  if (hit < 0) return;
  const antCount = antennas.stationOrder.length;
  const cell = integrationIndex * rfi.chanIndex.length + hit;
  const strengthJy = rfi.strengthJy[cell]!;
  if (strengthJy === 0) return;
  const { firstIndex, secondIndex } = antennas;
  for (let row = 0; row < firstIndex.length; row++) {
    const phaseRad =
      rfi.phaseRad[cell * antCount + firstIndex[row]!]! - rfi.phaseRad[cell * antCount + secondIndex[row]!]!;
    total[2 * row]! += strengthJy * Math.cos(phaseRad);
    total[2 * row + 1]! += strengthJy * Math.sin(phaseRad);
  }
}

function fillGains(gains: InputGains, pol: number, chan: number, elapsedSec: number, out: Float64Array): void {
  for (let ant = 0; ant < gains.antCount; ant++) {
    const input = POL_COUNT * ant + pol;
    const driftRad = gains.phaseRateRadPerSec[input]! * elapsedSec;
    const alive = gains.aliveFactor[input]!;
    const cos = alive * Math.cos(driftRad);
    const sin = alive * Math.sin(driftRad);
    const at = 2 * (input * gains.chanCount + chan);
    out[2 * ant] = gains.bandpass[at]! * cos - gains.bandpass[at + 1]! * sin;
    out[2 * ant + 1] = gains.bandpass[at]! * sin + gains.bandpass[at + 1]! * cos;
  }
}
