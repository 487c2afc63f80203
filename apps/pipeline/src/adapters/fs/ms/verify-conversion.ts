/** Reads a new Measurement Set back before it gets its name: is it what was meant to be written? */

import { crc32 } from "node:zlib";
import { openTable, type Table } from "@contimg/casacore-tables/node";
import { type EarthOrientation, observeFrom, utcFromMjdSec, uvwForPhaseCentre } from "@contimg/sky";
import type { ConversionPlan } from "../../../domain/conversion-plan.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { RowSample } from "./row-tasks.ts";
import { antennaItrfM } from "./subtables.ts";

/** Computed twice from the same numbers, once after a round trip through the table. */
const SAME_UVW_M = 1e-6;
/** Rows whose geometry is computed anew: each costs a millisecond. */
const GEOMETRY_ROW_COUNT = 64;

/**
 * @returns how many rows were compared value for value
 * @throws PipelineError MS_VERIFY_FAILED naming table, column, row, what was expected and what was found
 */
export function verifyConversion(
  path: string,
  plan: ConversionPlan,
  samples: readonly RowSample[],
  earthOrientation: EarthOrientation,
): number {
  using main = openTable(path);
  const fail = (what: string, expected: unknown, found: unknown): never => {
    throw new PipelineError(
      "MS_VERIFY_FAILED",
      `${path}: ${what}: expected ${String(expected)}, found ${String(found)}`,
      { subject: plan.groupId },
    );
  };
  const expectedRowCount = plan.rows.rowCount * plan.spws.length;
  if (main.rowCount !== expectedRowCount) fail("rows of MAIN", expectedRowCount, main.rowCount);
  verifyFrequencies(main, plan, fail);
  verifyGeometry(main, plan, earthOrientation, fail);
  verifyCells(main, plan, samples, fail);
  return samples.length;
}

type Fail = (what: string, expected: unknown, found: unknown) => never;

function verifyFrequencies(main: Table, plan: ConversionPlan, fail: Fail): void {
  using windows = main.subtable("SPECTRAL_WINDOW");
  if (windows.rowCount !== plan.spws.length) fail("rows of SPECTRAL_WINDOW", plan.spws.length, windows.rowCount);
  const chanFreq = windows.column("CHAN_FREQ");
  let lastHz = 0;
  for (let spw = 0; spw < windows.rowCount; spw++) {
    for (const [chan, freqHz] of ((chanFreq.getArray(spw)?.data ?? []) as Float64Array).entries()) {
      if (!(freqHz > lastHz)) fail(`SPECTRAL_WINDOW CHAN_FREQ[${spw}][${chan}]`, `above ${lastHz} Hz`, freqHz);
      lastHz = freqHz;
    }
  }
}

/** UVW follow from TIME, the antennas' positions and the field's direction, all as the tables hold them. */
function verifyGeometry(main: Table, plan: ConversionPlan, earthOrientation: EarthOrientation, fail: Fail): void {
  using antennas = main.subtable("ANTENNA");
  using fields = main.subtable("FIELD");
  const expectedPositionsM = antennaItrfM(plan);
  const centreM = expectedPositionsM.map((positionM, k) => positionM - plan.antennas.positionsM[k]!);
  const offsetsM = new Float64Array(expectedPositionsM.length);
  const position = antennas.column("POSITION");
  for (let antenna = 0; antenna < antennas.rowCount; antenna++) {
    const positionM = position.getArray(antenna)?.data as Float64Array;
    for (let axis = 0; axis < 3; axis++) {
      const at = 3 * antenna + axis;
      if (positionM[axis] !== expectedPositionsM[at])
        fail(`ANTENNA POSITION[${antenna}][${axis}]`, `${expectedPositionsM[at]} m`, positionM[axis]);
      offsetsM[at] = positionM[axis]! - centreM[at]!;
    }
  }
  if (plan.rows.keepsStoredUvw) return;
  const [time, uvw, antenna1, antenna2, fieldId] = ["TIME", "UVW", "ANTENNA1", "ANTENNA2", "FIELD_ID"].map((name) =>
    main.column(name),
  );
  const step = Math.max(1, Math.floor(main.rowCount / GEOMETRY_ROW_COUNT));
  for (let row = 0; row < main.rowCount; row += step) {
    const direction = fields.column("PHASE_DIR").getArray(Number(fieldId!.getScalar(row)))?.data as Float64Array;
    const epoch = observeFrom(utcFromMjdSec(Number(time!.getScalar(row))), plan.site, { earthOrientation });
    const antennaUvwM = uvwForPhaseCentre(epoch, offsetsM, { raRad: direction[0]!, decRad: direction[1]! });
    const [first, second] = [Number(antenna1!.getScalar(row)), Number(antenna2!.getScalar(row))];
    const found = uvw!.getArray(row)?.data as Float64Array;
    for (let axis = 0; axis < 3; axis++) {
      const expectedM = antennaUvwM[3 * second + axis]! - antennaUvwM[3 * first + axis]!;
      if (!(Math.abs(found[axis]! - expectedM) <= SAME_UVW_M))
        fail(`MAIN UVW[${row}][${axis}]`, `${expectedM} m`, found[axis]);
    }
  }
}

function verifyCells(main: Table, plan: ConversionPlan, samples: readonly RowSample[], fail: Fail): void {
  const data = main.column("DATA");
  const flag = main.column("FLAG");
  const valueCount = plan.spws[0]!.freqHz.length * plan.polarization.corrTypes.length;
  const values = new Float32Array(2 * valueCount);
  const flags = new Uint8Array(valueCount);
  const hex = (crc: number) => crc.toString(16).padStart(8, "0");
  for (const sample of samples) {
    data.getCellsInto(sample.mainRow, sample.mainRow + 1, values);
    const dataCrc32 = crc32(new Uint8Array(values.buffer));
    if (dataCrc32 !== sample.dataCrc32)
      fail(`CRC-32 of MAIN DATA[${sample.mainRow}]`, hex(sample.dataCrc32), hex(dataCrc32));
    flag.getCellsInto(sample.mainRow, sample.mainRow + 1, flags);
    const flagCrc32 = crc32(flags);
    if (flagCrc32 !== sample.flagCrc32)
      fail(`CRC-32 of MAIN FLAG[${sample.mainRow}]`, hex(sample.flagCrc32), hex(flagCrc32));
  }
}
