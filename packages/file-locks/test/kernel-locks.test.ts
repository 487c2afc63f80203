/** The kernel's own locks, seen from another program: Python's fcntl holds, or tries, the same ranges. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeWith, hasCommand, pythonPath } from "../../../tools/oracles.ts";
import { openKernelLockDoor } from "../src/node.ts";

/** Reads commands `lockf|flock MODE START LENGTH [nb]` and says `ok` or the system's code. */
const PYTHON = `
import errno, fcntl, sys
f = open(sys.argv[1], "r+")
for line in sys.stdin:
    call, mode, start, length, *nb = line.split()
    flags = {"ex": fcntl.LOCK_EX, "sh": fcntl.LOCK_SH, "un": fcntl.LOCK_UN}[mode] | (fcntl.LOCK_NB if nb else 0)
    try:
        fcntl.lockf(f, flags, int(length), int(start)) if call == "lockf" else fcntl.flock(f, flags)
        print("ok", flush=True)
    except OSError as e:
        print(errno.errorcode[e.errno], flush=True)
`;

class Python {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string) {
    this.#child = spawn(pythonPath, ["-c", PYTHON, path], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface(this.#child.stdout!)[Symbol.asyncIterator]();
  }

  get processNumber(): number {
    return this.#child.pid!;
  }

  async does(command: string): Promise<string> {
    this.#child.stdin!.write(`${command}\n`);
    return (await this.#lines.next()).value as string;
  }

  async kill(): Promise<void> {
    if (!this.#child.kill("SIGKILL")) return;
    await once(this.#child, "exit");
  }
}

const BUSY = "EAGAIN";
const locks = openKernelLockDoor()!;
let folder: string;
let path: string;
let fd: number;
let python: Python;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kernel-locks-"));
  path = join(folder, "some file");
  fd = openSync(path, constants.O_RDWR | constants.O_CREAT);
  python = new Python(path);
});
afterEach(async () => {
  await python.kill();
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

describeWith(hasCommand("python3"), "locks of the kernel", () => {
  test.each(["posix", "ofd"] as const)("%s: a range is the bytes that Python sees locked", async (kind) => {
    const far = 2 ** 40;
    expect(locks.tryLock(kind, fd, "exclusive", { startByte: far, endByte: far + 10 })).toBe(true);
    expect(await python.does(`lockf ex ${far - 1} 1 nb`)).toBe("ok");
    expect(await python.does(`lockf sh ${far} 1 nb`)).toBe(BUSY);
    expect(await python.does(`lockf sh ${far + 9} 1 nb`)).toBe(BUSY);
    expect(await python.does(`lockf ex ${far + 10} 0 nb`)).toBe("ok");
    locks.unlock(kind, fd, { startByte: far, endByte: far + 5 });
    expect(await python.does(`lockf ex ${far} 5 nb`)).toBe("ok");
    expect(await python.does(`lockf ex ${far + 5} 1 nb`)).toBe(BUSY);
  });

  test.each(["posix", "ofd"] as const)("%s: says what is in the way", async (kind) => {
    expect(locks.conflict(kind, fd, "exclusive")).toBeNull();
    await python.does("lockf sh 100 50");
    expect(locks.conflict(kind, fd, "shared")).toBeNull();
    expect(locks.conflict(kind, fd, "exclusive")).toEqual({
      mode: "shared",
      span: { startByte: 100, endByte: 150 },
      processNumber: python.processNumber,
    });
    expect(locks.tryLock(kind, fd, "exclusive", { startByte: 0, endByte: 100 })).toBe(true);
    expect(locks.tryLock(kind, fd, "exclusive", { startByte: 0, endByte: 101 })).toBe(false);
    await python.does("lockf ex 200 0");
    expect(locks.conflict(kind, fd, "shared", { startByte: 250, endByte: 260 })).toMatchObject({
      mode: "exclusive",
      span: { startByte: 200, endByte: Number.POSITIVE_INFINITY },
    });
  });

  test.each([
    ["posix", "lockf"],
    ["ofd", "lockf"],
    ["flock", "flock"],
  ] as const)(
    "%s: a wait ends with the holder, or when it is interrupted, and then holds nothing",
    async (kind, call) => {
      await python.does(`${call} ex 0 0`);
      expect(locks.tryLock(kind, fd, "shared")).toBe(false);
      const given = locks.wait(kind, fd, "exclusive");
      given.interrupt();
      expect(await given.taken).toBe(false);
      expect(readFileSync("/proc/locks", "utf8")).not.toMatch(
        new RegExp(`^\\d+: \\S+ +ADVISORY +\\S+ ${process.pid} `, "m"),
      );
      const second = locks.wait(kind, fd, "exclusive");
      await python.kill();
      expect(await second.taken).toBe(true);
      second.interrupt();
      const other = openSync(path, "r+");
      expect(locks.tryLock(kind === "posix" ? "ofd" : kind, other, "shared")).toBe(false);
      locks.unlock(kind, fd);
      expect(locks.tryLock(kind === "posix" ? "ofd" : kind, other, "shared")).toBe(true);
      closeSync(other);
    },
  );

  test("a wait survives garbage collection", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    for (let i = 0; i < 20; i++) {
      await python.does("lockf ex 0 0");
      const given = locks.wait("posix", fd, "exclusive");
      // What a freed record leaves is soon overwritten.
      for (let j = 0; j < 5; j++) {
        collect();
        Array.from({ length: 2000 }, () => Buffer.alloc(32, 0xff));
      }
      expect(await python.does("lockf un 0 0")).toBe("ok");
      expect(await given.taken).toBe(true);
      locks.unlock("posix", fd);
    }
  });

  test("the kernel refuses to wait for ever: EDEADLK", async () => {
    locks.tryLock("posix", fd, "exclusive", { startByte: 0, endByte: 1 });
    await python.does("lockf ex 1 1");
    const waiting = python.does("lockf ex 0 1");
    for (;;) {
      // The other must first be in its wait.
      if (new RegExp(`-> POSIX .* ${python.processNumber} `).test(readFileSync("/proc/locks", "utf8"))) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await expect(locks.wait("posix", fd, "exclusive", { startByte: 1, endByte: 2 }).taken).rejects.toMatchObject({
      code: "EDEADLK",
    });
    locks.unlock("posix", fd);
    expect(await waiting).toBe("ok");
  });

  test("a second descriptor is of the same open file", async () => {
    const copy = locks.duplicate(fd);
    expect(locks.tryLock("flock", fd, "exclusive")).toBe(true);
    closeSync(fd);
    expect(await python.does("flock ex 0 0 nb")).toBe(BUSY);
    closeSync(copy);
    expect(await python.does("flock ex 0 0 nb")).toBe("ok");
    fd = openSync(path, "r+");
  });

  test("what is no lock is refused with the system's code or before", () => {
    expect(() => locks.tryLock("posix", 9999, "shared")).toThrow(expect.objectContaining({ code: "EBADF" }) as Error);
    expect(() => locks.duplicate(9999)).toThrow("EBADF");
    for (const [startByte, endByte] of [
      [-1, 5],
      [5, 5],
      [0.5, 2],
      [0, Number.NaN],
    ] as const)
      expect(() => locks.tryLock("ofd", fd, "shared", { startByte, endByte })).toThrow(RangeError);
    const readOnly = openSync(path, "r");
    expect(() => locks.tryLock("posix", readOnly, "exclusive")).toThrow("EBADF");
    closeSync(readOnly);
  });

  test("there is no door without foreign functions", () => {
    expect(
      openKernelLockDoor(() => {
        throw new Error("not installed");
      }),
    ).toBeUndefined();
  });
});
