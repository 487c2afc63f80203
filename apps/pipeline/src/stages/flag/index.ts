/**
 * The flag stage: what is no measurement of the sky is marked in FLAG, and said in FLAG_CMD and HISTORY.
 *
 * consumes ms:DATA, ms:FLAG · produces ms:FLAG
 */

import type { FlagPlan, FlagReport } from "../../domain/flagging.ts";
import type { MeasurementSet } from "../../domain/measurement-set.ts";
import type { MsFlags } from "../../ports/ms-flags.ts";
import { defineStage, type StageContext } from "../stage.ts";
import type { FlagConfig } from "./config.ts";
import { findBadInputs } from "./find-bad-inputs.ts";
import { planFlagging } from "./plan-flagging.ts";
import { flagCommands, historyLines } from "./record-run.ts";

export const flagDeclaration = {
  name: "flag",
  consumes: ["ms:DATA", "ms:FLAG"],
  produces: ["ms:FLAG"],
} as const;

export interface FlagStageOptions {
  readonly flags: MsFlags;
  readonly config: FlagConfig;
  readonly workerCount: number;
  readonly software: string;
  readonly monotonicMs: () => number;
  /** Called with what came of each run. */
  onReport?(report: FlagReport): void;
}

interface StagePlan {
  readonly ms: MeasurementSet;
  readonly flagging: FlagPlan;
}

/** Builds the stage on the ports it needs. */
export function flagStage(options: FlagStageOptions) {
  return defineStage({
    ...flagDeclaration,

    plan: async (inputs): Promise<StagePlan> => ({
      ms: inputs["ms:DATA"],
      flagging: planFlags(inputs["ms:DATA"].path, options),
    }),

    msPathOf: ({ ms }) => ms.path,

    async run({ ms, flagging }, context) {
      const report = await runFlagging(flagging, options, context);
      options.onReport?.(report);
      return { "ms:FLAG": ms };
    },
  });
}

/** @throws PipelineError INPUT_UNREADABLE, TABLE_UNREADABLE, MS_UNSUITABLE, CONFIG_INVALID */
export const planFlags = (msPath: string, { flags, config }: Pick<FlagStageOptions, "flags" | "config">): FlagPlan =>
  planFlagging(flags.describe(msPath, config.dataColumn), config);

/** Searches, judges, writes. The lock of the Measurement Set is the caller's. */
export async function runFlagging(
  plan: FlagPlan,
  { flags, config, workerCount, software, monotonicMs }: FlagStageOptions,
  { signal, onProgress }: StageContext,
): Promise<FlagReport> {
  const msPath = plan.ms.path;
  const startedMs = monotonicMs();
  await flags.recover(msPath);
  const session = await flags.open(plan, {
    workerCount,
    signal,
    onProgress: (step, doneBytes, totalBytes) => onProgress({ step, doneBytes, totalBytes }),
  });
  try {
    const openedMs = monotonicMs();
    const { baselines } = await session.search();
    const searchedMs = monotonicMs();
    const badInputs = findBadInputs(baselines, plan, config);
    const totals = session.flagInputs(badInputs);
    const { isBaseNew, rescuedVersion } = session;
    const notes = { software, rescuedVersion };
    await session.commit({
      commands: flagCommands(plan, totals, badInputs),
      history: historyLines(plan, totals, badInputs, notes),
    });
    const endedMs = monotonicMs();
    return {
      msPath,
      rowCount: plan.ms.rowCount,
      totals,
      badInputs,
      baseVersion: plan.baseVersion,
      isBaseNew,
      rescuedVersion,
      timingsSec: {
        open: (openedMs - startedMs) / 1000,
        search: (searchedMs - openedMs) / 1000,
        write: (endedMs - searchedMs) / 1000,
        total: (endedMs - startedMs) / 1000,
      },
    };
  } finally {
    await session.close();
  }
}
