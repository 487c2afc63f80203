import { positiveAngleRad, unitVector, type Vector } from "../vector/vector.ts";
import { hourAngleDecToItrf, type IcrsDirection, icrsToObserved, itrfToIcrs } from "./directions.ts";
import type { ObservingEpoch } from "./observing-epoch.ts";

/** Right ascension from the equinox of date, LST − hour angle, in [0, 2π), and observed declination. */
export interface ApparentPlace {
  readonly apparentRaRad: number;
  readonly apparentDecRad: number;
}

/** Apparent place as a site sees it: `app_ra` and `app_dec` of UVH5 files. */
export function apparentPlace(epoch: ObservingEpoch, direction: IcrsDirection): ApparentPlace {
  const { hourAngleRad, decRad } = icrsToObserved(epoch, direction);
  return { apparentRaRad: positiveAngleRad(epoch.lstRad - hourAngleRad), apparentDecRad: decRad };
}

/** Position angle at `from` of the great circle to `to`, from north over east, in (−π, π]. */
export function positionAngleRad(from: IcrsDirection, to: IcrsDirection): number {
  const eastRad = to.raRad - from.raRad;
  const here: Vector = unitVector(0, from.decRad);
  const there: Vector = unitVector(eastRad, to.decRad);
  return Math.atan2(there.y, here.x * there.z - here.z * there.x);
}

/** Half the length of the arc along the apparent meridian over which UVH5 writers take the position angle. */
const HALF_ARC_RAD = Math.PI / 360;

/**
 * `frame_pa` of UVH5 files: the angle by which axes along apparent east and north are turned, from north over east, to
 * lie along ICRS east and north. Like pyuvdata it is taken at the lower end of an arc of half a degree to either side of
 * the direction. At the direction itself the angle is another, by up to 1e-4 rad within 63° of the equator and more near a
 * pole; a short arc gives that.
 *
 * @param halfArcRad  half the arc's length, default 0.5°; the arc must not touch a pole
 */
export function framePositionAngleRad(
  epoch: ObservingEpoch,
  direction: IcrsDirection,
  halfArcRad: number = HALF_ARC_RAD,
): number {
  const { hourAngleRad, decRad } = icrsToObserved(epoch, direction);
  const at = (appDecRad: number) => itrfToIcrs(epoch, hourAngleDecToItrf(epoch.site, hourAngleRad, appDecRad));
  return -positionAngleRad(at(decRad - halfArcRad), at(decRad + halfArcRad));
}
