/** The compiler itself keeps Node and the browser out of the pure libraries: shown here by code that it must refuse. */
import { existsSync, globSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { repoRoot } from "../oracles.ts";

const pure = globSync("packages/{sky,kernels}/tsconfig.json", { cwd: repoRoot });

const forbidden = [
  "process.exit()",
  "Buffer.alloc(1)",
  "console.log(1)",
  "performance.now()",
  "setTimeout(() => {}, 1)",
  'fetch("x")',
  'import("node:fs")',
];

/** The messages about one line of code as if it stood in a file of that library. */
function complaintsAbout(project: string, code: string): readonly string[] {
  const file = join(repoRoot, dirname(project), "src/not-on-disk.ts");
  expect(existsSync(file)).toBe(false);
  const config = ts.readConfigFile(join(repoRoot, project), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, join(repoRoot, dirname(project)));
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) =>
    name === file
      ? ts.createSourceFile(name, `export const value: unknown = ${code};\n`, version)
      : readSource(name, version);
  const exists = host.fileExists.bind(host);
  host.fileExists = (name) => name === file || exists(name);
  const program = ts.createProgram([file], { ...options, noEmit: true, composite: false, incremental: false }, host);
  const source = program.getSourceFile(file);
  return ts
    .getPreEmitDiagnostics(program, source)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe.each(pure)("%s", (project) => {
  test("accepts plain numerics", () => {
    expect(complaintsAbout(project, "new Float64Array(3).map(Math.sin)")).toEqual([]);
  });

  test.each(forbidden)("refuses %s", (code) => {
    expect(complaintsAbout(project, code).join("\n")).toMatch(/Cannot find (name|module)/);
  });
});

test("there are pure libraries", () => expect(pure).toContain("packages/sky/tsconfig.json"));
