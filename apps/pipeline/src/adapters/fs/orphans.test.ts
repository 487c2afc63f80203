import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileSystemOrphans } from "./orphans.ts";
import { hostInNames } from "./work-directories.ts";

const GROUP = "2025-10-03T11:48:50";
/** The number of a process that ended: as good as never given again within a test. */
const deadPid = spawnSync("true").pid;
const growing = (pid: number, host = hostInNames) => `.staging~${host}~${pid}~${GROUP}.ms`;
const inputs = (pid: number, host = hostInNames) => `stream_${GROUP}~${host}~${pid}`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "contimg-orphans-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Makes directories with a file in each. @returns which are left after a sweep */
function leftAfterSweep(names: readonly string[], active: readonly string[] = [], depthCount = 0): readonly string[] {
  for (const name of names) {
    mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, name, "table.dat"), "");
  }
  const { removed, failed } = fileSystemOrphans([{ path: root, depthCount }]).sweep(new Set(active));
  expect(failed).toEqual([]);
  const left = names.filter((name) => existsSync(join(root, name, "table.dat")));
  expect(removed).toHaveLength(names.length - left.length);
  return left;
}

test("what dead processes left goes", () => {
  expect(leftAfterSweep([growing(deadPid), inputs(deadPid)])).toEqual([]);
});

test("what others may be working in stays", () => {
  const names = [
    growing(process.ppid),
    inputs(process.ppid),
    growing(deadPid, "elsewhere"),
    inputs(deadPid, "elsewhere"),
    `${GROUP}.ms`,
    "stream_notes",
    ".staging",
    `.staging~${hostInNames}~none~${GROUP}.ms`,
  ];
  expect(leftAfterSweep(names)).toEqual(names);
});

test("of this process, tables of groups that it does not work on go; copies of input are kept for inspection", () => {
  const names = [growing(process.pid), inputs(process.pid)];
  expect(leftAfterSweep(names, [GROUP])).toEqual(names);
  expect(leftAfterSweep(names)).toEqual([inputs(process.pid)]);
});

test("directories below are looked into as deep as told, Measurement Sets never", () => {
  const deep = `ms/science/2025-10-03/${growing(deadPid)}`;
  const inside = `ms/science/2025-10-03/${GROUP}.ms/${growing(deadPid)}`;
  expect(leftAfterSweep([deep, inside], [], 2)).toEqual([deep, inside]);
  expect(leftAfterSweep([deep, inside], [], 4)).toEqual([inside]);
});

test("a directory that is not there holds nothing", () => {
  expect(fileSystemOrphans([{ path: join(root, "none"), depthCount: 3 }]).sweep(new Set())).toEqual({
    removed: [],
    failed: [],
  });
});
