/**
 * What fcntl(2) and flock(2) document, as tables of steps: who does what, and what comes of it. Processes A, B and C; each
 * case has a file of its own.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ByteSpan, type KernelLockKind } from "@contimg/file-locks/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProbeAnswer } from "../src/probes/probe-call.ts";
import { ProbeProcess } from "../src/probes/probe-process.ts";

/**
 * `open HANDLE [ro]`, `dup HANDLE COPY`, `close HANDLE`; `rd`, `wr`, `un` (read or write lock, unlock) with `HANDLE [FROM-TO]`;
 * `wait HANDLE [FROM-TO]` begins to wait for a write lock and is answered by `had`; `interrupt`. Another kind than the
 * table's: `wr:flock`.
 */
type Step = readonly [who: "A" | "B" | "C", command: string, expected?: string];

interface Case {
  readonly kinds: readonly KernelLockKind[];
  readonly steps: readonly Step[];
}

const RECORDS = ["posix", "ofd"] as const;
const ALL = ["flock", "posix", "ofd"] as const;
const BUSY = "busy";
/** Whoever has had no answer for so long waits. */
const WAITING_MS = 60;
const opens: readonly Step[] = [
  ["A", "open f"],
  ["B", "open f"],
  ["C", "open f"],
];

const CASES: Readonly<Record<string, Case>> = {
  "one writer at a time": {
    kinds: ALL,
    steps: [
      ...opens,
      ["A", "wr f"],
      ["B", "wr f", BUSY],
      ["B", "rd f", BUSY],
      ["A", "un f"],
      ["B", "wr f"],
      ["A", "wr f", BUSY],
    ],
  },
  "readers together; a writer after the last of them": {
    kinds: ALL,
    steps: [
      ...opens,
      ["A", "rd f"],
      ["B", "rd f"],
      ["C", "wr f", BUSY],
      ["A", "un f"],
      ["C", "wr f", BUSY],
      ["B", "un f"],
      ["C", "wr f"],
    ],
  },
  "what is locked twice is unlocked once": {
    kinds: ALL,
    steps: [...opens, ["A", "wr f"], ["A", "wr f"], ["A", "un f"], ["B", "wr f"]],
  },
  "unlocking what is not held does nothing, to others neither": {
    kinds: ALL,
    steps: [...opens, ["A", "un f"], ["B", "wr f"], ["A", "un f"], ["C", "rd f", BUSY]],
  },
  "a writer becomes reader": {
    kinds: ALL,
    steps: [...opens, ["A", "wr f"], ["B", "rd f", BUSY], ["A", "rd f"], ["B", "rd f"], ["C", "wr f", BUSY]],
  },
  "the only reader becomes writer": {
    kinds: ALL,
    steps: [...opens, ["A", "rd f"], ["A", "wr f"], ["B", "rd f", BUSY]],
  },
  "a reader among others cannot become writer, and stays reader": {
    kinds: RECORDS,
    steps: [
      ...opens,
      ["A", "rd f"],
      ["B", "rd f"],
      ["A", "wr f", BUSY],
      ["B", "un f"],
      ["C", "wr f", BUSY],
      ["A", "wr f"],
    ],
  },
  "a reader by flock that cannot become writer has lost its lock": {
    kinds: ["flock"],
    steps: [...opens, ["A", "rd f"], ["B", "rd f"], ["A", "wr f", BUSY], ["B", "un f"], ["C", "wr f"]],
  },
  "ranges that touch do not meet": {
    kinds: RECORDS,
    steps: [
      ...opens,
      ["A", "wr f 10-20"],
      ["B", "wr f 0-10"],
      ["B", "wr f 20-30"],
      ["B", "wr f 19-20", BUSY],
      ["B", "wr f 10-11", BUSY],
      ["C", "wr f 5-25", BUSY],
      ["C", "rd f 0-1", BUSY],
    ],
  },
  "unlocking the middle leaves both ends": {
    kinds: RECORDS,
    steps: [
      ...opens,
      ["A", "wr f 0-30"],
      ["A", "un f 10-20"],
      ["B", "wr f 10-20"],
      ["B", "wr f 9-10", BUSY],
      ["B", "wr f 20-21", BUSY],
      ["A", "un f 0-10"],
      ["B", "wr f 0-20"],
      ["C", "wr f 29-30", BUSY],
    ],
  },
  "neighbours are one lock": {
    kinds: RECORDS,
    steps: [
      ...opens,
      ["A", "wr f 0-10"],
      ["A", "wr f 10-20"],
      ["A", "un f 5-15"],
      ["B", "wr f 5-15"],
      ["B", "wr f 4-5", BUSY],
      ["B", "wr f 15-16", BUSY],
    ],
  },
  "a part changes its mode": {
    kinds: RECORDS,
    steps: [
      ...opens,
      ["A", "wr f 0-30"],
      ["A", "rd f 10-20"],
      ["B", "rd f 10-20"],
      ["B", "rd f 9-10", BUSY],
      ["B", "rd f 20-21", BUSY],
      ["C", "wr f 10-11", BUSY],
    ],
  },
  "to the end means however far the file will grow": {
    kinds: RECORDS,
    steps: [
      ...opens,
      ["A", "wr f 100-"],
      ["B", "wr f 0-100"],
      ["B", "wr f 99999999999-", BUSY],
      ["A", "un f 200-"],
      ["B", "wr f 200-"],
      ["C", "rd f 199-200", BUSY],
    ],
  },
  "bytes beyond 32 bits are other bytes": {
    kinds: RECORDS,
    steps: [
      ...opens,
      ["A", "wr f 4294967296-4294967306"],
      ["B", "wr f 0-10"],
      ["B", "wr f 4294967305-4294967306", BUSY],
      ["B", "wr f 8589934592-8589934602"],
    ],
  },
  "any close drops a process's record locks": {
    kinds: ["posix"],
    steps: [...opens, ["A", "open g"], ["A", "wr f"], ["B", "wr f", BUSY], ["A", "close g"], ["B", "wr f"]],
  },
  "closing a copy drops a process's record locks": {
    kinds: ["posix"],
    steps: [...opens, ["A", "dup f g"], ["A", "wr f"], ["A", "close g"], ["B", "wr f"]],
  },
  "another process's close drops nothing": {
    kinds: ALL,
    steps: [...opens, ["A", "wr f"], ["B", "close f"], ["C", "wr f", BUSY]],
  },
  "another open file is another owner, in one process too": {
    kinds: ["flock", "ofd"],
    steps: [
      ...opens,
      ["A", "open g"],
      ["A", "wr f"],
      ["A", "wr g", BUSY],
      ["A", "close g"],
      ["B", "wr f", BUSY],
      ["A", "close f"],
      ["B", "wr f"],
    ],
  },
  "one process is one owner": {
    kinds: ["posix"],
    steps: [...opens, ["A", "open g"], ["A", "wr f"], ["A", "wr g"], ["A", "un g"], ["B", "wr f"]],
  },
  "a copy is the same owner; the lock goes with the last": {
    kinds: ["flock", "ofd"],
    steps: [
      ...opens,
      ["A", "dup f g"],
      ["A", "wr f"],
      ["A", "wr g"],
      ["A", "close f"],
      ["B", "wr f", BUSY],
      ["A", "close g"],
      ["B", "wr f"],
    ],
  },
  "unlocking by a copy unlocks": {
    kinds: ALL,
    steps: [...opens, ["A", "dup f g"], ["A", "wr f"], ["A", "un g"], ["B", "wr f"]],
  },
  "flock and records do not see each other": {
    kinds: ["flock"],
    steps: [...opens, ["A", "wr f"], ["B", "wr:posix f"], ["C", "wr:ofd f", BUSY], ["C", "wr f", BUSY]],
  },
  "both kinds of record locks see each other, within a process too": {
    kinds: ["ofd"],
    steps: [
      ...opens,
      ["A", "wr f 0-10"],
      ["B", "wr:posix f 5-6", BUSY],
      ["A", "wr:posix f 5-6", BUSY],
      ["B", "wr:posix f 10-11"],
      ["C", "rd f 10-11", BUSY],
    ],
  },
  "what is open for reading cannot lock for writing": {
    kinds: RECORDS,
    steps: [...opens, ["A", "open g ro"], ["A", "rd g"], ["A", "un g"], ["A", "wr g", "EBADF"], ["B", "wr f"]],
  },
  "what is open for reading can lock for writing by flock": {
    kinds: ["flock"],
    steps: [...opens, ["A", "open g ro"], ["A", "wr g"], ["B", "rd f", BUSY]],
  },
  "who waits has it when the holder lets go": {
    kinds: ALL,
    steps: [...opens, ["A", "wr f"], ["B", "wait f"], ["A", "un f"], ["B", "had"], ["C", "rd f", BUSY]],
  },
  "who waits has it when the holder closes": {
    kinds: ALL,
    steps: [...opens, ["A", "wr f"], ["B", "wait f"], ["A", "close f"], ["B", "had"], ["C", "rd f", BUSY]],
  },
  "a signal ends the wait, with nothing held": {
    kinds: ALL,
    steps: [
      ...opens,
      ["A", "wr f"],
      ["B", "wait f"],
      ["B", "interrupt"],
      ["B", "had", "interrupted"],
      ["A", "un f"],
      ["C", "wr f"],
    ],
  },
  "who waits for a part has it when that part is free": {
    kinds: RECORDS,
    steps: [
      ...opens,
      ["A", "wr f 0-30"],
      ["B", "wait f 10-20"],
      ["A", "un f 10-20"],
      ["B", "had"],
      ["C", "wr f 0-1", BUSY],
      ["C", "wr f 10-11", BUSY],
    ],
  },
  "two that wait for each other: the second is refused": {
    kinds: ["posix"],
    steps: [
      ...opens,
      ["A", "wr f 0-1"],
      ["B", "wr f 1-2"],
      ["A", "wait f 1-2"],
      ["B", "wait f 0-1"],
      ["B", "had", "EDEADLK"],
      ["B", "un f"],
      ["A", "had"],
    ],
  },
  "three in a circle: the last is refused": {
    kinds: ["posix"],
    steps: [
      ...opens,
      ["A", "wr f 0-1"],
      ["B", "wr f 1-2"],
      ["C", "wr f 2-3"],
      ["A", "wait f 1-2"],
      ["B", "wait f 2-3"],
      ["C", "wait f 0-1"],
      ["C", "had", "EDEADLK"],
      ["C", "un f"],
      ["B", "had"],
      ["B", "un f"],
      ["A", "had"],
    ],
  },
};

let folder: string;
let processes: Readonly<Record<"A" | "B" | "C", ProbeProcess>>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kernel-steps-"));
  const [A, B, C] = await Promise.all([0, 1, 2].map(() => ProbeProcess.start(folder)));
  processes = { A: A!, B: B!, C: C! };
});
afterAll(async () => {
  await Promise.all(Object.values(processes).map((one) => one.kill()));
  rmSync(folder, { recursive: true });
});

function spanOf(text: string | undefined): { readonly span?: ByteSpan } {
  if (text === undefined) return {};
  const [start = "", end = ""] = text.split("-");
  return { span: { startByte: Number(start), endByte: end === "" ? Number.MAX_SAFE_INTEGER : Number(end) } };
}

function inWords(answer: ProbeAnswer, command: string): string {
  if (typeof answer === "object") return answer.error;
  if (answer === false) return command === "had" ? "interrupted" : BUSY;
  return "ok";
}

/** What each step came to, in the form of the table. */
async function play(name: string, kind: KernelLockKind, steps: readonly Step[]): Promise<readonly Step[]> {
  const file = `${name.replaceAll(/\W+/g, "-")}-${kind}`;
  const waits = new Map<string, Promise<ProbeAnswer>>();
  const came: Step[] = [];
  for (const [who, command] of steps) {
    const [verb = "", first = "", second] = command.split(" ");
    const [what, otherKind = kind] = verb.split(":") as [string, KernelLockKind?];
    const handle = `${file}/${first}`;
    const target = { kind: otherKind, handle, ...spanOf(second) };
    const one = processes[who];
    const answerOf: Readonly<Record<string, () => ProbeAnswer | Promise<ProbeAnswer>>> = {
      open: () => one.ask({ do: "open", handle, name: file, readOnly: second === "ro" }),
      dup: () => one.ask({ do: "dup", handle, copy: `${file}/${second}` }),
      close: () => one.ask({ do: "close", handle }),
      rd: () => one.ask({ do: "lock", mode: "shared", ...target }),
      wr: () => one.ask({ do: "lock", mode: "exclusive", ...target }),
      un: () => one.ask({ do: "unlock", ...target }),
      interrupt: () => one.ask({ do: "interrupt" }),
      async wait() {
        waits.set(who, one.ask({ do: "wait", mode: "exclusive", ...target }));
        const early = await Promise.race([waits.get(who)!, pause(WAITING_MS)]);
        // One that is refused is asked by "had".
        return early === true ? { error: "did not wait" } : true;
      },
      had: () => waits.get(who)!,
    };
    const said = inWords(await answerOf[what!]!(), what!);
    came.push(said === "ok" ? [who, command] : [who, command, said]);
  }
  return came;
}

const pause = (durationMs: number) => new Promise<undefined>((resolve) => setTimeout(resolve, durationMs, undefined));

describe.each(Object.entries(CASES))("%s", (name, { kinds, steps }) => {
  test.each(kinds)("%s", async (kind) => {
    expect(await play(name, kind, steps)).toEqual(steps);
  });
});
