/** Calibration tables applied to Measurement Sets on disk. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { openTable } from "@contimg/casacore-tables/node";
import { groupsOfTables, planCalApply } from "../../../domain/cal-apply.ts";
import { assertNotTrivial } from "../../../domain/cal-apply-check.ts";
import type { AppliedCalibration } from "../../../domain/cal-apply-report.ts";
import { orderIndexOf } from "../../../domain/cal-table.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { MsApplication } from "../../../ports/ms-application.ts";
import { JOURNAL, type OnCommitStep, recoverFlags } from "../ms-flags/flag-journal.ts";
import { asTableError, withTableErrors } from "../ms-flags/table-errors.ts";
import { type ApplyMs, applyTargetOf, describeApplyMs } from "./apply-ms.ts";
import { describeCalMs } from "./cal-ms.ts";
import { CalibratedReader } from "./calibrated-reader.ts";
import { type GainFactors, gainFactors } from "./gain-factors.ts";
import { readCalGains } from "./read-cal-gains.ts";
import { sampleApplied } from "./sample-applied.ts";
import { writeCorrected } from "./write-corrected.ts";

const MJD_OF_UNIX_EPOCH = 40_587;
const SEC_PER_DAY = 86_400;

/** For tests. */
export interface MsApplicationOptions {
  /** Called after each step of a commit. */
  readonly onStep?: OnCommitStep;
  /** Samples from which on threads are used. */
  readonly threadsFromSampleCount?: number;
}

/** What a {@link CalibratedReader} needs, of tables that fit the Measurement Set. */
export function prepareApplication({ msPath, dataColumn, requests, options }: AppliedCalibration) {
  const ms = describeApplyMs(msPath, dataColumn);
  const target = applyTargetOf(ms);
  const gains = new Map(requests.flatMap(({ paths }) => paths).map((path) => [path, readCalGains(path)]));
  const groups = requests.flatMap(({ type, orderIndex, paths }) => {
    const tables = paths.map((path) => gains.get(path)!.outline);
    return type === null ? groupsOfTables(tables) : [{ type, orderIndex: orderIndex ?? orderIndexOf(type), tables }];
  });
  const plan = planCalApply(groups, target, options);
  return { ms, plan, factors: gainFactors(plan, target, (path) => gains.get(path)!) };
}

export function fileSystemMsApplication(clock: Clock, testOptions: MsApplicationOptions = {}): MsApplication {
  return {
    middleMjd(msPath) {
      try {
        using main = openTable(msPath);
        const { startMjdSec, endMjdSec } = describeCalMs(msPath, main);
        return (startMjdSec + endMjdSec) / 2 / SEC_PER_DAY;
      } catch (error) {
        throw asTableError(error, msPath);
      }
    },
    recover: (msPath) =>
      withTableErrors(msPath, async () => {
        await recoverFlags(msPath, testOptions.onStep);
      }),
    isInterrupted: (msPath) => existsSync(join(msPath, JOURNAL)),
    prepare(applied) {
      const { ms, plan, factors } = prepareApplication(applied);
      const { calibratesWeights } = plan;
      return {
        plan,
        trySample: () => trySample(ms, factors, calibratesWeights),
        write: (history, options) =>
          withTableErrors(ms.path, () =>
            writeCorrected(ms, {
              ...options,
              ...testOptions,
              factors,
              calibratesWeights,
              history,
              nowMjdSec: () => clock.nowUnixSec() + MJD_OF_UNIX_EPOCH * SEC_PER_DAY,
            }),
          ),
      };
    },
  };
}

function trySample(ms: ApplyMs, factors: GainFactors, calibratesWeights: boolean) {
  try {
    using main = openTable(ms.path);
    const sample = sampleApplied(main, ms, new CalibratedReader(main, ms, { factors, calibratesWeights }), factors);
    assertNotTrivial(ms.path, sample);
    return sample;
  } catch (error) {
    throw asTableError(error, ms.path);
  }
}
