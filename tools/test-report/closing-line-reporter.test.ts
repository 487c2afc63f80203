import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MOUNT_MARK, repoRoot } from "../oracles.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-reporter-"));
  symlinkSync(join(repoRoot, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  const reporter = join(repoRoot, "tools/test-report/closing-line-reporter.ts");
  writeFileSync(
    join(folder, "vitest.config.ts"),
    `import { ClosingLineReporter } from ${JSON.stringify(reporter)};
     export default { test: { reporters: ["default", new ClosingLineReporter()] } };`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs one test file with the project's reporter and returns the exit status and the lines printed. */
function runTests(source: string, env: Readonly<Record<string, string>> = {}): { status: number; lines: string[] } {
  writeFileSync(join(folder, "a.test.ts"), `import { describe, expect, test } from "vitest";\n${source}`);
  const run = spawnSync(process.execPath, [join(repoRoot, "node_modules/vitest/vitest.mjs"), "run"], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], NO_COLOR: "1", ...env },
  });
  return { status: run.status ?? -1, lines: run.stdout.trimEnd().split("\n") };
}

const missingOracle = "needs wsclean: apt-get install wsclean";
const oracleSkipped = `test("a", () => {}); describe.skip("an image [${missingOracle}]", () => {
  test("b", () => {}); describe("c", () => { test("d", () => {}); }); });`;
const nestedSkipped = `describe("all of it", () => { describe.skip("an image [${missingOracle}]", () => {
  test("b", () => {}); }); });`;
const sharedSkipped = `test("a", () => {}); test.skip("real files [needs the recorded data in ../shared]", () => {});`;

describe("the last line of a test run", () => {
  test("counts passed tests", () => {
    const { status, lines } = runTests(`test("a", () => {}); test("b", () => {});`);
    expect(lines.at(-1)).toBe("2 passed, 0 failed");
    expect(status).toBe(0);
  });

  test("counts failed tests, and a file that does not load", () => {
    const failed = runTests(`test("a", () => {}); test("b", () => expect(1).toBe(2));`);
    expect(failed.lines.at(-1)).toBe("1 passed, 1 failed");
    expect(failed.status).toBe(1);
    const broken = runTests(`throw new Error("no");`);
    expect(broken.lines.at(-1)).toBe("0 passed, 1 failed");
    expect(broken.status).toBe(1);
  });

  test("counts an error that no test caught", () => {
    const { status, lines } = runTests(`test("a", () => { void Promise.reject(new Error("late")); });`);
    expect(lines.at(-1)).toBe("1 passed, 1 failed");
    expect(status).toBe(1);
  });

  test("names each skipped group with its reason and passes where skipping is allowed", () => {
    const { status, lines } = runTests(oracleSkipped);
    expect(lines.at(-1)).toBe("1 passed, 0 failed, 2 skipped");
    expect(lines).toContain(`skipped: an image [${missingOracle}] (2 tests, a.test.ts)`);
    expect(status).toBe(0);
  });

  test("names the group that says why, not the one around it", () => {
    const { lines } = runTests(nestedSkipped);
    expect(lines).toContain(`skipped: an image [${missingOracle}] (1 test, a.test.ts)`);
  });

  test("names the note of a test that skips itself", () => {
    const { lines } = runTests(`test("a", (t) => { t.skip("no such disk"); });`);
    expect(lines).toContain("skipped: a [no such disk] (1 test, a.test.ts)");
  });
});

describe("a run that must skip nothing", () => {
  test("fails for a missing oracle and counts its tests as failed", () => {
    const { status, lines } = runTests(oracleSkipped, { CONTIMG_REQUIRE_ORACLES: "1" });
    expect(lines.at(-1)).toBe("1 passed, 2 failed");
    expect(status).toBe(1);
  });

  test("forgives that nobody may mount, unless that is required too", () => {
    const mountSkipped = `test("a", () => {}); test.skip("a full disk [${MOUNT_MARK}]", () => {});`;
    const forgiven = runTests(mountSkipped, { CONTIMG_REQUIRE_ORACLES: "1" });
    expect([forgiven.lines.at(-1), forgiven.status]).toEqual(["1 passed, 0 failed, 1 skipped", 0]);
    const required = runTests(mountSkipped, { CONTIMG_REQUIRE_MOUNT: "1" });
    expect([required.lines.at(-1), required.status]).toEqual(["1 passed, 1 failed", 1]);
  });

  test("forgives absent recorded data unless that is required too", () => {
    const forgiven = runTests(sharedSkipped, { CONTIMG_REQUIRE_ORACLES: "1" });
    expect(forgiven.lines.at(-1)).toBe("1 passed, 0 failed, 1 skipped");
    expect(forgiven.status).toBe(0);
    const required = runTests(sharedSkipped, { CONTIMG_REQUIRE_SHARED: "1" });
    expect(required.lines.at(-1)).toBe("1 passed, 1 failed");
    expect(required.status).toBe(1);
  });
});
