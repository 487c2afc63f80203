/** The ways to the system call flock(2): a foreign function, or the program flock(1) on an inherited file. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { type CLibrary, type KoffiLoader, openCLibrary, requireKoffi, systemError } from "./c-library.node.ts";
import type { FileLockMode } from "./index.ts";

export interface FlockDoor {
  readonly kind: "koffi" | "flock(1)";
  /** One try, without waiting. @throws Error with the system's code, as ENOLCK */
  tryLock(fileNumber: number, mode: FileLockMode): boolean;
  unlock(fileNumber: number): void;
}

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

/**
 * @param load  for tests: what `require("koffi")` gives
 * @returns undefined when neither way is there
 */
export function openFlockDoor(load: KoffiLoader = requireKoffi): FlockDoor | undefined {
  return foreignFunctionDoor(load) ?? (hasFlockProgram() ? programDoor : undefined);
}

const flockOf = (library: CLibrary) =>
  library.func<[fd: number, operation: number], number>("int flock(int fd, int operation)");

function foreignFunctionDoor(load: KoffiLoader): FlockDoor | undefined {
  const library = openCLibrary(load);
  if (!library) return undefined;
  const flock = flockOf(library);

  /** @returns false: another has it */
  function call(fd: number, operation: number): boolean {
    for (;;) {
      if (flock(fd, operation) === 0) return true;
      const code = library!.errorCode();
      if (code === "EINTR") continue;
      if (code === "EWOULDBLOCK" || code === "EAGAIN") return false;
      throw systemError("flock", code);
    }
  }
  return {
    kind: "koffi",
    tryLock: (fd, mode) => call(fd, (mode === "exclusive" ? LOCK_EX : LOCK_SH) | LOCK_NB),
    unlock: (fd) => void call(fd, LOCK_UN),
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
