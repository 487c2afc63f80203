import { describe, expect, test } from "vitest";
import { type ErrorCode, isPipelineError } from "../../domain/error-codes.ts";
import type { Group } from "../../domain/group.ts";
import type { SubbandHeader } from "../../domain/subband-header.ts";
import { checkAgreement, checkCompleteness } from "./check-subbands.ts";

const group = (subbands: readonly number[]): Group => ({
  groupId: "2025-10-03T11:48:50",
  startUnixSec: 1759492130,
  files: subbands.map((subbandIndex) => ({
    path: `/in/sb${subbandIndex}`,
    subbandIndex,
    fileSizeBytes: 1,
    firstTimeJd: 0,
    integrationTimeSec: 12,
    topFreqHz: 1,
  })),
});
const all = Array.from({ length: 16 }, (_, k) => k);

function thrown(act: () => unknown): { code: ErrorCode; message: string } {
  try {
    act();
  } catch (error) {
    if (isPipelineError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("checkCompleteness", () => {
  test("accepts a whole group and names what is missing from an allowed one", () => {
    expect(checkCompleteness(group(all), 16, 0)).toEqual([]);
    expect(checkCompleteness(group(all.filter((k) => k !== 3 && k !== 9)), 16, 2)).toEqual([3, 9]);
  });

  test("never drops a subband silently", () => {
    const error = thrown(() => checkCompleteness(group(all.slice(1)), 16, 0));
    expect(error.code).toBe("UVH5_SUBBAND_MISSING");
    expect(error.message).toMatch(/found 15 of 16 subbands, missing sb00/);
  });

  test("refuses two files of one subband, naming both", () => {
    const error = thrown(() => checkCompleteness(group([...all, 7]), 16, 0));
    expect(error.code).toBe("UVH5_SUBBAND_DUPLICATE");
    expect(error.message).toMatch(/sb07 .* \/in\/sb7 and \/in\/sb7/);
  });

  test("refuses a subband beyond those expected", () => {
    expect(thrown(() => checkCompleteness(group(all), 12, 0)).code).toBe("UVH5_SUBBANDS_DIFFER");
  });
});

const header = (change: Partial<SubbandHeader> = {}): SubbandHeader => ({
  path: "/in/b.hdf5",
  fileSizeBytes: 1,
  telescopeName: "OVRO_MMA",
  instrument: "DSA",
  objectName: "search",
  site: { latitudeRad: 0.65, longitudeRad: -2.06, altitudeM: 1188 },
  antennas: {
    numbers: Int32Array.of(0, 1),
    names: ["1", "2"],
    positionsM: Float64Array.of(0, 0, 0, 1, 2, 3),
    diametersM: Float64Array.of(4.65, 4.65),
  },
  phasing: { kind: "meridian", apparentDecRad: 0.95 },
  polarizationCodes: [-5, -6],
  freqHz: Float64Array.of(1.4e9),
  channelWidthHz: Float64Array.of(1e6),
  spwOfChan: null,
  timeJd: Float64Array.of(2460951, 2460951.1),
  integrationTimeSec: Float64Array.of(12, 12),
  antenna1Number: Int32Array.of(0, 0),
  antenna2Number: Int32Array.of(1, 1),
  uvwM: null,
  ...change,
});

describe("checkAgreement", () => {
  const reference = header({ path: "/in/a.hdf5" });

  test("accepts subbands that differ in frequency alone", () => {
    expect(() => checkAgreement("g", [reference, header({ freqHz: Float64Array.of(1.5e9) })])).not.toThrow();
  });

  test.each<[string, Partial<SubbandHeader>, RegExp]>([
    ["polarisations", { polarizationCodes: [-5, -7] }, /polarization_array\[1\] is -7, expected -6/],
    ["times", { timeJd: Float64Array.of(2460951, 2460951.2) }, /time_array\[1\] is 2460951.2, expected 2460951.1/],
    ["number of rows", { timeJd: Float64Array.of(2460951) }, /the length of time_array is 1, expected 2/],
    ["baselines", { antenna2Number: Int32Array.of(1, 0) }, /ant_2_array\[1\] is 0, expected 1/],
    ["antennas", { antennas: { ...reference.antennas, names: ["1", "3"] } }, /antenna_names\[1\] is 3, expected 2/],
    [
      "positions",
      { antennas: { ...reference.antennas, positionsM: Float64Array.of(0, 0, 0, 1, 2, 3.01) } },
      /antenna_positions\[1,2\] is 3.01, expected 3/,
    ],
    ["pointing", { phasing: { kind: "meridian", apparentDecRad: 0.951 } }, /phase_center_app_dec is 0.951/],
    ["site", { site: { ...reference.site, longitudeRad: -2.061 } }, /longitude is -2.061/],
  ])("names file, field, expected and found when %s differ", (_what, change, message) => {
    const error = thrown(() => checkAgreement("g", [reference, header(change)]));
    expect(error.code).toBe("UVH5_SUBBANDS_DIFFER");
    expect(error.message).toMatch(message);
    expect(error.message).toContain("/in/b.hdf5");
    expect(error.message).toContain("/in/a.hdf5");
  });
});
