/** Makes catalogues of the files that surveys publish, and of each other. */

import { type CatalogInfo, type CatalogSource, type SurveyName, surveys } from "../domain/catalog-source.ts";
import { neighbourFinder } from "../domain/cross-match.ts";
import {
  type MasterLimits,
  type MatchedSurvey,
  masterSourceOf,
  matchedSurveys,
  type SurveyFrequencies,
} from "../domain/master-source.ts";
import type { Clock } from "../ports/clock.ts";
import type { CatalogBuild, CatalogFiles, CatalogStore, ReadTally, SourceCatalog } from "../ports/source-catalog.ts";

export interface CatalogServices {
  readonly store: CatalogStore;
  readonly files: CatalogFiles;
  readonly clock: Clock;
  readonly software: string;
}

export interface BuiltCatalog {
  readonly path: string;
  readonly rowCount: number;
  readonly skippedCounts: Readonly<Record<string, number>>;
  /** Fewer than the whole catalogue as published has. */
  readonly missingCount: number;
}

const newTally = (): ReadTally => ({ inputs: [], skippedCounts: {} });

/** Nothing is left of a catalogue that could not be made. */
async function build<Row, Summary, Result>(
  making: CatalogBuild<Row, Summary>,
  act: (making: CatalogBuild<Row, Summary>) => Promise<Result>,
): Promise<Result> {
  try {
    return await act(making);
  } catch (error) {
    making.abandon();
    throw error;
  }
}

export interface SurveyBuild {
  readonly survey: SurveyName;
  readonly inputs: readonly string[];
  /** null: that of the survey. */
  readonly freqHz: number | null;
  readonly outputPath: string;
  /** Only these: others are not counted as skipped. */
  readonly isWanted: (source: CatalogSource) => boolean;
  readonly onProgress?: (rowCount: number) => void;
}

/** @throws PipelineError CATALOG_UNREADABLE, INPUT_UNREADABLE, DISK_FULL, OUTPUT_NOT_WRITABLE */
export async function buildSurvey(services: CatalogServices, options: SurveyBuild): Promise<BuiltCatalog> {
  const { survey, outputPath } = options;
  const tally = newTally();
  let readCount = 0;
  const rowCount = await build(services.store.buildSurvey(outputPath), async (making) => {
    for (const path of options.inputs) {
      for await (const sources of services.files.readSurvey(path, survey, tally)) {
        making.add(sources.filter(options.isWanted));
        readCount += sources.length;
        options.onProgress?.(readCount);
      }
    }
    return making.finish({ survey, freqHz: options.freqHz ?? surveys[survey].freqHz, ...provenance(services, tally) });
  });
  return {
    path: outputPath,
    rowCount,
    skippedCounts: tally.skippedCounts,
    missingCount: missing(survey, readCount, tally),
  };
}

function missing(survey: SurveyName, readCount: number, { skippedCounts }: ReadTally): number {
  const skippedCount = Object.values(skippedCounts).reduce((sum, count) => sum + count, 0);
  return Math.max(0, (surveys[survey].publishedCount ?? 0) - readCount - skippedCount);
}

function provenance(
  { clock, software }: CatalogServices,
  tally: ReadTally,
): Pick<CatalogInfo, "skippedCounts" | "inputs" | "builtUnixSec" | "software"> {
  return { ...tally, builtUnixSec: clock.nowUnixSec(), software };
}

/** Sources that were made, not read. @throws PipelineError DISK_FULL, OUTPUT_NOT_WRITABLE */
export function buildSynthetic(
  services: CatalogServices,
  sources: readonly CatalogSource[],
  outputPath: string,
): Promise<BuiltCatalog> {
  return build(services.store.buildSurvey(outputPath), async (making) => {
    making.add(sources);
    const { freqHz } = surveys.synthetic;
    const rowCount = making.finish({ survey: "synthetic", freqHz, ...provenance(services, newTally()) });
    return Promise.resolve({ path: outputPath, rowCount, skippedCounts: {}, missingCount: 0 });
  });
}

/** @throws PipelineError as {@link buildSurvey} */
export function buildCalibrators(
  services: CatalogServices,
  inputPath: string,
  outputPath: string,
): Promise<BuiltCatalog> {
  const tally = newTally();
  return build(services.store.buildCalibrators(outputPath), async (making) => {
    for await (const calibrators of services.files.readVlaCalibrators(inputPath, tally)) making.add(calibrators);
    const { inputs, builtUnixSec, software } = provenance(services, tally);
    const rowCount = making.finish({ inputs, builtUnixSec, software });
    return { path: outputPath, rowCount, skippedCounts: {}, missingCount: 0 };
  });
}

export interface MasterBuild {
  readonly nvssPath: string;
  /** Those that there are. */
  readonly matchedPaths: Readonly<Partial<Record<MatchedSurvey, string>>>;
  readonly limits: MasterLimits;
  readonly outputPath: string;
  readonly onProgress?: (rowCount: number) => void;
}

/** Sources are matched strip by strip, so that memory does not grow with the sky. */
const STRIP_DEG = 1;
const ARCSEC_PER_DEG = 3600;

/** @throws PipelineError CATALOG_UNUSABLE, DISK_FULL, OUTPUT_NOT_WRITABLE */
export async function buildMaster(services: CatalogServices, options: MasterBuild): Promise<BuiltCatalog> {
  const { limits, outputPath } = options;
  const opened: SourceCatalog[] = [];
  const open = (path: string) => {
    const catalog = services.store.openSurvey(path);
    opened.push(catalog);
    return catalog;
  };
  try {
    const nvss = open(options.nvssPath);
    const matched = matchedSurveys.map((survey) => {
      const path = options.matchedPaths[survey];
      return [survey, path === undefined ? null : open(path)] as const;
    });
    return await build(services.store.buildMaster(outputPath), async (making) => {
      let rowCount = 0;
      for (let decFromDeg = -90; decFromDeg < 90; decFromDeg += STRIP_DEG) {
        const rows = masterStrip(decFromDeg, nvss, matched, limits);
        making.add(rows);
        rowCount += rows.length;
        options.onProgress?.(rowCount);
      }
      const { builtUnixSec, software } = provenance(services, newTally());
      making.finish({ limits, inputs: opened.flatMap(({ info }) => info.inputs), builtUnixSec, software });
      return Promise.resolve({ path: outputPath, rowCount, skippedCounts: {}, missingCount: 0 });
    });
  } finally {
    for (const catalog of opened) catalog.close();
  }
}

function masterStrip(
  decFromDeg: number,
  nvss: SourceCatalog,
  matched: readonly (readonly [MatchedSurvey, SourceCatalog | null])[],
  limits: MasterLimits,
) {
  const radiusArcsec = Math.max(limits.matchRadiusArcsec, limits.confusionRadiusArcsec);
  const marginDeg = radiusArcsec / ARCSEC_PER_DEG;
  const decToDeg = decFromDeg + STRIP_DEG;
  const aroundStrip = {
    kind: "box",
    raFromDeg: 0,
    raToDeg: 360,
    decFromDeg: decFromDeg - marginDeg,
    decToDeg: decToDeg + marginDeg,
  } as const;
  const nvssAround = nvss.find({ region: aroundStrip });
  const finders = Object.fromEntries(
    matched.map(([survey, catalog]) => [survey, neighbourFinder(catalog?.find({ region: aroundStrip }) ?? [])]),
  ) as Record<MatchedSurvey, ReturnType<typeof neighbourFinder>>;
  const nearNvss = neighbourFinder(nvssAround);
  const frequencies = { nvss: nvss.info, ...frequenciesOf(matched) };
  // The pole itself belongs to the last strip.
  const isInStrip = ({ decDeg }: CatalogSource) => decDeg >= decFromDeg && (decDeg < decToDeg || decToDeg >= 90);
  return nvssAround.filter(isInStrip).map((source) =>
    masterSourceOf(
      source,
      {
        nvss: nearNvss(source, radiusArcsec).filter((other) => other.source !== source),
        first: finders.first(source, radiusArcsec),
        racs: finders.racs(source, radiusArcsec),
        vlass: finders.vlass(source, radiusArcsec),
      },
      frequencies,
      limits,
    ),
  );
}

function frequenciesOf(
  matched: readonly (readonly [MatchedSurvey, SourceCatalog | null])[],
): Omit<SurveyFrequencies, "nvss"> {
  return Object.fromEntries(
    matched.map(([survey, catalog]) => [survey, catalog?.info ?? surveys[survey]]),
  ) as unknown as Omit<SurveyFrequencies, "nvss">;
}
