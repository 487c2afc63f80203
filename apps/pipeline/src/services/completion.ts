import { calibratorsText } from "../domain/calibrator.ts";
import { causesOf, type PipelineError } from "../domain/error-codes.ts";
import type { GroupCalibration } from "../domain/group-calibration.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { Completion } from "../ports/group-queue.ts";

const SEC_PER_DAY = 86_400;
const DEG_PER_RAD = 180 / Math.PI;

export interface CompletionFacts {
  readonly calibration: GroupCalibration | null;
  readonly storageBasePath: string;
  readonly lastStage: string;
  readonly writerType: string;
  /** From the claim to here, by the clock on the wall. */
  readonly totalSec: number;
  /** Part of it that went into copying the input; counted as loading. */
  readonly stagingSec: number;
}

/** What the database is told of a finished group. */
export function completionOf({ path, conversion, calibrators }: MeasurementSet, facts: CompletionFacts): Completion {
  const { load, phase, write } = conversion.timingsSec;
  return {
    msPath: path,
    startMjd: conversion.startMjdSec / SEC_PER_DAY,
    endMjd: conversion.endMjdSec / SEC_PER_DAY,
    raDeg: finiteOrNull(conversion.raRad * DEG_PER_RAD),
    decDeg: finiteOrNull(conversion.decRad * DEG_PER_RAD),
    storageBasePath: facts.storageBasePath,
    stage: facts.lastStage,
    timings: { loadSec: load + facts.stagingSec, phaseSec: phase, writeSec: write, totalSec: facts.totalSec },
    writerType: facts.writerType,
    calibrators: calibrators && { count: calibrators.length, text: calibratorsText(calibrators) },
    calibration: facts.calibration,
  };
}

const finiteOrNull = (value: number) => (Number.isFinite(value) ? value : null);

/** The whole error: its code and message, and what caused it, with stacks. */
export function errorText(error: PipelineError): string {
  return [`${error.code}: ${error.message}`, ...causesOf(error).map((cause) => `caused by ${cause}`)].join("\n");
}
