/** A rule never seen to fail is decoration: each rule is shown a bad import, in a copy of the tree, and must report it. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repoRoot } from "../oracles.ts";
import type { ArchitectureReport } from "./check-architecture.ts";
import { architecture } from "./rules.ts";

const APP = "apps/pipeline/src";

/** A file to add, what to write into it, and the files that this needs beside it. */
interface Injection {
  readonly rule: string;
  readonly file: string;
  readonly source: string;
  readonly beside?: Readonly<Record<string, string>>;
}

function importing(
  rule: string,
  file: string,
  specifier: string,
  beside?: Readonly<Record<string, string>>,
): Injection {
  const source = `import * as bad from "${specifier}";\nexport const injected = bad;\n`;
  return beside === undefined ? { rule, file, source } : { rule, file, source, beside };
}

const something = "export const something = 1;\n";
const skyIndex = { "packages/sky/src/index.ts": something };

const injections: readonly Injection[] = [
  importing("no-circular", `${APP}/domain/injected-one.ts`, "./injected-other.ts", {
    [`${APP}/domain/injected-other.ts`]:
      'import { injected } from "./injected-one.ts";\nexport const other = () => injected;\n',
  }),
  importing("no-unresolvable", `${APP}/cli/injected-deep-import.ts`, "@contimg/sky/src/index.ts"),
  importing("no-unresolvable", `${APP}/cli/injected-absent.ts`, "./not-here.ts"),
  { rule: "no-unreachable-module", file: `${APP}/services/injected-dead.ts`, source: something },
  importing("no-undeclared-package", `${APP}/services/injected-undeclared.ts`, "picomatch"),
  importing("no-dev-dependency-in-source", "apps/injected/src/injected-dev.ts", "vitest", {
    "apps/injected/package.json": JSON.stringify({ name: "injected", devDependencies: { vitest: "*" } }),
  }),
  importing("no-test-from-source", `${APP}/services/injected-test.ts`, "./injected.test.ts", {
    [`${APP}/services/injected.test.ts`]: something,
  }),
  importing("no-test-from-source", "packages/sky/src/injected-tools.ts", "../../../tools/oracles.ts"),
  importing("libraries-know-no-application", "packages/uvh5/src/injected-app-path.ts", `../../../${APP}/domain/x.ts`, {
    [`${APP}/domain/x.ts`]: something,
  }),
  importing("libraries-know-no-sibling", "packages/sky/src/injected-sibling.ts", "@contimg/uvh5"),
  importing("lock-tester-knows-locks-only", "packages/lock-tester/src/injected-sibling.ts", "@contimg/uvh5"),
  importing("libraries-know-no-sibling", "packages/fits/src/injected-sibling.ts", "../../sky/src/index.ts", skyIndex),
  importing(
    "libraries-through-the-front-door",
    `${APP}/cli/injected-side-door.ts`,
    "../../../../packages/sky/src/index.ts",
    skyIndex,
  ),
  importing("pure-libraries-need-nothing", "packages/sky/src/injected-core.ts", "node:perf_hooks"),
  importing("pure-libraries-need-nothing", "packages/sky/src/injected-npm.ts", "zod"),
  importing("pure-libraries-need-nothing", "packages/kernels/src/injected-core.ts", "node:fs"),
  importing("formats-do-io-in-node-ts", "packages/casacore-tables/src/injected-core.ts", "node:fs"),
  importing("formats-do-io-in-node-ts", "packages/uvh5/src/injected-core.ts", "node:path"),
  importing("formats-do-io-in-node-ts", "packages/fits/src/injected-core.ts", "node:fs/promises"),
  importing("formats-need-no-package", "packages/casacore-tables/src/injected-npm.ts", "zod"),
  importing("domain-knows-nothing", `${APP}/domain/injected-port.ts`, "../ports/clock.ts"),
  importing("domain-knows-nothing", `${APP}/domain/injected-core.ts`, "node:path"),
  importing("ports-see-domain-only", `${APP}/ports/injected-stage.ts`, "../stages/stage.ts"),
  importing("ports-see-domain-only", `${APP}/ports/injected-library.ts`, "@contimg/sky"),
  importing("stages-see-no-stage", `${APP}/stages/injected/index.ts`, "../convert/config.ts"),
  importing("stages-ask-ports", `${APP}/stages/injected/adapter.ts`, "../../adapters/redis/x.ts", {
    [`${APP}/adapters/redis/x.ts`]: something,
  }),
  importing("stages-ask-ports", `${APP}/stages/injected/compose.ts`, "../../compose/x.ts", {
    [`${APP}/compose/x.ts`]: something,
  }),
  importing("stages-do-no-io", `${APP}/stages/injected/core.ts`, "node:fs"),
  importing("stages-do-no-io", `${APP}/stages/injected/library-io.ts`, "@contimg/uvh5/node", {
    "packages/uvh5/src/node.ts": something,
  }),
  importing("adapters-see-ports-and-domain", `${APP}/adapters/redis/injected-stage.ts`, "../../stages/stage.ts"),
  importing("adapters-see-no-adapter", `${APP}/adapters/redis/injected-adapter.ts`, "../sqlite/x.ts", {
    [`${APP}/adapters/sqlite/x.ts`]: something,
  }),
  importing("only-compose-picks-adapters", `${APP}/cli/injected-adapter.ts`, "../adapters/sqlite/x.ts"),
  importing("services-know-no-caller", `${APP}/services/injected-caller.ts`, "../cli/injected-absent.ts"),
  importing("api-reads-ports", `${APP}/api/injected-stage.ts`, "../stages/stage.ts"),
  importing("simulator-stands-alone", `${APP}/simulate/injected-stage.ts`, "../stages/stage.ts"),
  importing("only-the-command-line-simulates", `${APP}/services/injected-simulated.ts`, "../simulate/x.ts", {
    [`${APP}/simulate/x.ts`]: something,
  }),
  importing("dashboard-sees-api-types", "apps/dashboard/src/injected.ts", "../../pipeline/src/stages/stage.ts"),
  importing("one-door-sqlite", `${APP}/services/injected-sqlite.ts`, "node:sqlite"),
  importing("one-door-sqlite", `${APP}/services/injected-better-sqlite.ts`, "better-sqlite3"),
  importing("one-door-redis", `${APP}/services/injected-redis.ts`, "bullmq"),
  importing("one-door-redis", `${APP}/services/injected-redis-client.ts`, "@redis/client"),
  importing("one-door-fastify", `${APP}/services/injected-fastify.ts`, "fastify"),
  importing("one-door-command-line", `${APP}/services/injected-commander.ts`, "commander"),
  importing("one-door-foreign-functions", `${APP}/adapters/locks/injected-koffi.ts`, "koffi"),
  importing("one-door-yaml", `${APP}/cli/injected-yaml.ts`, "yaml"),
  importing("one-door-log-writer", `${APP}/services/injected-pino.ts`, "pino"),
  importing("one-door-hdf5", "packages/uvh5/src/injected-hdf5.ts", "h5wasm/node"),
  importing("one-door-hdf5", `${APP}/cli/injected-hdf5.ts`, "h5wasm"),
];

let copy: string;

function check(folder: string): { status: number | null; report: ArchitectureReport } {
  const script = join(repoRoot, "tools/architecture/check-architecture.ts");
  const run = spawnSync(process.execPath, [script, "--json"], { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 });
  if (run.stdout === "") throw new Error(`the check printed nothing: ${run.stderr}`);
  return { status: run.status, report: JSON.parse(run.stdout) as ArchitectureReport };
}

/** Copies what the rules look at: source and package.json files, with installed packages linked. */
function copyTree(to: string): void {
  const isWanted = (path: string): boolean =>
    !["node_modules", "dist", "corpus", "golden"].includes(basename(path)) &&
    (extname(path) === "" || [".ts", ".js", ".json"].includes(extname(path)));
  for (const entry of ["apps", "packages", "tools", "package.json", "tsconfig.base.json"]) {
    cpSync(join(repoRoot, entry), join(to, entry), { recursive: true, filter: isWanted });
  }
  linkPackages(join(repoRoot, "node_modules"), join(to, "node_modules"));
  for (const app of readdirSync(join(repoRoot, "apps"))) {
    const installed = join(repoRoot, "apps", app, "node_modules");
    if (existsSync(installed)) linkPackages(installed, join(to, "apps", app, "node_modules"));
  }
}

/** Links installed packages, but the workspace's own to the copy. */
function linkPackages(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name !== "@contimg" && name !== "contimg") symlinkSync(join(from, name), join(to, name));
  }
  if (!existsSync(join(from, "@contimg"))) return;
  mkdirSync(join(to, "@contimg"));
  for (const name of readdirSync(join(from, "@contimg"))) {
    symlinkSync(join("../../packages", name), join(to, "@contimg", name));
  }
  symlinkSync("../apps/pipeline", join(to, "contimg"));
}

function write(file: string, source: string): void {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), source);
}

let report: ArchitectureReport;
let taken: readonly string[];

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "contimg-architecture-"));
  copyTree(copy);
  taken = injections.map(({ file }) => file).filter((file) => existsSync(join(copy, file)));
  for (const { file, source, beside } of injections) {
    write(file, source);
    for (const [name, text] of Object.entries(beside ?? {})) {
      if (!existsSync(join(copy, name))) write(name, text);
    }
  }
  ({ report } = check(copy));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe("the architecture check", () => {
  test.each(injections)("$rule fires on $file", ({ rule, file }) => {
    const broken = report.violations.filter(({ from }) => from === file).map((violation) => violation.rule);
    expect(broken).toContain(rule);
  });

  test("has shown every rule to fire", () => {
    const injected = new Set(injections.map(({ rule }) => rule));
    const rules = (architecture.forbidden ?? []).map((rule) => rule.name);
    expect(rules.filter((rule) => rule === undefined || !injected.has(rule))).toEqual([]);
  });

  test("has overwritten nothing to do so", () => {
    expect(taken).toEqual([]);
  });

  test("looks at every source file of the copy", () => {
    expect(report.moduleCount).toBeGreaterThan(injections.length);
  });

  test("fails when it finds no module to check", () => {
    const empty = join(copy, "nothing-here");
    mkdirSync(join(empty, "packages"), { recursive: true });
    writeFileSync(join(empty, "tsconfig.base.json"), "{}");
    const { status, report: none } = check(empty);
    expect(none).toEqual({ moduleCount: 0, violations: [] });
    expect(status).toBe(1);
    expect(relative(copy, empty)).toBe("nothing-here");
  });
});
