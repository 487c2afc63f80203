import { describe, expect, test } from "vitest";
import { isHdf5Name, isUnfinishedName, parseSubbandName } from "./subband-file.ts";

describe("a subband file's name", () => {
  test.each([
    ["/data/incoming/2025-10-13T13:28:03_sb07.hdf5", 7],
    ["2025-10-13 13:28:03_sb00.hdf5", 0],
    ["2025-10-13_13_28_03_sb15.hdf5", 15],
    ["2025-10-13T13:28:03_sb03spl.hdf5", 3],
  ])("%s tells its subband and the writer's clock", (path, subbandIndex) => {
    expect(parseSubbandName(path)).toEqual({
      path,
      subbandIndex,
      nameTimeUnixSec: Date.UTC(2025, 9, 13, 13, 28, 3) / 1000,
    });
  });

  test.each([
    "2025-13-13T13:28:03_sb07.hdf5",
    "2025-10-13T13:28:03_sb7.hdf5",
    "notes.hdf5",
    "2025-10-13T13:28:03_sb07.hdf5.txt",
  ])("%s tells nothing", (path) => {
    expect(parseSubbandName(path)).toBeUndefined();
  });

  test("says when its writer has not finished", () => {
    expect(isUnfinishedName("/d/2025-10-13T13:28:03_sb07_incomplete.hdf5")).toBe(true);
    expect(isUnfinishedName("/d/.2025-10-13T13:28:03_sb07.hdf5.a1B2c3")).toBe(true);
    expect(isUnfinishedName("/d/2025-10-13T13:28:03_sb07.hdf5")).toBe(false);
    expect(isHdf5Name("2025-10-13T13:28:03_sb07_incomplete.hdf5")).toBe(false);
    expect(isHdf5Name("zen.2458432.34569.uvh5")).toBe(true);
  });
});
