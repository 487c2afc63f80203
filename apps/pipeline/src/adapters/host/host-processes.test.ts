import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { hostClock } from "./host-clock.ts";
import { hostProcesses, parseProcStat } from "./host-processes.ts";

const processes = hostProcesses();
const [host, boot, namespace, pid, ticks] = processes.identity.split("/");
const identity = (...parts: readonly (string | number | undefined)[]) => parts.join("/");

test("this process runs", () => {
  expect(pid).toBe(String(process.pid));
  expect(processes.state(processes.identity)).toBe("running");
});

test("a number that was given again is another process", () => {
  expect(processes.state(identity(host, boot, namespace, pid, Number(ticks) + 1))).toBe("dead");
});

test("nothing outlives a start of the machine", () => {
  expect(processes.state(identity(host, "other-boot", namespace, pid, ticks))).toBe("dead");
});

test.each([
  ["another host", identity("elsewhere", boot, namespace, pid, ticks)],
  ["another process namespace", identity(host, boot, "1", pid, ticks)],
  ["no identity", "somebody"],
  ["an empty text", ""],
])("%s cannot be told from here", (_what, text) => {
  expect(processes.state(text)).toBe("unknown");
});

test("a process that ended is dead, also while its parent has not noticed", async () => {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const { startTicks } = parseProcStat(readFileSync(`/proc/${child.pid}/stat`, "utf8"));
  const text = identity(host, boot, namespace, child.pid, startTicks);
  expect(processes.state(text)).toBe("running");
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  // This thread is not given back to the event loop before: the child stays a zombie meanwhile.
  while (processes.state(text) === "running") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  expect(processes.state(text)).toBe("dead");
  await exited;
  expect(processes.state(text)).toBe("dead");
});

test("names of commands may hold brackets and blanks", () => {
  const text = `42 (a) b (c)) S 1 ${"0 ".repeat(17)}987 0 0`;
  expect(parseProcStat(text)).toEqual({ state: "S", startTicks: "987" });
});

test("the clock of the machine goes on and never back, and names its boot", () => {
  const clock = hostClock();
  const first = clock.sinceBootMs();
  expect(clock.sinceBootMs()).toBeGreaterThanOrEqual(first);
  expect(clock.bootId).toBe(boot);
  const uptimeMs = process.hrtime()[0] * 1000;
  expect(Math.abs(first - uptimeMs)).toBeLessThan(60_000);
});
