/** The C library by koffi, an optional dependency: the one place that loads it. */

import { createRequire } from "node:module";

/** Gives the module of foreign functions; throws where it is not installed. */
export type KoffiLoader = () => unknown;

/** A C function; `async` calls it on a thread of libuv's pool and hands over what it returned. */
export interface ForeignFunction<Args extends readonly unknown[], Result> {
  (...args: Args): Result;
  readonly async: (...args: [...Args, (error: Error | null, result: Result) => void]) => void;
}

export interface CLibrary {
  /** @throws Error when this library has no such function */
  func<Args extends readonly unknown[], Result>(prototype: string): ForeignFunction<Args, Result>;
  /** The code of the last failed call, as `EAGAIN`. Also right inside the callback of an `async` call. */
  errorCode(): string;
}

interface Koffi {
  load(name: string): { func(prototype: string): unknown };
  errno(): number;
  readonly os: { readonly errno: Readonly<Record<string, number>> };
}

const C_LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libc.so.7", "libSystem.B.dylib"];

/** Several names of one number: the first of these is meant. */
const PREFERRED = ["EAGAIN", "EOPNOTSUPP", "EDEADLK"];

export const requireKoffi: KoffiLoader = () => createRequire(import.meta.url)("koffi") as unknown;

/** @returns undefined where koffi has no binary for this machine, or no C library is found */
export function openCLibrary(load: KoffiLoader = requireKoffi): CLibrary | undefined {
  let koffi: Koffi;
  try {
    koffi = load() as Koffi;
  } catch {
    // An optional dependency: who asks has another way.
    return undefined;
  }
  const codes = koffi.os.errno;
  const nameOfErrno = new Map<number, string>();
  for (const name of [...Object.keys(codes), ...PREFERRED]) {
    const errno = codes[name];
    if (errno !== undefined && (!nameOfErrno.has(errno) || PREFERRED.includes(name))) nameOfErrno.set(errno, name);
  }
  for (const name of C_LIBRARIES) {
    try {
      const library = koffi.load(name);
      return {
        func: <Args extends readonly unknown[], Result>(prototype: string) =>
          library.func(prototype) as ForeignFunction<Args, Result>,
        errorCode() {
          const errno = koffi.errno();
          return nameOfErrno.get(errno) ?? `errno ${errno}`;
        },
      };
    } catch {
      // The name of another system's C library.
    }
  }
  return undefined;
}

/** An error of the system as Node's own: with `code` and `syscall`. */
export function systemError(syscall: string, code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${syscall}: ${code}`), { code, syscall });
}
