/** Several machines for real: network namespaces that share a folder, and mounts whose locks know only their own host. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { describeWith, hasCommand, repoRoot } from "../../../tools/oracles.ts";
import { probeMount } from "../src/probes/probe-mount.ts";
import { readReport } from "../src/report/json.ts";
import type { LockReport } from "../src/report/report.ts";
import { keepCompiledCode } from "./fitting-run.ts";
import { canMakeHosts, mountBind, shareByBind, shareByGluster, TwoHosts, temporaryFolder, unmount } from "./mounted.ts";

const CLI = join(repoRoot, "packages/lock-tester/src/cli/main.ts");
const PROGRAM = [process.execPath, ["--no-warnings", "--conditions=@contimg/source", CLI]] as const;
const LONG_MS = 300_000;
afterAll(keepCompiledCode());

/** The controller on one host, lockers on both. */
async function testOnBoth(
  hosts: TwoHosts,
  path: string,
  primitive: string,
  extra: readonly string[] = [],
): Promise<LockReport> {
  const args = [
    path,
    "4",
    "--acquisitions",
    "40",
    "--hold",
    "2ms",
    "--primitive",
    primitive,
    "--timeout",
    "20s",
    "--limit",
    "90s",
  ];
  const controller = spawn(
    ...hosts.on(0, PROGRAM[0], [
      ...PROGRAM[1],
      ...args,
      ...extra,
      "--json",
      "-",
      "--listen",
      `${hosts.addresses[0]}:0`,
    ]),
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const report = text(controller.stdout);
  const complaint: string[] = [];
  try {
    for await (const line of createInterface(controller.stderr)) {
      complaint.push(line);
      const invitation = /join (\S+ --token \S+)$/.exec(line);
      if (!invitation) continue;
      spawn(...hosts.on(1, PROGRAM[0], [...PROGRAM[1], "join", ...invitation[1]!.split(" ")]), { stdio: "ignore" });
    }
    const said = await report;
    if (!said.startsWith("{")) throw new Error(`no report: ${complaint.join("\n")}`);
    return readReport(said, "the report");
  } finally {
    controller.kill("SIGKILL");
  }
}

describeWith([canMakeHosts(), hasCommand("bindfs")], "a FUSE mount whose locks are its own", () => {
  const folder = temporaryFolder();
  const points = ["one", "two"].map((name) => join(folder.path, name));
  beforeAll(() => points.forEach((point) => mountBind(folder.path, point)));
  afterAll(() => {
    points.forEach(unmount);
    folder.remove();
  });

  test("seems well to one who looks at it from one side", async () => {
    const { findings, advice } = await probeMount(points[0]!);
    expect(findings.filter(({ answer, usual }) => answer !== usual)).toEqual([]);
    expect(new Set(advice.map(({ safety }) => safety))).toEqual(new Set(["one-host"]));
  });

  test("is condemned from two", async () => {
    const { findings, advice } = await probeMount(points[0]!, { otherDirectory: points[1]! });
    const excludes = findings
      .filter(({ probe }) => probe === "excludes")
      .map(({ lock, answer }) => `${lock} ${answer}`);
    expect(excludes).toEqual(["flock no", "posix no", "ofd no"]);
    expect(advice.map(({ program, safety }) => `${program} ${safety}`)).toEqual([
      "casacore unsafe",
      "HDF5 unsafe",
      "SQLite unsafe",
      "contimg with-setting",
    ]);
  });
});

describeWith([canMakeHosts(), hasCommand("bindfs"), hasCommand("ip"), hasCommand("glusterfs")], "two machines", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let hosts: TwoHosts;
  let point: string;
  beforeEach(async () => {
    folder = temporaryFolder();
    point = join(folder.path, "shared");
    hosts = await TwoHosts.make();
  });
  afterEach(() => {
    hosts.end();
    folder.remove();
  });

  test(
    "a file system whose server keeps the locks is trusted",
    async () => {
      await shareByGluster(hosts, folder.path, point, true);
      for (const primitive of ["flock", "fcntl"]) {
        const { verdict, oracle, hosts: taking } = await testOnBoth(hosts, join(point, "lock"), primitive);
        expect({ verdict, violations: oracle.violations }).toEqual({ verdict: "trusted", violations: [] });
        expect(oracle.acquisitionCount).toBe(160);
        expect(taking).toHaveLength(2);
      }
    },
    LONG_MS,
  );

  test(
    "one whose locks know their own machine only is condemned",
    async () => {
      shareByBind(hosts, folder.path, point);
      for (const primitive of ["flock", "fcntl"]) {
        const { verdict, oracle } = await testOnBoth(hosts, join(point, "lock"), primitive);
        expect(verdict).toBe("violated");
        expect(oracle.countOfKind.overlap).toBeGreaterThan(0);
      }
    },
    LONG_MS,
  );

  test(
    "names that are made once keep both apart, where locks do not",
    async () => {
      shareByBind(hosts, folder.path, point);
      const { verdict } = await testOnBoth(hosts, join(point, "lock"), "mkdir");
      expect(verdict).toBe("trusted");
    },
    LONG_MS,
  );
});
