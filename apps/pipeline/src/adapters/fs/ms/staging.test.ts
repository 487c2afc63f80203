import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assertRoom, prepareStaging, publish } from "./staging.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "contimg-staging-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const host = hostname().replace(/[^A-Za-z0-9-]/g, "_");
const msPath = () => join(directory, "2025-10-03", "2025-10-03T11:48:50.ms");
const leave = (owner: string, pid: number, ms: string) => {
  const path = join(directory, "2025-10-03", `.staging~${owner}~${pid}~${ms}`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "table.f0_TSM1"), "half");
  return path;
};

describe("prepareStaging", () => {
  test("removes what a dead process of this host left for the same Measurement Set, and nothing else", () => {
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    const running = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    try {
      const orphan = leave(host, dead, "2025-10-03T11:48:50.ms");
      const kept = [
        leave(host, running.pid!, "2025-10-03T11:48:50.ms"),
        leave("another-host", dead, "2025-10-03T11:48:50.ms"),
        leave(host, dead, "2025-10-03T11:54:00.ms"),
      ];
      const path = prepareStaging(join(directory, "2025-10-03"), msPath());
      expect(existsSync(orphan)).toBe(false);
      expect(kept.map((each) => existsSync(each))).toEqual([true, true, true]);
      expect(existsSync(path)).toBe(false);
    } finally {
      running.kill();
    }
  });

  test("makes the directories and names a path that no listing takes for a Measurement Set in place", () => {
    const path = prepareStaging(join(directory, "2025-10-03"), msPath());
    expect(path).toMatch(/\/\.staging~.*~\d+~2025-10-03T11:48:50\.ms$/);
    expect(readdirSync(join(directory, "2025-10-03"))).toEqual([]);
  });
});

test("assertRoom says what is free and what is needed", () => {
  expect(() => assertRoom(directory, 1, "g")).not.toThrow();
  expect(() => assertRoom(directory, 1e18, "g")).toThrow(/MB free, expected at least 1000000000000\.0 MB for g/);
});

test("publish never replaces what is there", async () => {
  const staged = prepareStaging(join(directory, "2025-10-03"), msPath());
  mkdirSync(staged);
  mkdirSync(msPath());
  writeFileSync(join(msPath(), "table.dat"), "theirs");
  await expect(publish(staged, msPath())).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
  expect(readdirSync(msPath())).toEqual(["table.dat"]);
});
