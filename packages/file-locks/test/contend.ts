/** Starts processes that contend for a lock, disturbs them, and adds up what they saw. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

export interface Contention {
  /** One entry a process: the way it locks. `python` and `python-polling`: fcntl.flock of Python. */
  readonly kinds: readonly string[];
  readonly countEach: number;
  readonly holdMs: number;
  /** How many holders or waiters are killed, each replaced by another process. */
  readonly killCount?: number;
  /** How many are stopped for a while. */
  readonly stallCount?: number;
}

export interface Outcome {
  readonly acquisitionCount: number;
  readonly violationCount: number;
  readonly firstViolation: string | null;
  readonly waitsMs: readonly number[];
  /** When each was inside, by the machine's monotonic clock. */
  readonly spans: readonly (readonly [enteredMs: number, leftMs: number])[];
  /** Acquisitions of each process. */
  readonly countOfProcess: readonly number[];
  readonly killedCount: number;
}

/** The same protocol as contender.ts, by the lock that Python programs use. */
const PYTHON = `
import fcntl, json, os, sys, time
folder, count, hold = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000
polls = sys.argv[4] == "python-polling"
owner = os.open(os.path.join(folder, "owner"), os.O_RDWR | os.O_CREAT)
me = str(os.getpid()).encode()
bad, first, spans = 0, None, []
def running(pid):
    try: os.kill(int(pid), 0); return True
    except ProcessLookupError: return False
for _ in range(count):
    with open(os.path.join(folder, "some.ms.lock"), "a+") as f:
        while True:
            try:
                fcntl.flock(f, fcntl.LOCK_EX | (fcntl.LOCK_NB if polls else 0))
                break
            except BlockingIOError:
                time.sleep(0.1)
        entered = time.clock_gettime_ns(time.CLOCK_MONOTONIC) / 1e6
        before = os.pread(owner, 64, 0)
        if before and before != me and running(before):
            bad += 1; first = first or before.decode() + " was inside when python entered"
        os.pwrite(owner, me, 0); os.ftruncate(owner, len(me))
        if hold: time.sleep(hold)
        if os.pread(owner, 64, 0) != me:
            bad += 1; first = first or "another entered while python was inside"
        os.ftruncate(owner, 0)
        spans.append([entered, time.clock_gettime_ns(time.CLOCK_MONOTONIC) / 1e6])
    time.sleep(0.0005)
print(json.dumps(dict(acquisitionCount=count, violationCount=bad, firstViolation=first, waitsMs=[], spans=spans)))
`;

function start(folder: string, kind: string, { countEach, holdMs }: Contention): ChildProcess {
  const [program, ...args] = kind.startsWith("python")
    ? (["/usr/bin/python3", "-c", PYTHON, folder, String(countEach), String(holdMs), kind] as const)
    : ([
        process.execPath,
        "--conditions=@contimg/source",
        join(import.meta.dirname, "contender.ts"),
        folder,
        kind,
        String(countEach),
        String(holdMs),
      ] as const);
  return spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
}

export async function contend(contention: Contention): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "file-locks-"));
  const outcomes: Omit<Outcome, "countOfProcess" | "killedCount">[] = [];
  const running = new Set<ChildProcess>();
  let killedCount = 0;

  async function run(kind: string): Promise<void> {
    const child = start(folder, kind, contention);
    running.add(child);
    const [output, [status, signal]] = await Promise.all([
      text(child.stdout!),
      once(child, "exit") as Promise<[number | null, string | null]>,
    ]);
    running.delete(child);
    if (signal === "SIGKILL") return run(kind);
    if (status !== 0) throw new Error(`${kind}: exit status ${status ?? signal}`);
    outcomes.push(JSON.parse(output) as Outcome);
  }

  async function disturb(): Promise<void> {
    const pick = () => [...running][Math.floor(Math.random() * running.size)];
    for (let i = 0; i < (contention.killCount ?? 0); i++) {
      await sleep(100 + 200 * Math.random());
      if (pick()?.kill("SIGKILL")) killedCount++;
    }
    for (let i = 0; i < (contention.stallCount ?? 0); i++) {
      await sleep(50);
      const child = pick();
      child?.kill("SIGSTOP");
      await sleep(100 * Math.random());
      child?.kill("SIGCONT");
    }
  }

  try {
    await Promise.all([...contention.kinds.map(run), disturb()]);
  } finally {
    for (const child of running) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
  const sum = (of: (outcome: (typeof outcomes)[number]) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  return {
    acquisitionCount: sum((outcome) => outcome.acquisitionCount),
    violationCount: sum((outcome) => outcome.violationCount),
    firstViolation: outcomes.find((outcome) => outcome.firstViolation !== null)?.firstViolation ?? null,
    waitsMs: outcomes.flatMap((outcome) => outcome.waitsMs),
    spans: outcomes.flatMap((outcome) => outcome.spans),
    countOfProcess: outcomes.map((outcome) => outcome.acquisitionCount),
    killedCount,
  };
}

/** Pairs of spans that overlap. */
export function overlapCount(spans: Outcome["spans"]): number {
  const ordered = spans.toSorted((a, b) => a[0] - b[0]);
  let latestMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (const [enteredMs, leftMs] of ordered) {
    if (enteredMs < latestMs) count++;
    latestMs = Math.max(latestMs, leftMs);
  }
  return count;
}
