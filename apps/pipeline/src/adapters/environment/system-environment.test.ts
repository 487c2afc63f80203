import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFileLimitOf } from "./machine.ts";
import { createSystemEnvironment } from "./system-environment.ts";

const never = () => {
  throw new Error("not asked for here");
};
const environment = createSystemEnvironment({
  probeWriteAheadLog: never,
  earthOrientation: never,
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-environment-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a directory is what it is", () => {
  chmodSync(folder, 0o700);
  expect(environment.directory(folder)).toMatchObject({ kind: "directory", isWritable: true, isOpenToAll: false });
  expect(environment.directory(folder).fileSystem!.totalBytes).toBeGreaterThan(0);
  writeFileSync(join(folder, "file"), "");
  expect(environment.directory(join(folder, "file"))).toMatchObject({ kind: "other" });
  mkdirSync(join(folder, "open"));
  chmodSync(join(folder, "open"), 0o777);
  expect(environment.directory(join(folder, "open")).isOpenToAll).toBe(true);
  chmodSync(join(folder, "open"), 0o1777);
  expect(environment.directory(join(folder, "open")).isOpenToAll).toBe(false);
});

test("of a directory that is not there, the file system above it is told", () => {
  const facts = environment.directory(join(folder, "a", "b"));
  expect(facts).toMatchObject({ kind: "absent", isReadable: false, isWritable: false });
  expect(facts.fileSystem!.deviceId).toBe(environment.directory(folder).fileSystem!.deviceId);
  environment.makeDirectory(join(folder, "a", "b"));
  expect(environment.directory(join(folder, "a", "b")).kind).toBe("directory");
});

test("probes work here and leave nothing behind", () => {
  expect(environment.probeRename(folder)).toMatchObject({ works: true });
  expect(environment.probeSync(folder)).toMatchObject({ works: true });
  expect(environment.probeLocks(folder)).toMatchObject({ works: true });
  expect(readdirSync(folder)).toEqual([]);
});

test("probes say why they do not work", () => {
  const gone = join(folder, "gone");
  for (const probe of [environment.probeRename, environment.probeSync, environment.probeLocks]) {
    expect(probe(gone)).toMatchObject({ works: false, found: expect.stringContaining("ENOENT") });
  }
});

test("the machine is described", () => {
  const { nodeVersion, coreCount, memoryBytes } = environment.machine();
  expect(nodeVersion).toBe(process.versions.node);
  expect(coreCount).toBeGreaterThan(0);
  expect(memoryBytes).toBeGreaterThan(0);
});

test.each([
  ["Limit  Soft  Hard\nMax open files            1024                 4096                 files\n", 1024],
  ["Max open files            unlimited            unlimited            files\n", Number.POSITIVE_INFINITY],
  ["Max processes 1 2\n", null],
  [undefined, null],
])("limit %#", (text, expected) => expect(openFileLimitOf(text)).toBe(expected));
