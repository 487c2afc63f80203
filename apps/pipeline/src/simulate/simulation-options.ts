/** What a simulation can be told, and what it does when it is not told. */

import { MAX_ANTENNA_COUNT } from "./antenna-layout.ts";
import { FAULT_KINDS, type SubbandFault } from "./faults.ts";
import type { SkySource } from "./sky-model.ts";

export interface SimulationOptions {
  /** Where files go; made when it is not there. */
  readonly outputDir: string;
  /** 2 … 96; default 96. */
  readonly antennaCount?: number;
  /** Integrations of a group; default 24. */
  readonly integrationCount?: number;
  /** 1 … 16; default 16. */
  readonly subbandCount?: number;
  /** Channels of a subband, whose width together is that of 48 real ones; default 48. */
  readonly channelCount?: number;
  /** Centre of the first integration of group 0, UTC; default 2460951.992331495. */
  readonly startJd?: number;
  /** Pointing declination, of date; default 0.9524855391037991 (54.57°). */
  readonly ptDecRad?: number;
  /** First group: its start is `startJd` plus so many times 309.24 s; default 0. */
  readonly groupIndex?: number;
  /** Consecutive groups of one sky and one set of gains; default 1. */
  readonly groupCount?: number;
  /** The time whose meridian is the middle of the random sky; default: the middle of the first group. */
  readonly skyJd?: number;
  /** By how much the random sky is longer in right ascension; default 0. */
  readonly raSpanRad?: number;
  /** Sources of the random sky, the calibrator CAL0 among them; default 20. */
  readonly sourceCount?: number;
  /** Flux of CAL0 at 1.4 GHz; default 12.5. */
  readonly calibratorJy?: number;
  /** A sky to use instead of a random one. */
  readonly sky?: readonly SkySource[];
  /** Seed of everything random; default 110. */
  readonly seed?: number;
  /** "raw" (default): an uncalibrated instrument; "unit": a perfect one. */
  readonly gains?: "raw" | "unit";
  /** Of thermal noise: 0 = none; default 1. */
  readonly noiseScaleFactor?: number;
  /** Default true. */
  readonly hasRfi?: boolean;
  /** Fluxes to multiply, by name of source: variable sources. */
  readonly varyFactor?: ReadonlyMap<string, number>;
  /** File names of a group's subbands differ by 0 … 2 s, as nodes choose them independently; default false. */
  readonly hasNameJitter?: boolean;
  /** Subband files that do not arrive whole; default none. */
  readonly faults?: readonly SubbandFault[];
  /** Set some flags and lower some nsamples, as real files of the DSA-110 never do; default false. */
  readonly storesFlags?: boolean;
  /** Sign of the stored `channel_width`; default 1. */
  readonly channelWidthSign?: 1 | -1;
  /** fsync each file; default false. */
  readonly isDurable?: boolean;
  /** What the user typed, for the truth file; default none. */
  readonly command?: readonly string[];
}

export type ResolvedSimulation = Required<Omit<SimulationOptions, "sky" | "skyJd">> &
  Pick<SimulationOptions, "sky" | "skyJd">;

/**
 * Fills in defaults.
 *
 * @throws RangeError naming the option that is out of range, what is expected and what was found
 */
export function resolveSimulation(options: SimulationOptions): ResolvedSimulation {
  const resolved: ResolvedSimulation = {
    antennaCount: MAX_ANTENNA_COUNT,
    integrationCount: 24,
    subbandCount: 16,
    channelCount: 48,
    startJd: 2460951.992331495,
    ptDecRad: 0.9524855391037991,
    groupIndex: 0,
    groupCount: 1,
    raSpanRad: 0,
    sourceCount: 20,
    calibratorJy: 12.5,
    seed: 110,
    gains: "raw",
    noiseScaleFactor: 1,
    hasRfi: true,
    varyFactor: new Map(),
    hasNameJitter: false,
    faults: [],
    storesFlags: false,
    channelWidthSign: 1,
    isDurable: false,
    command: [],
    ...options,
  };
  const whole = (
    name:
      | "antennaCount"
      | "integrationCount"
      | "subbandCount"
      | "channelCount"
      | "groupIndex"
      | "groupCount"
      | "sourceCount"
      | "seed",
    min: number,
    max: number,
  ) => {
    const found = resolved[name];
    if (!Number.isInteger(found) || found < min || found > max) {
      throw new RangeError(`${name}: expected a whole number ${min} … ${max}, found ${found}`);
    }
  };
  whole("antennaCount", 2, MAX_ANTENNA_COUNT);
  whole("integrationCount", 1, 10_000);
  whole("subbandCount", 1, 16);
  whole("channelCount", 1, 4096);
  whole("groupIndex", 0, 1_000_000);
  whole("groupCount", 1, 1_000_000);
  whole("sourceCount", 1, 10_000);
  whole("seed", 0, Number.MAX_SAFE_INTEGER);
  if (!(resolved.noiseScaleFactor >= 0 && resolved.noiseScaleFactor < Infinity)) {
    throw new RangeError(`noiseScaleFactor: expected 0 or more, found ${resolved.noiseScaleFactor}`);
  }
  if (!(Math.abs(resolved.ptDecRad) < Math.PI / 2)) {
    throw new RangeError(`ptDecRad: expected within ±π/2, found ${resolved.ptDecRad}`);
  }
  for (const { kind, subbandIndex } of resolved.faults) {
    if (!FAULT_KINDS.includes(kind) || !(subbandIndex < resolved.subbandCount)) {
      throw new RangeError(
        `faults: expected a subband below ${resolved.subbandCount}, found ${kind} in subband ${subbandIndex}`,
      );
    }
  }
  return resolved;
}

/**
 * Reads a variable source as a user writes it, `NAME=FACTOR`.
 *
 * @throws RangeError when the text has another form
 */
export function parseVariation(text: string): readonly [name: string, factor: number] {
  const at = text.lastIndexOf("=");
  const factor = Number(text.slice(at + 1));
  if (at < 1 || text.slice(at + 1).trim() === "" || !Number.isFinite(factor)) {
    throw new RangeError(`vary: expected NAME=FACTOR, found "${text}"`);
  }
  return [text.slice(0, at), factor];
}
