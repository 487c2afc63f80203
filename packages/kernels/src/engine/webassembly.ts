/** What this package needs of WebAssembly, which the language's own library does not declare. */

/** A memory that threads share; it may be posted to another thread. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}

/** Functions that a module exports: numbers in, a number or nothing out. */
export type WasmFunctions = Readonly<Record<string, (...values: number[]) => number>>;

interface WasmNamespace {
  readonly Memory: new (options: { initial: number; maximum: number; shared: true }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: WasmFunctions };
  readonly validate: (bytes: Uint8Array) => boolean;
}

/** WebAssembly where there is one. */
export const webAssembly: WasmNamespace | undefined = (globalThis as { readonly WebAssembly?: WasmNamespace })
  .WebAssembly;

/** Bytes of a page, the unit in which memory is given. */
export const PAGE_BYTES = 65536;

/** Bytes that 32-bit addresses reach. */
export const MOST_BYTES = 65536 * PAGE_BYTES;
