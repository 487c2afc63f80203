/** The simulated sky: points with power-law spectra. */

import type { IcrsDirection } from "@contimg/sky";
import { z } from "zod";
import type { RandomStream } from "./random.ts";

/** A point source, unpolarised: XX = YY = I. */
export interface SkySource extends IcrsDirection {
  readonly name: string;
  /** At 1.4 GHz. */
  readonly fluxJy: number;
  /** α of S = S(1.4 GHz) · (ν / 1.4 GHz)^α. */
  readonly spectralIndex: number;
}

export const REFERENCE_HZ = 1.4e9;

export function sourceFluxJy(source: SkySource, freqHz: number): number {
  return source.fluxJy * (freqHz / REFERENCE_HZ) ** source.spectralIndex;
}

export interface RandomSkyOptions {
  readonly sourceCount: number;
  readonly calibratorJy: number;
  /** By how much the field is longer in right ascension, for several groups of one sky. */
  readonly raSpanRad: number;
}

const DEG = Math.PI / 180;
const FIELD_RADIUS_RAD = 1.75 * DEG;
const MIN_SEPARATION_RAD = 0.12 * DEG;
/** Places tried in vain for one source before the sky counts as full. */
const MAX_VAIN_COUNT = 1000;

/**
 * A calibrator `CAL0` 0.09° off the centre and sources `SRC01`… of 0.15 … 2.5 Jy about it, each at least 0.12° from the
 * next: an asymmetric sky, so that a wrong sign cannot pass for a right one.
 *
 * @throws RangeError when so many sources find no place
 */
export function randomSky(
  random: RandomStream,
  centre: IcrsDirection,
  options: RandomSkyOptions,
): readonly SkySource[] {
  const { sourceCount, calibratorJy, raSpanRad } = options;
  const sources: SkySource[] = [
    {
      name: "CAL0",
      raRad: centre.raRad + (0.08 * DEG) / Math.cos(centre.decRad),
      decRad: centre.decRad + 0.05 * DEG,
      fluxJy: calibratorJy,
      spectralIndex: -0.3,
    },
  ];
  for (let vainCount = 0; sources.length < sourceCount; vainCount++) {
    if (vainCount > MAX_VAIN_COUNT) {
      throw new RangeError(`sourceCount: expected as many as find a place 0.12° apart, found ${sourceCount}`);
    }
    const eastRad = random.uniform(-1.7 * DEG - raSpanRad / 2, 1.7 * DEG + raSpanRad / 2);
    const northRad = random.uniform(-1.7 * DEG, 1.7 * DEG);
    if (Math.hypot(Math.max(0, Math.abs(eastRad) - raSpanRad / 2), northRad) > FIELD_RADIUS_RAD) continue;
    const decRad = centre.decRad + northRad;
    const raRad = centre.raRad + eastRad / Math.cos(decRad);
    const isNear = (other: SkySource) =>
      Math.hypot((raRad - other.raRad) * Math.cos(decRad), decRad - other.decRad) < MIN_SEPARATION_RAD;
    if (sources.some(isNear)) continue;
    vainCount = 0;
    sources.push({
      name: `SRC${String(sources.length).padStart(2, "0")}`,
      raRad,
      decRad,
      fluxJy: 10 ** random.uniform(Math.log10(0.15), Math.log10(2.5)),
      spectralIndex: random.normal(-0.7, 0.25),
    });
  }
  return sources.slice(0, sourceCount);
}

const skyFile = z
  .array(
    z.object({
      name: z.string().min(1),
      ra_deg: z.number(),
      dec_deg: z.number().min(-90).max(90),
      flux_1400_jy: z.number(),
      alpha: z.number().default(0),
    }),
  )
  .min(1);

/**
 * Reads a sky from JSON: a list of `{ name, ra_deg, dec_deg, flux_1400_jy, alpha }`, or a truth file, whose `sources` are
 * that list.
 *
 * @throws ZodError naming the field that is not as it should be; SyntaxError when the text is not JSON
 */
export function parseSky(jsonText: string): readonly SkySource[] {
  const value: unknown = JSON.parse(jsonText);
  const list = typeof value === "object" && value !== null && "sources" in value ? value.sources : value;
  return skyFile.parse(list).map(({ name, ra_deg, dec_deg, flux_1400_jy, alpha }) => ({
    name,
    raRad: ra_deg * DEG,
    decRad: dec_deg * DEG,
    fluxJy: flux_1400_jy,
    spectralIndex: alpha,
  }));
}

/**
 * The sky with some fluxes multiplied: variable sources.
 *
 * @throws RangeError when a name is not in the sky
 */
export function varySky(sky: readonly SkySource[], factors: ReadonlyMap<string, number>): readonly SkySource[] {
  for (const name of factors.keys()) {
    if (!sky.some((source) => source.name === name)) {
      throw new RangeError(`vary: expected a source of the sky, found ${JSON.stringify(name)}`);
    }
  }
  return sky.map((source) => ({ ...source, fluxJy: source.fluxJy * (factors.get(source.name) ?? 1) }));
}
