/** What the documents say is compared with what is there. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { errorCodes } from "../../apps/pipeline/src/domain/error-codes.ts";
import { repoRoot } from "../oracles.ts";

const read = (file: string): string => readFileSync(join(repoRoot, file), "utf8");

const markdown = globSync(["*.md", "docs/**/*.md", "packages/*/README.md", "apps/*/README.md"], { cwd: repoRoot });
const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Readonly<Record<string, string>> };

/** All first groups of a pattern in a text. */
function found(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? "");
}

/** Runs the command line from source. */
function contimg(...args: readonly string[]): string {
  const main = join(repoRoot, "apps/pipeline/src/cli/main.ts");
  const run = spawnSync(process.execPath, ["--conditions=@contimg/source", main, ...args], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`contimg ${args.join(" ")} ended with ${run.status}: ${run.stderr}`);
  return run.stdout;
}

describe.each(markdown)("%s", (file) => {
  const text = read(file);

  test("names only scripts that exist", () => {
    const named = found(text, /npm run (?:--silent )?([\w:-]+)/g);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
  });

  test("links only to what exists", () => {
    const links = found(text, /\]\((?!https?:|#|mailto:)([^)#\s]+)/g);
    expect(links.filter((link) => !existsSync(join(repoRoot, dirname(file), link)))).toEqual([]);
  });

  test("names only paths that exist", () => {
    const paths = found(text, /`((?:apps|packages|tools|docs|[.]ci)\/[\w./*-]*)`/g);
    expect(paths.filter((path) => globSync(path, { cwd: repoRoot }).length === 0)).toEqual([]);
  });
});

/** Commands whose options belong to the commands below them. */
const GROUPS_OF_COMMANDS = new Set(["ms", "queue", "locks", "config", "cal", "catalog", "fits"]);

describe("the commands that documents show", () => {
  // Only what stands in code counts, not prose such as "contimg ends with".
  const inCode = markdown.flatMap((file) => [
    ...found(read(file), /`(?:npx )?contimg ([^`\n]+)`/g),
    ...found(read(file), /```sh\n(.*?)```/gs).flatMap((block) => found(block, /^(?:npx )?contimg ([^#\n]+)/gm)),
  ]);
  const commands = [...new Set(inCode)].map((line) => {
    const words = line.trim().split(/\s+/);
    const named = words.findIndex((word) => word.startsWith("-"));
    const command = words
      .slice(0, Math.min(GROUPS_OF_COMMANDS.has(words[0] ?? "") ? 2 : 1, named < 0 ? 2 : named))
      .join(" ");
    const flags = words.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0] ?? "");
    return [line, { command, flags }] as const;
  });
  const help = new Map<string, string>();

  beforeAll(() => {
    for (const [, { command }] of commands) {
      if (!help.has(command)) help.set(command, contimg(...command.split(" ").filter(Boolean), "--help"));
    }
  });

  test("are some", () => expect(commands.length).toBeGreaterThan(3));

  test.each(commands)("contimg %s", (_line, { command, flags }) => {
    const text = help.get(command) ?? "";
    expect(text).toContain(`contimg ${command}`.trim());
    expect(flags.filter((flag) => !new RegExp(`${flag}(?![\\w-])`).test(text))).toEqual([]);
  });
});

describe("CONTRIBUTING", () => {
  const text = read("CONTRIBUTING.md");

  test("lists every script", () => {
    const missing = Object.keys(scripts).filter(
      (name) => !text.includes(`| \`npm ${name === "test" ? name : `run ${name}`}\``),
    );
    expect(missing).toEqual([]);
  });

  test("has few enough of them to remember", () => expect(Object.keys(scripts).length).toBeLessThanOrEqual(12));
});

describe("continuous integration", () => {
  const text = read(".ci/run");

  test("runs every part of the check", () => {
    const parts = found(scripts["check"] ?? "", /npm run ([\w:-]+)/g);
    const [, loop = ""] = /for part in ([^;]+);/.exec(text) ?? [];
    expect(loop.split(" ")).toEqual(parts);
    expect(scripts["check"]).toMatch(/ && npm test$/);
    expect(text).toMatch(/^npm cit\b/m);
  });

  test("installs every program and module that a test may ask for", () => {
    const asked = found(read("tools/oracles.ts"), /: "((?:python3-|casacore-|fitsverify|hdf5-|wsclean)[\w-]*)"/g);
    expect(asked.length).toBeGreaterThan(8);
    expect(asked.filter((name) => !new RegExp(`\\s${name}\\s`).test(text))).toEqual([]);
  });

  test("forbids skipping", () => {
    expect(text).toContain("export CONTIMG_REQUIRE_ORACLES=1");
    expect(text).toContain("export CONTIMG_REQUIRE_SHARED=1");
    expect(text).toContain("export CONTIMG_REQUIRE_MOUNT=1");
  });
});

describe("docs/operations/errors.md", () => {
  test("lists the codes, dispositions and meanings of the program, and no others", () => {
    const rows = [...read("docs/operations/errors.md").matchAll(/^\| `(\w+)` \| (\w+) \| (.*) \|$/gm)];
    const written = rows.map(([, code, disposition, meaning]) => [code, { disposition, meaning }]);
    expect(Object.fromEntries(written)).toEqual(errorCodes);
  });
});
