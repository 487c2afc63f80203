import { describe, expect, test } from "vitest";
import type { DirectoryFacts, Environment, FileSystemFacts, MachineFacts } from "../ports/environment.ts";
import { type EnvironmentNeeds, inspectEnvironment } from "./inspect-environment.ts";

const disk: FileSystemFacts = {
  typeName: "ext4",
  isNetwork: false,
  isMemory: false,
  freeBytes: 500e9,
  totalBytes: 1000e9,
  deviceId: "1",
};
const memory: FileSystemFacts = { ...disk, typeName: "tmpfs", isMemory: true, freeBytes: 40e9, totalBytes: 47e9 };
const good: DirectoryFacts = {
  kind: "directory",
  reason: "",
  isReadable: true,
  isWritable: true,
  isOpenToAll: false,
  ownerId: 1000,
  fileSystem: disk,
};
const machine: MachineFacts = {
  nodeVersion: "24.21.0",
  userName: "ubuntu",
  coreCount: 8,
  memoryBytes: 32e9,
  umaskBits: 0o022,
  openFileLimitCount: 65_536,
  watchLimitCount: 65_536,
  lockDoors: ["koffi", "flock(1)"],
  isClockSynchronised: true,
};
const needs: EnvironmentNeeds = {
  directories: [
    { name: "input_dir", path: "/in", role: "input" },
    { name: "output_dir", path: "/out", role: "output" },
    { name: "state_dir", path: "/state", role: "state" },
  ],
  makesDirectories: false,
  tmpfs: { path: "/dev/shm", isUsed: true, warnPercent: 90, criticalPercent: 95 },
  diskWarnBytes: 200e9,
  diskCriticalBytes: 100e9,
  needsLocks: true,
};

interface Case {
  readonly directories?: Readonly<Record<string, Partial<DirectoryFacts>>>;
  readonly machine?: Partial<MachineFacts>;
  readonly environment?: Partial<Environment>;
  readonly needs?: Partial<EnvironmentNeeds>;
  readonly nowUnixSec?: number;
}

const works = { works: true, found: "fine" };

function inspect(given: Case) {
  const environment: Environment = {
    machine: () => ({ ...machine, ...given.machine }),
    directory: (path) => ({
      ...good,
      ...(path === "/dev/shm" ? { fileSystem: memory } : {}),
      ...given.directories?.[path],
    }),
    makeDirectory: () => undefined,
    probeRename: () => works,
    probeSync: () => works,
    probeWriteAheadLog: () => works,
    probeLocks: () => ({ ...works, advice: "" }),
    earthOrientation: () => ({ lastMeasuredMjd: 61_300, endMjd: 61_700 }),
    ...given.environment,
  };
  const clock = { nowUnixSec: () => given.nowUnixSec ?? Date.UTC(2026, 11, 1) / 1000, monotonicMs: () => 5 };
  return inspectEnvironment(environment, clock, { ...needs, ...given.needs });
}

const broken = () => ({ works: false, found: "EIO" });

describe("findings", () => {
  test("a fit machine has none but ok, and nothing to repair", () => {
    for (const finding of inspect({})) expect(finding).toMatchObject({ verdict: "ok", fix: "" });
  });

  test.each<[string, string, Case]>([
    ["output_dir", "problem", { directories: { "/out": { kind: "absent" } } }],
    ["output_dir", "problem", { directories: { "/out": { isWritable: false } } }],
    ["output_dir", "problem", { directories: { "/out": { kind: "other" } } }],
    ["output_dir", "problem", { directories: { "/out": { kind: "unreadable", reason: "EIO" } } }],
    ["output_dir", "warning", { directories: { "/out": { isOpenToAll: true } } }],
    ["input_dir", "problem", { directories: { "/in": { isReadable: false } } }],
    ["state_dir", "warning", { directories: { "/state": { fileSystem: memory } } }],
    ["input_dir: space", "warning", { directories: { "/in": { fileSystem: { ...disk, freeBytes: 150e9 } } } }],
    ["input_dir: space", "problem", { directories: { "/in": { fileSystem: { ...disk, freeBytes: 99e9 } } } }],
    [
      "output_dir: space",
      "problem",
      { directories: { "/out": { fileSystem: { ...disk, deviceId: "2", freeBytes: 0 } } } },
    ],
    ["output_dir: rename", "problem", { environment: { probeRename: broken } }],
    ["output_dir: sync", "problem", { environment: { probeSync: broken } }],
    ["output_dir: locks", "problem", { environment: { probeLocks: () => ({ ...broken(), advice: "use ext4" }) } }],
    ["state_dir: write-ahead log", "problem", { environment: { probeWriteAheadLog: broken } }],
    ["tmpfs", "problem", { directories: { "/dev/shm": { kind: "absent" } } }],
    ["tmpfs", "problem", { directories: { "/dev/shm": { isWritable: false } } }],
    ["tmpfs", "problem", { directories: { "/dev/shm": { fileSystem: { ...memory, freeBytes: 1e9 } } } }],
    ["tmpfs", "warning", { directories: { "/dev/shm": { fileSystem: { ...memory, freeBytes: 4.4e9 } } } }],
    [
      "tmpfs",
      "warning",
      { directories: { "/dev/shm": { fileSystem: { ...memory, totalBytes: 8e9, freeBytes: 4.5e9 } } } },
    ],
    ["tmpfs", "warning", { directories: { "/dev/shm": { fileSystem: disk } } }],
    ["clock", "problem", { nowUnixSec: 0 }],
    ["clock", "warning", { machine: { isClockSynchronised: false } }],
    ["Earth orientation", "problem", { nowUnixSec: Date.UTC(2028, 0, 1) / 1000 }],
    ["Earth orientation", "warning", { nowUnixSec: Date.UTC(2027, 9, 1) / 1000 }],
    ["Node", "problem", { machine: { nodeVersion: "20.19.0" } }],
    ["Node", "problem", { machine: { nodeVersion: "24.14.9" } }],
    ["memory", "warning", { machine: { memoryBytes: 1e9 } }],
    ["open files", "warning", { machine: { openFileLimitCount: 1024 } }],
    ["inotify", "warning", { machine: { watchLimitCount: 10 } }],
    ["umask", "warning", { machine: { umaskBits: 0o077 } }],
    ["locking programs", "problem", { machine: { lockDoors: [] } }],
    ["locking programs", "warning", { machine: { lockDoors: ["flock(1)"] } }],
  ])("%s: %s", (name, verdict, given) => {
    const notOk = inspect(given).filter((finding) => finding.verdict !== "ok");
    expect(notOk.map((finding) => [finding.name, finding.verdict])).toContainEqual([name, verdict]);
    for (const { fix } of notOk) expect(fix).not.toBe("");
  });

  test("tables that cannot be read are a problem, not an exception", () => {
    const earthOrientation = () => {
      throw new Error("/x: line 3");
    };
    expect(inspect({ environment: { earthOrientation } })).toContainEqual(
      expect.objectContaining({ name: "Earth orientation", verdict: "problem", found: "/x: line 3" }),
    );
  });

  test("an unused tmpfs and unused locks are no trouble", () => {
    const findings = inspect({
      directories: { "/dev/shm": { kind: "absent" } },
      machine: { lockDoors: [] },
      environment: { probeLocks: () => ({ ...broken(), advice: "a" }) },
      needs: { needsLocks: false, tmpfs: { ...needs.tmpfs, isUsed: false } },
    });
    expect(findings.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
  });

  test("space of one file system is said once", () => {
    expect(inspect({}).filter(({ name }) => name.endsWith(": space"))).toHaveLength(1);
  });

  test("missing directories are made when asked for, and said when they cannot be", () => {
    const made: string[] = [];
    const absent = { kind: "absent" } as const;
    const makes = { makesDirectories: true };
    inspect({
      directories: { "/out": absent },
      needs: makes,
      environment: { makeDirectory: (path) => void made.push(path) },
    });
    expect(made).toEqual(["/out"]);
    const makeDirectory = () => {
      throw new Error("EACCES");
    };
    const findings = inspect({ directories: { "/out": absent }, needs: makes, environment: { makeDirectory } });
    expect(findings).toContainEqual({
      name: "output_dir",
      verdict: "problem",
      found: "/out cannot be made: EACCES",
      fix: "sudo mkdir -p /out && sudo chown ubuntu: /out",
    });
  });

  test("a path with a space or a quote can be pasted", () => {
    const path = "/data/it's here";
    const directories = [{ name: "output_dir", path, role: "output" as const }];
    const [finding] = inspect({ directories: { [path]: { kind: "absent" } }, needs: { directories } });
    expect(finding!.fix).toContain("mkdir -p '/data/it'\\''s here'");
  });
});
