/** The ways to the system call flock(2): a foreign function, or the program flock(1) on an inherited file. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import type { FileLockMode } from "./index.ts";

export interface FlockDoor {
  readonly kind: "koffi" | "flock(1)";
  /** One try, without waiting. @throws Error with the system's code, as ENOLCK */
  tryLock(fileNumber: number, mode: FileLockMode): boolean;
  unlock(fileNumber: number): void;
  /**
   * Waits in the kernel, on a thread of libuv's pool, which stays occupied until the lock is had: there is no way to give up,
   * and a process with such a thread does not end by itself. For programs that can be killed.
   */
  readonly lockInThread?: (fileNumber: number, mode: FileLockMode) => Promise<void>;
}

/** Gives the module of foreign functions; throws where it is not installed. */
export type KoffiLoader = () => unknown;

interface ForeignFlock {
  (fd: number, operation: number): number;
  async(fd: number, operation: number, done: (error: Error | null, result: number) => void): void;
}

interface Koffi {
  load(name: string): { func(prototype: string): ForeignFlock };
  errno(): number;
  readonly os: { readonly errno: Readonly<Record<string, number>> };
}

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;
const C_LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libc.so.7", "libSystem.B.dylib"];

const requireKoffi: KoffiLoader = () => createRequire(import.meta.url)("koffi") as unknown;

/**
 * @param load  for tests: what `require("koffi")` gives
 * @returns undefined when neither way is there
 */
export function openFlockDoor(load: KoffiLoader = requireKoffi): FlockDoor | undefined {
  return foreignFunctionDoor(load) ?? (hasFlockProgram() ? programDoor : undefined);
}

function foreignFunctionDoor(load: KoffiLoader): FlockDoor | undefined {
  let koffi: Koffi;
  try {
    koffi = load() as Koffi;
  } catch {
    // An optional dependency without a binary for this machine: the program does the same.
    return undefined;
  }
  const flock = C_LIBRARIES.map((name) => {
    try {
      return koffi.load(name).func("int flock(int fd, int operation)");
    } catch {
      // The name of another C library.
      return undefined;
    }
  }).find((found) => found !== undefined);
  if (!flock) return undefined;
  const codes = koffi.os.errno;
  const nameOf = (errno: number) => Object.keys(codes).find((name) => codes[name] === errno) ?? `errno ${errno}`;

  /** @returns false: another has it */
  function call(fd: number, operation: number): boolean {
    for (;;) {
      if (flock!(fd, operation) === 0) return true;
      const errno = koffi.errno();
      if (errno === codes["EINTR"]) continue;
      if (errno === codes["EWOULDBLOCK"] || errno === codes["EAGAIN"]) return false;
      throw Object.assign(new Error(`flock: ${nameOf(errno)}`), { code: nameOf(errno) });
    }
  }
  return {
    kind: "koffi",
    tryLock: (fd, mode) => call(fd, (mode === "exclusive" ? LOCK_EX : LOCK_SH) | LOCK_NB),
    unlock: (fd) => void call(fd, LOCK_UN),
    lockInThread: (fd, mode) =>
      new Promise((resolve, reject) => {
        flock.async(fd, mode === "exclusive" ? LOCK_EX : LOCK_SH, (error, result) => {
          if (error) reject(error);
          else if (result === 0) resolve();
          else {
            // koffi keeps the number of the error of the call whose result this is.
            const code = nameOf(koffi.errno());
            reject(Object.assign(new Error(`flock: ${code}`), { code }));
          }
        });
      }),
  };
}

export function hasFlockProgram(): boolean {
  return spawnSync("flock", ["--version"], { stdio: "ignore" }).status === 0;
}

const FLAG_OF_MODE = { exclusive: "-x", shared: "-s" } as const;
/** The number that the file has in the child. */
const CHILD_FD = 3;

/**
 * The child locks the open file that it inherits, which is ours as well: when the child has ended, we hold the lock, and
 * the kernel releases it when our process ends, however that happens.
 */
const programDoor: FlockDoor = {
  kind: "flock(1)",
  tryLock(fd, mode) {
    const { status, stderr } = spawnSync("flock", ["-n", "-E", "75", FLAG_OF_MODE[mode], String(CHILD_FD)], {
      stdio: ["ignore", "ignore", "pipe", fd],
      encoding: "utf8",
    });
    if (status === 0) return true;
    if (status === 75) return false;
    throw Object.assign(new Error(`flock(1): ${stderr.trim() || `status ${status}`}`), { code: "ENOLCK" });
  },
  unlock(fd) {
    spawnSync("flock", ["-u", String(CHILD_FD)], { stdio: ["ignore", "ignore", "ignore", fd] });
  },
};

/**
 * Waits in the kernel's own queue, which is first come, first served, and costs nothing: a child blocks on our open file.
 *
 * @returns resolves to whether the lock was taken; `end` gives up
 */
export function waitInKernel(fd: number, mode: FileLockMode): { readonly taken: Promise<boolean>; end(): void } {
  const child: ChildProcess = spawn("flock", [FLAG_OF_MODE[mode], String(CHILD_FD)], {
    stdio: ["ignore", "ignore", "ignore", fd],
  });
  const taken = new Promise<boolean>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => resolve(status === 0));
  });
  return { taken, end: () => void child.kill("SIGKILL") };
}
