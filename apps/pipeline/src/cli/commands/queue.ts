/** `contimg queue`: what waits, what is worked on, what failed, and what to do about it. */

import { type Command, InvalidArgumentError } from "commander";
import { type GroupState, groupStates } from "../../domain/queue.ts";
import type { GroupDetail, GroupRecord } from "../../ports/group-queue.ts";
import type { Output } from "../output.ts";
import { QUEUE_DB_HELP, type QueueAccess, type QueueOpener, utcText, withQueue } from "../queue-access.ts";
import { type Cell, tableLines, usesColor } from "../table.ts";
import { wholeNumber } from "../values.ts";
import { type AlertFlags, showAlerts } from "./queue-alerts.ts";

interface QueueFlags {
  readonly queueDb?: string;
  readonly json: boolean;
}

interface ListFlags extends QueueFlags {
  readonly state?: readonly GroupState[];
  readonly limit: number;
  readonly oldestFirst: boolean;
}

const HELP = `
GROUP is the UTC second in which the data of the group start, as in the first column of "queue ls".

Exit status: 0 done, 1 there is no such group or it is not in the right state, 2 wrong usage.

Examples:
  contimg queue ls --state failed,in_progress
  contimg queue show 2025-10-05T12:30:00
  contimg queue retry 2025-10-05T12:30:00
  contimg queue ls --json | jq -r 'select(.retry_count > 0) | .group_id'`;

const COLOR_OF_STATE: Readonly<Record<GroupState, number>> = {
  collecting: 33,
  pending: 36,
  in_progress: 34,
  completed: 32,
  failed: 31,
};

const ERROR_WIDTH = 60;

function statesOf(text: string): readonly GroupState[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !(groupStates as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`--state: expected some of ${groupStates.join(", ")}; found "${unknown}"`);
  return names as GroupState[];
}

const recordJson = (group: GroupRecord) => ({
  group_id: group.groupId,
  state: group.state,
  processing_stage: group.processingStage,
  received_at: group.receivedUnixSec,
  last_update: group.lastUpdateUnixSec,
  expected_subbands: group.expectedSubbandCount,
  present_subbands: group.presentSubbands,
  retry_count: group.retryCount,
  crash_count: group.crashCount,
  error: group.error,
  error_code: group.errorCode,
  checkpoint_path: group.checkpointPath,
  lease_owner: group.leaseOwner,
  lease_token: group.leaseToken,
  retry_in_sec: group.retryInMs / 1000,
});

const timingsJson = (timings: GroupDetail["timings"]) =>
  timings && {
    load_time: timings.loadSec,
    phase_time: timings.phaseSec,
    write_time: timings.writeSec,
    total_time: timings.totalSec,
  };

const detailJson = (group: GroupDetail) => ({
  ...recordJson(group),
  ms_path: group.msPath,
  timings: timingsJson(group.timings),
  files: group.files.map((file) => ({ subband_idx: file.subbandIndex, path: file.path, size_bytes: file.sizeBytes })),
  arrivals: group.arrivals.map((arrival) => ({
    path: arrival.path,
    fate: arrival.fate,
    reason: arrival.reason,
    first_seen: arrival.firstSeenUnixSec,
  })),
  stage_runs: group.stageRuns.map((run) => ({
    stage: run.stage,
    started_at: run.startedUnixSec,
    duration_sec: run.durationSec,
    outcome: run.outcome,
    error: run.error,
  })),
});

/** The first line, cut to what fits; "queue show" has the whole. */
function brief(error: string | null): string {
  const line = (error ?? "").split("\n", 1)[0]!;
  return line.length > ERROR_WIDTH ? `${line.slice(0, ERROR_WIDTH - 3)}...` : line;
}

function listRow(group: GroupRecord): readonly Cell[] {
  return [
    { text: group.groupId },
    { text: group.state, colorCode: COLOR_OF_STATE[group.state] },
    { text: group.processingStage },
    { text: `${group.presentSubbands.length}/${group.expectedSubbandCount}` },
    { text: String(group.retryCount) },
    { text: String(group.crashCount) },
    { text: utcText(group.lastUpdateUnixSec) },
    { text: brief(group.error) },
  ];
}

const LIST_HEADER = ["group_id", "state", "processing_stage", "subbands", "retries", "crashes", "last_update", "error"];

function list({ queue }: QueueAccess, output: Output, flags: ListFlags): 0 {
  const groups = queue.list({
    ...(flags.state ? { states: flags.state } : {}),
    maxCount: flags.limit,
    newestFirst: !flags.oldestFirst,
  });
  for (const group of groups) output.event(recordJson(group));
  const withColor = usesColor(process.stdout, process.env);
  for (const line of tableLines(LIST_HEADER, groups.map(listRow), withColor)) output.line(line);
  if (groups.length === 0) output.line("no group");
  if (groups.length === flags.limit)
    output.line(`the ${flags.oldestFirst ? "oldest" : "newest"} ${flags.limit}; --limit shows more`);
  return 0;
}

const seconds = (value: number) => `${value.toFixed(2)} s`;

function showLines(group: GroupDetail): readonly string[] {
  const facts: readonly (readonly [string, string | null])[] = [
    ["group", group.groupId],
    ["state", group.state],
    ["stage", group.processingStage],
    [
      "subbands",
      `${group.presentSubbands.length} of ${group.expectedSubbandCount}: ${group.presentSubbands.join(" ")}`,
    ],
    ["first file", utcText(group.receivedUnixSec)],
    ["last update", utcText(group.lastUpdateUnixSec)],
    ["retries", `${group.retryCount}, and ${group.crashCount} crashes`],
    ["next try", group.retryInMs > 0 ? `in ${seconds(group.retryInMs / 1000)}` : null],
    ["worker", group.leaseOwner],
    ["checkpoint", group.checkpointPath],
    ["MS", group.msPath],
    [
      "timings",
      group.timings &&
        `load ${seconds(group.timings.loadSec)}, phase ${seconds(group.timings.phaseSec)}, write ${seconds(group.timings.writeSec)}, total ${seconds(group.timings.totalSec)}`,
    ],
    ["error", group.error && `${group.errorCode ? `${group.errorCode}: ` : ""}${group.error}`],
  ];
  return [
    ...facts.flatMap(([name, text]) => (text === null ? [] : [`${name.padEnd(12)} ${text}`])),
    ...group.stageRuns.map(
      (run) =>
        `${"stage run".padEnd(12)} ${utcText(run.startedUnixSec)} ${run.stage} ${run.outcome} in ${seconds(run.durationSec)}${run.error ? `: ${run.error}` : ""}`,
    ),
    ...group.arrivals
      .toReversed()
      .map(
        ({ fate, path, reason }) => `${"file".padEnd(12)} ${fate.padEnd(10)} ${path}${reason ? ` (${reason})` : ""}`,
      ),
  ];
}

function show({ queue }: QueueAccess, output: Output, groupId: string): 0 | 1 {
  const group = queue.show(groupId);
  if (!group) {
    output.problem(`no group ${groupId}`);
    return 1;
  }
  output.event(detailJson(group));
  for (const line of showLines(group)) output.line(line);
  return 0;
}

function stats({ queue, isDead }: QueueAccess, output: Output): 0 {
  const figures = queue.stats(isDead);
  const total = groupStates.reduce((sum, state) => sum + figures.countOfState[state], 0);
  output.event({
    total,
    ...figures.countOfState,
    stale: figures.staleCount,
    oldest_pending_age_sec: figures.oldestPendingAgeSec,
    completed_last_hour: figures.completedLastHourCount,
    mean_timings_last_day: timingsJson(figures.meanTimings),
  });
  for (const state of groupStates) output.line(`${state.padEnd(22)} ${figures.countOfState[state]}`);
  output.line(`${"total".padEnd(22)} ${total}`);
  output.line(`${"stale".padEnd(22)} ${figures.staleCount}`);
  output.line(`${"completed last hour".padEnd(22)} ${figures.completedLastHourCount}`);
  if (figures.oldestPendingAgeSec !== null)
    output.line(`${"oldest pending".padEnd(22)} ${seconds(figures.oldestPendingAgeSec)}`);
  if (figures.meanTimings) output.line(`${"mean total, last day".padEnd(22)} ${seconds(figures.meanTimings.totalSec)}`);
  return 0;
}

/** Does the same to each group; says of each what came of it. */
function change(
  { queue }: QueueAccess,
  output: Output,
  groupIds: readonly string[],
  act: (groupId: string) => boolean,
  refusal: string,
): 0 | 1 {
  let exitStatus: 0 | 1 = 0;
  for (const groupId of groupIds) {
    const isDone = act(groupId);
    const state = queue.show(groupId)?.state ?? null;
    output.event({ group_id: groupId, changed: isDone, state });
    if (isDone) output.line(`${groupId} is ${state}`);
    else {
      exitStatus = 1;
      output.problem(state === null ? `no group ${groupId}` : `${groupId} is ${state}: ${refusal}`);
    }
  }
  return exitStatus;
}

export function addQueueCommand(program: Command, open: QueueOpener): void {
  const queue = program
    .command("queue")
    .summary("look into the queue of groups and repair it")
    .description("Shows the queue of the streaming converter, and puts groups back into it.")
    .addHelpText("after", HELP);
  const add = (name: string, summary: string) =>
    queue
      .command(name)
      .description(summary)
      .option("--queue-db <path>", QUEUE_DB_HELP)
      .option("--json", "JSON lines", false);

  add("ls", "lists groups, the newest data first")
    .option("--state <states>", `only these: ${groupStates.join(", ")}`, statesOf)
    .option("--limit <n>", "at most so many", wholeNumber("--limit", 1), 20)
    .option("--oldest-first", "the oldest data first, as they are claimed", false)
    .action((flags: ListFlags) => withQueue(open, flags, (access, output) => list(access, output, flags)));

  add("show", "everything about one group: files, stages, times, the whole error")
    .argument("<group>")
    .action((groupId: string, flags: QueueFlags) =>
      withQueue(open, flags, (access, output) => show(access, output, groupId)),
    );

  add("retry", "lets failed groups start again with a fresh budget; they wait for subbands that they lack")
    .argument("<groups...>")
    .action((groupIds: string[], flags: QueueFlags) =>
      withQueue(open, flags, (access, output) =>
        change(access, output, groupIds, (groupId) => access.queue.retry(groupId), "only failed groups are retried"),
      ),
    );

  add("cancel", "gives groups up; a worker that has one stops")
    .argument("<groups...>")
    .option("--reason <text>", "what is kept as the error", "by the operator")
    .action((groupIds: string[], flags: QueueFlags & { readonly reason: string }) =>
      withQueue(open, flags, (access, output) =>
        change(
          access,
          output,
          groupIds,
          (groupId) => access.queue.cancel(groupId, flags.reason),
          "completed and cancelled groups stay as they are",
        ),
      ),
    );

  add(
    "requeue",
    "has groups processed (again) with the files they have, whatever their state; a product that exists is kept",
  )
    .argument("<groups...>")
    .action((groupIds: string[], flags: QueueFlags) =>
      withQueue(open, flags, (access, output) =>
        change(access, output, groupIds, (groupId) => access.queue.requeue(groupId), "it could not be put back"),
      ),
    );

  add("alerts", "what operators should look after; exit status 1 while anything lasts")
    .option("--all", "also what has ended", false)
    .option("--limit <n>", "at most so many", wholeNumber("--limit", 1), 50)
    .action((flags: QueueFlags & AlertFlags) =>
      withQueue(open, flags, (access, output) => showAlerts(access, output, flags)),
    );

  add("stats", "counts by state, the stale, the rate").action((flags: QueueFlags) =>
    withQueue(open, flags, (access, output) => stats(access, output)),
  );
}
