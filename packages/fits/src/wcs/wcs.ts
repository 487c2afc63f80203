/** World coordinates of an image: what its pixels are on the sky, in frequency, in polarisation. */
import { FitsCorruptError, FitsUnsupportedError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";
import { celestialPair, readAxis, type WcsAxis } from "./axes.ts";
import { type NativePole, nativePole, toCelestial, toNative } from "./celestial.ts";
import { type LinearPart, readLinearPart } from "./linear.ts";
import { type Projection, type ProjectionCode, projectionOf } from "./projection/projection.ts";

/** The axes of the sky. */
export interface CelestialAxes {
  /** From 0. */
  readonly lonAxis: number;
  readonly latAxis: number;
  readonly projection: ProjectionCode;
  /** RADESYS, or what stands for it by the rules of paper II, 3.1. */
  readonly frame: string;
  readonly equinoxYears: number | undefined;
}

/**
 * World coordinates. Positions of pixels count from 0: the centre of the first is 0. Angles are degrees, longitudes in
 * 0 to 360; frequencies hertz; Stokes parameters their numbers. Where a pixel is no place on the sky, or a
 * place has no pixel, all of the result is NaN.
 */
export class Wcs {
  readonly axes: readonly WcsAxis[];
  readonly celestial: CelestialAxes | undefined;
  readonly #linear: LinearPart;
  readonly #projection: Projection | undefined;
  readonly #pole: NativePole | undefined;
  readonly #pair = { aRad: 0, bRad: 0 };

  /**
   * @param alternate  letter of another description in the same header
   * @throws FitsUnsupportedError for a projection, an algorithm or a unit that is not known; FitsCorruptError
   */
  constructor(header: FitsHeader, alternate = "") {
    const axisCount = countAxes(header, alternate);
    const read = Array.from({ length: axisCount }, (_, axis) => readAxis(header, axis, alternate));
    this.axes = read.map(({ axis }) => axis);
    const pair = celestialPair(header, this.axes, alternate);
    const turned = pair === undefined || alternate !== "" ? undefined : ([pair.lonAxis, pair.latAxis] as const);
    const factors = read.map(({ factor }) => factor);
    this.#linear = readLinearPart(header, alternate, factors, turned);
    if (pair === undefined) return;
    const { lonAxis, latAxis, projection } = pair;
    this.celestial = { lonAxis, latAxis, projection, ...readFrame(header, alternate) };
    this.#projection = projectionOf(projection, readParameters(header, pair, alternate));
    this.#pole = readPole(header, this.axes, pair, this.#projection.referenceLatRad, alternate);
  }

  /** World coordinates of a pixel. Axes that are left out are at their reference pixel. */
  pixelToWorld(pixelPx: ArrayLike<number>): number[] {
    const { axisCount, referencePx, matrix } = this.#linear;
    const world = this.axes.map(({ referenceValue }) => referenceValue);
    const offsets = Array.from({ length: axisCount }, (_, axis) => {
      let sum = 0;
      for (let at = 0; at < axisCount; at++) {
        const offsetPx = at < pixelPx.length ? pixelPx[at]! - referencePx[at]! : 0;
        sum += matrix[axis * axisCount + at]! * offsetPx;
      }
      return sum;
    });
    for (const [axis, offset] of offsets.entries()) world[axis]! += offset;
    const { celestial } = this;
    if (celestial === undefined) return world;
    const { lonAxis, latAxis } = celestial;
    const pair = this.#pair;
    if (!this.#projection!.deproject(rad(offsets[lonAxis]!), rad(offsets[latAxis]!), pair)) return world.fill(NaN);
    toCelestial(this.#pole!, pair.aRad, pair.bRad, pair);
    world[lonAxis] = deg(pair.aRad);
    world[latAxis] = deg(pair.bRad);
    return world;
  }

  /** The pixel at world coordinates, one for each axis; those that are left out are at their reference value. */
  worldToPixel(world: ArrayLike<number>): number[] {
    const { axisCount, referencePx, inverseMatrix } = this.#linear;
    const offsets = this.axes.map(({ referenceValue }, axis) =>
      axis < world.length ? world[axis]! - referenceValue : 0,
    );
    const { celestial } = this;
    if (celestial !== undefined) {
      const { lonAxis, latAxis } = celestial;
      const valueOf = (axis: number): number =>
        rad(axis < world.length ? world[axis]! : this.axes[axis]!.referenceValue);
      const pair = this.#pair;
      toNative(this.#pole!, valueOf(lonAxis), valueOf(latAxis), pair);
      if (!this.#projection!.project(pair.aRad, pair.bRad, pair)) return offsets.fill(NaN);
      offsets[lonAxis] = deg(pair.aRad);
      offsets[latAxis] = deg(pair.bRad);
    }
    return Array.from({ length: axisCount }, (_, axis) => {
      let sum = referencePx[axis]!;
      for (let at = 0; at < axisCount; at++) sum += inverseMatrix[axis * axisCount + at]! * offsets[at]!;
      return sum;
    });
  }
}

function rad(angleDeg: number): number {
  return (angleDeg * Math.PI) / 180;
}

function deg(angleRad: number): number {
  return (angleRad * 180) / Math.PI;
}

function countAxes(header: FitsHeader, suffix: string): number {
  const named = header.integer(`WCSAXES${suffix}`) ?? 0;
  const axisCount = Math.max(named, header.integer("NAXIS") ?? 0);
  if (axisCount >= 1 && axisCount <= 99) return axisCount;
  const place = header.placeOf("NAXIS");
  throw new FitsCorruptError({ file: header.file, place, expected: "1 to 99 axes", found: String(axisCount) });
}

interface LonLat {
  readonly lonAxis: number;
  readonly latAxis: number;
  readonly projection: ProjectionCode;
}

/** PVi_m of the latitude axis. @throws FitsUnsupportedError when there are others than the slant of SIN and the pole */
function readParameters(header: FitsHeader, { lonAxis, latAxis, projection }: LonLat, suffix: string): number[] {
  const parameters: number[] = [];
  for (const { keyword } of header.cards) {
    const [, axis, index] = new RegExp(`^PV(\\d+)_(\\d+)${suffix}$`).exec(keyword) ?? [];
    if (axis === undefined) continue;
    const value = header.number(keyword) ?? 0;
    const isSlant = projection === "SIN" && Number(axis) === latAxis + 1 && (index === "1" || index === "2");
    const isPole = Number(axis) === lonAxis + 1 && (index === "3" || index === "4");
    if (isSlant) parameters[Number(index) - 1] = value;
    else if (
      !isPole &&
      isCelestial(Number(axis), lonAxis, latAxis) &&
      !isHarmless(projection, keyword, value, lonAxis)
    ) {
      const place = header.placeOf(keyword);
      throw new FitsUnsupportedError({ file: header.file, place, expected: "no such parameter", found: `${value}` });
    }
  }
  return [parameters[0] ?? 0, parameters[1] ?? 0];
}

function isCelestial(axisNumber: number, lonAxis: number, latAxis: number): boolean {
  return axisNumber === lonAxis + 1 || axisNumber === latAxis + 1;
}

/** PVi_0 to PVi_2 of the longitude axis that say what holds without them. */
function isHarmless(projection: ProjectionCode, keyword: string, value: number, lonAxis: number): boolean {
  const [, index] = new RegExp(`^PV${lonAxis + 1}_(\\d+)`).exec(keyword) ?? [];
  if (index === "2") return value === (projection === "CAR" ? 0 : 90);
  return value === 0;
}

/** LONPOLE and LATPOLE, which PV of the longitude axis can say as well: paper II, 2.4 and 2.5. */
function readPole(
  header: FitsHeader,
  axes: readonly WcsAxis[],
  { lonAxis, latAxis }: LonLat,
  referenceLatRad: number,
  suffix: string,
): NativePole {
  const latDeg = axes[latAxis]!.referenceValue;
  const referenceLatDeg = deg(referenceLatRad);
  const lonPoleDeg =
    header.number(`PV${lonAxis + 1}_3${suffix}`) ??
    header.number(`LONPOLE${suffix}`) ??
    (latDeg < referenceLatDeg ? 180 : 0);
  const latPoleDeg = header.number(`PV${lonAxis + 1}_4${suffix}`) ?? header.number(`LATPOLE${suffix}`) ?? 90;
  const lonRad = rad(axes[lonAxis]!.referenceValue);
  const pole = nativePole(lonRad, rad(latDeg), referenceLatRad, rad(lonPoleDeg), rad(latPoleDeg));
  if (pole !== undefined && Math.abs(latDeg) <= 90) return pole;
  const place = header.placeOf(`CRVAL${latAxis + 1}${suffix}`);
  const found = `latitude ${latDeg} with LONPOLE ${lonPoleDeg}`;
  throw new FitsCorruptError({ file: header.file, place, expected: "a latitude with a native pole", found });
}

function readFrame(header: FitsHeader, suffix: string): Pick<CelestialAxes, "frame" | "equinoxYears"> {
  const equinoxYears = header.number(`EQUINOX${suffix}`) ?? header.number("EPOCH");
  const named = header.text(`RADESYS${suffix}`) ?? header.text("RADECSYS");
  const byEquinox = equinoxYears === undefined ? "ICRS" : equinoxYears < 1984 ? "FK4" : "FK5";
  return { frame: named?.trim() || byEquinox, equinoxYears };
}
