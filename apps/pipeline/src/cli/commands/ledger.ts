/** `contimg ledger`: what became of every file that ever arrived. */

import { type Command, Option } from "commander";
import { type FileFate, fileFates } from "../../domain/arrival.ts";
import type { LedgerEntry } from "../../ports/group-queue.ts";
import type { Output } from "../output.ts";
import { QUEUE_DB_HELP, type QueueAccess, type QueueOpener, utcText, withQueue } from "../queue-access.ts";
import { tableLines } from "../table.ts";
import { wholeNumber } from "../values.ts";

interface LedgerFlags {
  readonly queueDb?: string;
  readonly json: boolean;
  readonly fate?: FileFate;
  readonly group?: string;
  readonly limit: number;
}

const HELP = `
Every version of every file that was seen has exactly one fate:
  settling    is there, but not whole yet, or not yet looked into
  queued      is a subband of a group and will be, is being or was processed with it
  late        belongs to a group that was processed, or closed by the operator, without it
  duplicate   claims a subband that its group has from another file
  resent      replaced a file of the same name and the same content
  changed     replaced a file of the same name by other content, after its group was taken
  superseded  was replaced, before its group was taken, by a newer file of the same name
  corrupt     cannot be used, and did not change for long enough to be sure
  foreign     is no subband file
  abandoned   has the name of an unfinished transfer and did not change for long
  vanished    was removed before it could be used

With --fate or --group the files are listed, the newest first; without, they are counted.

Exit status: 0 the fates add up to the arrivals, 1 they do not, 2 wrong usage.

Examples:
  contimg ledger
  contimg ledger --fate corrupt
  contimg ledger --group 2025-10-05T12:30:00 --json | jq -r .path`;

const entryJson = (entry: LedgerEntry) => ({
  arrival_id: entry.arrivalId,
  path: entry.path,
  signature: entry.signature,
  size_bytes: entry.sizeBytes,
  fate: entry.fate,
  reason: entry.reason,
  group_id: entry.groupId,
  subband_idx: entry.subbandIndex,
  first_seen: entry.firstSeenUnixSec,
  decided_at: entry.decidedUnixSec,
});

function showEntries({ queue }: QueueAccess, output: Output, flags: LedgerFlags): void {
  const entries = queue.ledgerEntries({
    ...(flags.fate ? { fate: flags.fate } : {}),
    ...(flags.group ? { groupId: flags.group } : {}),
    maxCount: flags.limit,
  });
  for (const entry of entries) output.event(entryJson(entry));
  const rows = entries.map((entry) =>
    [entry.fate, utcText(entry.firstSeenUnixSec), entry.groupId ?? "", entry.path, entry.reason].map((text) => ({
      text,
    })),
  );
  for (const line of tableLines(["fate", "first_seen", "group_id", "path", "reason"], rows, false)) output.line(line);
  if (entries.length === flags.limit) output.line(`the newest ${flags.limit}; --limit shows more`);
}

/** @returns whether the sums agree */
function showCounts({ queue }: QueueAccess, output: Output, shows: boolean): boolean {
  const { arrivalCount, countOfFate } = queue.ledgerSummary();
  const sum = fileFates.reduce((total, fate) => total + countOfFate[fate], 0);
  const agrees = sum === arrivalCount;
  if (shows) {
    output.event({ arrivals: arrivalCount, fates: countOfFate, sum, agrees });
    for (const fate of fileFates) output.line(`${fate.padEnd(12)} ${String(countOfFate[fate]).padStart(9)}`);
    output.line(`${"sum".padEnd(12)} ${String(sum).padStart(9)}`);
    output.line(`${"arrivals".padEnd(12)} ${String(arrivalCount).padStart(9)}`);
  }
  if (!agrees) output.problem(`the ledger does not add up: ${arrivalCount} arrivals, ${sum} fates`);
  return agrees;
}

export function addLedgerCommand(program: Command, open: QueueOpener): void {
  program
    .command("ledger")
    .summary("what became of every file that arrived")
    .description("Counts or lists the files that ever arrived, by what became of them.")
    .addOption(new Option("--fate <fate>", "list the files of this fate").choices(fileFates))
    .option("--group <group>", "list the files of this group")
    .option("--limit <n>", "list at most so many", wholeNumber("--limit", 1), 100)
    .option("--queue-db <path>", QUEUE_DB_HELP)
    .option("--json", "JSON lines", false)
    .addHelpText("after", HELP)
    .action((flags: LedgerFlags) =>
      withQueue(open, flags, (access, output) => {
        const lists = flags.fate !== undefined || flags.group !== undefined;
        if (lists) showEntries(access, output, flags);
        return showCounts(access, output, !lists) ? 0 : 1;
      }),
    );
}
