/**
 * How fast a lock goes from one process to the next: ten processes that hold it for 5 ms each, beside Python's ways.
 *
 *   node --conditions=@contimg/source packages/file-locks/bench/hand-off.ts
 */
import { contend, type Outcome, overlapCount } from "../test/contend.ts";

const PROCESS_COUNT = 10;
const COUNT_EACH = 60;
const HOLD_MS = 5;

/** Times between a release and the next entry while others wait. */
function handOffsMs({ spans }: Outcome): readonly number[] {
  const ordered = spans.toSorted((a, b) => a[0] - b[0]);
  return ordered
    .slice(1)
    .map(([enteredMs], at) => enteredMs - ordered[at]![1])
    .toSorted((a, b) => a - b);
}

function show(name: string, outcome: Outcome): void {
  // The start, when processes come one by one, and the end, when few are left, are no contention.
  const ordered = outcome.spans.toSorted((a, b) => a[0] - b[0]);
  const cut = Math.floor(ordered.length / 10);
  const middle = ordered.slice(cut, ordered.length - cut);
  const handOffs = handOffsMs({ ...outcome, spans: middle });
  const of = (share: number) =>
    handOffs[Math.min(handOffs.length - 1, Math.floor(share * handOffs.length))]!.toFixed(2);
  const wallMs = middle.at(-1)![1] - middle[0]![0];
  const heldMs = middle.reduce((sum, [enteredMs, leftMs]) => sum + leftMs - enteredMs, 0);
  console.log(
    `${name.padEnd(44)} hand-off p50 ${of(0.5)} p99 ${of(0.99)} max ${of(1)} ms, idle ${(100 * (1 - heldMs / wallMs)).toFixed(0)} %, ` +
      `${overlapCount(outcome.spans)} overlaps of ${outcome.acquisitionCount}`,
  );
}

for (const [name, kind] of [
  ["@contimg/file-locks", "ours"],
  ["Python fcntl.flock, blocking", "python"],
  ["Python fcntl.flock, polled each 0.1 s", "python-polling"],
] as const) {
  show(
    name,
    await contend({
      kinds: Array.from({ length: PROCESS_COUNT }, () => kind),
      countEach: COUNT_EACH,
      holdMs: HOLD_MS,
    }),
  );
}
