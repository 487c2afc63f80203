/** Makes Measurement Sets: allocates the columns, lets threads fill them, reads back a sample, gives the name. */

import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { createMeasurementSet, type MeasurementSetBuilder, type TiledColumnSpec } from "@contimg/casacore-tables/node";
import type { EarthOrientation } from "@contimg/sky";
import type { ConversionPlan, ConversionReport, PlannedSpw } from "../../../domain/conversion-plan.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import { asWriteError, clearedUp } from "../../../domain/write-error.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { BuildOptions, MsBuilder } from "../../../ports/ms-builder.ts";
import { adoptMs, inputsDigestOf } from "./adopt-ms.ts";
import { setGeometryColumns } from "./main-columns.ts";
import { runTasks } from "./row-pool.ts";
import { type ConversionJob, divideRows, type TaskResult } from "./row-tasks.ts";
import { sizeOf } from "./size-of.ts";
import { assertRoom, prepareStaging, publish } from "./staging.ts";
import { subtablesOf } from "./subtables.ts";
import { verifyConversion } from "./verify-conversion.ts";
import { setWeightColumns } from "./weight-columns.ts";

const MJD_OF_UNIX_EPOCH = 40_587;

/** @param earthOrientation  what the plan was made with */
export function createMsBuilder(clock: Clock, earthOrientation: EarthOrientation): MsBuilder {
  return {
    exists: existsSync,
    inputsDigestOf,
    adopt: (plan) => adoptMs(plan, clock, earthOrientation),
    async build(plan, options) {
      assertOneCellShape(plan.spws, plan.groupId);
      const stagingPath = prepareStaging(plan.stagingDir, plan.msPath);
      try {
        assertRoom(dirname(plan.msPath), plan.outputBytes, plan.groupId);
        if (dirname(stagingPath) !== dirname(plan.msPath))
          assertRoom(dirname(stagingPath), plan.outputBytes, plan.groupId);
        return await build(plan, stagingPath, options, clock, earthOrientation);
      } catch (error) {
        throw clearedUp(asWriteError(error, plan.msPath), () => rmSync(stagingPath, { recursive: true, force: true }));
      }
    },
  };
}

async function build(
  plan: ConversionPlan,
  stagingPath: string,
  options: BuildOptions,
  clock: Clock,
  earthOrientation: EarthOrientation,
): Promise<ConversionReport> {
  const startedMs = clock.monotonicMs();
  const mainRowCount = plan.rows.rowCount * plan.spws.length;
  const writtenMjdSec = clock.nowUnixSec() + MJD_OF_UNIX_EPOCH * 86_400;
  const ms = createMeasurementSet(stagingPath, { rowCount: mainRowCount, subtables: subtablesOf(plan, writtenMjdSec) });
  let finishStartedMs: number;
  let results: readonly TaskResult[];
  try {
    results = await fill(ms, plan, mainRowCount, options);
    finishStartedMs = clock.monotonicMs();
    await ms.finish({ isDurable: true });
  } catch (error) {
    ms.abandon();
    throw error;
  }

  options.onProgress("verifying", plan.inputBytes, plan.inputBytes);
  const verifiedCellCount = verifyConversion(
    stagingPath,
    plan,
    results.flatMap((result) => result.samples),
    earthOrientation,
  );
  const outputBytes = sizeOf(stagingPath);
  options.beforePublish?.();
  await publish(stagingPath, plan.msPath);
  const endedMs = clock.monotonicMs();
  return report(plan, results, {
    mainRowCount,
    outputBytes,
    verifiedCellCount,
    totalMs: endedMs - startedMs,
    finishMs: endedMs - finishStartedMs,
    workerCount: options.workerCount,
  });
}

/** Gives every column its values. @returns what the threads met */
async function fill(
  ms: MeasurementSetBuilder,
  plan: ConversionPlan,
  mainRowCount: number,
  options: BuildOptions,
): Promise<readonly TaskResult[]> {
  const job = allocateColumns(ms, plan, mainRowCount);
  const converting = runTasks(job, divideRows(plan, options.workerCount), {
    workerCount: options.workerCount,
    signal: options.signal,
    onProgress: (doneBytes) => options.onProgress("converting", doneBytes, plan.inputBytes),
  });
  // What follows from the plan alone is written while the threads are at work.
  const results = await joined(converting, () => setGeometryColumns(ms, plan));
  for (const column of [...job.dataColumns, job.flagColumn]) ms.startSync(column.columnName as "DATA");

  options.onProgress("finishing", plan.inputBytes, plan.inputBytes);
  setWeightColumns(ms, plan, job.weightSpectrumColumn, job.weights, results);
  const anyFlaggedRow = results.some((result) => result.anyFlaggedRow);
  ms.setColumn(
    "FLAG_ROW",
    anyFlaggedRow ? { kind: "values", values: job.flagRows } : { kind: "constant", value: false },
  );
  return results;
}

/** Does `work` beside a promise; an error of either is thrown only when both have ended. */
async function joined<Result>(promise: Promise<Result>, work: () => void): Promise<Result> {
  try {
    work();
  } catch (error) {
    await promise.catch(() => undefined);
    throw error;
  }
  return promise;
}

function allocateColumns(ms: MeasurementSetBuilder, plan: ConversionPlan, mainRowCount: number): ConversionJob {
  const corrCount = plan.polarization.corrTypes.length;
  const spec: TiledColumnSpec = { cellShape: [corrCount, plan.spws[0]!.freqHz.length] };
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  return {
    plan,
    dataColumns: [
      ms.addTiledColumn("DATA", spec),
      ...(plan.addsCorrectedData ? [ms.addTiledColumn("CORRECTED_DATA", spec)] : []),
    ],
    modelColumn: plan.addsModelData ? ms.addTiledColumn("MODEL_DATA", spec) : null,
    flagColumn: ms.addTiledColumn("FLAG", spec),
    weightSpectrumColumn: ms.addTiledColumn("WEIGHT_SPECTRUM", spec),
    weights: new Float32Array(shared(4 * mainRowCount * corrCount)),
    flagRows: new Uint8Array(shared(mainRowCount)),
    doneBytes: new BigInt64Array(shared(8)),
  };
}

interface Measured {
  readonly mainRowCount: number;
  readonly outputBytes: number;
  readonly verifiedCellCount: number;
  readonly totalMs: number;
  readonly finishMs: number;
  readonly workerCount: number;
}

function report(plan: ConversionPlan, results: readonly TaskResult[], measured: Measured): ConversionReport {
  const sum = (of: (result: TaskResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const chanCount = plan.spws[0]!.freqHz.length;
  const valueCount = measured.mainRowCount * chanCount * plan.polarization.corrTypes.length;
  // Threads work side by side: their times are shares of the wall time.
  const threadSec = (ms: number) => ms / 1000 / Math.max(1, measured.workerCount);
  return {
    groupId: plan.groupId,
    msPath: plan.msPath,
    rowCount: measured.mainRowCount,
    spwCount: plan.spws.length,
    chanCount,
    fieldCount: plan.fields.length,
    flaggedFraction: valueCount === 0 ? 0 : sum((result) => result.flaggedCount) / valueCount,
    unusableCount: sum((result) => result.unusableCount),
    missingSubbands: plan.missingSubbands,
    inputBytes: plan.inputBytes,
    outputBytes: measured.outputBytes,
    verifiedCellCount: measured.verifiedCellCount,
    startMjdSec: plan.startMjdSec,
    endMjdSec: plan.endMjdSec,
    raRad: plan.fields[0]!.raRad,
    decRad: plan.fields[0]!.decRad,
    isAdopted: false,
    timingsSec: {
      load: threadSec(sum((result) => result.loadMs)),
      phase: threadSec(sum((result) => result.phaseMs)),
      write: threadSec(sum((result) => result.writeMs)) + measured.finishMs / 1000,
      total: measured.totalMs / 1000,
    },
  };
}

/** DATA is one hypercube: every window must have as many channels as the others. */
function assertOneCellShape(spws: readonly PlannedSpw[], groupId: string): void {
  const odd = spws.find((spw) => spw.freqHz.length !== spws[0]!.freqHz.length);
  if (odd) {
    throw new PipelineError(
      "UVH5_SUBBANDS_DIFFER",
      `group ${groupId}: spectral window ${odd.name} has ${odd.freqHz.length} channels, expected ${spws[0]!.freqHz.length} as in ${spws[0]!.name}; --merge-spws makes one window of all`,
      { subject: groupId },
    );
  }
}
