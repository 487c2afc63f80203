import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeWith, hasCommand } from "../../../tools/oracles.ts";
import { judgeMount, parseProcLocks } from "../src/index.ts";
import { acquireFileLock, lockHolders, openFlockDoor, probeFileLocks, removeStaleLockFile } from "../src/node.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "file-lock-"));
  path = join(folder, "a.ms.lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const exclusive = (timeoutMs = 0) => acquireFileLock(path, { mode: "exclusive", timeoutMs });
const shared = (timeoutMs = 0) => acquireFileLock(path, { mode: "shared", timeoutMs });

describe("a lock", () => {
  test("excludes until it is released, and the file stays", async () => {
    const lock = await exclusive();
    await expect(exclusive(20)).rejects.toMatchObject({
      tag: "timeout",
      path,
      message: expect.stringContaining(`process ${process.pid}`),
    });
    lock.release();
    lock.release();
    expect(existsSync(path)).toBe(true);
    (await exclusive()).release();
  });

  test("is shared by readers and keeps writers out", async () => {
    const [one, two] = [await shared(), await shared()];
    await expect(exclusive(10)).rejects.toMatchObject({ tag: "timeout" });
    one.release();
    two.release();
    const writer = await exclusive();
    await expect(shared(10)).rejects.toMatchObject({ tag: "timeout" });
    writer.release();
  });

  test("a writer that waits is not passed by new readers", async () => {
    const reader = await shared();
    const order: string[] = [];
    const writing = exclusive(5_000).then((lock) => {
      order.push("writer");
      lock.release();
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const reading = shared(5_000).then((lock) => {
      order.push("reader");
      lock.release();
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    reader.release();
    await Promise.all([writing, reading]);
    expect(order).toEqual(["writer", "reader"]);
  });

  test("tells who holds it while others wait, and a wait can be ended", async () => {
    const lock = await exclusive();
    const waits: string[] = [];
    const abort = new AbortController();
    const waiting = acquireFileLock(path, {
      mode: "exclusive",
      timeoutMs: 60_000,
      signal: abort.signal,
      onWait: ({ holders }) => {
        waits.push(holders);
        setTimeout(() => abort.abort(), 200);
      },
    });
    await expect(waiting).rejects.toMatchObject({ tag: "aborted" });
    expect(waits).toHaveLength(1);
    expect(waits[0]).toContain(`process ${process.pid}`);
    lock.release();
    // The wait that was ended holds nothing.
    (await exclusive(1000)).release();
  });

  test("is one whatever way leads to the file", async () => {
    const real = join(folder, "real");
    mkdirSync(real);
    symlinkSync(real, join(folder, "link"));
    const lock = await acquireFileLock(join(real, "x.lock"), { mode: "exclusive", timeoutMs: 0 });
    for (const way of [join(folder, "link/x.lock"), join(real, "../link/./x.lock")])
      await expect(acquireFileLock(way, { mode: "exclusive", timeoutMs: 0 })).rejects.toMatchObject({ tag: "timeout" });
    lock.release();
  });

  test("of a folder that is not there, or of a system without ways to lock, is an error of its own", async () => {
    await expect(
      acquireFileLock(join(folder, "no/such.lock"), { mode: "exclusive", timeoutMs: 0 }),
    ).rejects.toMatchObject({ tag: "not-permitted", message: expect.stringContaining("ENOENT") });
    const door = {
      kind: "koffi",
      tryLock: () => {
        throw Object.assign(new Error("flock"), { code: "ENOLCK" });
      },
      unlock() {},
    } as const;
    await expect(acquireFileLock(path, { mode: "exclusive", timeoutMs: 0, door })).rejects.toMatchObject({
      tag: "unusable",
      message: expect.stringContaining("ENOLCK"),
    });
  });
});

describe("a lock file that nobody needs", () => {
  const old = () => utimesSync(path, new Date(0), new Date(0));

  test("is removed when it is old, and never while somebody holds it", async () => {
    const lock = await exclusive();
    old();
    expect(removeStaleLockFile(path, { olderThanMs: 1000 })).toBe("held");
    expect(existsSync(path)).toBe(true);
    lock.release();
    old();
    expect(removeStaleLockFile(path, { olderThanMs: 1000 })).toBe("removed");
    expect(existsSync(path)).toBe(false);
    expect(removeStaleLockFile(path, { olderThanMs: 1000 })).toBe("absent");
    (await exclusive()).release();
    expect(removeStaleLockFile(path, { olderThanMs: 60_000 })).toBe("too-young");
  });
});

describe("holders", () => {
  test("are read from the kernel", async () => {
    const lock = await exclusive();
    expect(lockHolders(path)).toMatchObject([{ processNumber: process.pid, mode: "exclusive", isWaiting: false }]);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
    lock.release();
    expect(lockHolders(path)).toEqual([]);
  });

  test("lines of /proc/locks", () => {
    const lines = `1: FLOCK  ADVISORY  WRITE 4711 fe:00:131090 0 EOF
1: -> FLOCK  ADVISORY  READ 4712 fe:00:131090 0 EOF
2: POSIX  ADVISORY  READ 99 00:18:77 128 128
3: OFDLCK ADVISORY  WRITE -1 08:01:5 0 EOF
4: DELEG  ACTIVE    READ 1 08:01:5 0 EOF
`;
    expect(parseProcLocks(lines)).toEqual([
      { kind: "FLOCK", mode: "WRITE", processNumber: 4711, device: "fe:00", inodeNumber: "131090", isWaiting: false },
      { kind: "FLOCK", mode: "READ", processNumber: 4712, device: "fe:00", inodeNumber: "131090", isWaiting: true },
      { kind: "POSIX", mode: "READ", processNumber: 99, device: "00:18", inodeNumber: "77", isWaiting: false },
      { kind: "OFDLCK", mode: "WRITE", processNumber: -1, device: "08:01", inodeNumber: "5", isWaiting: false },
    ]);
  });
});

describe("a probe", () => {
  test("says that this directory's locks exclude, and leaves nothing", () => {
    const probe = probeFileLocks(folder);
    expect(probe).toMatchObject({ excludes: true, directory: folder });
    expect(spawnSync("ls", ["-A", folder], { encoding: "utf8" }).stdout).toBe("");
  });

  test("condemns locks that exclude nobody", () => {
    const door = { kind: "koffi", tryLock: () => true, unlock() {} } as const;
    expect(probeFileLocks(folder, door)).toMatchObject({
      excludes: false,
      reason: "a second open file could lock a locked file",
    });
  });

  test.each([
    ["rw,vers=4.2 ", "nfs4", "rw,local_lock=none", "shared"],
    ["rw", "nfs", "rw,nolock,local_lock=all", "local"],
    ["rw", "lustre", "rw,flock", "shared"],
    ["rw", "lustre", "rw,localflock", "local"],
    ["rw", "lustre", "rw", "local"],
    ["rw", "fuse.glusterfs", "rw,user_id=0", "shared"],
    ["rw", "fuseblk", "rw,user_id=0", "unknown"],
    ["rw", "ext4", "rw", "local file system"],
  ])("knows mounts: %s %s %s is %s", (own, kind, options, reach) => {
    const mounts = `20 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
30 20 0:40 / /stage\\040fast ${own.trim()} shared:2 - ${kind} server:/x ${options}
`;
    expect(judgeMount(mounts, "/stage fast/ms")).toMatchObject({ fileSystem: kind, reach });
    expect(judgeMount(mounts, "/stage fastest")).toMatchObject({ fileSystem: "ext4" });
  });
});

describeWith(hasCommand("flock"), "without the foreign function, flock(1)", () => {
  const door = openFlockDoor(() => {
    throw new Error("not installed");
  })!;

  test("locks, waits in turn, and lets go", async () => {
    expect(door.kind).toBe("flock(1)");
    const lock = await acquireFileLock(path, { mode: "exclusive", timeoutMs: 0, door });
    await expect(exclusive(20)).rejects.toMatchObject({ tag: "timeout" });
    await expect(acquireFileLock(path, { mode: "exclusive", timeoutMs: 50, door })).rejects.toMatchObject({
      tag: "timeout",
    });
    const waiting = acquireFileLock(path, { mode: "exclusive", timeoutMs: 10_000, door });
    await new Promise((resolve) => setTimeout(resolve, 50));
    lock.release();
    (await waiting).release();
    (await exclusive()).release();
  });
});
