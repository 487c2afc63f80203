/** AOFlagger as the search for interference, where it is installed. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTable } from "@contimg/casacore-tables/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWith, type Oracle } from "../../../../tools/oracles.ts";
import { flagService, runFlags } from "./run-service.ts";
import { copyOf, filesOf, type SimulatedMs, simulatedMs } from "./simulated-ms.ts";

const aoflagger: Oracle = {
  name: "aoflagger",
  isAvailable: spawnSync("aoflagger", ["--version"]).error === undefined,
  missing: "needs aoflagger: apt-get install aoflagger",
};

const digestOfFile = (path: string) => createHash("sha1").update(readFileSync(path)).digest("hex");

function flagsOf(msPath: string): Uint8Array {
  using main = openTable(msPath);
  const flags = new Uint8Array(main.rowCount * main.column("FLAG").getArray(0).data.length);
  main.column("FLAG").getCellsInto(0, main.rowCount, flags);
  return flags;
}

describeWith([aoflagger], "AOFlagger as engine", () => {
  let directory = "";
  let ms: SimulatedMs;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "contimg-flag-"));
    ms = simulatedMs(directory, { seed: 11, antennaCount: 8, integrationCount: 24, channelCount: 32 });
  }, 60_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("adds what AOFlagger would flag by itself to what the rules flag, and touches the data not", async () => {
    const [ours, its] = [copyOf(ms.msPath), copyOf(ms.msPath)];
    const files = filesOf(ours).filter((name) => /^table\.f\d+_TSM|^ANTENNA\/table\.f/.test(name));
    const digests = files.map((name) => digestOfFile(join(ours, name)));
    const report = await runFlags(flagService(), ours, {
      engine: "aoflagger",
      flagsDeadInputs: false,
      flagsNoisyInputs: false,
    });
    expect(spawnSync("aoflagger", [its]).status).toBe(0);
    const [found, expected] = [flagsOf(ours), flagsOf(its)];
    expect(report.totals.rules.aoflagger).toBeGreaterThan(0);
    expect(report.totals.rules.rfi).toBe(0);
    expect(expected.reduce((sum, flag) => sum + flag, 0)).toBe(report.totals.rules.aoflagger);
    expect(expected.every((flag, at) => flag <= found[at]!)).toBe(true);
    const changed = files.filter((name, at) => digestOfFile(join(ours, name)) !== digests[at]);
    expect(changed).toHaveLength(1); // the tiles of FLAG
    expect(filesOf(ours)).toEqual(filesOf(ms.msPath));
  }, 60_000);
});
