/**
 * The names that each library offers are recorded, so that none appears or goes unseen.
 * `CONTIMG_UPDATE_API=1 npm test -- tools/drift` records them anew.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { repoRoot } from "../oracles.ts";

const recordDir = join(import.meta.dirname, "public-api");
const isUpdating = process.env["CONTIMG_UPDATE_API"] === "1";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const manifests = globSync("packages/*/package.json", { cwd: repoRoot }).map((file) => ({
  folder: join(repoRoot, dirname(file)),
  ...(JSON.parse(readFileSync(join(repoRoot, file), "utf8")) as Manifest),
}));

/** The exported names of a module with what each is, sorted: `openTable: function`. */
function exportedNames(program: ts.Program, file: string): readonly string[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${relative(repoRoot, file)} is no module`);
  const names = checker.getExportsOfModule(module).map((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    return `${exported.name}: ${kindOf(symbol.flags)}`;
  });
  return names.toSorted();
}

function kindOf(flags: ts.SymbolFlags): string {
  if (flags & ts.SymbolFlags.Class) return "class";
  if (flags & ts.SymbolFlags.Function) return "function";
  if (flags & ts.SymbolFlags.Variable) return "constant";
  if (flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)) return "type";
  return "other";
}

describe.each(manifests)("$name", ({ name, folder, exports }) => {
  const record = join(recordDir, `${basename(name)}.json`);
  const entries = Object.entries(exports).flatMap(([path, { "@contimg/source": source }]) =>
    source === undefined ? [] : [[path, join(folder, source)] as const],
  );
  const config = ts.readConfigFile(join(repoRoot, "tsconfig.base.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, repoRoot, { noEmit: true, types: ["node"] });
  const program = ts.createProgram(
    entries.map(([, file]) => file),
    options,
  );
  const now = Object.fromEntries(entries.map(([path, file]) => [path, exportedNames(program, file)]));

  test("offers the recorded names", () => {
    if (isUpdating) {
      mkdirSync(recordDir, { recursive: true });
      writeFileSync(record, `${JSON.stringify(now, null, 2)}\n`);
    }
    expect(existsSync(record), `${relative(repoRoot, record)} is missing: record it with CONTIMG_UPDATE_API=1`).toBe(
      true,
    );
    expect(now).toEqual(JSON.parse(readFileSync(record, "utf8")));
  });

  test("offers nothing that is not one of a few kinds", () => {
    expect(
      Object.values(now)
        .flat()
        .filter((entry) => entry.endsWith(": other")),
    ).toEqual([]);
  });
});
