/** Runs that are killed: the flags are the old or the new ones, and what is left is carried out or removed. */

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { openTable } from "@contimg/casacore-tables/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWith, pythonWith, runPython } from "../../../../tools/oracles.ts";
import { contimg, contimgCommand } from "../e2e/run-contimg.ts";
import { flagService, runFlags } from "./run-service.ts";
import { copyOf, filesOf, simulatedMs } from "./simulated-ms.ts";

interface State {
  readonly flags: number;
  readonly flagRows: number;
  readonly historyRowCount: number;
  readonly commandRowCount: number;
}

const flagsOf = (msPath: string): number => {
  using main = openTable(msPath);
  const flags = new Uint8Array(main.rowCount * main.column("FLAG").getArray(0).data.length);
  main.column("FLAG").getCellsInto(0, main.rowCount, flags);
  return crc32(flags);
};

function stateOf(msPath: string): State {
  using main = openTable(msPath);
  using history = main.subtable("HISTORY");
  using commands = main.subtable("FLAG_CMD");
  return {
    flags: flagsOf(msPath),
    flagRows: crc32(main.column("FLAG_ROW").getScalarRange(0, main.rowCount) as Uint8Array),
    historyRowCount: history.rowCount,
    commandRowCount: commands.rowCount,
  };
}

let directory = "";
let msPath = "";
let old: State;
let changed: State;
let steps: readonly string[] = [];
const doomed = (copy: string, step: number) => {
  const script = join(import.meta.dirname, "doomed-flag.ts");
  return spawnSync(process.execPath, ["--conditions=@contimg/source", script, copy, `${step}`], { encoding: "utf8" });
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "contimg-flag-"));
  const options = { seed: 3, antennaCount: 8, integrationCount: 4, channelCount: 4 };
  msPath = simulatedMs(directory, options).msPath;
  old = stateOf(msPath);
  const seen: string[] = [];
  const copy = join(directory, "whole.ms");
  spawnSync("cp", ["-r", msPath, copy]);
  await runFlags(flagService({ onStep: (step) => seen.push(step) }), copy);
  steps = seen;
  changed = stateOf(copy);
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("a run that is killed", () => {
  it("goes through these steps, and changes all four", () => {
    expect(steps[0]).toBe("flags written");
    expect(steps.indexOf("committed")).toBe(2);
    expect(steps.filter((step) => step.endsWith("in place")).length).toBeGreaterThanOrEqual(5);
    for (const key of ["flags", "flagRows", "historyRowCount", "commandRowCount"] as const)
      expect(changed[key]).not.toBe(old[key]);
  });

  it("at any step leaves the old flags or the new ones, and the next run's recovery all of one kind", async () => {
    for (let step = 1; step <= steps.length; step++) {
      const copy = copyOf(msPath);
      const killed = doomed(copy, step);
      expect(killed.signal, killed.stderr).toBe("SIGKILL");
      expect([old.flags, changed.flags]).toContain(flagsOf(copy));
      const isCommitted = step > steps.indexOf("committed");
      if (!isCommitted) expect(stateOf(copy)).toEqual(old);
      expect(await flagService().recover(copy)).toBe(isCommitted ? "completed" : "discarded");
      expect(stateOf(copy)).toEqual(isCommitted ? changed : old);
      expect(await flagService().recover(copy)).toBe("nothing");
      expect(filesOf(copy)).toEqual(filesOf(msPath));
    }
  }, 120_000);

  it("and killed again while it recovers, is recovered by the next", async () => {
    const copy = copyOf(msPath);
    expect(doomed(copy, steps.indexOf("committed") + 1).signal).toBe("SIGKILL");
    // The second process recovers before it begins: its first steps are renames.
    expect(doomed(copy, 2).stdout).toBe(`${steps.slice(3, 5).join("\n")}\n`);
    await runFlags(flagService(), copy);
    expect(stateOf(copy)).toMatchObject({ flags: changed.flags, flagRows: changed.flagRows });
  });

  it("at any time leaves the old flags or the new ones, and its base version is whole or not there", async () => {
    for (const delayMs of [350, 500, 650, 800]) {
      const copy = copyOf(msPath);
      const [node, ...args] = [...contimgCommand, "flag", copy];
      const child = spawn(node!, args, { stdio: "ignore" });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      child.kill("SIGKILL");
      await ended;
      expect([old.flags, changed.flags]).toContain(flagsOf(copy));
      await runFlags(flagService(), copy);
      expect(stateOf(copy)).toMatchObject({ flags: changed.flags, flagRows: changed.flagRows });
      await flagService().restore(copy, "before_contimg_flag", "undone");
      expect(stateOf(copy)).toMatchObject({ flags: old.flags, flagRows: old.flagRows });
    }
  }, 60_000);
});

describeWith(pythonWith("casacore"), "a Measurement Set that casacore has open", () => {
  it("is refused, and left as it is", () => {
    const copy = copyOf(msPath);
    const output = runPython(
      `import sys, subprocess, casacore.tables as t
main = t.table(sys.argv[1], ack=False)
ran = subprocess.run(sys.argv[2:], capture_output=True, text=True)
print(ran.returncode, ran.stderr)`,
      [copy, ...contimgCommand, "flag", copy],
    );
    expect(output).toMatch(/^1 MS_IN_USE: .*in use by process/);
    expect(stateOf(copy)).toEqual(old);
    expect(contimg("flag", copy).status).toBe(0);
  });
});
