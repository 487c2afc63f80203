/** casacore itself is on the other side of its protocol. */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith, pythonPath, pythonWith } from "../../../tools/oracles.ts";
import type { LockSession } from "../src/primitive.ts";
import { casacore, readRequests } from "../src/primitives/casacore.node.ts";
import { LedProcess, type LedSession } from "./lead-sessions.ts";

const PYTHON = `
import sys
from casacore import tables
name = sys.argv[1]
t = tables.table(name, tables.maketabdesc([tables.makescacoldesc("A", 0)]), nrow=1, readonly=False, ack=False, lockoptions="user")
print("made", flush=True)
for line in sys.stdin:
    command = line.strip()
    if command == "write": print(t.lock(True, 1) or t.haslock(True), flush=True)
    elif command == "write-soon": print(t.lock(True, 60) or t.haslock(True), flush=True)
    elif command == "read": print(t.lock(False, 1) or t.haslock(False), flush=True)
    elif command == "unlock": print(t.unlock() or t.haslock(False), flush=True)
`;

let folder: string;
let python: ChildProcess;
let lines: AsyncIterator<string>;
const next = async () => (await lines.next()).value as string;
const does = (command: string) => {
  python.stdin!.write(`${command}\n`);
  return next();
};

describeWith(pythonWith("casacore"), "casacore's own lock and ours of its protocol", () => {
  let ours: LedProcess;
  let session: LedSession;
  let own: LockSession;
  let path: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "casacore-lock-"));
    python = spawn(pythonPath, ["-c", PYTHON, join(folder, "a.tab")], { stdio: ["pipe", "pipe", "pipe"] });
    python.stderr!.resume();
    lines = createInterface(python.stdout!)[Symbol.asyncIterator]();
    await next();
    path = join(folder, "a.tab", "table.lock");
    await does("unlock");
    ours = await LedProcess.start("casacore", path);
    session = ours.session("a");
    own = await casacore.open(path, { pollMs: 20 });
  });
  afterAll(async () => {
    python.kill("SIGKILL");
    await own.close();
    await ours.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  test("writers exclude each other, readers do not", async () => {
    expect(await does("write")).toBe("True");
    expect([await session.acquire("exclusive"), await session.acquire("shared")]).toEqual([false, false]);
    expect(await does("unlock")).toBe("False");
    expect(await does("read")).toBe("True");
    expect([await session.acquire("shared"), await session.acquire("exclusive")]).toEqual([true, false]);
    await does("unlock");
    expect(await session.acquire("exclusive")).toBe(true);
    await session.release();
  });

  test("who waits is in the list of requests, and no longer when it has the lock", async () => {
    const requests = () => {
      const fd = openSync(path, "r");
      try {
        return readRequests(fd);
      } finally {
        // Closing drops this process's record locks; it holds none.
        closeSync(fd);
      }
    };
    expect(await session.acquire("exclusive")).toBe(true);
    expect(requests()).toEqual([]);
    const waiting = does("write-soon");
    while (requests().length === 0) await sleep(5);
    expect(requests()).toEqual([python.pid]);
    await session.release();
    expect(await waiting).toBe("True");
    expect(requests()).toEqual([]);
    const mine = own.acquire("exclusive", { timeoutMs: 20_000 });
    while (requests().length === 0) await sleep(5);
    expect(requests()).toEqual([process.pid]);
    await does("unlock");
    expect(await mine).toEqual({});
    expect(requests()).toEqual([]);
  });
});
