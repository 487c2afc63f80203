/**
 * Loaded before everything else, in every thread and process of a stream: counts the calls of node:fs that change
 * something for a group, and lets those fail that the plan in CONTIMG_TEST_FAULTS names.
 *
 * A worker serves one group, so what it does to directories that no group owns is done for its group as well. SQLite and
 * the native copy of whole directories open files by themselves and are out of reach; full file systems test those.
 */

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { constants } from "node:os";
import { join } from "node:path";
import { getSystemErrorMap } from "node:util";
import { isMainThread } from "node:worker_threads";
import {
  type CallKind,
  endedPath,
  FAULT_PLAN_VARIABLE,
  type Fault,
  type FaultPlan,
  type SeenCall,
  seenCallsPath,
} from "./fault-plan.ts";

type Act = (...args: never[]) => unknown;
type PathOf = (args: readonly unknown[]) => unknown;

const APPENDING = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_APPEND;
const CHANGING = fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT;

function inject({ root, recordsDir, faults }: FaultPlan): void {
  const real = { openSync: fs.openSync, writeSync: fs.writeSync, closeSync: fs.closeSync, fstatSync: fs.fstatSync };
  const paths = new Map<number, string>();
  const servesOneGroup = !isMainThread || process.send !== undefined;
  let ownGroupId: string | undefined;

  /** @returns the size of the file behind `text` */
  function append(path: string, text: string): number {
    const fd = real.openSync(path, APPENDING, 0o644);
    real.writeSync(fd, text);
    const sizeBytes = real.fstatSync(fd).size;
    real.closeSync(fd);
    return sizeBytes;
  }

  function groupOf(path: string): string | undefined {
    const named = /(?:stream_|~|\/\.?)(\d{4}-\d\d-\d\dT[\d:.]+?)(?:~|\.ms|\.checkpoint)/.exec(path)?.[1];
    if (servesOneGroup) ownGroupId ??= named;
    return named ?? ownGroupId;
  }

  /** Attempts for a group follow each other, so that its counts have one writer. */
  function dueFault(groupId: string, call: CallKind): Fault | undefined {
    const count = append(join(recordsDir, `${groupId}.${call}`), ".");
    return faults.find(
      (fault) =>
        fault.groupId === groupId &&
        fault.call === call &&
        (count === fault.occurrence ||
          (fault.persists && count > fault.occurrence && !fs.existsSync(endedPath(recordsDir)))),
    );
  }

  function faultOf(call: CallKind, path: unknown): Fault | undefined {
    if (typeof path !== "string" || !path.startsWith(`${root}/`)) return undefined;
    const groupId = groupOf(path);
    if (groupId === undefined) return undefined;
    const fault = dueFault(groupId, call);
    const seen: SeenCall = { groupId, call, path, errno: fault?.errno ?? null };
    append(seenCallsPath(recordsDir), `${JSON.stringify(seen)}\n`);
    return fault;
  }

  function errorOf(fault: Fault, syscall: string, path: string): Error {
    const code = fault.errno as Exclude<Fault["errno"], "SHORT">;
    const errno = -constants.errno[code];
    // Node knows no name for an exhausted quota.
    const [name, text] = getSystemErrorMap().get(errno) ?? Array<string>(2).fill(`Unknown system error ${errno}`);
    return Object.assign(new Error(`${name}: ${text}, ${syscall} '${path}'`), { errno, code: name, syscall, path });
  }

  /** @param refuse  how such a function tells of an error */
  function patch(
    owner: object,
    names: readonly string[],
    call: CallKind,
    pathOf: PathOf,
    refuse: (error: Error, args: readonly unknown[]) => unknown,
  ): void {
    const functions = owner as Record<string, Act>;
    for (const name of names) {
      const original = functions[name]!;
      functions[name] = (...args: never[]) => {
        const path = pathOf(args);
        const fault = faultOf(call, path);
        if (fault === undefined) return original(...args);
        return refuse(errorOf(fault, name, path as string), args);
      };
    }
  }

  const byPath: PathOf = ([path]) => path;
  const byTarget: PathOf = ([, target]) => target;
  const byDescriptor: PathOf = ([fd]) => paths.get(fd as number);
  const raise = (error: Error): never => {
    throw error;
  };
  const reject = (error: Error) => Promise.reject(error);
  const callBack = (error: Error, args: readonly unknown[]) =>
    void setImmediate(args.at(-1) as (error: Error) => void, error);

  patch(fs, ["fsyncSync", "fdatasyncSync"], "sync", byDescriptor, raise);
  patch(fs, ["fsync", "fdatasync"], "sync", byDescriptor, callBack);
  patch(fs, ["ftruncateSync"], "resize", byDescriptor, raise);
  patch(fs, ["renameSync"], "rename", byTarget, raise);
  patch(fs, ["rename"], "rename", byTarget, callBack);
  patch(fs, ["copyFileSync", "cpSync"], "copy", byTarget, raise);
  patch(fs, ["mkdirSync"], "make", byPath, raise);
  patch(fs, ["rmSync", "unlinkSync"], "remove", byPath, raise);
  patch(fs, ["write"], "write", byDescriptor, callBack);
  patch(fs.promises, ["rename"], "rename", byTarget, reject);
  patch(fs.promises, ["copyFile", "cp"], "copy", byTarget, reject);
  patch(fs.promises, ["mkdir"], "make", byPath, reject);
  patch(fs.promises, ["rm", "unlink"], "remove", byPath, reject);

  fs.writeSync = ((fd: number, bytes: Uint8Array | string, ...rest: (number | undefined)[]) => {
    const path = paths.get(fd);
    const fault = faultOf("write", path);
    const pass = real.writeSync as (fd: number, bytes: Uint8Array | string, ...rest: (number | undefined)[]) => number;
    if (fault === undefined) return pass(fd, bytes, ...rest);
    if (fault.errno !== "SHORT") throw errorOf(fault, "write", path!);
    if (typeof bytes === "string") return pass(fd, bytes, ...rest);
    const [offset = 0, length = bytes.byteLength - offset, position] = rest;
    return pass(fd, bytes, offset, Math.ceil(length / 2), position);
  }) as typeof fs.writeSync;

  fs.openSync = (path, flags, mode) => {
    const isChanging = typeof flags === "number" ? (flags & CHANGING) !== 0 : !/^rs?$/.test(flags ?? "r");
    // What is read tells whose worker this is.
    if (String(path).startsWith(`${root}/`)) groupOf(String(path));
    const fault = isChanging ? faultOf("open", path) : undefined;
    if (fault) throw errorOf(fault, "open", String(path));
    const fd = real.openSync(path, flags, mode);
    paths.set(fd, String(path));
    return fd;
  };

  fs.closeSync = (fd) => {
    paths.delete(fd);
    real.closeSync(fd);
  };

  syncBuiltinESMExports();
}

const plan = process.env[FAULT_PLAN_VARIABLE];
if (plan !== undefined) inject(JSON.parse(plan) as FaultPlan);
