/** Projections of the sphere onto a plane: Calabretta & Greisen 2002 (A&A 395, 1077; "paper II"), section 5. */
import { arc } from "./arc.ts";
import { car } from "./car.ts";
import { sin } from "./sin.ts";
import { tan } from "./tan.ts";

/**
 * Two numbers that a projection gives back: native longitude and latitude, or x and y. Written into one object, so that
 * millions of pixels do not make millions of objects.
 */
export interface Pair {
  aRad: number;
  bRad: number;
}

/** A projection. Longitude, latitude and both coordinates of the plane are radians. */
export interface Projection {
  /** Native latitude of the reference point: 90° of zenithal projections, 0 of cylindrical ones. */
  readonly referenceLatRad: number;
  /** From native longitude and latitude to the plane. @returns false for what has no place in it */
  project(lonRad: number, latRad: number, out: Pair): boolean;
  /** From the plane to native longitude and latitude. @returns false for what is no place on the sphere */
  deproject(xRad: number, yRad: number, out: Pair): boolean;
}

/** Codes of the projections that there are. */
export type ProjectionCode = "SIN" | "TAN" | "ARC" | "CAR";

export const PROJECTION_CODES: readonly ProjectionCode[] = ["SIN", "TAN", "ARC", "CAR"];

/**
 * @param parameters  PVi_1 and PVi_2 of the latitude axis: the slant of SIN, otherwise none
 */
export function projectionOf(code: ProjectionCode, parameters: readonly number[] = []): Projection {
  switch (code) {
    case "SIN":
      return sin(parameters[0] ?? 0, parameters[1] ?? 0);
    case "TAN":
      return tan;
    case "ARC":
      return arc;
    case "CAR":
      return car;
  }
}
