import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeWith, sharedData, sharedDataDir } from "../../../../../tools/oracles.ts";
import { writeSmallCalTable } from "../../../test/contract/small-cal-table.ts";
import { calTableFiles } from "./cal-table-files.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "contimg-cal-files-"));
  path = join(folder, "calibrators/2025-10-29/a_gpcal");
  mkdirSync(join(path, ".."), { recursive: true });
  await writeSmallCalTable(path, "G", 60_977.5);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const inspect = () => calTableFiles.inspect(path);
const digest = () => {
  const condition = inspect();
  return condition.kind === "whole" ? condition.contentDigest : condition.kind;
};

describe("a calibration table on disk", () => {
  test("that is whole says of what and when it is", () => {
    expect(inspect()).toEqual({
      kind: "whole",
      visCal: "G Jones",
      referenceMjd: 60_977.5,
      contentDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("has the digest of its content, wherever and whenever it was written, whoever opened it", () => {
    const before = digest();
    appendFileSync(join(path, "table.lock"), "opened by CASA");
    utimesSync(join(path, "table.dat"), 0, 0);
    const moved = join(folder, "moved");
    mkdirSync(moved);
    // Directories may list their entries as they were made.
    for (const name of readdirSync(path).toReversed()) cpSync(join(path, name), join(moved, name), { recursive: true });
    expect([digest(), calTableFiles.inspect(moved)]).toEqual([
      before,
      expect.objectContaining({ contentDigest: before }),
    ]);
    writeFileSync(join(path, "table.info"), "Type = Calibration\nSubType = G Jones\n\nby hand\n");
    expect(digest()).not.toBe(before);
  });

  test.each<readonly [string, () => void]>([
    ["without the file of its values", () => rmSync(join(path, "table.f0"))],
    ["cut short", () => truncateSync(join(path, "table.f0"), 600)],
    ["without table.dat", () => rmSync(join(path, "table.dat"))],
    ["with a broken table.dat", () => writeFileSync(join(path, "table.dat"), "no table")],
  ])("%s is corrupt", (_, damage) => {
    damage();
    expect(inspect()).toEqual({ kind: "corrupt", reason: expect.stringContaining(path) });
  });

  test("that was removed has vanished, with its directory or without", () => {
    const beside = join(folder, "calibrators/2025-10-30");
    mkdirSync(beside);
    writeFileSync(join(path, "../b_gpcal"), "");
    rmSync(path, { recursive: true });
    expect(inspect()).toEqual({ kind: "vanished" });
    rmSync(join(path, ".."), { recursive: true });
    expect(inspect()).toEqual({ kind: "vanished" });
  });

  test("below an empty directory may be on a disk that is not mounted", () => {
    rmSync(join(folder, "calibrators"), { recursive: true });
    mkdirSync(join(folder, "calibrators"));
    expect(inspect()).toEqual({
      kind: "unreachable",
      reason: `${join(folder, "calibrators")} is empty: is a disk not mounted?`,
    });
  });

  test("whose solutions are asked for when it is not there is a coded error", () => {
    expect(() => calTableFiles.readSolutions(join(folder, "no"))).toThrow(
      expect.objectContaining({ code: "INPUT_UNREADABLE" }),
    );
  });
});

describeWith(sharedData(), "tables that CASA wrote", () => {
  test.each([
    ["test_calibration_bandpass.table", "B Jones"],
    ["test_calibration_final_gain.table", "G Jones"],
    ["sma.ms.dcal", "K Jones"],
    // Windows of it have different numbers of channels.
    ["sma.ms.bcal", "B Jones"],
  ])("%s is whole", (name, visCal) => {
    expect(calTableFiles.inspect(join(sharedDataDir()!, "real/caltables", name))).toMatchObject({
      kind: "whole",
      visCal,
    });
  });
});
