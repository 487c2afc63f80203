/** Flags of Measurement Sets on disk. */

import { crc32 } from "node:zlib";
import type { SubtableRow, Table } from "@contimg/casacore-tables";
import { openTable, openTableForUpdate } from "@contimg/casacore-tables/node";
import type { BadInput, FlagPlan, FlagRule, FlagTotals, FlagWindow, RuleCounts } from "../../../domain/flagging.ts";
import { flagRules } from "../../../domain/flagging.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { FlagRecord, FlagRunOptions, FlagSession, MsFlags, SearchResult } from "../../../ports/ms-flags.ts";
import { countTotals, flagInputs } from "./count-flags.ts";
import { describeMs } from "./describe-ms.ts";
import { type CellShapes, readFlags } from "./flag-columns.ts";
import { makeJob } from "./flag-job.ts";
import { commitFlags, flagFiles, type OnCommitStep, recoverFlags } from "./flag-journal.ts";
import { startPool } from "./flag-pool.ts";
import { freeName, hasVersion, listVersions, readVersion, saveVersion } from "./flag-versions.ts";
import { copyPackedFlags, type PackedFlags } from "./packed-flags.ts";
import { indexRows } from "./row-index.ts";
import { flagByAoflagger } from "./run-aoflagger.ts";
import { withTableErrors } from "./table-errors.ts";

const MJD_OF_UNIX_EPOCH = 40_587;
/** Signs the rows of HISTORY and FLAG_CMD that are ours. */
const ORIGIN = "contimg flag";
/** Below this, starting threads costs more than it saves. */
const WORTH_THREADS_SAMPLE_COUNT = 8 * 2 ** 20;
const DIGEST = /^flags crc32 ([0-9a-f]{8})$/;

/** For tests. */
export interface MsFlagsOptions {
  /** Called after each step of a commit. */
  readonly onStep?: OnCommitStep;
  /** Samples from which on threads are used. */
  readonly threadsFromSampleCount?: number;
}

export function fileSystemMsFlags(clock: Clock, testOptions: MsFlagsOptions = {}): MsFlags {
  const { onStep, threadsFromSampleCount = WORTH_THREADS_SAMPLE_COUNT } = testOptions;
  const nowMjdSec = () => clock.nowUnixSec() + MJD_OF_UNIX_EPOCH * 86_400;
  const commit = (msPath: string, packed: PackedFlags, shapes: CellShapes, record: FlagRecord, replaces: boolean) => {
    assertNotInUse(msPath);
    const history = [...record.history, `flags crc32 ${digestOf(packed)}`];
    const changes = {
      packed,
      shapes,
      history: () => history.map((message) => historyRow(message, nowMjdSec())),
      commands: replaces
        ? {
            rows: record.commands.map(({ command, reason }) =>
              commandRow(command, `${ORIGIN}: ${reason}`, nowMjdSec()),
            ),
            isReplaced: (reason: string) => reason.startsWith(`${ORIGIN}:`),
          }
        : null,
    };
    return commitFlags(msPath, changes, onStep);
  };
  return {
    describe: describeMs,
    recover: (msPath) => withTableErrors(msPath, () => recoverFlags(msPath, onStep)),
    versions: listVersions,
    save: (msPath, version) =>
      withTableErrors(msPath, async () => {
        const { packed, shapes } = readPresent(msPath);
        await saveVersion(msPath, version, packed, shapes);
      }),
    restore: (msPath, name, history) =>
      withTableErrors(msPath, async () => {
        const { shapes } = shapesOf(msPath);
        const packed = readVersion(msPath, name, shapes);
        // Commands of what is undone are no longer true.
        await commit(msPath, packed, shapes, { commands: [], history: [history] }, true);
      }),
    open: (plan, options) =>
      withTableErrors(plan.ms.path, () => openSession(plan, options, commit, threadsFromSampleCount)),
  };
}

type Commit = (
  msPath: string,
  packed: PackedFlags,
  shapes: CellShapes,
  record: FlagRecord,
  replaces: boolean,
) => Promise<void>;

async function openSession(
  plan: FlagPlan,
  options: FlagRunOptions,
  commit: Commit,
  threadsFromSampleCount: number,
): Promise<FlagSession> {
  const { path: msPath, windows } = plan.ms;
  assertNotInUse(msPath);
  flagFiles(msPath);
  const isSmall = sampleCount(windows, plan.ms.rowCount) < threadsFromSampleCount;
  const pool = startPool(isSmall ? 1 : options.workerCount, options);
  try {
    options.onProgress("reading", 0, 1);
    using main = openTable(msPath);
    const index = indexRows(main, plan);
    const shapes = { windows, dataDescId: index.dataDescId };
    const present = readFlags(main, shapes);
    const base = await findBase(plan, shapes, present, () => lastDigest(main));
    let packed = base.packed;
    const before = copyPackedFlags(packed);
    let saving: Promise<void> | undefined;
    let rules: RuleCounts | undefined;
    return {
      isBaseNew: base.isNew,
      rescuedVersion: base.rescuedVersion,
      search: () =>
        withTableErrors(msPath, async (): Promise<SearchResult> => {
          // On disk before the commit; written while threads search.
          saving = base.isNew ? saveBase(plan, before, shapes) : Promise.resolve();
          saving.catch(() => undefined);
          const counts = new Float64Array(flagRules.length);
          if (plan.aoflagger !== null) {
            options.onProgress("AOFlagger", 0, 1);
            packed = await flagByAoflagger(plan, packed, shapes, options);
            counts[flagRules.indexOf("aoflagger")] = countNew(before, packed);
          }
          const results = await pool.run(makeJob(plan, index, packed));
          for (const result of results) for (const [at, count] of result.counts.entries()) counts[at]! += count;
          await saving;
          rules = Object.fromEntries(flagRules.map((rule, at) => [rule, counts[at]!])) as RuleCounts;
          return { rules, baselines: results.flatMap((result) => result.baselines) };
        }),
      flagInputs(inputs: readonly BadInput[]): FlagTotals {
        const counts: Partial<Record<FlagRule, number>> = {};
        for (const verdict of ["dead", "noisy"] as const) {
          const some = inputs.filter((input) => input.verdict === verdict);
          counts[`${verdict}-input`] = flagInputs(packed, plan, index, some);
        }
        rules = { ...rules!, ...counts };
        return countTotals(before, packed, plan, index, rules);
      },
      commit: (record) =>
        withTableErrors(msPath, () => {
          options.onProgress("writing", 1, 1);
          return commit(msPath, packed, shapes, record, true);
        }),
      close: () => pool.close(),
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

interface Base {
  readonly packed: PackedFlags;
  /** Whether these flags are yet to be saved. */
  readonly isNew: boolean;
  readonly rescuedVersion: string | null;
}

/** The flags to start from. Present ones that neither contimg wrote nor the start has are saved, so that none is lost. */
async function findBase(
  { ms, baseVersion, startsFromBase }: FlagPlan,
  shapes: CellShapes,
  present: PackedFlags,
  writtenDigest: () => string | undefined,
): Promise<Base> {
  if (!hasVersion(ms.path, baseVersion)) return { packed: present, isNew: true, rescuedVersion: null };
  if (!startsFromBase) return { packed: present, isNew: false, rescuedVersion: null };
  const packed = readVersion(ms.path, baseVersion, shapes);
  const digest = digestOf(present);
  if (digest === writtenDigest() || digest === digestOf(packed)) return { packed, isNew: false, rescuedVersion: null };
  const name = freeName(ms.path, baseVersion);
  await saveVersion(ms.path, { name, comment: "flags that were changed after contimg wrote them" }, present, shapes);
  return { packed, isNew: false, rescuedVersion: name };
}

const saveBase = ({ ms, baseVersion }: FlagPlan, packed: PackedFlags, shapes: CellShapes) =>
  saveVersion(ms.path, { name: baseVersion, comment: "flags before contimg flag" }, packed, shapes);

const sampleCount = (windows: readonly FlagWindow[], rowCount: number) =>
  (rowCount / Math.max(1, windows.length)) *
  windows.reduce((sum, { freqHz, corrs }) => sum + freqHz.length * corrs.length, 0);

export const digestOf = ({ bytes }: PackedFlags): string => crc32(bytes).toString(16).padStart(8, "0");

/** What the last run or restoration says it wrote. */
function lastDigest(main: Table): string | undefined {
  using history = main.subtable("HISTORY");
  const messages = history.column("MESSAGE").getScalarRange(0, history.rowCount) as string[];
  const origins = history.column("ORIGIN").getScalarRange(0, history.rowCount) as string[];
  return messages.findLast((message, row) => origins[row] === ORIGIN && DIGEST.test(message))?.match(DIGEST)?.[1];
}

export function shapesOf(msPath: string): { readonly shapes: CellShapes } {
  const { windows } = describeMs(msPath, null);
  using main = openTable(msPath);
  return {
    shapes: { windows, dataDescId: main.column("DATA_DESC_ID").getScalarRange(0, main.rowCount) as Int32Array },
  };
}

function readPresent(msPath: string) {
  const { shapes } = shapesOf(msPath);
  using main = openTable(msPath);
  return { packed: readFlags(main, shapes), shapes };
}

/** @throws TableInUseError */
export function assertNotInUse(msPath: string): void {
  openTableForUpdate(msPath).abandon();
}

function countNew(before: PackedFlags, after: PackedFlags): number {
  let count = 0;
  for (let at = 0; at < after.bytes.length; at++) {
    for (let fresh = after.bytes[at]! & ~before.bytes[at]!; fresh > 0; fresh &= fresh - 1) count++;
  }
  return count;
}

const historyRow = (message: string, timeMjdSec: number): SubtableRow => ({
  TIME: timeMjdSec,
  OBSERVATION_ID: -1,
  MESSAGE: message,
  PRIORITY: "INFO",
  ORIGIN,
  OBJECT_ID: 0,
  APPLICATION: "contimg",
  CLI_COMMAND: [""],
  APP_PARAMS: [""],
});

const commandRow = (command: string, reason: string, timeMjdSec: number): SubtableRow => ({
  TIME: timeMjdSec,
  INTERVAL: 0,
  TYPE: "FLAG",
  REASON: reason,
  LEVEL: 0,
  SEVERITY: 0,
  APPLIED: true,
  COMMAND: command,
});
