/** Which direction do UVW point at, whatever the table says? */

/** w of a baseline, and the baseline itself, both in metres. */
export interface BaselinePath {
  readonly wM: number;
  /** ITRF x, y, z: position of ANTENNA2 minus that of ANTENNA1. */
  readonly baselineM: readonly [number, number, number];
}

export interface FittedDirection {
  /** Unit vector along ITRF axes, on the side of `zenith`. */
  readonly direction: readonly [number, number, number];
  /** −1 when w is that of ANTENNA1 minus ANTENNA2. */
  readonly sign: 1 | -1;
  readonly maxResidualM: number;
}

/** A vector this far from length 1 is no direction: UVW and positions are not of the same baselines. */
const UNIT_LENGTH_RATIO = 0.01;

/**
 * Least squares for s in w = s · baseline.
 *
 * @param zenith unit vector, ITRF: of a direction and its opposite, the one above the horizon is seen
 * @returns undefined when the baselines span no three dimensions, or the best s is not of length 1
 */
export function fitDirection(
  paths: readonly BaselinePath[],
  zenith: readonly [number, number, number],
): FittedDirection | undefined {
  const normal = [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) => sum(paths, (path) => path.baselineM[i]! * path.baselineM[j]!)),
  );
  const right = [0, 1, 2].map((i) => sum(paths, (path) => path.baselineM[i]! * path.wM));
  const whole = determinant(normal);
  const scale = normal[0]![0]! + normal[1]![1]! + normal[2]![2]!;
  // An array on a plain is thin but not flat; below this, rounding decides.
  if (!(whole > 1e-12 * scale ** 3)) return undefined;
  const solution = [0, 1, 2].map(
    (k) => determinant(normal.map((row, i) => row.map((value, j) => (j === k ? right[i]! : value)))) / whole,
  );
  const length = Math.hypot(...solution);
  if (!(Math.abs(length - 1) < UNIT_LENGTH_RATIO)) return undefined;
  const up = solution[0]! * zenith[0] + solution[1]! * zenith[1] + solution[2]! * zenith[2];
  const sign = up < 0 ? -1 : 1;
  const maxResidualM = Math.max(
    ...paths.map(({ wM, baselineM: [x, y, z] }) =>
      Math.abs(wM - solution[0]! * x - solution[1]! * y - solution[2]! * z),
    ),
  );
  const [x = 0, y = 0, z = 0] = solution.map((value) => (sign * value) / length);
  return { direction: [x, y, z], sign, maxResidualM };
}

function sum(paths: readonly BaselinePath[], term: (path: BaselinePath) => number): number {
  return paths.reduce((total, path) => total + term(path), 0);
}

function determinant([a, b, c]: readonly (readonly number[])[]): number {
  return (
    a![0]! * (b![1]! * c![2]! - b![2]! * c![1]!) -
    a![1]! * (b![0]! * c![2]! - b![2]! * c![0]!) +
    a![2]! * (b![0]! * c![1]! - b![1]! * c![0]!)
  );
}
