/** CORRECTED_DATA with its weights and flags, all or none: through the journal of the flags. */

import type { ColumnDesc, SubtableRow, TableUpdate } from "@contimg/casacore-tables";
import { mainColumnDesc, openTable, type TiledColumnPlan } from "@contimg/casacore-tables/node";
import { assertNotTrivial } from "../../../domain/cal-apply-check.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import { storageFilesOf } from "../inspect/storage-files.ts";
import { commitFlags, flagFiles, type OnCommitStep } from "../ms-flags/flag-journal.ts";
import { saveVersion } from "../ms-flags/flag-versions.ts";
import { assertNotInUse, shapesOf } from "../ms-flags/ms-flags.ts";
import { createPackedFlags } from "../ms-flags/packed-flags.ts";
import type { ApplyTaskResult } from "./apply-job.ts";
import { type ApplyMs, KEPT_SPECTRUM, KEPT_WEIGHT } from "./apply-ms.ts";
import { type ApplyRunOptions, calibrateAll } from "./apply-pool.ts";
import { unsuitable } from "./cal-ms.ts";
import { CalibratedReader } from "./calibrated-reader.ts";
import type { GainFactors } from "./gain-factors.ts";
import { sampleApplied, sampleBlocks } from "./sample-applied.ts";
import { APPLY_ORIGIN, digestLine, findStartFlags } from "./start-flags.ts";

export interface WriteCorrectedOptions extends ApplyRunOptions {
  readonly factors: GainFactors;
  readonly calibratesWeights: boolean;
  /** Lines of HISTORY about tables, parameters and software. */
  history(result: ApplyTaskResult): readonly string[];
  readonly nowMjdSec: () => number;
  readonly onStep?: OnCommitStep;
  readonly threadsFromSampleCount?: number;
}

export interface WrittenCorrected extends ApplyTaskResult {
  /** The flag version that holds the flags from before. */
  readonly flagVersion: string;
  readonly isFlagVersionNew: boolean;
}

/**
 * Nothing of it is seen in the Measurement Set before the journal's commit point; killed after that, the next recovery carries
 * on. The lock of the Measurement Set is the caller's.
 *
 * @throws PipelineError MS_IN_USE, MS_UNSUITABLE, CAL_RESULT_TRIVIAL, MS_VERIFY_FAILED, INTERRUPTED, DISK_FULL, …
 */
export async function writeCorrected(ms: ApplyMs, options: WriteCorrectedOptions): Promise<WrittenCorrected> {
  const { factors, calibratesWeights } = options;
  assertNotInUse(ms.path);
  flagFiles(ms.path);
  const cellShape = uniformShape(ms);
  const { shapes } = shapesOf(ms.path);
  const start = findStartFlags(ms.path, shapes);
  const packed = createPackedFlags(ms.rowCount, cellShape[0] * cellShape[1]);
  const sharedWeights = new Float32Array(new SharedArrayBuffer(4 * ms.rowCount * cellShape[0]));
  let result: ApplyTaskResult = { rowCount: 0, newlyFlaggedCount: 0, unflaggedCount: 0 };
  await commitFlags(
    ms.path,
    {
      packed,
      shapes,
      commands: null,
      history: () =>
        [...options.history(result), digestLine(packed, start.version)].map((message) =>
          historyRow(message, options.nowMjdSec()),
        ),
      async changeColumns(copy) {
        const changes = new ColumnChanges(copy, ms, cellShape, calibratesWeights);
        result = await calibrateAll(
          {
            ms,
            factors,
            calibratesWeights,
            startFlags: start.packed,
            corrected: changes.corrected,
            spectrum: changes.spectrum,
            weights: sharedWeights,
            packed,
          },
          options,
          options.threadsFromSampleCount,
        );
        options.onProgress("writing", 1, 1);
        changes.setWeights(sharedWeights);
        using main = openTable(ms.path);
        const reader = new CalibratedReader(main, ms, { factors, calibratesWeights, startFlags: start.packed });
        assertNotTrivial(ms.path, sampleApplied(main, ms, reader, factors));
        if (start.isNew) {
          const version = { name: start.version, comment: "flags before contimg cal apply" };
          await saveVersion(ms.path, version, start.packed, shapes);
        }
      },
      check: (copyPath) => assertWritten(copyPath, ms, options),
    },
    options.onStep,
  );
  return { ...result, flagVersion: start.version, isFlagVersionNew: start.isNew };
}

/** @throws PipelineError MS_UNSUITABLE when windows differ in channels or correlations */
function uniformShape({ path, windows }: ApplyMs): readonly [corrCount: number, chanCount: number] {
  const [first] = windows;
  for (const { dataDescId, freqHz, corrCount } of windows) {
    if (freqHz.length !== first!.freqHz.length || corrCount !== first!.corrCount)
      throw unsuitable(
        path,
        `DATA_DESCRIPTION row ${dataDescId}`,
        `${first!.freqHz.length} channels and ${first!.corrCount} correlations as in the first, or --mode on-the-fly`,
        `${freqHz.length} and ${corrCount}`,
      );
  }
  return [first!.corrCount, first!.freqHz.length];
}

/** What becomes of the columns of a copy of the table. */
class ColumnChanges {
  readonly corrected: TiledColumnPlan;
  readonly spectrum: TiledColumnPlan | null = null;
  readonly #copy: TableUpdate;
  readonly #weightDesc: ColumnDesc;
  readonly #corrCount: number;
  readonly #writesWeights: boolean;

  constructor(copy: TableUpdate, ms: ApplyMs, cellShape: readonly [number, number], calibratesWeights: boolean) {
    this.#copy = copy;
    this.#writesWeights = calibratesWeights;
    this.#corrCount = cellShape[0];
    using main = openTable(ms.path);
    const storage = storageFilesOf(main);
    const remove = (name: string) => {
      const sharers = storage?.managerOfColumn.get(name)?.columnNames ?? [];
      if (sharers.length > 1)
        throw unsuitable(
          ms.path,
          `storage of ${name}`,
          "one of its own, or --mode on-the-fly",
          `that of ${sharers.join(", ")}`,
        );
      copy.removeColumn(name);
    };
    if (main.hasColumn("CORRECTED_DATA")) remove("CORRECTED_DATA");
    this.corrected = copy.addTiledColumn({ ...mainColumnDesc("CORRECTED_DATA"), type: "complex" }, { cellShape });
    this.#weightDesc = inTiles(main.column("WEIGHT").desc, 1);
    const spectrumDesc = ms.weights.spectrum === null ? undefined : inTiles(main.column("WEIGHT_SPECTRUM").desc, 2);
    const pairs = [["WEIGHT", KEPT_WEIGHT], ...(spectrumDesc ? [["WEIGHT_SPECTRUM", KEPT_SPECTRUM]] : [])] as const;
    for (const [name, kept] of pairs) {
      const isKept = main.hasColumn(kept!);
      if (isKept) remove(name!);
      if (calibratesWeights && !isKept) copy.renameColumn(name!, kept!);
      if (!calibratesWeights && isKept) copy.renameColumn(kept!, name!);
    }
    if (calibratesWeights && spectrumDesc)
      this.spectrum = copy.addTiledColumn({ ...spectrumDesc, type: "float" }, { cellShape });
  }

  /** @param values [row, corr] */
  setWeights(values: Float32Array): void {
    if (!this.#writesWeights) return;
    // The library's buffers are not shared ones.
    const content = { kind: "values", values: values.slice(), cellShape: [this.#corrCount] } as const;
    this.#copy.addColumn(this.#weightDesc, content, { manager: "TiledShapeStMan" });
  }
}

/** The description of a column as one in tiles has it. */
const inTiles = ({ shape: _shape, ...desc }: ColumnDesc, ndim: number): ColumnDesc => ({
  ...desc,
  ndim,
  option: 0,
  dataManagerType: "",
  dataManagerGroup: "",
});

const historyRow = (message: string, timeMjdSec: number): SubtableRow => ({
  TIME: timeMjdSec,
  OBSERVATION_ID: -1,
  MESSAGE: message,
  PRIORITY: "INFO",
  ORIGIN: APPLY_ORIGIN,
  OBJECT_ID: 0,
  APPLICATION: "contimg",
  CLI_COMMAND: [""],
  APP_PARAMS: [""],
});

/** Reads a sample of CORRECTED_DATA back, beside the same rows calibrated once more. @throws PipelineError MS_VERIFY_FAILED */
function assertWritten(
  copyPath: string,
  ms: ApplyMs,
  { factors, calibratesWeights }: Pick<WriteCorrectedOptions, "factors" | "calibratesWeights">,
): void {
  using copy = openTable(copyPath);
  using main = openTable(ms.path);
  const reader = new CalibratedReader(main, ms, { factors, calibratesWeights });
  for (const block of sampleBlocks(ms)) {
    const { vis } = reader.read(block);
    const found = new Float32Array(vis.length);
    copy.column("CORRECTED_DATA").getCellsInto(block.rowStart, block.rowEnd, found);
    const at = found.findIndex((value, i) => !Object.is(value, vis[i]) && value !== vis[i]);
    if (at >= 0)
      throw new PipelineError(
        "MS_VERIFY_FAILED",
        `${ms.path}: CORRECTED_DATA of rows from ${block.rowStart}, number ${at}: expected ${vis[at]}, found ${found[at]}`,
        { subject: ms.path },
      );
  }
}
