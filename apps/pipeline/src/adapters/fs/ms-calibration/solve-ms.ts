/** Solves for the calibration of a Measurement Set, and writes the tables. */

import { existsSync } from "node:fs";
import { openTable } from "@contimg/casacore-tables/node";
import type { EarthOrientation } from "@contimg/sky";
import { judgeQuality, measureQuality } from "../../../domain/cal-quality.ts";
import {
  assertPriors,
  type CalSolveReport,
  combinables,
  judgeSolve,
  type OutcomeCounts,
  type SolvedTable,
  type SolveType,
  solveMessage,
} from "../../../domain/cal-solve.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { SolveRequest } from "../../../ports/ms-calibration.ts";
import { accumulate, sumsBytes } from "./accumulate.ts";
import { blocksOf, type CalMs, describeCalMs, type RowBlock, unsuitable } from "./cal-ms.ts";
import { assertSources, type ModelOptions, ModelPredictor, modelOptions } from "./model-sky.ts";
import { readPrior } from "./prior-gains.ts";
import { selectFields } from "./select-fields.ts";
import { commonIntervals, divideMoments, type Moment, type SolveIntervals } from "./solve-intervals.ts";
import {
  type Channels,
  channelsOf,
  isPerChannel,
  knownAtChannels,
  type PassSums,
  type SolvedStep,
  type StepName,
  StepSolver,
  stepNames,
} from "./solve-steps.ts";
import { writeCalTable } from "./write-cal-table.ts";

export interface SolveMsOptions extends SolveRequest {
  readonly software: string;
  readonly earthOrientation: EarthOrientation;
  readonly clock: Clock;
}

const SEC_PER_DAY = 86_400;
/** Of the sums of one pass over the data; when they do not fit, data are read, and their model predicted, once more. */
const MAX_SUMS_BYTES = 2 ** 30;
/** Windows times intervals that keep 4 threads busy to the end: some windows are one unit. */
const WANTED_UNIT_COUNT = 32;

export const solveSuffix: Readonly<Record<SolveType, string>> = {
  K: "_kcal",
  BP: "_bpcal",
  GP: "_gpcal",
  "2G": "_2gcal",
};

const COUNT_OF_VERDICT = {
  converged: "convergedCount",
  limit: "limitCount",
  "no-data": "noDataCount",
} as const satisfies Readonly<Record<string, keyof OutcomeCounts>>;

const cpuNowSec = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
};

const solveFailed = (path: string, message: string) =>
  new PipelineError("SOLVE_FAILED", `${path}: ${message}`, { subject: path });

/** @throws PipelineError MS_UNSUITABLE, PRIOR_UNUSABLE, MODEL_UNUSABLE, SOLVE_FAILED, INTERRUPTED, … */
export async function solveMs(msPath: string, options: SolveMsOptions): Promise<CalSolveReport> {
  const { clock, config, signal } = options;
  const startedMs = clock.monotonicMs();
  const sinceSec = (fromMs: number) => (clock.monotonicMs() - fromMs) / 1000;
  assertPriors(config, msPath);
  const ms = readMs(msPath, options);
  const names = stepsOf(options);
  const model = options.modelColumn ?? modelOptions(ms, options);
  const channels = channelsOf(ms);
  const solver = new StepSolver(
    ms,
    config,
    channels,
    config.priorTables.map((prior) => readPrior(prior, ms)),
  );
  const plan = new SolvePlan(ms, names, options);
  const timings = { accumulate: 0, solve: 0 };
  const cpuSec = { read: 0, predict: 0, accumulate: 0, solve: 0 };
  const solved: SolvedStep[] = [];
  let used: { readonly usedCount: number; readonly crossCount: number } | undefined;
  for (const steps of plan.passes) {
    const fromMs = clock.monotonicMs();
    const pass = await runPass(plan, steps, ms, channels, solver, model, options);
    timings.accumulate += sinceSec(fromMs);
    for (const part of ["read", "predict", "accumulate"] as const) cpuSec[part] += pass.cpuSec[part];
    used ??= pass;
    if (pass.usedCount === 0) throw nothingCounts(ms, pass.crossCount);
    const solveMs = clock.monotonicMs();
    const startSec = cpuNowSec();
    for (const name of steps) {
      if (signal.aborted) throw new PipelineError("INTERRUPTED", `${msPath}: stopped`, { subject: msPath });
      options.onProgress(name, 0, 1);
      const step = solver.solve(name, pass.sums, plan.intervalsOf(name));
      assertSolved(ms, step);
      solved.push(step);
    }
    timings.solve += sinceSec(solveMs);
    cpuSec.solve += cpuNowSec() - startSec;
  }
  const writeMs = clock.monotonicMs();
  const tables: SolvedTable[] = [];
  for (const step of solved) if (step.name !== "prebp") tables.push(await writeStep(step, step.name, ms, options));
  const reference = solved.find(({ referenceAnt, name }) => referenceAnt >= 0 && name !== "prebp")?.referenceAnt ?? -1;
  const { usedCount, crossCount } = used!;
  return {
    msPath,
    fieldName: ms.fields[ms.fieldIds[0]!]!.name,
    refant: ms.antennaNames[reference] ?? "",
    sourceCount: options.sources.length,
    modelFluxJy:
      typeof model === "string"
        ? null
        : new ModelPredictor(ms, model).fluxesJy().reduce((sum, fluxJy) => sum + fluxJy, 0),
    usedFraction: usedCount / crossCount,
    tables,
    startMjd: ms.startMjdSec / SEC_PER_DAY,
    endMjd: ms.endMjdSec / SEC_PER_DAY,
    timingsSec: { ...timings, write: sinceSec(writeMs), total: sinceSec(startedMs) },
    cpuSec,
  };
}

/** Which steps are solved on which pass over the data, and the intervals of each. */
class SolvePlan {
  readonly blocks: readonly RowBlock[];
  readonly momentOfBlock: readonly number[];
  readonly moments: readonly Moment[];
  readonly passes: readonly (readonly StepName[])[];
  readonly #ms: CalMs;
  readonly #options: SolveMsOptions;
  readonly #intervals: ReadonlyMap<StepName, SolveIntervals>;

  constructor(ms: CalMs, names: readonly StepName[], options: SolveMsOptions) {
    this.#ms = ms;
    this.#options = options;
    const isChosen = selectFields(ms, options.config.fields);
    this.blocks = blocksOf(ms).filter(({ fieldId }) => isChosen(fieldId));
    const numbers = new Map<string, number>();
    const moments: Moment[] = [];
    this.momentOfBlock = this.blocks.map(({ timeMjdSec, fieldId, scan }) => {
      const key = `${timeMjdSec} ${fieldId} ${scan}`;
      const number = numbers.get(key) ?? moments.push({ timeMjdSec, fieldId, scan }) - 1;
      numbers.set(key, number);
      return number;
    });
    this.moments = moments;
    this.#intervals = new Map(
      names.map((name) => [
        name,
        divideMoments(moments, ms.exposureSec, solutionSec(name, options), options.config.combine),
      ]),
    );
    this.passes = this.#passesOf(names);
  }

  intervalsOf(name: StepName): SolveIntervals {
    return this.#intervals.get(name)!;
  }

  /** The intervals that the sums of a pass keep apart: those of its steps, and more where that gives threads work. */
  commonOf(steps: readonly StepName[]) {
    const divisions = steps.map((name) => this.intervalsOf(name));
    const common = commonIntervals(this.moments, divisions);
    const windowCount = this.#ms.windows.length;
    if (windowCount * common.count >= WANTED_UNIT_COUNT) return common;
    const spanSec = this.#ms.endMjdSec - this.#ms.startMjdSec;
    const finer = divideMoments(
      this.moments,
      this.#ms.exposureSec,
      (spanSec * windowCount) / WANTED_UNIT_COUNT,
      combinables,
    );
    const split = commonIntervals(this.moments, [...divisions, finer]);
    return this.#fits(steps, split.count) ? split : common;
  }

  /** As many steps on one pass as memory allows. */
  #passesOf(names: readonly StepName[]): readonly (readonly StepName[])[] {
    const passes: StepName[][] = [];
    for (const name of names) {
      const together = [...(passes.at(-1) ?? []), name];
      const divisions = together.map((each) => this.intervalsOf(each));
      const isOne = passes.length > 0 && this.#fits(together, commonIntervals(this.moments, divisions).count);
      if (isOne) passes.at(-1)!.push(name);
      else passes.push([name]);
    }
    return passes;
  }

  #fits(steps: readonly StepName[], intervalCount: number): boolean {
    const { antennaNames, windows } = this.#ms;
    const binCount = steps.some(isPerChannel) ? windows.length * windows[0]!.freqHz.length : windows.length;
    const limit = this.#options.maxSumsBytes ?? MAX_SUMS_BYTES;
    return sumsBytes(antennaNames.length, windows[0]!.parallelCorrs.length, intervalCount, binCount) <= limit;
  }
}

async function runPass(
  plan: SolvePlan,
  steps: readonly StepName[],
  ms: CalMs,
  channels: Channels,
  solver: StepSolver,
  model: string | ModelOptions,
  { config, dataColumn, workerCount, signal, onProgress }: SolveMsOptions,
) {
  const common = plan.commonOf(steps);
  const hasChannels = steps.some(isPerChannel);
  // Sums by channel are seen through what is known when they are used; sums by window must be from the start.
  const applied = hasChannels ? [] : solver.knownFor(steps[0]!);
  const binOfChan = hasChannels ? Int32Array.from(channels.windowOfChan, (_, chan) => chan) : channels.windowOfChan;
  const binCount = hasChannels ? channels.windowOfChan.length : ms.windows.length;
  const { cells, ...counts } = await accumulate(
    ms,
    plan.blocks,
    plan.momentOfBlock,
    common,
    { firstChan: channels.firstChan, binOfChan, binCount },
    knownAtChannels(applied, common),
    {
      dataColumn,
      model,
      uvRange: config,
      workerCount,
      signal,
      onProgress: (doneCount, totalCount) => onProgress(steps.join(", "), doneCount, totalCount),
    },
  );
  const sums: PassSums = { cells, common, applied, isPerChannel: hasChannels };
  return { sums, ...counts };
}

function stepsOf({ config }: SolveMsOptions): readonly StepName[] {
  const { types, preBandpassIntervalSec, phaseIntervalSec } = config;
  return stepNames.filter((name) => {
    if (name === "prebp") return preBandpassIntervalSec !== null && types.includes("BP");
    return types.includes(name) && (name !== "2G" || phaseIntervalSec !== null);
  });
}

function solutionSec(name: StepName, { config }: SolveMsOptions): number | null {
  if (name === "prebp") return config.preBandpassIntervalSec;
  if (name === "GP") return config.gainIntervalSec;
  return name === "2G" ? config.phaseIntervalSec : null;
}

function readMs(msPath: string, { sources, modelColumn, dataColumn, outputPrefix, config }: SolveMsOptions): CalMs {
  using main = openTable(msPath);
  const ms = describeCalMs(msPath, main);
  if (modelColumn === null && sources.length === 0) throw solveFailed(msPath, "the model has no source in the beam");
  assertSources(msPath, sources);
  const [first] = ms.windows;
  for (const { dataDescId, freqHz, parallelCorrs } of ms.windows) {
    if (freqHz.length !== first!.freqHz.length || parallelCorrs.length !== first!.parallelCorrs.length)
      throw unsuitable(
        msPath,
        `DATA_DESCRIPTION row ${dataDescId}`,
        `${first!.freqHz.length} channels and ${first!.parallelCorrs.length} polarisations as in the first`,
        `${freqHz.length} and ${parallelCorrs.length}`,
      );
  }
  if (ms.antennaNames.length < 3)
    throw solveFailed(
      msPath,
      `antennas: expected 3 at least, to solve for amplitudes, found ${ms.antennaNames.length}`,
    );
  for (const name of modelColumn === null ? [dataColumn] : [dataColumn, modelColumn])
    if (!main.hasColumn(name)) throw unsuitable(msPath, "columns of MAIN", name, "none of that name");
  for (const type of config.types) {
    const path = `${outputPrefix}${solveSuffix[type]}`;
    if (!existsSync(path)) continue;
    const message = `${path}: is there already; move it away, or give another --output-prefix`;
    throw new PipelineError("OUTPUT_EXISTS", message, { subject: path });
  }
  return ms;
}

const nothingCounts = (ms: CalMs, crossCount: number) =>
  solveFailed(
    ms.path,
    `none of ${crossCount} visibilities counts: expected some that are not flagged, have a weight and lie in --uvrange; \`contimg flag list\` shows the flag versions, \`contimg flag restore\` takes one back`,
  );

/** A step without solutions, or without any of a polarisation, or of less than 3 antennas, is none. */
function assertSolved(ms: CalMs, { name, table, outcomes }: SolvedStep): void {
  const { antennaCount, intervalCount, polCount, binCount, flags } = table;
  const antennas = new Set<number>();
  const solvedCounts = new Array<number>(polCount).fill(0);
  for (let at = 0; at < flags.length; at++) {
    if (flags[at] === 1) continue;
    antennas.add(Math.floor(at / polCount / binCount) % antennaCount);
    solvedCounts[at % polCount]!++;
  }
  const noDataCount = outcomes.filter(({ verdict }) => verdict === "no-data").length;
  const of = `${name}: ${noDataCount} of ${outcomes.length} cells have too few data`;
  if (antennas.size === 0)
    throw solveFailed(
      ms.path,
      `${of}, and none has a solution above the least SNR; is the source of the model in the beam, and is the data column right?`,
    );
  const dead = solvedCounts.indexOf(0);
  if (dead >= 0)
    throw solveFailed(
      ms.path,
      `${of}, and polarisation ${dead + 1} of ${polCount} has no solution on any antenna: is it dead, or flagged whole? Look at it with \`contimg flag summary\`, and solve a group where both are there`,
    );
  if (antennas.size < 3)
    throw solveFailed(
      ms.path,
      `${of}: expected solutions of 3 antennas at least, found ${antennas.size} in ${intervalCount} intervals; lower the least SNR, or the baselines that an antenna needs`,
    );
}

async function writeStep(
  { table, delaysSec, outcomes, intervals, referenceAnt, closure }: SolvedStep,
  type: SolveType,
  ms: CalMs,
  { outputPrefix, software }: SolveMsOptions,
): Promise<SolvedTable> {
  const path = `${outputPrefix}${solveSuffix[type]}`;
  const counts = { convergedCount: 0, limitCount: 0, noDataCount: 0 };
  for (const { verdict } of outcomes) counts[COUNT_OF_VERDICT[verdict]]++;
  const closurePhaseDeg = closure && closure.triangleCount > 0 ? (closure.rmsRad * 180) / Math.PI : null;
  const solutions = await writeCalTable(path, ms, {
    kind: type === "BP" ? "B" : type === "K" ? "K" : "G",
    table,
    delaysSec,
    intervals,
    reference: referenceAnt,
    chanCount: type === "BP" ? ms.windows[0]!.freqHz.length : 1,
    software,
    message: solveMessage(counts, closurePhaseDeg),
    isDoubtful: counts.limitCount > 0,
  });
  const quality = measureQuality(solutions);
  const sigmas = outcomes.map(({ residualSigma }) => residualSigma).filter((sigma) => Number.isFinite(sigma));
  return {
    type,
    path,
    quality,
    verdict: judgeSolve(judgeQuality(quality), counts, closurePhaseDeg),
    outcomeCounts: counts,
    closurePhaseDeg,
    residualSigma: sigmas.length === 0 ? null : medianOf(Float64Array.from(sigmas)),
  };
}

const medianOf = (values: Float64Array) => values.slice().sort()[values.length >> 1]!;
