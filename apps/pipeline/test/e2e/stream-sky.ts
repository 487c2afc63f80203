/** A drift scan in small: groups of one raw instrument under a sky that is known, with its catalogues. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { catalogStore } from "../../src/adapters/sqlite/catalog-store.ts";
import type { VlaCalibrator } from "../../src/domain/calibrator.ts";
import { pointSource } from "../../src/domain/catalog-source.ts";
import { integrationTimesJd, meanOf, pointingCentre } from "../../src/simulate/geometry.ts";
import { nodeSimulatorDeps } from "../../src/simulate/node-deps.ts";
import { simulateGroups } from "../../src/simulate/simulate-groups.ts";
import type { SkySource } from "../../src/simulate/sky-model.ts";

const START_JD = 2460951.992331495;
const PT_DEC_RAD = 0.9524855391037991;
const INTEGRATION_COUNT = 4;
const DEG = Math.PI / 180;

/** A source of so many Jy on the meridian in the middle of a group, a little off its centre. */
export function sourceOver(groupIndex: number, name: string, fluxJy: number, eastDeg = 0.02): SkySource {
  const { raRad, decRad } = pointingCentre(
    meanOf(integrationTimesJd(START_JD, groupIndex, INTEGRATION_COUNT)),
    PT_DEC_RAD,
  );
  return {
    name,
    raRad: raRad + (eastDeg * DEG) / Math.cos(decRad),
    decRad: decRad + 0.1 * DEG,
    fluxJy,
    spectralIndex: -0.3,
  };
}

/** Makes the files of one group. @returns its id, and the names of the files */
export function simulateGroup(directory: string, groupIndex: number, sky: readonly SkySource[], subbandCount: number) {
  const before = new Set(readdirSync(directory));
  const [group] = simulateGroups(
    {
      outputDir: directory,
      seed: 77,
      antennaCount: 14,
      integrationCount: INTEGRATION_COUNT,
      channelCount: 8,
      subbandCount,
      groupIndex,
      hasRfi: false,
      sky,
    },
    nodeSimulatorDeps,
  );
  const startMs = (group!.truth.layout.times_jd[0]! - 2_440_587.5) * 86_400_000 - 6_442;
  return {
    groupId: new Date(Math.floor(startMs / 1000) * 1000).toISOString().slice(0, 19),
    files: readdirSync(directory).filter((name) => name.endsWith(".hdf5") && !before.has(name)),
  };
}

/** The sky as a survey would list it. @returns its path */
export function skyCatalog(directory: string, sky: readonly SkySource[]): string {
  const path = join(directory, "sky.sqlite3");
  const build = catalogStore.buildSurvey(path);
  build.add(
    sky.map(({ name, raRad, decRad, fluxJy, spectralIndex }) => ({
      ...pointSource(name, raRad / DEG, decRad / DEG, fluxJy),
      spectralIndex,
    })),
  );
  build.finish({
    survey: "synthetic",
    freqHz: 1.4e9,
    skippedCounts: {},
    inputs: [],
    builtUnixSec: 0,
    software: "test",
  });
  return path;
}

/** Sources of it as the VLA would list them. @returns its path */
export function calibratorCatalog(directory: string, sources: readonly SkySource[]): string {
  const path = join(directory, "calibrators.sqlite3");
  const build = catalogStore.buildCalibrators(path);
  build.add(
    sources.map(
      ({ name, raRad, decRad, fluxJy }): VlaCalibrator => ({
        name,
        raDeg: raRad / DEG,
        decDeg: decRad / DEG,
        positionCode: "A",
        b1950Name: "",
        altName: null,
        bands: [
          {
            wavelength: "20cm",
            bandCode: "L",
            qualities: ["P", "P", "P", "P"],
            fluxJy,
            uvMinKLambda: null,
            uvMaxKLambda: null,
          },
        ],
      }),
    ),
  );
  build.finish({ inputs: [], builtUnixSec: 0, software: "test" });
  return path;
}
