/** Solves for the calibration of one Measurement Set, from a catalogue of sources or a model in it, and registers the tables. */

import { airyFwhmRad, airyPower } from "@contimg/sky";
import type { CalSolveConfig, CalSolveReport, SkySource } from "../domain/cal-solve.ts";
import { type JsonObject, type NewCalTable, orderIndexOf, usualValidity } from "../domain/cal-table.ts";
import { PipelineError } from "../domain/error-codes.ts";
import type { CalRegistry } from "../ports/cal-registry.ts";
import type { CalTableFiles } from "../ports/cal-table-files.ts";
import type { CalibratableMs, MsCalibration, SolveRequest } from "../ports/ms-calibration.ts";
import type { MsLocks } from "../ports/ms-locks.ts";
import type { SourceCatalog } from "../ports/source-catalog.ts";
import { withContent } from "./find-calibration.ts";
import { priorsFromRegistry } from "./solve-priors.ts";

export interface SkyChoice {
  /** Apparent, through the beam in the middle of the data. */
  readonly minFluxJy: number;
  readonly maxCount: number;
  /** Of sources whose catalogue does not say. */
  readonly defaultSpectralIndexRatio: number;
}

export const defaultSkyChoice: SkyChoice = { minFluxJy: 0.05, maxCount: 100, defaultSpectralIndexRatio: -0.7 };

const DEG_PER_RAD = 180 / Math.PI;
/** Of the power beam at half maximum, to either side, beyond the drift. */
const REACH_IN_FWHM = 1;

/** The brightest sources in the beam, with the flux that each seems to have in the middle of the data. */
export function skyInBeam(
  catalog: SourceCatalog,
  ms: CalibratableMs,
  config: Pick<CalSolveConfig, "beam" | "dishDiameterM">,
  choice: SkyChoice,
) {
  const diameterM = config.dishDiameterM ?? ms.dishDiameterM;
  const drift = config.beam === "drift" ? ms.driftDeg / 2 : 0;
  const radiusDeg = Math.min(90, REACH_IN_FWHM * airyFwhmRad(ms.middleFreqHz, diameterM) * DEG_PER_RAD + drift);
  const region = { kind: "cone", raDeg: ms.raDeg, decDeg: ms.decDeg, radiusDeg } as const;
  const apparent = catalog.find({ region, minFluxJy: choice.minFluxJy }).map((source) => {
    const power = config.beam === "none" ? 1 : airyPower(source.sepDeg! / DEG_PER_RAD, ms.middleFreqHz, diameterM);
    return { source, fluxJy: source.fluxJy * power };
  });
  const chosen = apparent
    .filter(({ fluxJy }) => fluxJy >= choice.minFluxJy)
    .toSorted((a, b) => b.fluxJy - a.fluxJy)
    .slice(0, choice.maxCount);
  return { chosen, brightestJy: apparent.reduce((most, { fluxJy }) => Math.max(most, fluxJy), 0), radiusDeg };
}

/** The brightest sources of a catalogue in the beam. @throws PipelineError SOLVE_FAILED when there is none */
export function chooseSky(
  catalog: SourceCatalog,
  ms: CalibratableMs,
  config: Pick<CalSolveConfig, "beam" | "dishDiameterM">,
  choice: SkyChoice,
): readonly SkySource[] {
  const { chosen, brightestJy, radiusDeg } = skyInBeam(catalog, ms, config, choice);
  if (chosen.length === 0) {
    throw new PipelineError(
      "SOLVE_FAILED",
      `field ${ms.fieldName}: expected a source of ${choice.minFluxJy} Jy through the beam within ${radiusDeg.toFixed(2)} degrees, the brightest has ${brightestJy.toFixed(3)} Jy`,
      { subject: ms.fieldName },
    );
  }
  return chosen.map(({ source }) => ({
    name: source.name,
    raDeg: source.raDeg,
    decDeg: source.decDeg,
    fluxJy: source.fluxJy,
    refFreqHz: catalog.info.freqHz,
    spectralIndexRatio: source.spectralIndex ?? choice.defaultSpectralIndexRatio,
    majorArcsec: source.majorArcsec ?? 0,
    minorArcsec: source.minorArcsec ?? 0,
    paDeg: source.paDeg ?? 0,
  }));
}

export interface SolveCalibrationPorts {
  readonly calibration: MsCalibration;
  readonly locks: MsLocks;
  readonly files: CalTableFiles;
}

export interface SolveCalibrationOptions extends Omit<SolveRequest, "sources"> {
  readonly choice: SkyChoice;
  readonly lockTimeoutMs: number;
  readonly softwareVersion: string;
  readonly solverCommand: string;
  onWait(message: string): void;
}

/** What `contimg cal solve` needs. */
export interface SolveServices {
  /**
   * @param catalogPath  null: the model is a column
   * @param registryPath  null: the tables are not registered
   */
  solve(
    msPath: string,
    catalogPath: string | null,
    registryPath: string | null,
    options: SolveCalibrationOptions,
  ): Promise<CalSolveReport>;
}

/**
 * What gains are solved on top of is in `config.priorTables`; a bandpass or gains that are missing there and are not solved
 * either come from the registry.
 *
 * @param catalog  null: the model is the column that the options name
 * @param registry  null: the tables are not registered, and nothing is looked up
 */
export async function solveCalibration(
  msPath: string,
  catalog: SourceCatalog | null,
  registry: CalRegistry | null,
  { calibration, locks, files }: SolveCalibrationPorts,
  asked: SolveCalibrationOptions,
): Promise<CalSolveReport> {
  const lock = await locks.acquire(msPath, "shared", {
    timeoutMs: asked.lockTimeoutMs,
    signal: asked.signal,
    onWait: ({ waitedMs, holders }) =>
      asked.onWait(`${msPath}: waiting for ${holders} to release it, for ${(waitedMs / 1000).toFixed(0)} s now`),
  });
  try {
    const { report, entries } = await solveTables(msPath, catalog, registry, { calibration, files }, asked);
    registry?.register(entries.map((entry) => withContent(files, entry)));
    return report;
  } finally {
    await lock.release();
  }
}

/** A solve and its tables as the registry would have them; nothing is registered, and the lock is the caller's. */
export async function solveTables(
  msPath: string,
  catalog: SourceCatalog | null,
  registry: CalRegistry | null,
  { calibration, files }: Omit<SolveCalibrationPorts, "locks">,
  asked: Omit<SolveCalibrationOptions, "lockTimeoutMs" | "onWait">,
): Promise<{ readonly report: CalSolveReport; readonly entries: readonly Omit<NewCalTable, "contentDigest">[] }> {
  const ms = calibration.describe(msPath);
  const priorTables = priorsFromRegistry(registry, files, ms.middleMjd, asked.config);
  const options = { ...asked, config: { ...asked.config, priorTables } };
  const sources = catalog === null ? [] : chooseSky(catalog, ms, options.config, options.choice);
  const report = await calibration.solve(msPath, { ...options, sources });
  return { report, entries: entriesOf(report, ms, options) };
}

/** The tables of a solve as the registry has them. */
function entriesOf(
  report: CalSolveReport,
  ms: CalibratableMs,
  {
    config,
    choice,
    modelColumn,
    outputPrefix,
    softwareVersion,
    solverCommand,
  }: Omit<SolveCalibrationOptions, "lockTimeoutMs" | "onWait">,
): readonly Omit<NewCalTable, "contentDigest">[] {
  const referenceMjd = (report.startMjd + report.endMjd) / 2;
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  const parameters: JsonObject = {
    ...config,
    maxUvM: finite(config.maxUvM),
    maxUvLambda: finite(config.maxUvLambda),
    priorTables: config.priorTables.map(({ type, path }) => ({ type, path })),
    robust: config.robust === null ? null : { ...config.robust },
    bandpassSmoothing: config.bandpassSmoothing === null ? null : { ...config.bandpassSmoothing },
    minFluxJy: choice.minFluxJy,
    modelColumn,
    sourceCount: report.sourceCount,
    modelFluxJy: report.modelFluxJy,
  };
  return report.tables.map(({ type, path, quality, verdict, residualSigma, outcomeCounts, closurePhaseDeg }, at) => ({
    path,
    type,
    setName: outputPrefix.slice(outputPrefix.lastIndexOf("/") + 1),
    referenceMjd,
    ...usualValidity(type, referenceMjd),
    calField: report.fieldName,
    refant: report.refant,
    sourceMsPath: report.msPath,
    solvedWith: [...config.priorTables, ...report.tables.slice(0, at)]
      .map((earlier) => ({ type: earlier.type, path: earlier.path }))
      .toSorted((a, b) => orderIndexOf(a.type) - orderIndexOf(b.type)),
    parameters,
    softwareVersion,
    solverCommand,
    quality: {
      verdict: verdict.verdict,
      reasons: verdict.reasons.map(({ severity, text }) => `${severity}: ${text}`),
      flagged_fraction: quality.present.flaggedFraction,
      median_gain: quality.present.medianGain,
      phase_scatter_deg: quality.present.phaseScatterDeg,
      median_snr: quality.present.medianSnr,
      antenna_count: quality.antennas.length,
      residual_sigma: residualSigma,
      closure_phase_deg: closurePhaseDeg,
      converged_count: outcomeCounts.convergedCount,
      limit_count: outcomeCounts.limitCount,
      no_data_count: outcomeCounts.noDataCount,
    },
    phaseCentre: { raDeg: ms.raDeg, decDeg: ms.decDeg },
    notes: null,
  }));
}
