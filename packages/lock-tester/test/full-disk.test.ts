/** Locks where nothing more can be written. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readScenario } from "@contimg/lock-tester";
import { runLockTest } from "@contimg/lock-tester/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith, MOUNT_MARK, type Oracle } from "../../../tools/oracles.ts";

const mount = (folder: string) =>
  spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "lock-tester", folder]).status === 0;

function canMount(): Oracle {
  const folder = mkdtempSync(join(tmpdir(), "lock-tester-mount-"));
  const isAvailable = mount(folder);
  if (isAvailable) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  return { name: "mount", isAvailable, missing: MOUNT_MARK };
}

describeWith(canMount(), "on a disk that becomes full", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lock-tester-full-"));
    mount(folder);
  });
  afterAll(() => {
    spawnSync("umount", [folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  const full =
    "steps: [{disk: full}, {contend: {count: 30}}, barrier, {disk: free}, {contend: {count: 10, hold: 1ms}}]";
  const run = (primitive: string) =>
    runLockTest({ path: join(folder, "lock"), lockerCount: 2, primitive, scenario: readScenario(full, "full") });

  test("the kernel's locks go on, and are watched all the same", async () => {
    const report = await run("flock");
    expect(report).toMatchObject({ verdict: "trusted", oracle: { acquisitionCount: 80 } });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a lock that must write is told to fail, and not called broken", async () => {
    const { verdict, sentence } = await run("sqlite");
    expect(verdict).toBe("inconclusive");
    expect(sentence).toMatch(/full/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
