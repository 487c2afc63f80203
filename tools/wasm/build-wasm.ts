/**
 * Compiles the AssemblyScript kernels: `packages/kernels/wasm/<name>/<name>.ts` to `<name>.wasm` beside it, and to
 * `packages/kernels/src/engine/modules/<name>.ts`, which holds the same bytes so that they go wherever the package goes.
 *
 * npm run wasm
 *
 * Vectors are those of WebAssembly's SIMD, not of its relaxed SIMD: results are the same bits on every machine.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { main } from "assemblyscript/asc";

const root = join(import.meta.dirname, "../..");
const sourceDir = join(root, "packages/kernels/wasm");
const modulesDir = join(root, "packages/kernels/src/engine/modules");

/** What a build makes: contents by path. */
export interface BuiltFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** No run-time library, no static data: memory belongs to the caller and is shared between threads. */
const OPTIONS = [
  "--runtime=stub",
  "--importMemory",
  "--sharedMemory",
  "--initialMemory=1",
  "--maximumMemory=65536",
  "--enable=simd,threads,bulk-memory",
  "--noExportMemory",
  "--use=abort=",
  "-O3",
  "--noAssert",
  "--converge",
];

/** Names of the kernels, each a folder. */
export function kernelNames(): readonly string[] {
  return globSync("*/*.ts", { cwd: sourceDir })
    .filter((file) => dirname(file) === basename(file, ".ts"))
    .map((file) => dirname(file))
    .toSorted();
}

/**
 * Compiles one kernel.
 *
 * @throws Error with the compiler's messages when the source is wrong.
 */
export async function buildKernel(name: string): Promise<readonly BuiltFile[]> {
  let wasm: Uint8Array | undefined;
  let complaints = "";
  const { error } = await main(
    [`${name}.ts`, "--baseDir", join(sourceDir, name), "--outFile", `${name}.wasm`, ...OPTIONS],
    {
      readFile: (file, baseDir) => readSource(join(baseDir, file)),
      writeFile: (_file, contents) => {
        if (typeof contents !== "string") wasm = contents;
      },
      listFiles: () => [],
      stderr: {
        write: (chunk) => {
          complaints += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
        },
      },
    },
  );
  if (error !== null || wasm === undefined) throw new Error(`${name}: ${complaints || error?.message}`);
  return [
    { path: join(sourceDir, name, `${name}.wasm`), bytes: wasm },
    { path: join(modulesDir, `${name}.ts`), bytes: new TextEncoder().encode(moduleText(name, wasm)) },
  ];
}

function readSource(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // the compiler asks for files that may not be there
  }
}

function moduleText(name: string, wasm: Uint8Array): string {
  return `/** Made by \`npm run wasm\` of ${relative(root, join(sourceDir, name, `${name}.ts`))}. */
export const ${name}Base64 =
  "${Buffer.from(wasm).toString("base64")}";
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  mkdirSync(modulesDir, { recursive: true });
  for (const name of kernelNames()) {
    for (const { path, bytes } of await buildKernel(name)) {
      writeFileSync(path, bytes);
      console.log(`${relative(root, path)}: ${bytes.length} bytes`);
    }
  }
}
