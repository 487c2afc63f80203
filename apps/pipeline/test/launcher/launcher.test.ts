import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repoRoot } from "../../../../tools/oracles.ts";

/** Prints what it was started with; obeys `exit N` and `wait`. */
const PROGRAM = `
const [word, value] = process.argv.slice(2);
if (word === "exit") process.exit(Number(value));
else if (word === "wait") {
  if (value === "politely") process.on("SIGTERM", () => { console.log("asked to stop"); process.exit(7); });
  setInterval(() => {}, 1000);
  console.log("ready");
} else {
  process.stdin.setEncoding("utf8");
  let input = "";
  for await (const chunk of process.stdin) input += chunk;
  console.log(JSON.stringify({ version: process.version, args: process.argv.slice(2), execArgv: process.execArgv, input, which: WHICH }));
}
`;

let folder: string;
const launcher = (tree: string): string => join(folder, tree, "bin/contimg.js");
const oldNode = (): string[] => [process.execPath, "--import", join(folder, "pretend-old.mjs")];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-launcher-"));
  for (const [tree, main] of [
    ["source", "src/cli/main.ts"],
    ["built", "dist/cli/main.js"],
    ["lonely", "dist/cli/main.js"],
  ] as const) {
    mkdirSync(join(folder, tree, main, ".."), { recursive: true });
    mkdirSync(join(folder, tree, "bin"));
    cpSync(join(repoRoot, "apps/pipeline/bin/contimg.js"), launcher(tree));
    writeFileSync(join(folder, tree, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, tree, main), PROGRAM.replace("WHICH", JSON.stringify(main)));
    if (tree !== "lonely") symlinkSync(join(repoRoot, "node_modules"), join(folder, tree, "node_modules"));
  }
  writeFileSync(
    join(folder, "pretend-old.mjs"),
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });',
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: readonly string[], tree: string, args: readonly string[], input = "") {
  const [program = "", ...before] = command;
  return spawnSync(program, [...before, launcher(tree), ...args], { cwd: folder, encoding: "utf8", input });
}

interface Seen {
  readonly version: string;
  readonly args: readonly string[];
  readonly execArgv: readonly string[];
  readonly input: string;
  readonly which: string;
}

describe("the launcher under a Node that is new enough", () => {
  test("runs the build of an installed package in its own process", () => {
    const { stdout } = run([process.execPath], "built", ["a", "--b=c d"], "from stdin");
    const seen = JSON.parse(stdout) as Seen;
    expect(seen).toEqual({
      version: process.version,
      args: ["a", "--b=c d"],
      execArgv: [],
      input: "from stdin",
      which: "dist/cli/main.js",
    });
  });

  test("runs the source where there is one, with the packages' sources", () => {
    const seen = JSON.parse(run([process.execPath], "source", ["x"]).stdout) as Seen;
    expect(seen.which).toBe("src/cli/main.ts");
    expect(seen.execArgv).toEqual(["--conditions=@contimg/source"]);
  });
});

describe("the launcher under a Node that is too old", () => {
  test("hands over arguments, input and exit status to the pinned runtime", () => {
    const { stdout, status } = run(oldNode(), "built", ["a", "--b=c d", ""], "from stdin");
    const seen = JSON.parse(stdout) as Seen;
    expect(seen.args).toEqual(["a", "--b=c d", ""]);
    expect(seen.input).toBe("from stdin");
    expect(Number(seen.version.slice(1).split(".")[0])).toBeGreaterThanOrEqual(24);
    expect(status).toBe(0);
    expect(run(oldNode(), "built", ["exit", "5"]).status).toBe(5);
  });

  test("says which Node it needs where no runtime is pinned", () => {
    const { stderr, status } = run(oldNode(), "lonely", []);
    expect(stderr).toContain("contimg needs Node 24.15 or newer; this is Node 20.20.2");
    expect(stderr).toContain(`node-${process.platform}-${process.arch}`);
    expect(status).toBe(1);
  });

  test("finds the runtime beside the current folder", () => {
    const [program = "", ...before] = oldNode();
    const cwd = join(folder, "built");
    const { status } = spawnSync(program, [...before, launcher("lonely"), "exit", "6"], { cwd });
    expect(status).toBe(6);
  });

  test("works under this machine's own Node, whatever that is", () => {
    const systemNode = "/usr/bin/node";
    const program = existsSync(systemNode) ? systemNode : process.execPath;
    const seen = JSON.parse(run([program], "source", ["x"]).stdout) as Seen;
    expect(Number(seen.version.slice(1).split(".")[0])).toBeGreaterThanOrEqual(24);
    expect(seen.which).toBe("src/cli/main.ts");
  });
});

describe("a signal to the launcher", () => {
  async function started(args: readonly string[]): Promise<{ child: ChildProcess; text: () => string }> {
    const [program = "", ...before] = oldNode();
    const child = spawn(program, [...before, launcher("built"), ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    await new Promise<void>((resolve) =>
      child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.includes("ready")) resolve();
      }),
    );
    return { child, text: () => text };
  }

  function ended(child: ChildProcess): Promise<{ status: number | null; signal: string | null }> {
    return new Promise((resolve) => child.on("close", (status, signal) => resolve({ status, signal })));
  }

  test("reaches the program, whose answer is the launcher's", async () => {
    const { child, text } = await started(["wait", "politely"]);
    const end = ended(child);
    child.kill("SIGTERM");
    expect(await end).toEqual({ status: 7, signal: null });
    expect(text()).toContain("asked to stop");
  });

  test("ends both when the program does not handle it", async () => {
    const { child } = await started(["wait"]);
    const end = ended(child);
    child.kill("SIGTERM");
    expect(await end).toEqual({ status: null, signal: "SIGTERM" });
  });
});
