/**
 * Memory that kernels work on, and which form of the kernels works: WebAssembly, or the plain TypeScript that says the same.
 *
 * An engine belongs to one thread. Its handle may be posted to other threads, whose engines then share the memory.
 */
import { bytesOfBase64 } from "./base64.ts";
import { fftBase64 } from "./modules/fft.ts";
import { MOST_BYTES, PAGE_BYTES, type WasmFunctions, type WasmMemory, webAssembly } from "./webassembly.ts";

/** "wasm" needs WebAssembly with vectors and threads; "plain" runs anywhere, ten to thirty times slower. */
export type EngineKind = "wasm" | "plain";

/** What another thread needs to work on the same memory. */
export type EngineHandle =
  | { readonly kind: "wasm"; readonly memory: WasmMemory }
  | { readonly kind: "plain"; readonly memory: SharedArrayBuffer };

/** The memory of kernels as one thread sees it. */
export interface Engine {
  readonly kind: EngineKind;
  readonly handle: EngineHandle;
  readonly buffer: SharedArrayBuffer;
  /** Loaded modules, by name. */
  readonly modules: Map<string, WasmFunctions>;
}

/** The kind that this machine can run best. */
export function bestEngineKind(): EngineKind {
  // Any module says it: all of them use vectors and shared memory.
  return webAssembly?.validate(bytesOfBase64(fftBase64)) === true ? "wasm" : "plain";
}

/**
 * Memory of a fixed size, zeroed.
 *
 * @param byteCount At least this many; what plans ask for (`Layout.byteCount`).
 * @throws RangeError when it is more than 4 GiB, what 32-bit addresses reach, or more than the machine gives.
 */
export function createEngine(byteCount: number, kind: EngineKind = bestEngineKind()): Engine {
  if (!(byteCount <= MOST_BYTES)) throw new RangeError(`memory: at most ${MOST_BYTES} bytes, asked for ${byteCount}`);
  const pageCount = Math.max(1, Math.ceil(byteCount / PAGE_BYTES));
  if (kind === "plain") return attachEngine({ kind, memory: new SharedArrayBuffer(pageCount * PAGE_BYTES) });
  if (webAssembly === undefined) throw new RangeError("memory: this machine has no WebAssembly");
  return attachEngine({
    kind,
    memory: new webAssembly.Memory({ initial: pageCount, maximum: pageCount, shared: true }),
  });
}

/** The engine of a thread that was given the handle of another's. */
export function attachEngine(handle: EngineHandle): Engine {
  const buffer = handle.kind === "wasm" ? handle.memory.buffer : handle.memory;
  return { kind: handle.kind, handle, buffer, modules: new Map() };
}

/**
 * The functions of a WebAssembly module on the engine's memory.
 *
 * @throws Error when the engine is a plain one.
 */
export function moduleOf(engine: Engine, name: string, base64: string): WasmFunctions {
  const loaded = engine.modules.get(name);
  if (loaded !== undefined) return loaded;
  if (engine.handle.kind !== "wasm" || webAssembly === undefined) throw new Error(`${name}: the engine is a plain one`);
  const module = new webAssembly.Module(bytesOfBase64(base64));
  const { exports } = new webAssembly.Instance(module, { env: { memory: engine.handle.memory } });
  engine.modules.set(name, exports);
  return exports;
}
