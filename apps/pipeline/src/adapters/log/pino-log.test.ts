import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPinoLog, type LogOptions } from "./pino-log.ts";
import type { WriteCalls } from "./steadfast-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-log-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CONSOLE = 1000;
const nowUnixSec = Date.UTC(2025, 9, 5, 12, 30) / 1000;

/** System calls that keep what is written, and fail as `fault` says. */
function recorder(fault: (text: string) => string | undefined = () => undefined, mostBytes = Infinity) {
  const written = { text: "" };
  const calls: WriteCalls = {
    open: () => 7,
    write(_, bytes) {
      const code = fault(Buffer.from(bytes).toString());
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      const count = Math.min(bytes.length, mostBytes);
      written.text += Buffer.from(bytes.subarray(0, count)).toString("latin1");
      return count;
    },
    close: () => undefined,
  };
  return { written, calls };
}

function makeLog(changes: Partial<LogOptions>) {
  return createPinoLog({
    service: "streaming-converter",
    level: "INFO",
    format: "text",
    consoleFd: CONSOLE,
    logsDir: null,
    clock: { nowUnixSec: () => nowUnixSec, monotonicMs: () => 0 },
    ...changes,
  });
}

test("text lines hold what operators grep for", () => {
  const { written, calls } = recorder();
  const log = makeLog({ calls });
  log.warning("High queue depth: 15 groups queued", { depth: 15 });
  log.debug("not shown");
  log.info("Group 2025-10-05T12:30:00 completed in 12.1 s");
  expect(written.text).toBe(
    "2025-10-05 12:30:00 UTC  WARNING: High queue depth: 15 groups queued\n" +
      "2025-10-05 12:30:00 UTC  INFO: Group 2025-10-05T12:30:00 completed in 12.1 s\n",
  );
});

test("a message cannot forge a line or a colour", () => {
  const { written, calls } = recorder();
  makeLog({ calls }).info("a\n2025-10-05 12:30:00 UTC  ERROR: b\u001b[31m\r");
  expect(written.text).toBe("2025-10-05 12:30:00 UTC  INFO: a\n    2025-10-05 12:30:00 UTC  ERROR: b\\x1b[31m\\x0d\n");
});

test("JSON lines have levels as words, times in UTC, and the fields", () => {
  const { written, calls } = recorder();
  const log = makeLog({ calls, format: "json", level: "DEBUG" });
  for (const level of ["debug", "info", "warning", "error", "critical"] as const) log[level](`a ${level}`);
  log.info("m", { depth: 15, level: "mine", names: ["a"], none: null });
  const lines = written.text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map((line) => line["level"])).toEqual(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "INFO"]);
  expect(lines.at(-1)).toEqual({
    level: "INFO",
    time: "2025-10-05T12:30:00.000Z",
    pid: process.pid,
    service: "streaming-converter",
    depth: 15,
    level_: "mine",
    names: ["a"],
    none: null,
    msg: "m",
  });
});

test.each(["EPIPE", "ENOSPC", "EIO", "EBADF"])("%s stops nothing, and the lost lines are counted", (code) => {
  let isBroken = true;
  const { written, calls } = recorder(() => (isBroken ? code : undefined));
  const log = makeLog({ calls });
  for (let i = 0; i < 3; i++) log.error(`lost ${i}`);
  isBroken = false;
  log.error("kept");
  expect(written.text.split("\n").map((line) => line.slice(25))).toEqual([
    `WARNING: 3 log lines were lost (${code})`,
    "ERROR: kept",
    "",
  ]);
});

test("a line is whole though the system takes few bytes at a time", () => {
  const { written, calls } = recorder(undefined, 3);
  makeLog({ calls }).info("Größe");
  expect(Buffer.from(written.text, "latin1").toString()).toBe("2025-10-05 12:30:00 UTC  INFO: Größe\n");
});

test("a line that was cut by a full disk does not run into the next", () => {
  let calledCount = 0;
  const { written, calls } = recorder(() => (++calledCount === 2 ? "ENOSPC" : undefined), 10);
  const log = makeLog({ calls });
  log.info("cut");
  log.info("next");
  expect(written.text).toContain("2025-10-05\n2025-10-05 12:30:00 UTC  WARNING: 1 log lines were lost (ENOSPC)\n");
  expect(written.text).toMatch(/INFO: next\n$/);
});

test("a full pipe is waited for", () => {
  let calledCount = 0;
  const { written, calls } = recorder(() => (++calledCount <= 3 ? "EAGAIN" : undefined));
  makeLog({ calls }).info("late");
  expect(written.text).toMatch(/^2025.*late\n$/);
});

test("the file survives rotation by copytruncate, and by renaming and reopening", () => {
  const logsDir = join(folder, "logs");
  const path = join(logsDir, "streaming-converter.log");
  const log = makeLog({ consoleFd: null, logsDir });
  const messages = (file: string) =>
    readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
  log.info("one");
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
  log.info("two");
  expect(messages(path)).toEqual(["two"]);
  renameSync(path, `${path}.2`);
  log.info("three");
  log.reopen();
  log.info("four");
  expect(messages(`${path}.2`)).toEqual(["two", "three"]);
  expect(messages(path)).toEqual(["four"]);
  log.close();
});

test("a logs directory that cannot be made is said on the console", () => {
  writeFileSync(join(folder, "file"), "");
  const { written, calls } = recorder();
  makeLog({ calls, logsDir: join(folder, "file", "logs") });
  expect(written.text).toContain("WARNING: No log file can be written: ENOTDIR");
});

test("no line is lost when the process is killed, and a closed pipe does not end it", () => {
  const program = `
    import { createPinoLog } from ${JSON.stringify(join(import.meta.dirname, "pino-log.ts"))};
    const clock = { nowUnixSec: () => 0, monotonicMs: () => 0 };
    const options = { service: "s", level: "INFO", format: "text", clock };
    const log = createPinoLog({ ...options, consoleFd: 2, logsDir: ${JSON.stringify(folder)} });
    for (let i = 0; i < 1000; i++) log.info("line " + i);
    process.kill(process.pid, "SIGKILL");`;
  const script = join(folder, "killed.ts");
  writeFileSync(script, program);
  // The reader goes after one line: the pipe is broken for the other 999.
  const node = `${process.execPath} --conditions=@contimg/source ${script}`;
  spawnSync("/bin/sh", ["-c", `${node} 2>&1 >/dev/null | head -n 1`], { encoding: "utf8" });
  expect(readFileSync(join(folder, "s.log"), "utf8").trimEnd().split("\n")).toHaveLength(1000);
});
