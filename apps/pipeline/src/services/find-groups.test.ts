import { expect, test } from "vitest";
import { PipelineError } from "../domain/error-codes.ts";
import type { Directory } from "../ports/directory.ts";
import type { SubbandReader } from "../ports/subband-reader.ts";
import { findGroups } from "./find-groups.ts";

const FIRST_JD = 2460951.992331495;
const names = [
  "2025-10-03T11:48:50_sb00.hdf5",
  "2025-10-03T11:48:51_sb01.hdf5",
  "2025-10-03T11:48:50_sb02_incomplete.hdf5",
  ".2025-10-03T11:48:50_sb03.hdf5.xY12",
  "notes.txt",
  "2025-10-04T11:48:50_sb00.hdf5",
];
const directory: Directory = {
  list: (path) => (path === "/in" ? names : []),
  isDirectory: (path) => path === "/in",
};
const reader = (probed: string[]): SubbandReader => ({
  probe(path) {
    probed.push(path);
    if (path.includes("_incomplete"))
      throw new PipelineError("UVH5_STILL_WRITTEN", `${path}: still written`, { subject: path });
    const day = path.includes("10-04") ? 1 : 0;
    return { path, fileSizeBytes: 1, firstTimeJd: FIRST_JD + day, integrationTimeSec: 12.884902, topFreqHz: 1.4e9 };
  },
  readHeader() {
    throw new Error("a search reads no whole header");
  },
});
const always = { startUnixSec: Number.NEGATIVE_INFINITY, endUnixSec: Number.POSITIVE_INFINITY };

test("a directory gives its groups, and a reason for each subband file that could not be used", () => {
  const found = findGroups(directory, reader([]), { inputs: ["/in"], ...always });
  expect(found.groups.map((group) => [group.groupId, group.files.length])).toEqual([
    ["2025-10-03T11:48:50", 2],
    ["2025-10-04T11:48:50", 1],
  ]);
  expect(found.refused.map(({ path, error }) => [path, error.code])).toEqual([
    ["/in/2025-10-03T11:48:50_sb02_incomplete.hdf5", "UVH5_STILL_WRITTEN"],
  ]);
});

test("a range of time is decided by the data, and names far outside it are not opened", () => {
  const probed: string[] = [];
  const startUnixSec = Date.UTC(2025, 9, 4) / 1000;
  const found = findGroups(directory, reader(probed), {
    inputs: ["/in"],
    startUnixSec,
    endUnixSec: startUnixSec + 86_400,
  });
  expect(found.groups.map((group) => group.groupId)).toEqual(["2025-10-04T11:48:50"]);
  expect(probed).toEqual(["/in/2025-10-04T11:48:50_sb00.hdf5"]);
});

test("a file that is given twice, or with its directory, counts once", () => {
  const path = "/in/2025-10-03T11:48:50_sb00.hdf5";
  const found = findGroups(directory, reader([]), { inputs: [path, "/in", path], ...always });
  expect(found.groups[0]!.files.map((file) => file.path)).toEqual([path, "/in/2025-10-03T11:48:51_sb01.hdf5"]);
});
