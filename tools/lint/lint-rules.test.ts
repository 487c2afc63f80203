/** Each lint rule that the project relies on is shown code it must refuse, in a copy of the folder layout. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repoRoot } from "../oracles.ts";

interface Refused {
  readonly rule: string;
  readonly file: string;
  readonly source: string;
}

const refused: readonly Refused[] = [
  { rule: "import(no-default-export)", file: "packages/uvh5/src/a.ts", source: "export default 1;" },
  { rule: "unicorn(filename-case)", file: "packages/uvh5/src/camelCase.ts", source: "export const a = 1;" },
  {
    rule: "typescript(no-explicit-any)",
    file: "packages/uvh5/src/b.ts",
    source: "export const a = (x: any) => x as unknown;",
  },
  {
    rule: "typescript(no-unsafe-member-access)",
    file: "packages/uvh5/src/c.ts",
    source: 'export const a = JSON.parse("{}").x as number;',
  },
  { rule: "typescript(no-floating-promises)", file: "packages/uvh5/src/d.ts", source: "Promise.resolve(1);" },
  {
    rule: "typescript(no-misused-promises)",
    file: "packages/uvh5/src/e.ts",
    source: "[1].forEach(async (x) => { await Promise.resolve(x); });",
  },
  {
    rule: "typescript(switch-exhaustiveness-check)",
    file: "packages/uvh5/src/f.ts",
    source: 'export function f(x: "a" | "b"): void { switch (x) { case "a": return; } }',
  },
  {
    rule: "typescript(only-throw-error)",
    file: "packages/uvh5/src/g.ts",
    source: 'export function f(): never { throw "x"; }',
  },
  { rule: "eslint(no-empty)", file: "packages/uvh5/src/h.ts", source: "try { Math.abs(1); } catch {}" },
  { rule: "eslint(no-console)", file: "packages/uvh5/src/i.ts", source: "console.log(1);" },
  { rule: "eslint(eqeqeq)", file: "packages/uvh5/src/j.ts", source: "export const a = (x: string) => x == 'a';" },
  {
    rule: "eslint(no-restricted-globals)",
    file: "packages/sky/src/a.ts",
    source: "export const a = () => Date.now();",
  },
  {
    rule: "eslint(no-restricted-globals)",
    file: "packages/kernels/src/a.ts",
    source: "export const a = () => new Date();",
  },
  {
    rule: "eslint(no-restricted-properties)",
    file: "packages/sky/src/b.ts",
    source: "export const a = () => Math.random();",
  },
  {
    rule: "vitest(expect-expect)",
    file: "packages/uvh5/src/a.test.ts",
    source: 'import { test } from "vitest"; test("a", () => {});',
  },
  {
    rule: "vitest(no-focused-tests)",
    file: "packages/uvh5/src/b.test.ts",
    source: 'import { expect, test } from "vitest"; test.only("a", () => { expect(1).toBe(1); });',
  },
];

let copy: string;
let found: readonly string[];

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "contimg-lint-"));
  cpSync(join(repoRoot, ".oxlintrc.json"), join(copy, ".oxlintrc.json"));
  symlinkSync(join(repoRoot, "node_modules"), join(copy, "node_modules"));
  const compilerOptions = { strict: true, module: "NodeNext", target: "ES2024", lib: ["ES2024", "DOM"], types: [] };
  writeFileSync(join(copy, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["packages"] }));
  writeFileSync(join(copy, "package.json"), JSON.stringify({ type: "module" }));
  for (const { file, source } of refused) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), `${source}\n`);
  }
  const oxlint = join(repoRoot, "node_modules/oxlint/bin/oxlint");
  const run = spawnSync(process.execPath, [oxlint, "--type-aware", "--format=unix", "packages"], {
    cwd: copy,
    encoding: "utf8",
  });
  found = run.stdout.split("\n");
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe("lint", () => {
  test.each(refused)("$rule refuses $file", ({ rule, file }) => {
    expect(found.filter((line) => line.startsWith(`${file}:`) && line.includes(rule))).not.toEqual([]);
  });
});
