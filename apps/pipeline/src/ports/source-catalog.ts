/** Catalogues of sources, looked into by place on the sky. */

import type { VlaCalibrator } from "../domain/calibrator.ts";
import type { CatalogInfo, CatalogInput, CatalogSource, SurveyName } from "../domain/catalog-source.ts";
import type { MasterLimits, MasterSource } from "../domain/master-source.ts";

export interface SkyCone {
  readonly kind: "cone";
  readonly raDeg: number;
  readonly decDeg: number;
  readonly radiusDeg: number;
}

/** From one right ascension, 0 to 360, eastwards to another: 350 to 10 are 20 degrees. Edges are included. */
export interface SkyBox {
  readonly kind: "box";
  readonly raFromDeg: number;
  readonly raToDeg: number;
  readonly decFromDeg: number;
  readonly decToDeg: number;
}

export type SkyRegion = SkyCone | SkyBox;

export interface SourceQuery {
  readonly region: SkyRegion;
  readonly minFluxJy?: number;
  readonly maxFluxJy?: number;
  readonly maxCount?: number;
}

/** `sepDeg`: from the centre of the cone; null in a box. */
export type Found<Source> = Source & { readonly id: number; readonly sepDeg: number | null };

/** A finished catalogue, which nothing changes. Any number of processes may have it open. */
export interface SourceCatalog {
  readonly info: CatalogInfo;
  /** In a cone the nearest first, in a box from west to east. */
  find(query: SourceQuery): readonly Found<CatalogSource>[];
  findName(name: string): readonly Found<CatalogSource>[];
  close(): void;
}

/** The catalogue of sources matched between surveys. */
export interface MasterCatalog {
  readonly limits: MasterLimits;
  readonly sourceCount: number;
  /** Fluxes are those of NVSS. `referencesOnly`: those good enough to compare fluxes with. */
  find(query: SourceQuery & { readonly referencesOnly?: boolean }): readonly Found<MasterSource>[];
  findName(name: string): readonly Found<MasterSource>[];
  close(): void;
}

export interface CalibratorCatalog {
  readonly calibratorCount: number;
  /** Fluxes are those of the L band; where one is asked for, calibrators without are left out. */
  find(query: SourceQuery): readonly Found<VlaCalibrator>[];
  /** Several where the list has several entries of one name. Other names that it gives count too. */
  findName(name: string): readonly Found<VlaCalibrator>[];
  close(): void;
}

/** Takes rows, and makes a catalogue of them that appears whole or not at all. */
export interface CatalogBuild<Row, Summary> {
  add(rows: readonly Row[]): void;
  /** @returns the number of rows. @throws PipelineError DISK_FULL, OUTPUT_NOT_WRITABLE */
  finish(summary: Summary): number;
  /** Leaves nothing behind. */
  abandon(): void;
}

export type SurveySummary = Omit<CatalogInfo, "sourceCount">;

export interface MasterSummary {
  readonly limits: MasterLimits;
  readonly inputs: readonly CatalogInput[];
  readonly builtUnixSec: number;
  readonly software: string;
}

export type CalibratorSummary = Omit<MasterSummary, "limits">;

/** What was seen while a file was read; complete when its rows are. */
export interface ReadTally {
  inputs: CatalogInput[];
  skippedCounts: Record<string, number>;
}

/** Reads the files that catalogues are published as, plain or compressed by gzip. */
export interface CatalogFiles {
  /** @throws PipelineError CATALOG_UNREADABLE naming file, line and field; INPUT_UNREADABLE */
  readSurvey(path: string, survey: SurveyName, tally: ReadTally): AsyncIterable<readonly CatalogSource[]>;
  /** @throws PipelineError as {@link CatalogFiles.readSurvey} */
  readVlaCalibrators(path: string, tally: ReadTally): AsyncIterable<readonly VlaCalibrator[]>;
}

/** Opens and makes catalogues. Opening throws PipelineError CATALOG_UNUSABLE. */
export interface CatalogStore {
  exists(path: string): boolean;
  openSurvey(path: string): SourceCatalog;
  openMaster(path: string): MasterCatalog;
  openCalibrators(path: string): CalibratorCatalog;
  /** What a catalogue file holds. */
  kindOf(path: string): "survey" | "master" | "calibrators";
  buildSurvey(path: string): CatalogBuild<CatalogSource, SurveySummary>;
  buildMaster(path: string): CatalogBuild<MasterSource, MasterSummary>;
  buildCalibrators(path: string): CatalogBuild<VlaCalibrator, CalibratorSummary>;
}
