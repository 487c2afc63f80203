/** `contimg locks` as an operator uses it, with Python holding the lock. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeWith, hasCommand } from "../../../../tools/oracles.ts";
import { lockPathOf, msLockFiles } from "../../src/adapters/locks/ms-lock-files.ts";
import { contimg, scratchDirectory } from "./run-contimg.ts";

let folder: string;
let ms: string;
beforeEach(() => {
  folder = scratchDirectory();
  ms = join(folder, "ms/science/a.ms");
  mkdirSync(ms, { recursive: true });
});

const options = (timeoutMs: number) => ({ timeoutMs, signal: new AbortController().signal, onWait() {} });

test("a lock that nobody holds is listed, asked for and cleaned", async () => {
  const lock = await msLockFiles(null).acquire(ms, "exclusive", options(0));
  const who = contimg("locks", "who", ms);
  expect(who.status).toBe(1);
  expect(who.stdout).toContain(`holds  exclusive  process ${process.pid}`);
  utimesSync(`${ms}.lock`, new Date(0), new Date(0));
  expect(contimg("locks", "clean", folder).stdout).toContain(`${ms}.lock  held`);
  await lock.release();
  expect(contimg("locks", "who", ms).status).toBe(0);
  expect(contimg("locks", "clean", folder, "--dry-run").stdout).toContain("would be removed");
  expect(existsSync(`${ms}.lock`)).toBe(true);
  expect(contimg("locks", "clean", folder).stdout).toContain("1 lock files removed");
  expect(existsSync(`${ms}.lock`)).toBe(false);
});

test("lock files may be kept in a directory of their own", async () => {
  const lockDir = join(folder, "locks");
  const lock = await msLockFiles(lockDir).acquire(ms, "shared", options(0));
  expect(lock.path).toBe(lockPathOf(ms, lockDir));
  expect(existsSync(`${ms}.lock`)).toBe(false);
  expect(contimg("locks", "who", ms, "--lock-dir", lockDir).status).toBe(1);
  await lock.release();
});

test("directories are tried, and those that are not there are named", () => {
  const { status, stdout } = contimg("locks", "doctor", folder, "--json");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ event: "locks_tried", directory: folder, excludes: true });
  const absent = contimg("locks", "doctor", join(folder, "no"));
  expect([absent.status, absent.stderr]).toEqual([1, expect.stringContaining("INPUT_UNREADABLE")]);
  expect(contimg("locks", "clean", folder, "--older-than", "soon").status).toBe(2);
});

describeWith(hasCommand("python3"), "a Python program that holds {ms}.lock by fcntl.flock", () => {
  let python: ChildProcess;
  beforeEach(async () => {
    const code = `import fcntl, sys; f = open(sys.argv[1], "a"); fcntl.flock(f, fcntl.LOCK_EX); print("held", flush=True); sys.stdin.read()`;
    python = spawn("/usr/bin/python3", ["-c", code, `${ms}.lock`], { stdio: ["pipe", "pipe", "inherit"] });
    await once(python.stdout!, "data");
  });
  afterEach(() => void python.kill("SIGKILL"));

  test("is named, keeps us out, and lets go when it is killed", async () => {
    expect(contimg("locks", "ls", folder, "--held").stdout).toContain(`process ${python.pid}`);
    const locks = msLockFiles(null);
    await expect(locks.acquire(ms, "exclusive", options(20))).rejects.toMatchObject({
      code: "LOCK_TIMEOUT",
      message: expect.stringContaining(`process ${python.pid}`),
    });
    const waiting = locks.acquire(ms, "exclusive", options(10_000));
    python.kill("SIGKILL");
    await (await waiting).release();
  });
});
