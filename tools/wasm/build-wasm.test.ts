/** The WebAssembly in the tree is what its source compiles to. */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, test } from "vitest";
import { repoRoot } from "../oracles.ts";
import { buildKernel, kernelNames } from "./build-wasm.ts";

/** The part of WebAssembly that this test needs; Node's types leave it out. */
interface ModuleConstructor {
  new (bytes: Uint8Array): object;
  imports(module: object): readonly object[];
}
const { Module } = (globalThis as unknown as { readonly WebAssembly: { readonly Module: ModuleConstructor } })
  .WebAssembly;

describe.each(kernelNames())("%s", (name) => {
  test("compiles to the bytes that are in the tree", async () => {
    for (const { path, bytes } of await buildKernel(name)) {
      expect(readFileSync(path).equals(bytes), `${relative(repoRoot, path)} is stale: npm run wasm`).toBe(true);
    }
  });

  test("asks for memory and nothing else", async () => {
    const [built] = await buildKernel(name);
    const module = new Module(new Uint8Array(built?.bytes ?? []));
    expect(Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  });
});

test("there are kernels", () => expect(kernelNames()).toContain("fft"));
