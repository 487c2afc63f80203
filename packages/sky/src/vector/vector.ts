/** Cartesian components; a unit vector where it is a direction. */
export interface Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Direction of a longitude-like angle (anticlockwise seen from the pole) and a latitude-like angle. */
export function unitVector(longitudeRad: number, latitudeRad: number): Vector {
  const cosLatitude = Math.cos(latitudeRad);
  return {
    x: cosLatitude * Math.cos(longitudeRad),
    y: cosLatitude * Math.sin(longitudeRad),
    z: Math.sin(latitudeRad),
  };
}

/** Longitude-like angle in (−π, π] and latitude-like angle of a vector of any length but zero. */
export function anglesOf(vector: Vector): { readonly longitudeRad: number; readonly latitudeRad: number } {
  const { x, y, z } = vector;
  return { longitudeRad: Math.atan2(y, x), latitudeRad: Math.atan2(z, Math.hypot(x, y)) };
}

/** The scalar product. */
export function dot(a: Vector, b: Vector): number {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

/** The vector product a × b. */
export function cross(a: Vector, b: Vector): Vector {
  return { x: a.y * b.z - a.z * b.y, y: a.z * b.x - a.x * b.z, z: a.x * b.y - a.y * b.x };
}

/** a + factor · b */
export function addScaled(a: Vector, factor: number, b: Vector): Vector {
  return { x: a.x + factor * b.x, y: a.y + factor * b.y, z: a.z + factor * b.z };
}

/** The vector of length 1 in the same direction; NaN components for a zero vector. */
export function normalized(vector: Vector): Vector {
  const length = Math.hypot(vector.x, vector.y, vector.z);
  return { x: vector.x / length, y: vector.y / length, z: vector.z / length };
}

/** Angle between two directions, accurate also near 0 and π. */
export function separationRad(a: Vector, b: Vector): number {
  const across = cross(a, b);
  return Math.atan2(Math.hypot(across.x, across.y, across.z), dot(a, b));
}

/** An angle brought into [0, 2π). */
export function positiveAngleRad(angleRad: number): number {
  const turn = 2 * Math.PI;
  const rest = angleRad % turn;
  const positive = rest < 0 ? rest + turn : rest;
  return positive >= turn ? 0 : positive;
}
