/** Applications that are killed: columns, weights, flags and HISTORY are the old ones or the new ones, after recovery all of one kind. */

import { spawn, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { openTable } from "@contimg/casacore-tables/node";
import { beforeAll, describe, expect, test } from "vitest";
import { fileSystemMsApplication } from "../../src/adapters/fs/ms-calibration/ms-application.ts";
import { systemClock } from "../../src/adapters/fs/system-clock.ts";
import { contimgCommand } from "../e2e/run-contimg.ts";
import { copyOfMs, readColumns, type SolvedGroup, solvedGroup } from "./applied-group.ts";

interface State {
  readonly corrected: number | null;
  readonly weights: number;
  readonly spectralWeights: number;
  readonly flags: number;
  readonly columnNames: readonly string[];
  readonly historyRowCount: number;
}

const bytesOf = (values: Float32Array | Uint8Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function stateOf(msPath: string): State {
  const { corrected, weights, spectralWeights, flags, columnNames } = readColumns(msPath);
  using history = openTable(join(msPath, "HISTORY"));
  return {
    corrected: corrected === null ? null : crc32(bytesOf(corrected)),
    weights: crc32(bytesOf(weights)),
    spectralWeights: crc32(bytesOf(spectralWeights)),
    flags: crc32(flags),
    columnNames: columnNames.toSorted(),
    historyRowCount: history.rowCount,
  };
}

const filesOf = (msPath: string) =>
  readdirSync(msPath).filter((name) => name.startsWith(".") || name.startsWith("table."));
const application = fileSystemMsApplication(systemClock);
const script = join(import.meta.dirname, "doomed-apply.ts");

function doomed(msPath: string, step: number, tables: readonly string[]) {
  const args = ["--conditions=@contimg/source", script, msPath, `${step}`, ...tables];
  return spawnSync(process.execPath, args, { encoding: "utf8" });
}

let group: SolvedGroup;
let both: readonly string[];
let gainsOnly: readonly string[];
beforeAll(() => {
  group = solvedGroup(3, "--channels", "4", "--integrations", "3");
  both = ["_bpcal", "_gpcal"].map((suffix) => `${group.prefix}${suffix}`);
  gainsOnly = both.slice(1);
}, 120_000);

describe.each([
  { what: "makes CORRECTED_DATA", earlier: false },
  { what: "replaces CORRECTED_DATA", earlier: true },
])("an application that $what", ({ earlier }) => {
  let start = "";
  let old: State;
  let changed: State;
  let steps: readonly string[] = [];
  let wholeFiles: readonly string[] = [];
  beforeAll(() => {
    start = copyOfMs(group.msPath);
    if (earlier) doomed(start, 0, gainsOnly);
    old = stateOf(start);
    const whole = copyOfMs(start);
    steps = doomed(whole, 0, both).stdout.trim().split("\n");
    changed = stateOf(whole);
    wholeFiles = filesOf(whole);
  }, 60_000);

  test("changes all of them, in one rename of table.dat", () => {
    expect(steps.slice(0, 4)).toEqual(["columns written", "flags written", "subtables written", "committed"]);
    expect(steps.filter((step) => step === "table.dat in place")).toHaveLength(1);
    expect(steps.includes("old columns deleted")).toBe(earlier);
    expect(changed.corrected).not.toBe(old.corrected);
    expect(changed.weights).not.toBe(old.weights);
    expect(changed.spectralWeights).not.toBe(old.spectralWeights);
    expect(changed.historyRowCount).toBeGreaterThan(old.historyRowCount);
  });

  test("and is killed at any step leaves old or new columns together, and recovery makes all of one kind", async () => {
    for (let step = 1; step <= steps.length; step++) {
      const copy = copyOfMs(start);
      expect(doomed(copy, step, both).signal).toBe("SIGKILL");
      const isCommitted = step > steps.indexOf("committed");
      const hasSwitched = step > steps.indexOf("table.dat in place");
      const { flags: _flags, historyRowCount: _rows, ...columns } = hasSwitched ? changed : old;
      // HISTORY may be between two renames.
      if (steps[step - 1] !== "HISTORY taken out") expect(stateOf(copy)).toMatchObject(columns);
      await application.recover(copy);
      expect(stateOf(copy), steps[step - 1]).toEqual(isCommitted ? changed : old);
      expect(filesOf(copy)).toEqual(isCommitted ? wholeFiles : filesOf(start));
      expect(filesOf(copy).some((name) => name.startsWith("."))).toBe(false);
    }
  }, 120_000);

  test("and is killed while it recovers is recovered by the next", async () => {
    const copy = copyOfMs(start);
    expect(doomed(copy, steps.indexOf("committed") + 1, both).signal).toBe("SIGKILL");
    // The second process recovers before it begins.
    expect(doomed(copy, 2, both).signal).toBe("SIGKILL");
    await application.recover(copy);
    expect(stateOf(copy)).toEqual(changed);
  }, 30_000);
});

test("an application that is killed at any time leaves the old or the new, and the next one is as the first", async () => {
  const table = ["--table", both[0]!, "--table", both[1]!, "--mode", "corrected-data"];
  const run = (copy: string) =>
    spawn(contimgCommand[0]!, [...contimgCommand.slice(1), "cal", "apply", copy, ...table], { stdio: "ignore" });
  const before = stateOf(group.msPath);
  for (const delayMs of [400, 600, 800]) {
    const copy = copyOfMs(group.msPath);
    const child = run(copy);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    child.kill("SIGKILL");
    await ended;
    const left = stateOf(copy);
    if (left.corrected === null) expect(left.weights).toBe(before.weights);
    const next = run(copy);
    expect(await new Promise((resolve) => next.once("exit", resolve))).toBe(0);
    const whole = copyOfMs(group.msPath);
    doomed(whole, 0, both);
    expect({ ...stateOf(copy), historyRowCount: 0 }).toEqual({ ...stateOf(whole), historyRowCount: 0 });
  }
}, 120_000);
