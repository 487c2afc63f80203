import type { Vector } from "./vector.ts";

/** Row-major 3 × 3; turns components along old axes into components along new axes. */
export type Rotation = Float64Array;

/** New axes are the old ones turned about x by an angle, anticlockwise seen from the tip of x. */
export function axesTurnedAboutX(angleRad: number): Rotation {
  const cos = Math.cos(angleRad);
  const sin = Math.sin(angleRad);
  return Float64Array.of(1, 0, 0, 0, cos, sin, 0, -sin, cos);
}

/** New axes are the old ones turned about y. */
export function axesTurnedAboutY(angleRad: number): Rotation {
  const cos = Math.cos(angleRad);
  const sin = Math.sin(angleRad);
  return Float64Array.of(cos, 0, -sin, 0, 1, 0, sin, 0, cos);
}

/** New axes are the old ones turned about z. */
export function axesTurnedAboutZ(angleRad: number): Rotation {
  const cos = Math.cos(angleRad);
  const sin = Math.sin(angleRad);
  return Float64Array.of(cos, sin, 0, -sin, cos, 0, 0, 0, 1);
}

/** One rotation after another, the first argument first. */
export function inOrder(first: Rotation, ...then: readonly Rotation[]): Rotation {
  let total = first;
  for (const next of then) {
    const matrix = new Float64Array(9);
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        let sum = 0;
        for (let k = 0; k < 3; k++) sum += next[3 * row + k]! * total[3 * k + column]!;
        matrix[3 * row + column] = sum;
      }
    }
    total = matrix;
  }
  return total;
}

export function rotate(matrix: Rotation, vector: Vector): Vector {
  const { x, y, z } = vector;
  return {
    x: matrix[0]! * x + matrix[1]! * y + matrix[2]! * z,
    y: matrix[3]! * x + matrix[4]! * y + matrix[5]! * z,
    z: matrix[6]! * x + matrix[7]! * y + matrix[8]! * z,
  };
}

/** The inverse of `rotate` with the same rotation. */
export function rotateBack(matrix: Rotation, vector: Vector): Vector {
  const { x, y, z } = vector;
  return {
    x: matrix[0]! * x + matrix[3]! * y + matrix[6]! * z,
    y: matrix[1]! * x + matrix[4]! * y + matrix[7]! * z,
    z: matrix[2]! * x + matrix[5]! * y + matrix[8]! * z,
  };
}
