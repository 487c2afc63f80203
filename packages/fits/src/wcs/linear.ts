/** The linear part of a world coordinate system: Greisen & Calabretta 2002 (A&A 395, 1061; "paper I"), section 2. */
import { FitsCorruptError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";

/** Pixels to intermediate world coordinates and back. Matrices are square, row by row. */
export interface LinearPart {
  readonly axisCount: number;
  /** 0-based position of the reference point. */
  readonly referencePx: Float64Array;
  readonly matrix: Float64Array;
  readonly inverseMatrix: Float64Array;
}

/**
 * Reads CRPIX with CD, or PC and CDELT, or CROTA and CDELT.
 *
 * @param suffix  letter of an alternate description, or nothing
 * @param factors  that bring the unit of each axis to that of the result
 * @param rotatedAxes  longitude and latitude, which CROTA turns; undefined when there are none
 * @throws FitsCorruptError when the matrix has no inverse
 */
export function readLinearPart(
  header: FitsHeader,
  suffix: string,
  factors: readonly number[],
  rotatedAxes: readonly [lonAxis: number, latAxis: number] | undefined,
): LinearPart {
  const axisCount = factors.length;
  const at = (name: string, row: number, column: number): number | undefined =>
    header.number(`${name}${row + 1}_${column + 1}${suffix}`);
  const cells = Array.from({ length: axisCount * axisCount }, (_, cell) => cell);
  const isAny = (name: string): boolean =>
    cells.some((cell) => at(name, Math.floor(cell / axisCount), cell % axisCount) !== undefined);
  const stepOf = (axis: number): number => header.number(`CDELT${axis + 1}${suffix}`) ?? 1;
  const hasSteps = Array.from({ length: axisCount }, (_, axis) => header.number(`CDELT${axis + 1}${suffix}`)).some(
    (step) => step !== undefined,
  );
  const hasPc = isAny("PC");
  // Both together are against the standard; where there are steps and PC they win.
  const isCd = isAny("CD") && !(hasPc && hasSteps);
  // An axis of which CD says nothing counts its pixels, whatever CDELT says: so do wcslib and all that use it.
  const hasCd = (axis: number): boolean =>
    factors.some((_, other) => (at("CD", axis, other) ?? 0) !== 0 || (at("CD", other, axis) ?? 0) !== 0);
  const matrix = Float64Array.from(cells, (cell) => {
    const [row, column] = [Math.floor(cell / axisCount), cell % axisCount];
    const identity = row === column ? 1 : 0;
    const cdAbsent = isCd && identity === 1 && !hasCd(row) ? 1 : 0;
    const element = isCd ? (at("CD", row, column) ?? cdAbsent) : stepOf(row) * (at("PC", row, column) ?? identity);
    return element * factors[row]!;
  });
  if (!isCd && !hasPc && rotatedAxes !== undefined) rotate(header, matrix, axisCount, rotatedAxes);
  const referencePx = Float64Array.from(
    { length: axisCount },
    (_, axis) => (header.number(`CRPIX${axis + 1}${suffix}`) ?? 0) - 1,
  );
  const inverseMatrix = inverted(matrix, axisCount);
  if (inverseMatrix === undefined) {
    const place = header.placeOf(isCd ? "CD1_1" : `CDELT1${suffix}`);
    const found = `one without inverse: [${Array.from(matrix).join(", ")}]`;
    throw new FitsCorruptError({ file: header.file, place, expected: "a matrix that can be inverted", found });
  }
  return { axisCount, referencePx, matrix, inverseMatrix };
}

/** CROTA of the latitude axis turns the two: paper II, 6.1. */
function rotate(
  header: FitsHeader,
  matrix: Float64Array,
  axisCount: number,
  [lonAxis, latAxis]: readonly [number, number],
): void {
  const rotationDeg = header.number(`CROTA${latAxis + 1}`) ?? header.number(`CROTA${lonAxis + 1}`) ?? 0;
  if (rotationDeg === 0) return;
  const cos = Math.cos((rotationDeg * Math.PI) / 180);
  const sin = Math.sin((rotationDeg * Math.PI) / 180);
  const lonStep = matrix[lonAxis * axisCount + lonAxis]!;
  const latStep = matrix[latAxis * axisCount + latAxis]!;
  matrix[lonAxis * axisCount + lonAxis] = lonStep * cos;
  matrix[lonAxis * axisCount + latAxis] = -latStep * sin;
  matrix[latAxis * axisCount + lonAxis] = lonStep * sin;
  matrix[latAxis * axisCount + latAxis] = latStep * cos;
}

/** Gauss-Jordan with pivots. @returns undefined when there is no inverse */
function inverted(matrix: Float64Array, size: number): Float64Array | undefined {
  const rows = Array.from({ length: size }, (_, row) => [
    ...matrix.subarray(row * size, (row + 1) * size),
    ...Array.from({ length: size }, (_unused, column) => (row === column ? 1 : 0)),
  ]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    const pivotRow = rows[pivot]!;
    const divisor = pivotRow[column]!;
    if (divisor === 0 || !Number.isFinite(divisor)) return undefined;
    rows[pivot] = rows[column]!;
    rows[column] = pivotRow.map((value) => value / divisor);
    for (let row = 0; row < size; row++) {
      const factor = rows[row]![column]!;
      if (row === column || factor === 0) continue;
      rows[row] = rows[row]!.map((value, at) => value - factor * rows[column]![at]!);
    }
  }
  return Float64Array.from(rows.flatMap((row) => row.slice(size)));
}
