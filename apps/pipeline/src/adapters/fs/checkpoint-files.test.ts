import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recordingLog } from "../../../test/contract/recording-log.ts";
import type { ConversionReport } from "../../domain/conversion-plan.ts";
import type { MeasurementSet } from "../../domain/measurement-set.ts";
import type { Checkpoint } from "../../ports/checkpoint-store.ts";
import { checkpointFiles } from "./checkpoint-files.ts";

const GROUP = "2025-10-03T11:48:50";
const conversion: ConversionReport = {
  groupId: GROUP,
  msPath: "/ms/a.ms",
  rowCount: 1,
  spwCount: 2,
  chanCount: 3,
  fieldCount: 4,
  flaggedFraction: 0.25,
  unusableCount: null,
  missingSubbands: [7],
  inputBytes: 5,
  outputBytes: 6,
  verifiedCellCount: 7,
  startMjdSec: 5.1e9,
  endMjdSec: 5.1e9 + 300,
  raRad: 1.5,
  decRad: 0.25,
  isAdopted: true,
  timingsSec: { load: 1, phase: 2, write: 3, total: 4 },
};
const ms: MeasurementSet = {
  path: "/ms/a.ms",
  groupId: GROUP,
  rowCount: 1,
  sizeBytes: 6,
  calibrators: null,
  conversion,
};
const checkpoint: Checkpoint = {
  groupId: GROUP,
  inputsDigest: "abc",
  doneStages: ["convert"],
  artifacts: { "ms:DATA": ms, "ms:FLAG": ms, "ms:WEIGHT": ms },
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "contimg-checkpoints-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (log = recordingLog()) => ({ log, store: checkpointFiles(join(directory, "made", "by it"), log) });

test("what is saved is loaded again, every field of it", () => {
  const { store } = open();
  const path = store.save(checkpoint);
  expect(path.endsWith(`/${GROUP}.checkpoint.uvh5`)).toBe(true);
  expect(store.load(path)).toEqual(checkpoint);
});

test("the first line says that it is JSON, and the whole is one object", () => {
  const { store } = open();
  const text = readFileSync(store.save(checkpoint), "utf8");
  expect(text.split("\n")[0]).toMatch(/^\{"format": "contimg checkpoint 1", "note": "JSON, not HDF5/);
  expect(JSON.parse(text)).toMatchObject({ groupId: GROUP, doneStages: ["convert"] });
});

test("a later one replaces the earlier, and nothing else is in the directory", () => {
  const { store } = open();
  store.save(checkpoint);
  const path = store.save({ ...checkpoint, doneStages: ["convert", "flag"] });
  expect(store.load(path)?.doneStages).toEqual(["convert", "flag"]);
  expect(readdirSync(join(path, ".."))).toEqual([`${GROUP}.checkpoint.uvh5`]);
  expect(store.groupIds()).toEqual([GROUP]);
  store.remove(GROUP);
  expect(store.groupIds()).toEqual([]);
});

test("no directory means no checkpoints", () => {
  expect(open().store.groupIds()).toEqual([]);
});

describe("what cannot be used is not used, and it is said why", () => {
  test.each<[string, (path: string) => void, RegExp]>([
    ["a file that is gone", (path) => rmSync(path), /ENOENT/],
    ["a file that was cut", (path) => truncateSync(path, 300), /JSON/],
    ["an empty file", (path) => truncateSync(path), /JSON/],
    ["an HDF5 file", (path) => writeFileSync(path, "\x89HDF\r\n"), /JSON/],
    ["another format", (path) => writeFileSync(path, '{"format": "contimg checkpoint 2"}'), /format/],
    [
      "a field of another kind",
      (path) => writeFileSync(path, readFileSync(path, "utf8").replace('"rowCount": 1', '"rowCount": "1"')),
      /artifacts\.ms:DATA\.rowCount/,
    ],
  ])("%s", (_what, damage, reason) => {
    const { store, log } = open();
    const path = store.save(checkpoint);
    damage(path);
    expect(store.load(path)).toBeUndefined();
    expect(log.lines).toEqual([expect.stringMatching(/^WARNING: Checkpoint .* is not used: /)]);
    expect(log.lines[0]).toMatch(reason);
  });
});

test("a directory that cannot be made is told with a code", () => {
  writeFileSync(join(directory, "file"), "");
  const store = checkpointFiles(join(directory, "file", "below"), recordingLog());
  expect(() => store.save(checkpoint)).toThrow(expect.objectContaining({ code: "OUTPUT_NOT_WRITABLE" }));
});
