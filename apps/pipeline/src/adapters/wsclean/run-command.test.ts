import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runCommand } from "./run-command.ts";

const shell = (script: string, change: Partial<Parameters<typeof runCommand>[2]> = {}) => {
  const lines: string[] = [];
  const end = runCommand("sh", ["-c", script], {
    env: {},
    workDir: "/",
    signal: new AbortController().signal,
    timeoutMs: 60_000,
    onLine: (line) => lines.push(line),
    ...change,
  });
  return { end, lines };
};

const isAlive = (pid: number) => {
  try {
    return !/^[ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /s, ""));
  } catch {
    return false;
  }
};

test("lines are heard from both outputs, and the environment is added to", async () => {
  const { end, lines } = shell('echo one; echo "two $ADDED" >&2', { env: { ADDED: "three" } });
  expect(await end).toEqual({ kind: "done" });
  expect(lines.toSorted()).toEqual(["one", "two three"]);
});

test("a failure has its status and last lines, a missing program its name", async () => {
  const { end } = shell("seq 1 100; exit 3");
  expect(await end).toMatchObject({
    kind: "failed",
    how: "status 3",
    lastLines: expect.arrayContaining(["100", "81"]),
  });
  const missing = runCommand("no-such-program", [], {
    env: {},
    workDir: "/",
    signal: new AbortController().signal,
    timeoutMs: 1000,
    onLine: () => {},
  });
  expect(await missing).toEqual({ kind: "not-found" });
});

test.each(["aborted", "timeout"] as const)("what is %s ends with its children", async (kind) => {
  const directory = mkdtempSync(join(tmpdir(), "contimg-run-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const stop = new AbortController();
  // The grandchild does not hear of its parent's end by itself.
  const script = `sh -c 'trap "" HUP; echo $$ > ${directory}/pid; echo ready; exec sleep 600' & wait`;
  const { end } = shell(script, {
    signal: stop.signal,
    timeoutMs: kind === "timeout" ? 1500 : 60_000,
    onLine: () => kind === "aborted" && stop.abort(),
  });
  expect(await end).toEqual({ kind });
  expect(isAlive(Number(readFileSync(join(directory, "pid"), "utf8")))).toBe(false);
});
