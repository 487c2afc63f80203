/** The tester as a program. */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readReport, runCommandLine } from "@contimg/lock-tester/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-tester-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function contimgLocktest(...args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const status = await runCommandLine(args, {
    program: "contimg-locktest",
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { status, out: out.join("\n"), err: err.join("\n") };
}

describe("what cannot be run", () => {
  const here = (name: string) => join(folder, name);

  test.each([
    ["no file", [], "expected the file to lock"],
    ["no such directory", ["/nowhere/at/all/lock"], "/nowhere/at/all: no such directory"],
    ["no permission", ["/sys/lock-file"], "/sys/lock-file: no permission"],
    ["a directory for a file", [tmpdir()], "expected a file, or nothing yet; found a directory"],
    ["no lockers", ["LOCK", "0"], 'LOCKERS: expected a whole number from 1 to 5000, found "0"'],
    ["a million lockers", ["LOCK", "1000000"], 'found "1000000"'],
    ["lockers in words", ["LOCK", "ten"], 'found "ten"'],
    ["an unknown primitive", ["LOCK", "--primitive", "lockf"], 'no primitive "lockf": expected one of flock, fcntl'],
    ["a primitive without its server", ["LOCK", "--primitive", "redis"], "redis cannot be used here"],
    ["a module that is not there", ["LOCK", "--primitive", "module:/nowhere.ts#a"], "/nowhere.ts: cannot be loaded"],
    [
      "processes that cannot be shared",
      ["LOCK", "4", "--primitive", "fcntl", "--processes", "2"],
      "a process of its own",
    ],
    ["an unknown option", ["LOCK", "--frobnicate"], "Unknown option '--frobnicate'"],
    [
      "a duration without unit",
      ["LOCK", "--acquisitions", "1", "--hold", "5"],
      '--hold: expected a duration, as 5ms or 1.5s, found "5"',
    ],
    ["an unknown mode", ["LOCK", "--acquisitions", "1", "--mode", "rw"], "--mode: expected one of exclusive"],
    ["two kinds of test", ["LOCK", "--battery", "--acquisitions", "1"], "exclude each other"],
    ["a scenario that is not there", ["LOCK", "--scenario", "/nowhere.yaml"], "/nowhere.yaml: cannot be read: ENOENT"],
    ["a mistake in a scenario", ["LOCK", "--scenario", "BAD"], 'bad.yaml:3:5: unknown command "wriite"'],
    [
      "readers that the lock has not",
      ["LOCK", "2", "--primitive", "mkdir", "--scenario", "READ"],
      "mkdir has no read locks",
    ],
    ["ranges that the lock has not", ["LOCK", "8", "--scenario", "RANGE"], "flock has no byte ranges"],
    [
      "a locker that is not there",
      ["LOCK", "2", "--scenario", "RANGE", "--primitive", "ofd"],
      "line 3, column 5: there is no locker 7",
    ],
    [
      "a full disk that others need",
      ["LOCK", "1", "--scenario", "FULL"],
      "disk: full is done on file systems of at most 256 MB",
    ],
    ["a controller that is not there", ["join", "127.0.0.1:1", "--token", "x"], "127.0.0.1:1 cannot be reached"],
    ["a token that is not given", ["join", "127.0.0.1:1"], "expected --token"],
    ["one report to compare", ["compare", "a.json"], "expected two reports"],
    ["no report to compare", ["compare", "BAD", "BAD"], "expected JSON"],
  ])("%s: is told, ends with 2, and leaves nothing", async (_name, args, message) => {
    const files = {
      BAD: "steps:\n  - read\n  - wriite\n",
      READ: "steps: [read]\n",
      RANGE: "steps:\n  - {send: write, range: [0, 5]}\n  - {send: read, to: 7}\n",
      FULL: "steps: [{disk: full}]\n",
    };
    mkdirSync(here("scenarios"), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(here(`scenarios/${name.toLowerCase()}.yaml`), text);
    writeFileSync(here("scenarios/busy.locktest-0123abcd"), "");
    const given = args.map((arg) =>
      arg === "BUSY"
        ? here("scenarios/busy")
        : arg === "LOCK"
          ? here("lock")
          : arg in files
            ? here(`scenarios/${arg.toLowerCase()}.yaml`)
            : arg,
    );
    const { status, err } = await contimgLocktest(...given);
    expect(err).toContain(message);
    expect(status).toBe(2);
    expect(readdirSync(folder)).toEqual(["scenarios"]);
    rmSync(here("scenarios"), { recursive: true });
  });
});

describe("a test", () => {
  test("is told as text, as JSON that compare reads, and as HTML that needs nothing else", async () => {
    const json = join(folder, "report.json");
    const html = join(folder, "report.html");
    const args = [join(folder, "lock"), "2", "--acquisitions", "20", "--hold", "1ms", "--json", json, "--html", html];
    const { status, out } = await contimgLocktest(...args);
    expect(status).toBe(0);
    expect(out).toContain("no violation in 40 acquisitions");
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({ verdict: "trusted", locker_count: 2 });
    expect(readReport(readFileSync(json, "utf8"), json).oracle.acquisitionCount).toBe(40);
    const page = readFileSync(html, "utf8");
    expect(page).toContain("<svg");
    expect(page.match(/class="exclusive"/g)).toHaveLength(40);
    expect(page).not.toMatch(/<script|src=|href=|url\(|https?:/);
    const compared = await contimgLocktest("compare", json, json);
    expect(compared).toMatchObject({ status: 0 });
    expect(compared.out).toMatch(/^acquisitions +40 +40$/m);
    for (const file of [json, html]) rmSync(file);
  });

  test("whose controller is killed leaves no process and no file", async () => {
    const mark = `lock-tester-mark-${process.pid}-${Date.now()}`;
    const main = join(import.meta.dirname, "../src/cli/main.ts");
    const scenario = join(folder, "stopped.yaml");
    // One is stopped and could not end by itself.
    writeFileSync(
      scenario,
      "steps: [{contend: {count: 100000, hold: 5ms}}, {wait: 300ms}, {signal: SIGSTOP, to: 0}]\n",
    );
    const child = spawn(
      process.execPath,
      ["--no-warnings", "--conditions=@contimg/source", main, join(folder, "lock"), "3", "--scenario", scenario],
      { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, LOCK_TESTER_MARK: mark } },
    );
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (text: Buffer) => {
        if (text.includes("are ready")) resolve();
      });
    });
    await sleep(600);
    expect(processesWith(mark).length).toBeGreaterThanOrEqual(4);
    child.kill("SIGKILL");
    const isClean = () => processesWith(mark).length === 0 && readdirSync(folder).length === 1;
    for (let i = 0; i < 200 && !isClean(); i++) await sleep(50);
    expect(processesWith(mark)).toEqual([]);
    expect(readdirSync(folder)).toEqual(["stopped.yaml"]);
    rmSync(scenario);
  });
});

/** Processes that were started with this in their environment, and are more than an entry in a table. */
function processesWith(mark: string): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/environ`, "latin1").includes(mark);
    } catch (error) {
      // It ended while the list was read, or is another's.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return false;
    }
  });
}
