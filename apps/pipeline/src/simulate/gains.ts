/** What each input does to the signal: gain, drift, delay and bandpass, and how noisy it is. */

import { SEFD_JY } from "./instrument.ts";
import type { RandomStream } from "./random.ts";

/**
 * Gains of all inputs: G(t, ν) = g · exp(i·rate·(t − tMid)) · B(ν) · alive. An input is an antenna's polarisation, XX
 * then YY; arrays by input are [ant, pol], by channel [ant, pol, chan].
 */
export interface InputGains {
  readonly antCount: number;
  readonly chanCount: number;
  readonly amplitudeFactor: Float64Array;
  readonly phaseRad: Float64Array;
  readonly phaseRateRadPerSec: Float64Array;
  readonly delaySec: Float64Array;
  /** g · B, without drift and without `aliveFactor`; complex, interleaved re, im. */
  readonly bandpass: Float64Array;
  /** 1, or 1e-4 for a dead input. */
  readonly aliveFactor: Float64Array;
  readonly sefdJy: Float64Array;
  /** Stations by what is wrong with them. */
  readonly badStations: { readonly dead: number[]; readonly deadYy: number[]; readonly noisy: number[] };
}

const POL_COUNT = 2;
const DEAD_FACTOR = 1e-4;
/** Below this many antennas all of them work. */
const MIN_COUNT_WITH_BAD = 20;

/** A perfect instrument: every gain 1, every input at the nominal SEFD. */
export function unitGains(antCount: number, chanCount: number): InputGains {
  const inputCount = antCount * POL_COUNT;
  const bandpass = new Float64Array(2 * inputCount * chanCount);
  for (let k = 0; k < bandpass.length; k += 2) bandpass[k] = 1;
  return {
    antCount,
    chanCount,
    amplitudeFactor: new Float64Array(inputCount).fill(1),
    phaseRad: new Float64Array(inputCount),
    phaseRateRadPerSec: new Float64Array(inputCount),
    delaySec: new Float64Array(inputCount),
    bandpass,
    aliveFactor: new Float64Array(inputCount).fill(1),
    sefdJy: new Float64Array(inputCount).fill(SEFD_JY),
    badStations: { dead: [], deadYy: [], noisy: [] },
  };
}

/**
 * An uncalibrated instrument: amplitudes about 0.25, any phase, 3° of drift in five minutes, 0.6 ns of delay, ripples of
 * amplitude and phase across the band, subband edges 12 % down; from 20 antennas on two dead antennas, one dead YY and a
 * noisy one.
 *
 * @param freqHz  all channels, subband by subband
 * @param channelCount  channels of one subband
 */
export function rawGains(
  random: RandomStream,
  stationOrder: readonly number[],
  freqHz: Float64Array,
  channelCount: number,
): InputGains {
  const antCount = stationOrder.length;
  const chanCount = freqHz.length;
  const gains = unitGains(antCount, chanCount);
  const { amplitudeFactor, phaseRad, phaseRateRadPerSec, delaySec, sefdJy, aliveFactor, bandpass } = gains;
  const degree = Math.PI / 180;
  for (let input = 0; input < antCount * POL_COUNT; input++) {
    amplitudeFactor[input] = 0.25 * Math.exp(random.normal(0, 0.15));
    phaseRad[input] = random.uniform(-Math.PI, Math.PI);
    phaseRateRadPerSec[input] = (random.normal(0, 3) * degree) / 309.24;
    delaySec[input] = random.normal(0, 0.6e-9);
    sefdJy[input]! *= Math.exp(random.normal(0, 0.08));
    const amplitudeRipples = ripples(random, [1, 2, 3, 5], 0.05);
    const phaseRipples = ripples(random, [1, 2, 3], 6 * degree);
    for (let chan = 0; chan < chanCount; chan++) {
      const bandFraction = (freqHz[chan]! - 1.31125e9) / 187.5e6;
      const fromMiddle = Math.abs(((chan % channelCount) + 0.5) / channelCount - 0.5) * 2;
      const edge = 1 - 0.12 * fromMiddle ** 6;
      const amplitude = amplitudeFactor[input]! * (1 + sum(amplitudeRipples, bandFraction)) * edge;
      const angleRad =
        phaseRad[input]! + 2 * Math.PI * delaySec[input]! * (freqHz[chan]! - 1.405e9) + sum(phaseRipples, bandFraction);
      bandpass[2 * (input * chanCount + chan)] = amplitude * Math.cos(angleRad);
      bandpass[2 * (input * chanCount + chan) + 1] = amplitude * Math.sin(angleRad);
    }
  }
  if (antCount < MIN_COUNT_WITH_BAD) return gains;
  const at = (fraction: number) => Math.floor(antCount * fraction);
  for (const ant of [at(0.3), at(0.72)]) {
    gains.badStations.dead.push(stationOrder[ant]!);
    aliveFactor.fill(DEAD_FACTOR, POL_COUNT * ant, POL_COUNT * (ant + 1));
  }
  gains.badStations.deadYy.push(stationOrder[at(0.45)]!);
  aliveFactor[POL_COUNT * at(0.45) + 1] = DEAD_FACTOR;
  gains.badStations.noisy.push(stationOrder[at(0.6)]!);
  for (let pol = 0; pol < POL_COUNT; pol++) sefdJy[POL_COUNT * at(0.6) + pol]! *= 8;
  return gains;
}

interface Ripple {
  readonly cycles: number;
  readonly height: number;
  readonly start: number;
}

function ripples(random: RandomStream, cycles: readonly number[], sigma: number): readonly Ripple[] {
  return cycles.map((count) => ({ cycles: count, height: random.normal(0, sigma / count), start: random.uniform() }));
}

function sum(terms: readonly Ripple[], bandFraction: number): number {
  return terms.reduce(
    (total, { cycles, height, start }) => total + height * Math.cos(2 * Math.PI * (cycles * bandFraction + start)),
    0,
  );
}

/** g · B · alive of every input and channel at the middle of the group, complex64 [ant, pol, chan]: `truth_gain.c64`. */
export function gainsAtMiddle(gains: InputGains): Float32Array {
  const { bandpass, aliveFactor, chanCount } = gains;
  return Float32Array.from(bandpass, (value, k) => value * aliveFactor[Math.floor(k / (2 * chanCount))]!);
}
