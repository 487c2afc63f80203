/**
 * Do UVW follow from the antennas' positions, TIME and the field's PHASE_DIR? And is REFERENCE_DIR the same direction?
 * Some rows of some times are worked out anew, with both orders of the antennas and both kinds of axes.
 */

import type { Column, Table } from "@contimg/casacore-tables/node";
import {
  geocentricToGeodetic,
  isSkyError,
  itrfToIcrs,
  observeFrom,
  type Site,
  utcFromMjdSec,
  uvwForPhaseCentre,
} from "@contimg/sky";
import { arrayOf, columnOf, frameOf, numbersOf, stringsOf, subtableOf } from "./cells.ts";
import type { Findings } from "./findings.ts";
import { type BaselinePath, fitDirection } from "./fit-direction.ts";
import { timeScaleOf } from "./subtable-records.ts";

/** Times that are looked at, evenly over the table, and rows of each. */
const TIME_COUNT = 24;
const ROWS_A_TIME_COUNT = 64;

/** Above this, images are visibly wrong at the field's edge for any array; rounding and models of the Earth stay below. */
const DEVIATION_M = 0.1;
/** Directions that are meant to be one: 0.01 arc seconds. */
const SAME_DIRECTION_RAD = 5e-8;
const ARCSEC_PER_RAD = (180 / Math.PI) * 3600;

type DirectionColumn = "PHASE_DIR" | "REFERENCE_DIR";

interface SampledRow {
  readonly timeMjdSec: number;
  readonly fieldId: number;
  readonly antenna1: number;
  readonly antenna2: number;
  readonly uvwM: Float64Array;
}

interface Fit {
  readonly sign: 1 | -1;
  readonly axes: "sky" | "rigid";
  readonly maxM: number;
  readonly rmsM: number;
}

export function checkGeometry(main: Table, findings: Findings): void {
  findings.run("uvw", () => {
    using antennas = subtableOf(main, "ANTENNA");
    using fields = subtableOf(main, "FIELD");
    if (antennas === undefined || fields === undefined || main.rowCount === 0) return undefined;
    const isOwn = isWrittenHere(main);
    const samples = sampleRows(main);
    const geometry = arrayGeometry(antennas, samples);
    const unusable = unusableReason(main, fields, samples, geometry);
    if (unusable !== undefined) {
      findings.add("warning", "uvw", `not compared: ${unusable}`);
      checkReferenceDirection(fields, undefined, isOwn, findings);
      return undefined;
    }
    try {
      const fit = bestFit(samples, fields, "PHASE_DIR", geometry!);
      checkReferenceDirection(fields, { fit, samples, geometry: geometry! }, isOwn, findings);
      return judge(fit, samples, geometry!, isOwn, findings);
    } catch (error) {
      if (!isSkyError(error)) throw error;
      findings.add("warning", "uvw", `not compared: ${error.message}`);
      return undefined;
    }
  });
}

function judge(
  fit: Fit,
  samples: readonly SampledRow[],
  geometry: ArrayGeometry,
  isOwn: boolean,
  findings: Findings,
): string | undefined {
  const how = `${formatM(fit.maxM)} at most (rms ${formatM(fit.rmsM)}) in ${samples.length} rows`;
  if (fit.maxM > DEVIATION_M) {
    findings.add(
      isOwn ? "error" : "warning",
      "uvw",
      `UVW do not follow from ANTENNA POSITION, TIME and PHASE_DIR: expected within ${DEVIATION_M} m, found ${how}; ${whereUvwPoint(samples, geometry)}`,
    );
    return undefined;
  }
  if (fit.sign < 0) {
    findings.add(
      isOwn ? "error" : "warning",
      "uvw",
      `UVW are position(ANTENNA1) − position(ANTENNA2), the opposite of the standard; else they agree: ${how}. ` +
        "Software that takes UVW as they are finds sources where they should be when the data are conjugated too, as " +
        "pyuvdata writes them",
    );
    return undefined;
  }
  const axes = fit.axes === "rigid" && !isOwn ? ", as a rigid rotation of the baseline" : "";
  return `UVW follow from ANTENNA POSITION, TIME and PHASE_DIR${axes}: they differ by ${how}`;
}

/** What UVW of the time with the most rows say of themselves, once they do not fit the table. */
function whereUvwPoint(samples: readonly SampledRow[], { site, offsetsM }: ArrayGeometry): string {
  const groups = Map.groupBy(samples, (sample) => sample.timeMjdSec);
  const [timeMjdSec, rows] = [...groups].reduce((most, each) => (each[1].length > most[1].length ? each : most));
  const paths = rows.map(({ antenna1, antenna2, uvwM }): BaselinePath => {
    const along = (axis: number) => offsetsM[3 * antenna2 + axis]! - offsetsM[3 * antenna1 + axis]!;
    return { wM: uvwM[2]!, baselineM: [along(0), along(1), along(2)] };
  });
  const cosLatitude = Math.cos(site.latitudeRad);
  const zenith = [
    cosLatitude * Math.cos(site.longitudeRad),
    cosLatitude * Math.sin(site.longitudeRad),
    Math.sin(site.latitudeRad),
  ] as const;
  const fitted = fitDirection(paths, zenith);
  if (fitted === undefined || fitted.maxResidualM > DEVIATION_M)
    return "no direction explains them, so the positions are not those they were computed from";
  const [x, y, z] = fitted.direction;
  const { raRad, decRad } = itrfToIcrs(observeFrom(utcFromMjdSec(timeMjdSec), site), { x, y, z });
  const raDeg = ((raRad * 180) / Math.PI + 360) % 360;
  const decDeg = (decRad * 180) / Math.PI;
  const order = fitted.sign < 0 ? "position(ANTENNA1) − position(ANTENNA2)" : "position(ANTENNA2) − position(ANTENNA1)";
  return `they are ${order} seen from RA ${raDeg.toFixed(2)}°, Dec ${decDeg.toFixed(2)}° (ICRS)`;
}

/** Whether the Measurement Set says that contimg made it. */
function isWrittenHere(main: Table): boolean {
  using history = subtableOf(main, "HISTORY");
  return history !== undefined && stringsOf(history, "APPLICATION").includes("contimg");
}

function sampleRows(main: Table): readonly SampledRow[] {
  if (!["TIME", "FIELD_ID", "ANTENNA1", "ANTENNA2", "UVW"].every((name) => main.hasColumn(name))) return [];
  const [time, field, first, second] = ["TIME", "FIELD_ID", "ANTENNA1", "ANTENNA2"].map((name) => main.column(name));
  const uvw = main.column("UVW");
  const samples: SampledRow[] = [];
  const step = Math.max(1, main.rowCount / TIME_COUNT);
  for (let at = 0; at < main.rowCount; at += step) {
    const start = Math.floor(at);
    const end = Math.min(start + Math.min(Math.max(1, Math.floor(step)), ROWS_A_TIME_COUNT), main.rowCount);
    const number = (column: Column | undefined, row: number) => Number(column!.getScalar(row));
    for (let row = start; row < end; row++) {
      const [antenna1, antenna2] = [number(first, row), number(second, row)];
      if (antenna1 === antenna2 || uvw.shapeOf(row)?.[0] !== 3) continue;
      samples.push({
        timeMjdSec: number(time, row),
        fieldId: number(field, row),
        antenna1,
        antenna2,
        uvwM: uvw.getArray(row).data as Float64Array,
      });
    }
  }
  return samples;
}

interface ArrayGeometry {
  readonly site: Site;
  /** From the mean of the antennas in the rows looked at; row-major [antenna, 3]. */
  readonly offsetsM: Float64Array;
}

/** undefined when an antenna of the rows has no position on the Earth, which another check tells. */
function arrayGeometry(antennas: Table, samples: readonly SampledRow[]): ArrayGeometry | undefined {
  const positionsM = new Float64Array(3 * antennas.rowCount);
  const meanM = [0, 0, 0];
  const used = [...new Set(samples.flatMap(({ antenna1, antenna2 }) => [antenna1, antenna2]))];
  for (const row of used) {
    const positionM = row >= 0 && row < antennas.rowCount ? arrayOf(antennas, "POSITION", row) : undefined;
    if (positionM?.length !== 3 || !(Math.hypot(...positionM) > 6e6)) return undefined;
    positionsM.set(positionM, 3 * row);
    for (let axis = 0; axis < 3; axis++) meanM[axis]! += positionM[axis]! / used.length;
  }
  const [xM = 0, yM = 0, zM = 0] = meanM;
  return {
    site: geocentricToGeodetic(xM, yM, zM),
    offsetsM: positionsM.map((positionM, k) => positionM - meanM[k % 3]!),
  };
}

function unusableReason(
  main: Table,
  fields: Table,
  samples: readonly SampledRow[],
  geometry: ArrayGeometry | undefined,
): string | undefined {
  if (samples.length === 0) return "there are no cross-correlations with UVW";
  if (geometry === undefined) return "antennas of the rows have no position on the Earth";
  if (samples.some(({ fieldId }) => fieldId < 0 || fieldId >= fields.rowCount))
    return "rows name fields that do not exist";
  const timeScale = timeScaleOf(main);
  if (timeScale !== "UTC") return `TIME is ${timeScale}, not UTC`;
  for (const fieldId of new Set(samples.map((sample) => sample.fieldId))) {
    const frame = frameOf(fields, "PHASE_DIR", fieldId);
    // J2000 and ICRS differ by 0.02 arc seconds: 4 mm on a baseline of 35 km.
    if (frame !== "J2000" && frame !== "ICRS") return `PHASE_DIR of field ${fieldId} is in the frame "${frame}"`;
    if (arrayOf(fields, "PHASE_DIR", fieldId) === undefined) return `field ${fieldId} has no PHASE_DIR`;
  }
  return undefined;
}

/** A direction of a field, a polynomial in the time since the field's own. */
function directionAt(fields: Table, name: DirectionColumn, fieldId: number, timeMjdSec: number) {
  const terms = arrayOf(fields, name, fieldId)!;
  const sinceSec = timeMjdSec - (numbersOf(fields, "TIME", timeMjdSec)[fieldId] ?? timeMjdSec);
  let [raRad, decRad] = [0, 0];
  for (let k = terms.length - 2; k >= 0; k -= 2) {
    raRad = raRad * sinceSec + terms[k]!;
    decRad = decRad * sinceSec + terms[k + 1]!;
  }
  return { raRad, decRad };
}

/** @throws TimeOutOfRangeError of the sky library */
function bestFit(
  samples: readonly SampledRow[],
  fields: Table,
  name: DirectionColumn,
  { site, offsetsM }: ArrayGeometry,
): Fit {
  const fits = (["sky", "rigid"] as const).map((axes) => {
    const known = new Map<string, Float64Array>();
    const sums = { 1: 0, "-1": 0 };
    const largest = { 1: 0, "-1": 0 };
    for (const { timeMjdSec, fieldId, antenna1, antenna2, uvwM } of samples) {
      const key = `${timeMjdSec}/${fieldId}`;
      let antennaUvwM = known.get(key);
      if (antennaUvwM === undefined) {
        const epoch = observeFrom(utcFromMjdSec(timeMjdSec), site);
        antennaUvwM = uvwForPhaseCentre(epoch, offsetsM, directionAt(fields, name, fieldId, timeMjdSec), { axes });
        known.set(key, antennaUvwM);
      }
      for (const sign of [1, -1] as const) {
        let squareM = 0;
        for (let axis = 0; axis < 3; axis++) {
          const expectedM = sign * (antennaUvwM[3 * antenna2 + axis]! - antennaUvwM[3 * antenna1 + axis]!);
          const deviationM = Math.abs(uvwM[axis]! - expectedM);
          squareM += deviationM * deviationM;
          // A NaN among UVW is a deviation without bound.
          largest[sign] =
            deviationM <= largest[sign] ? largest[sign] : Number.isNaN(deviationM) ? Infinity : deviationM;
        }
        sums[sign] += squareM;
      }
    }
    return ([1, -1] as const).map(
      (sign): Fit => ({ sign, axes, maxM: largest[sign], rmsM: Math.sqrt(sums[sign] / samples.length) }),
    );
  });
  return fits.flat().reduce((best, each) => (each.maxM < best.maxM ? each : best));
}

interface UvwContext {
  readonly fit: Fit;
  readonly samples: readonly SampledRow[];
  readonly geometry: ArrayGeometry;
}

/**
 * Programs take their image centre from one of PHASE_DIR and REFERENCE_DIR, so two that differ put sources in two
 * places. UVW tell which one the data belong to: when that is not PHASE_DIR, the table is wrong. The standard lets the two
 * differ; contimg never does.
 */
function checkReferenceDirection(fields: Table, uvw: UvwContext | undefined, isOwn: boolean, findings: Findings): void {
  if (columnOf(fields, "REFERENCE_DIR") === undefined || columnOf(fields, "PHASE_DIR") === undefined) return;
  const cases: string[] = [];
  let isComparable = true;
  for (let fieldId = 0; fieldId < fields.rowCount; fieldId++) {
    const [phase, reference] = [arrayOf(fields, "PHASE_DIR", fieldId), arrayOf(fields, "REFERENCE_DIR", fieldId)];
    const frames = [frameOf(fields, "PHASE_DIR", fieldId), frameOf(fields, "REFERENCE_DIR", fieldId)];
    if (phase === undefined || reference === undefined) continue;
    const apartRad = separationOf(phase, reference);
    if (frames[0] !== frames[1]) {
      isComparable = false;
      cases.push(`field ${fieldId}: PHASE_DIR is in the frame ${frames[0]}, REFERENCE_DIR in ${frames[1]}`);
    } else if (apartRad > SAME_DIRECTION_RAD) {
      cases.push(
        `field ${fieldId}: PHASE_DIR and REFERENCE_DIR are ${(apartRad * ARCSEC_PER_RAD).toFixed(2)} arc seconds apart`,
      );
    }
  }
  if (cases.length === 0) {
    findings.add("ok", "directions", `PHASE_DIR and REFERENCE_DIR agree in ${fields.rowCount} fields`);
    return;
  }
  let belongsToReference = false;
  if (uvw !== undefined && isComparable && uvw.fit.maxM > DEVIATION_M) {
    const other = bestFit(uvw.samples, fields, "REFERENCE_DIR", uvw.geometry);
    belongsToReference = other.maxM < uvw.fit.maxM;
    if (belongsToReference)
      cases.unshift(`UVW belong to REFERENCE_DIR (within ${formatM(other.maxM)}), not to PHASE_DIR`);
  }
  findings.addCases(belongsToReference || isOwn ? "error" : "warning", "directions", cases);
}

function separationOf(a: Float64Array, b: Float64Array): number {
  const [ra1 = 0, dec1 = 0] = a;
  const [ra2 = 0, dec2 = 0] = b;
  const [halfRa, halfDec] = [Math.sin((ra2 - ra1) / 2), Math.sin((dec2 - dec1) / 2)];
  return 2 * Math.asin(Math.min(1, Math.sqrt(halfDec ** 2 + Math.cos(dec1) * Math.cos(dec2) * halfRa ** 2)));
}

function formatM(valueM: number): string {
  if (valueM >= 1) return `${valueM.toFixed(2)} m`;
  return valueM >= 1e-3 ? `${(valueM * 1e3).toFixed(2)} mm` : `${(valueM * 1e6).toFixed(valueM < 1e-5 ? 3 : 0)} µm`;
}
