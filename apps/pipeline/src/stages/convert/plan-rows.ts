/** Rows of the MAIN table: which antennas, when, with which baseline vector, and how far to rotate. */

import { type EarthOrientation, phaseShiftPathM, type Vector } from "@contimg/sky";
import type { PlannedField, PlannedRows } from "../../domain/conversion-plan.ts";
import { PipelineError } from "../../domain/error-codes.ts";
import type { PhaseCentre, SubbandHeader } from "../../domain/subband-header.ts";
import type { PhaseCentreChoice } from "./config.ts";
import { type EpochGeometry, geometryAt } from "./geometry.ts";

const MJD_ZERO_JD = 2_400_000.5;
const SEC_PER_DAY = 86_400;

export const mjdSecOfJd = (timeJd: number): number => (timeJd - MJD_ZERO_JD) * SEC_PER_DAY;

const sharedInt32 = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));
const sharedFloat64 = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length));
const sharedUint8 = (length: number) => new Uint8Array(new SharedArrayBuffer(length));

/** Times in ascending order, and which of them each row has. */
function indexTimes(timeJd: Float64Array): { readonly timesJd: Float64Array; readonly timeIndex: Int32Array } {
  const timesJd = Float64Array.from(new Set(timeJd)).toSorted();
  const indexOf = new Map(Array.from(timesJd, (time, index) => [time, index]));
  const timeIndex = sharedInt32(timeJd.length);
  for (let row = 0; row < timeJd.length; row++) timeIndex[row] = indexOf.get(timeJd[row]!)!;
  return { timesJd, timeIndex };
}

/** The row of the ANTENNA table for each antenna number of the file. */
function antennaRows(header: SubbandHeader, numbers: Int32Array): Int32Array {
  const rowOf = new Map(Array.from(header.antennas.numbers, (number, row) => [number, row]));
  return numbers.map((number) => {
    const row = rowOf.get(number);
    if (row === undefined) {
      throw new PipelineError(
        "UVH5_CORRUPT",
        `${header.path}: a baseline names antenna ${number}, expected one of the ${rowOf.size} antenna_numbers`,
        { subject: header.path },
      );
    }
    return row;
  });
}

export interface RowsPlan {
  readonly rows: PlannedRows;
  readonly fields: readonly PlannedField[];
  /** What was done to phases, in a sentence for HISTORY. */
  readonly phasing: string;
}

/**
 * Plans the geometry of every row for the chosen phase centre.
 *
 * UVW are computed in float64 from antenna positions for each integration and field; what the file stores (float32,
 * one geometry for all integrations in the case of DSA-110) is not used. The exception is data phased to fixed
 * directions whose stored UVW do not follow from its antenna positions: those keep what their writer stored.
 */
export function planRows(
  header: SubbandHeader,
  choice: PhaseCentreChoice,
  earthOrientation: EarthOrientation,
): RowsPlan {
  const { timesJd, timeIndex } = indexTimes(header.timeJd);
  const epochs = Array.from(timesJd, (timeJd) => geometryAt(timeJd, header.site, earthOrientation));
  const antenna1In = antennaRows(header, header.antenna1Number);
  const antenna2In = antennaRows(header, header.antenna2Number);
  const fieldPlan = planFields(header, choice, timesJd, epochs, earthOrientation);
  const rowCount = timeIndex.length;

  const fieldId = sharedInt32(rowCount);
  for (let row = 0; row < rowCount; row++) fieldId[row] = fieldPlan.fieldOf(row, timeIndex[row]!);

  const antennaUvw = new Map<number, Float64Array>();
  const antennaPath = new Map<number, Float64Array>();
  const rotates = fieldPlan.oldDirection !== null;
  const key = (row: number) => timeIndex[row]! * fieldPlan.fields.length + fieldId[row]!;
  const uvwM = sharedFloat64(3 * rowCount);
  const pathM = rotates ? sharedFloat64(rowCount) : null;
  const antenna1 = sharedInt32(rowCount);
  const antenna2 = sharedInt32(rowCount);
  const conjugate = sharedUint8(rowCount);
  let conjugatedCount = 0;
  for (let row = 0; row < rowCount; row++) {
    const epoch = epochs[timeIndex[row]!]!;
    const centre = fieldPlan.fields[fieldId[row]!]!;
    let uvw = antennaUvw.get(key(row));
    if (!uvw) {
      uvw = epoch.antennaUvwM(header.antennas.positionsM, centre);
      antennaUvw.set(key(row), uvw);
    }
    const a1 = antenna1In[row]!;
    const a2 = antenna2In[row]!;
    if (pathM) {
      let path = antennaPath.get(key(row));
      if (!path) {
        path = phaseShiftPathM(
          header.antennas.positionsM,
          fieldPlan.oldDirection!(row, epoch),
          epoch.direction(centre),
        );
        antennaPath.set(key(row), path);
      }
      pathM[row] = path[a2]! - path[a1]!;
    }
    const turned = a1 > a2;
    if (turned) {
      conjugate[row] = 1;
      conjugatedCount++;
    }
    const first = turned ? a2 : a1;
    const second = turned ? a1 : a2;
    antenna1[row] = first;
    antenna2[row] = second;
    for (let axis = 0; axis < 3; axis++) uvwM[3 * row + axis] = uvw[3 * second + axis]! - uvw[3 * first + axis]!;
  }

  const keptStored = header.phasing.kind === "sidereal" && !rotates && keepStoredUvw(header.uvwM, uvwM, conjugate);
  const timeMjdSec = sharedFloat64(rowCount);
  const exposureSec = sharedFloat64(rowCount);
  for (let row = 0; row < rowCount; row++) {
    timeMjdSec[row] = mjdSecOfJd(header.timeJd[row]!);
    exposureSec[row] = header.integrationTimeSec[row]!;
  }
  return {
    rows: {
      rowCount,
      timeIndex,
      antenna1,
      antenna2,
      conjugate: conjugatedCount > 0 ? conjugate : null,
      fieldId,
      timeMjdSec,
      exposureSec,
      uvwM,
      keepsStoredUvw: keptStored,
      pathM,
    },
    fields: fieldPlan.fields,
    phasing: keptStored ? `${fieldPlan.phasing}; UVW as stored` : fieldPlan.phasing,
  };
}

/** Stored and computed baselines may differ by this much (float32 UVW, older Earth models) and still be the same. */
const SAME_BASELINE_M = 0.1;

function keepStoredUvw(storedM: Float64Array | null, uvwM: Float64Array, conjugate: Uint8Array): boolean {
  if (!storedM) return false;
  let worstM = 0;
  for (let k = 0; k < uvwM.length; k++) {
    const sign = conjugate[Math.floor(k / 3)] === 1 ? -1 : 1;
    worstM = Math.max(worstM, Math.abs(uvwM[k]! - sign * storedM[k]!));
  }
  if (worstM <= SAME_BASELINE_M) return false;
  for (let k = 0; k < uvwM.length; k++) uvwM[k] = (conjugate[Math.floor(k / 3)] === 1 ? -1 : 1) * storedM[k]!;
  return true;
}

interface FieldPlan {
  readonly fields: readonly PlannedField[];
  readonly phasing: string;
  fieldOf(row: number, timeIndex: number): number;
  /** The Earth-fixed direction a row is phased to now (zero vector: not at all); null: nothing has to be rotated. */
  readonly oldDirection: ((row: number, epoch: EpochGeometry) => Vector) | null;
}

const NOT_PHASED: Vector = { x: 0, y: 0, z: 0 };

function planFields(
  header: SubbandHeader,
  choice: PhaseCentreChoice,
  timesJd: Float64Array,
  epochs: readonly EpochGeometry[],
  earthOrientation: EarthOrientation,
): FieldPlan {
  const midJd = (timesJd[0]! + timesJd.at(-1)!) / 2;
  const midMjdSec = mjdSecOfJd(midJd);
  const one = (centre: PhaseCentre): readonly PlannedField[] => [{ ...centre, timeMjdSec: midMjdSec }];
  const { phasing } = header;

  if (phasing.kind === "sidereal") {
    const centreOf = (row: number) => phasing.centreOfBlt?.[row] ?? 0;
    if (choice.kind !== "icrs") {
      return {
        fields: phasing.centres.map((centre) => ({ ...centre, timeMjdSec: midMjdSec })),
        phasing: "phase centres as in the file",
        fieldOf: centreOf,
        oldDirection: null,
      };
    }
    return {
      fields: one(namedCentre(choice.raRad, choice.decRad)),
      phasing: "rotated to the given phase centre",
      fieldOf: () => 0,
      oldDirection: (row, epoch) => epoch.direction(phasing.centres[centreOf(row)]!),
    };
  }

  const meridianDecRad = phasing.kind === "meridian" ? phasing.apparentDecRad : header.site.latitudeRad;
  if (choice.kind === "none" && phasing.kind === "meridian") {
    return {
      fields: epochs.map((epoch, index) => ({
        name: `meridian_icrs_t${index}`,
        ...epoch.meridianCentre(meridianDecRad),
        timeMjdSec: mjdSecOfJd(timesJd[index]!),
      })),
      phasing: "phased to the meridian of each integration, as recorded",
      fieldOf: (_row, timeIndex) => timeIndex,
      oldDirection: null,
    };
  }
  const centre =
    choice.kind === "icrs"
      ? namedCentre(choice.raRad, choice.decRad)
      : {
          name: "meridian_icrs_mid",
          ...geometryAt(midJd, header.site, earthOrientation).meridianCentre(meridianDecRad),
        };
  return {
    fields: one(centre),
    phasing:
      choice.kind === "icrs"
        ? "rotated to the given phase centre"
        : phasing.kind === "meridian"
          ? "rotated to the meridian at the middle of the group"
          : "not fringe-stopped in the file; phased to the zenith meridian at the middle of the file",
    fieldOf: () => 0,
    oldDirection:
      phasing.kind === "meridian" ? (_row, epoch) => epoch.meridianDirection(meridianDecRad) : () => NOT_PHASED,
  };
}

/** `J114850.12+542630.1`: the name the field gives a direction. */
function namedCentre(raRad: number, decRad: number): PhaseCentre {
  const turn = 2 * Math.PI;
  const sexagesimal = (value: number, decimals: number) => {
    const scale = 10 ** decimals;
    const total = Math.round(value * 3600 * scale);
    const seconds = (total % (60 * scale)) / scale;
    const minutes = Math.floor(total / (60 * scale)) % 60;
    const whole = Math.floor(total / (3600 * scale));
    return `${String(whole).padStart(2, "0")}${String(minutes).padStart(2, "0")}${seconds.toFixed(decimals).padStart(3 + decimals, "0")}`;
  };
  const hours = ((((raRad % turn) + turn) % turn) / turn) * 24;
  const degrees = (Math.abs(decRad) / turn) * 360;
  return { name: `J${sexagesimal(hours, 2)}${decRad < 0 ? "-" : "+"}${sexagesimal(degrees, 1)}`, raRad, decRad };
}
