/** One small Measurement Set that is right, and the same with one fault each. */

import { cpSync, mkdtempSync, rmSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMeasurementSet, openTableForUpdate } from "@contimg/casacore-tables/node";
import {
  baselineUvw,
  geocentricToGeodetic,
  geodeticToGeocentricM,
  observeFrom,
  utcFromMjdSec,
  uvwForPhaseCentre,
} from "@contimg/sky";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Finding } from "../../../ports/ms-inspector.ts";
import { verifyTable } from "./verify-table.ts";

const START_MJD_SEC = 5_266_208_937;
const CENTRE = { raRad: 1.24, decRad: 0.95 };
const PAIRS = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [1, 3],
  [2, 3],
] as const;
const TIME_COUNT = 3;
const ROW_COUNT = TIME_COUNT * PAIRS.length;
const CHAN_COUNT = 4;
const CORR_COUNT = 2;

/** What is written other than right. */
interface Faults {
  readonly antenna2?: (row: number, right: number) => number;
  readonly fieldId?: number;
  readonly timeMjdSec?: (row: number, right: number) => number;
  readonly uvwFactor?: number;
  /** The centre that UVW are made for; by default that of PHASE_DIR. */
  readonly uvwCentre?: { readonly raRad: number; readonly decRad: number };
  readonly referenceDir?: readonly [number, number];
  readonly positionM?: (antenna: number, right: Float64Array) => Float64Array;
  readonly chanHz?: readonly number[];
  readonly numChan?: number;
  readonly telescope?: string;
  readonly application?: string;
  readonly data?: (values: Float32Array, flags: Uint8Array) => void;
}

/** Four antennas on no plane, about the place of the DSA-110. */
function antennaPositionsM(): readonly Float64Array[] {
  return [
    [0, 0, 0],
    [300, 20, -10],
    [-120, 250, 40],
    [60, -180, 330],
  ].map((offsetM) => geodeticToGeocentricM(0.65, -2.0644, 1200).map((centreM, axis) => centreM + offsetM[axis]!));
}

async function measurementSet(faults: Faults = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "contimg-verify-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "small.ms");
  const positionsM = antennaPositionsM();
  const stored = positionsM.map((positionM, antenna) => faults.positionM?.(antenna, positionM) ?? positionM);
  const rows = Array.from({ length: ROW_COUNT }, (_, row) => ({
    pair: PAIRS[row % PAIRS.length]!,
    timeMjdSec: START_MJD_SEC + 12.9 * Math.floor(row / PAIRS.length),
  }));
  const site = geocentricToGeodetic(positionsM[0]![0]!, positionsM[0]![1]!, positionsM[0]![2]!);
  const offsetsM = Float64Array.from(
    positionsM.flatMap((positionM) => [...positionM]),
    (value, k) => value - positionsM[0]![k % 3]!,
  );
  const uvwM = rows.flatMap(({ pair, timeMjdSec }) => {
    const antennaUvwM = uvwForPhaseCentre(
      observeFrom(utcFromMjdSec(timeMjdSec), site),
      offsetsM,
      faults.uvwCentre ?? CENTRE,
    );
    return [...baselineUvw(antennaUvwM, Int32Array.of(pair[0]), Int32Array.of(pair[1]))];
  });
  const chanHz = faults.chanHz ?? [1.311e9, 1.312e9, 1.313e9, 1.314e9];
  const direction = (raRad: number, decRad: number) => ({ shape: [2, 1], data: [raRad, decRad] });
  const builder = createMeasurementSet(path, {
    rowCount: ROW_COUNT,
    subtables: {
      ANTENNA: stored.map((positionM, antenna) => ({
        NAME: `A${antenna}`,
        STATION: `P${antenna}`,
        POSITION: positionM,
        OFFSET: [0, 0, 0],
        DISH_DIAMETER: 4.65,
      })),
      DATA_DESCRIPTION: [{ SPECTRAL_WINDOW_ID: 0, POLARIZATION_ID: 0 }],
      FIELD: [
        {
          NAME: "target",
          TIME: START_MJD_SEC,
          PHASE_DIR: direction(CENTRE.raRad, CENTRE.decRad),
          DELAY_DIR: direction(CENTRE.raRad, CENTRE.decRad),
          REFERENCE_DIR: direction(...(faults.referenceDir ?? ([CENTRE.raRad, CENTRE.decRad] as const))),
          SOURCE_ID: -1,
        },
      ],
      HISTORY: [{ APPLICATION: faults.application ?? "contimg", MESSAGE: "made", CLI_COMMAND: [""], APP_PARAMS: [""] }],
      OBSERVATION: [{ TELESCOPE_NAME: faults.telescope ?? "OVRO_MMA", TIME_RANGE: [0, 1], LOG: [""], SCHEDULE: [""] }],
      POLARIZATION: [{ NUM_CORR: CORR_COUNT, CORR_TYPE: [9, 12], CORR_PRODUCT: { shape: [2, 2], data: [0, 0, 1, 1] } }],
      PROCESSOR: [{ TYPE: "CORRELATOR" }],
      STATE: [{ OBS_MODE: "TARGET" }],
      SPECTRAL_WINDOW: [
        {
          NUM_CHAN: faults.numChan ?? CHAN_COUNT,
          CHAN_FREQ: chanHz,
          CHAN_WIDTH: chanHz.map(() => 1e6),
          EFFECTIVE_BW: chanHz.map(() => 1e6),
          RESOLUTION: chanHz.map(() => 1e6),
          MEAS_FREQ_REF: 5,
          TOTAL_BANDWIDTH: 4e6,
        },
      ],
    },
  });
  const cellCount = CHAN_COUNT * CORR_COUNT;
  const values = new Float32Array(2 * ROW_COUNT * cellCount).map((_, k) => 1 + (k % 7));
  const flags = new Uint8Array(ROW_COUNT * cellCount);
  faults.data?.(values, flags);
  const cellShape = [CORR_COUNT, CHAN_COUNT];
  builder.setColumn("UVW", {
    kind: "values",
    values: Float64Array.from(uvwM, (value) => value * (faults.uvwFactor ?? 1)),
  });
  builder.setColumn("DATA", { kind: "values", values, cellShape });
  builder.setColumn("FLAG", { kind: "values", values: flags, cellShape });
  for (const name of ["WEIGHT", "SIGMA"] as const)
    builder.setColumn(name, { kind: "constant", value: Float32Array.of(1, 1) });
  builder.setColumn("TIME", {
    kind: "values",
    values: Float64Array.from(rows, ({ timeMjdSec }, row) => faults.timeMjdSec?.(row, timeMjdSec) ?? timeMjdSec),
  });
  builder.setColumn("INTERVAL", { kind: "constant", value: 12.9 });
  builder.setColumn("FIELD_ID", { kind: "constant", value: faults.fieldId ?? 0 });
  builder.setColumn("ANTENNA1", { kind: "values", values: Int32Array.from(rows, ({ pair }) => pair[0]) });
  builder.setColumn("ANTENNA2", {
    kind: "values",
    values: Int32Array.from(rows, ({ pair }, row) => faults.antenna2?.(row, pair[1]) ?? pair[1]),
  });
  await builder.finish();
  return path;
}

const wrongOf = (path: string): readonly Finding[] =>
  verifyTable(path).findings.filter((finding) => finding.severity !== "ok");

test("nothing is wrong with a Measurement Set that is right, and each check says what it looked at", async () => {
  const { findings, kind, rowCount } = verifyTable(await measurementSet());
  expect({ kind, rowCount }).toEqual({ kind: "measurement-set", rowCount: ROW_COUNT });
  expect(findings.filter((finding) => finding.severity !== "ok")).toEqual([]);
  expect(findings.map((finding) => finding.check)).toEqual(
    "row-counts storage schema ids shapes spectrum time antennas telescope directions uvw values".split(" "),
  );
});

describe("a fault is the only thing told", () => {
  const shiftedRaRad = CENTRE.raRad + 0.001;
  test.each<[string, Faults, Finding["severity"], string, RegExp]>([
    [
      "descending channels",
      { chanHz: [1.314e9, 1.313e9, 1.312e9, 1.311e9] },
      "warning",
      "spectrum",
      /CHAN_FREQ\[0\] does not ascend: 1313000000 Hz follows 1314000000 Hz at channel 1/,
    ],
    [
      "a frequency that is none",
      { chanHz: [0, 1e9, 2e9, 3e9] },
      "error",
      "spectrum",
      /expected a positive frequency, found 0 Hz/,
    ],
    ["a telescope of no name", { telescope: "DSA-110" }, "warning", "telescope", /"DSA-110"/],
    [
      "UVW of the other order of antennas, in a set of somebody else",
      { uvwFactor: -1, application: "other" },
      "warning",
      "uvw",
      /position\(ANTENNA1\) − position\(ANTENNA2\), the opposite/,
    ],
    ["UVW of the other order in a set of contimg", { uvwFactor: -1 }, "error", "uvw", /the opposite of the standard/],
    [
      "UVW of another direction",
      { uvwCentre: { raRad: 1.3, decRad: 0.9 }, application: "other" },
      "warning",
      "uvw",
      /expected within 0\.1 m, found .*position\(ANTENNA2\) − position\(ANTENNA1\) seen from RA 74\.48°, Dec 51\.57°/,
    ],
    [
      "UVW of other antennas",
      { uvwFactor: 1.1 },
      "error",
      "uvw",
      /no direction explains them, so the positions are not those they were computed from/,
    ],
    [
      "REFERENCE_DIR left behind by a change of PHASE_DIR, in a set of somebody else",
      { referenceDir: [shiftedRaRad, CENTRE.decRad], application: "other" },
      "warning",
      "directions",
      /field 0: PHASE_DIR and REFERENCE_DIR are 119\.98 arc seconds apart/,
    ],
    [
      "REFERENCE_DIR left behind in a set of contimg",
      { referenceDir: [shiftedRaRad, CENTRE.decRad] },
      "error",
      "directions",
      /119\.98 arc seconds apart/,
    ],
    [
      "a NaN that is not flagged",
      { data: (values) => values.fill(Number.NaN, 20, 21) },
      "error",
      "values",
      /DATA: 1 NaN or infinite values are not flagged, the first in row 1, value 2/,
    ],
    [
      "everything flagged",
      { data: (_values, flags) => flags.fill(1) },
      "warning",
      "values",
      /all 144 values are flagged/,
    ],
    ["nothing but zeros", { data: (values) => values.fill(0) }, "warning", "values", /all unflagged values are 0/],
  ])("%s", async (_what, faults, severity, check, message) => {
    const wrong = wrongOf(await measurementSet(faults));
    expect(wrong).toMatchObject([{ severity, check }]);
    expect(wrong[0]!.message).toMatch(message);
  });
});

test("an antenna that does not exist is told with its row; UVW are then not compared", async () => {
  const wrong = wrongOf(await measurementSet({ antenna2: (row, right) => (row === 5 ? 4 : right) }));
  expect(wrong).toMatchObject([
    { severity: "error", check: "ids" },
    { severity: "warning", check: "uvw" },
  ]);
  expect(wrong[0]!.message).toBe("MAIN ANTENNA2: expected rows of ANTENNA, 0 to 3; found 4 in row 5 (1 of 18 rows)");
});

test("a number of channels that is not that of the arrays and cells is told of each", async () => {
  const wrong = wrongOf(await measurementSet({ numChan: 5 }));
  expect(wrong.map(({ severity, check }) => `${severity} ${check}`)).toEqual(new Array(3).fill("error shapes"));
  expect(wrong[0]!.message).toMatch(/CHAN_FREQ, row 0: expected 5 values as NUM_CHAN says, found 4; .*and 1 more$/);
  expect(wrong[2]!.message).toBe("DATA, row 0: expected [corr, chan] = [2,5], found [2,4] (18 of 18 rows)");
});

test("a flagged NaN is no fault", async () => {
  const path = await measurementSet({
    data: (values, flags) => {
      values[20] = Number.POSITIVE_INFINITY;
      flags[10] = 1;
    },
  });
  expect(wrongOf(path)).toEqual([]);
});

test("UVW that belong to REFERENCE_DIR make the difference an error, whoever wrote it", async () => {
  const other = { raRad: 1.3, decRad: 0.9 };
  const wrong = wrongOf(
    await measurementSet({ uvwCentre: other, referenceDir: [other.raRad, other.decRad], application: "other" }),
  );
  expect(wrong).toMatchObject([
    { severity: "error", check: "directions" },
    { severity: "warning", check: "uvw" },
  ]);
  expect(wrong[0]!.message).toMatch(/UVW belong to REFERENCE_DIR \(within 0\.\d+ µm\), not to PHASE_DIR/);
});

test("a time before the one above is told, and what cannot be a time", async () => {
  const back = wrongOf(await measurementSet({ timeMjdSec: (row, right) => (row === 12 ? right - 40 : right) }));
  expect(back.find((finding) => finding.check === "time")).toMatchObject({ severity: "warning" });
  const julian = wrongOf(await measurementSet({ timeMjdSec: () => 2_460_951.99 }));
  expect(julian.find((finding) => finding.check === "time")).toMatchObject({ severity: "error" });
});

test("positions relative to the array's centre are not on the Earth, and UVW are then not compared", async () => {
  const wrong = wrongOf(await measurementSet({ positionM: (antenna) => Float64Array.of(10 * antenna, 5, 1) }));
  expect(wrong).toMatchObject([
    { severity: "error", check: "antennas" },
    { severity: "warning", check: "uvw" },
  ]);
  expect(wrong[0]!.message).toMatch(
    /POSITION of antenna 0 "A0": expected 6300 to 6400 km .* found 0\.005 km; .*and 1 more/,
  );
});

test("two antennas at one place are told", async () => {
  const wrong = wrongOf(
    await measurementSet({ positionM: (antenna, right) => (antenna === 3 ? antennaPositionsM()[2]! : right) }),
  );
  expect(wrong.find((finding) => finding.check === "antennas")!.message).toBe(
    'antenna 2 "A2" and antenna 3 "A3" are at the same place',
  );
});

test("a field that does not exist leaves nothing to compare UVW with", async () => {
  expect(wrongOf(await measurementSet({ fieldId: 3 }))).toMatchObject([
    { severity: "error", check: "ids" },
    { severity: "warning", check: "uvw" },
  ]);
});

describe("storage", () => {
  test("a file that is gone is named once, with the columns it held", async () => {
    const path = await measurementSet();
    const storage = verifyTable(path).findings.filter((finding) => finding.check === "storage");
    expect(storage).toHaveLength(1);
    unlinkSync(join(path, "FIELD/table.f0"));
    const wrong = wrongOf(path).filter((finding) => finding.check === "storage");
    expect(wrong).toHaveLength(1);
    expect(wrong[0]!.message).toMatch(
      /FIELD\/table\.f0: expected the StandardStMan of .*PHASE_DIR.*, found no such file/,
    );
  });

  test("a table that was changed in place is as good", async () => {
    const path = await measurementSet();
    const update = openTableForUpdate(path);
    update.updateScalars("ANTENNA1", 0, Int32Array.of(0));
    await update.finish();
    expect(wrongOf(path)).toEqual([]);
  });

  test("a copy in another folder is as good", async () => {
    const path = await measurementSet();
    const copy = `${path}-copy`;
    cpSync(path, copy, { recursive: true });
    expect(wrongOf(copy)).toEqual([]);
  });
});
