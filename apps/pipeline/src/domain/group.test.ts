import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assembleGroups, groupIdOf, mayStartWithin, type SubbandProbe, startUnixSecOf } from "./group.ts";

const INTEGRATION_SEC = 12.884902000427246;
const FIRST_JD = 2460951.992331495;
const CADENCE_SEC = 309.24;

const nameAt = (unixSec: number, subband: number) =>
  `/in/${new Date(unixSec * 1000).toISOString().slice(0, 19)}_sb${String(subband).padStart(2, "0")}.hdf5`;

function probe(groupIndex: number, subband: number, jitterSec: number): SubbandProbe {
  const firstTimeJd = FIRST_JD + (groupIndex * CADENCE_SEC) / 86_400;
  const openedUnixSec = Math.floor((firstTimeJd - 2440587.5) * 86_400 - INTEGRATION_SEC / 2) + jitterSec;
  return {
    path: nameAt(openedUnixSec, subband),
    fileSizeBytes: 145_348_600,
    firstTimeJd,
    integrationTimeSec: INTEGRATION_SEC,
    topFreqHz: 1498643188.4765625 - subband * 11_718_750,
  };
}

describe("assembleGroups", () => {
  test("puts each subband with its observation, whatever the order of arrival and the jitter of names", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 80, maxLength: 80 }),
        fc.infiniteStream(fc.nat()),
        (groupCount, jitters, order) => {
          const probes = Array.from({ length: groupCount * 16 }, (_, k) =>
            probe(Math.floor(k / 16), k % 16, jitters[k]!),
          );
          const shuffled = probes
            .map((value) => ({ value, key: order.next().value }))
            .toSorted((a, b) => a.key - b.key);
          const groups = assembleGroups(shuffled.map(({ value }) => value));
          expect(groups.map((group) => group.files.map((file) => file.subbandIndex))).toEqual(
            Array.from({ length: groupCount }, () => Array.from({ length: 16 }, (_, k) => k)),
          );
          expect(groups).toEqual(assembleGroups(probes));
        },
      ),
    );
  });

  test("does not merge groups whose names are equal, as rules on names would", () => {
    const a = probe(0, 0, 0);
    const groups = assembleGroups([a, { ...probe(1, 1, 0), path: a.path.replace("sb00", "sb01") }]);
    expect(groups).toHaveLength(2);
  });

  test("keeps both files of a subband that is there twice, for the caller to refuse", () => {
    const groups = assembleGroups([probe(0, 3, 0), probe(0, 3, 1)]);
    expect(groups[0]!.files.map((file) => file.subbandIndex)).toEqual([3, 3]);
  });

  test("numbers subbands by frequency where names tell nothing", () => {
    const files = [2, 0, 1].map((subband) => ({ ...probe(0, subband, 0), path: `/in/file${subband}.uvh5` }));
    expect(assembleGroups(files)[0]!.files.map((file) => file.path)).toEqual([
      "/in/file0.uvh5",
      "/in/file1.uvh5",
      "/in/file2.uvh5",
    ]);
  });
});

describe("the name of a group", () => {
  test("is the second in which its data start", () => {
    expect(groupIdOf(startUnixSecOf(FIRST_JD, INTEGRATION_SEC))).toBe("2025-10-03T11:48:50");
  });
});

describe("mayStartWithin", () => {
  test("keeps every name that can belong to a group of the range", () => {
    const start = Date.UTC(2025, 9, 3, 12) / 1000;
    expect(mayStartWithin(nameAt(start - 82, 0), start, start + 60)).toBe(true);
    expect(mayStartWithin(nameAt(start + 60 + 82, 0), start, start + 60)).toBe(true);
    expect(mayStartWithin(nameAt(start - 309, 0), start, start + 60)).toBe(false);
    expect(mayStartWithin("/in/odd.uvh5", start, start + 60)).toBe(true);
  });
});
