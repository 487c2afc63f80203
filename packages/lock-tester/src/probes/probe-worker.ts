/** A process of a probe: does what it is told with locks and files, and answers. Started by probe-process.ts. */

import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type KernelLockWait, openKernelLockDoor } from "@contimg/file-locks/node";
import type { ProbeAnswer, ProbeCall } from "./probe-call.ts";

const HEIR_SEC = "60";
const folder = process.argv[2] ?? ".";
const locks = openKernelLockDoor();
const handles = new Map<string, number>();
const databases = new Map<string, DatabaseSync>();
const waits = new Set<KernelLockWait>();
let heir: ChildProcess | undefined;

function door() {
  if (!locks) throw Object.assign(new Error("no foreign functions"), { code: "ENOSYS" });
  return locks;
}

function fileOf(handle: string): number {
  const fd = handles.get(handle);
  if (fd === undefined) throw new Error(`no open file ${handle}`);
  return fd;
}

function open(name: string, readOnly = false): number {
  return openSync(join(folder, name), readOnly ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT, 0o664);
}

/** @returns false: the name is there */
function made(call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function wait(call: ProbeCall & { readonly do: "wait" }): Promise<boolean> {
  const waiting = door().wait(call.kind, fileOf(call.handle), call.mode, call.span);
  waits.add(waiting);
  try {
    return await waiting.taken;
  } finally {
    waits.delete(waiting);
  }
}

function read(handle: string): string {
  const fd = fileOf(handle);
  const bytes = Buffer.alloc(fstatSync(fd).size);
  return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0));
}

function sql(name: string, statements: readonly string[]): string | boolean {
  let database = databases.get(name);
  if (!database) {
    database = new DatabaseSync(join(folder, name), { timeout: 0 });
    databases.set(name, database);
  }
  let last: unknown;
  try {
    for (const statement of statements) last = database.prepare(statement).get();
  } catch (error) {
    if (/locked|busy/.test((error as Error).message)) return false;
    // Its code says only that it is SQLite's.
    throw new Error((error as Error).message, { cause: error });
  }
  return last === undefined ? true : String(Object.values(last as object)[0]);
}

function lockAndExec({ kind, name, span }: ProbeCall & { readonly do: "lock-and-exec" }): boolean {
  const first = open(name);
  const kept = door().duplicate(first, true);
  // Before the lock: a descriptor that exec closes would take the process's record locks with it.
  closeSync(first);
  if (!door().tryLock(kind, kept, "exclusive", span)) return false;
  process.execve!("/bin/sleep", ["sleep", HEIR_SEC], {});
  return false;
}

async function answer(call: ProbeCall): Promise<ProbeAnswer> {
  switch (call.do) {
    case "open":
      handles.set(call.handle, open(call.name, call.readOnly));
      return true;
    case "close":
      closeSync(fileOf(call.handle));
      return handles.delete(call.handle);
    case "dup":
      handles.set(call.copy, door().duplicate(fileOf(call.handle)));
      return true;
    case "lock":
      return door().tryLock(call.kind, fileOf(call.handle), call.mode, call.span);
    case "unlock":
      door().unlock(call.kind, fileOf(call.handle), call.span);
      return true;
    case "wait":
      return await wait(call);
    case "interrupt":
      for (const waiting of waits) waiting.interrupt();
      return true;
    case "start-heir":
      heir = spawn("sleep", [HEIR_SEC], { stdio: ["ignore", "ignore", "ignore", fileOf(call.handle)] });
      return true;
    case "end-heir":
      return heir?.kill("SIGKILL") ?? false;
    case "lock-and-exec":
      return lockAndExec(call);
    case "write":
      return writeSync(fileOf(call.handle), call.text, 0) > 0;
    case "read":
      return read(call.handle);
    case "create-new":
      return made(() => closeSync(openSync(join(folder, call.name), "wx")));
    case "make-directory":
      return made(() => mkdirSync(join(folder, call.name)));
    case "link":
      return made(() => linkSync(join(folder, call.name), join(folder, call.newName)));
    case "rename":
      renameSync(join(folder, call.name), join(folder, call.newName));
      return true;
    case "unlink":
      unlinkSync(join(folder, call.name));
      return true;
    case "sql":
      return sql(call.name, call.statements);
  }
}

process.on("message", ([number, call]: [number, ProbeCall]) => {
  answer(call).then(
    (given) => process.send?.([number, given]),
    (error: NodeJS.ErrnoException) => process.send?.([number, { error: error.code ?? error.message }]),
  );
});
// Whoever leads it has ended: the heir would be an orphan.
process.on("disconnect", () => {
  heir?.kill("SIGKILL");
  process.exit();
});
process.send?.("ready");
