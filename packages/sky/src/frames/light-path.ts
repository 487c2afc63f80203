/** From where a source is to where it seems to be: the Sun's gravity bends its light, our motion aberrates it. */
import { addScaled, cross, dot, normalized, type Vector } from "../vector/vector.ts";

const AU_M = 149_597_870_700;
/** Schwarzschild radius of the Sun, 2GM/c². */
const SUN_RADIUS_M = 1.974_125_743_36e-8 * AU_M;

/** How the observer stands and moves, along BCRS axes. */
export interface ObserverState {
  /** From the Sun to the observer: unit vector and distance. */
  readonly fromSun: Vector;
  readonly sunDistanceM: number;
  /** Velocity from the barycentre of the solar system, as a fraction of the speed of light. */
  readonly velocity: Vector;
}

/**
 * The direction of light after the Sun's deflection, for a source far outside the solar system: 1.75″ at the Sun's
 * limb, 4 mas at 90°. Within 5′ of the Sun's centre, behind its disc, the deflection is
 * tapered to zero.
 *
 * Source: Klioner 2003, eq. 70, with the source at infinity.
 */
function deflected(direction: Vector, { fromSun, sunDistanceM }: ObserverState): Vector {
  const nearness = Math.max(1 + dot(direction, fromSun), 1e-6 / Math.max((sunDistanceM / AU_M) ** 2, 1));
  const towards = cross(direction, cross(fromSun, direction));
  return addScaled(direction, SUN_RADIUS_M / sunDistanceM / nearness, towards);
}

/**
 * The direction that a moving observer sees, with the potential of the Sun at the observer taken into account.
 *
 * Source: Klioner 2003, eq. 44; Urban & Seidelmann 2013, section 7.2.
 */
function aberrated(direction: Vector, { velocity, sunDistanceM }: ObserverState): Vector {
  const inverseLorentz = Math.sqrt(1 - dot(velocity, velocity));
  const alongPath = dot(direction, velocity);
  const potential = SUN_RADIUS_M / sunDistanceM;
  const perVelocity = 1 + alongPath / (1 + inverseLorentz) + potential;
  return normalized({
    x: direction.x * (inverseLorentz - potential * alongPath) + perVelocity * velocity.x,
    y: direction.y * (inverseLorentz - potential * alongPath) + perVelocity * velocity.y,
    z: direction.z * (inverseLorentz - potential * alongPath) + perVelocity * velocity.z,
  });
}

/** Apparent (proper) direction along GCRS axes of an ICRS direction: unit vectors both. */
export function apparentDirection(direction: Vector, observer: ObserverState): Vector {
  return aberrated(deflected(direction, observer), observer);
}

/** The inverse of `apparentDirection`, to float64 rounding: each pass gains four digits. */
export function icrsDirection(apparent: Vector, observer: ObserverState): Vector {
  let direction = apparent;
  for (let pass = 0; pass < 8; pass++) {
    const seen = apparentDirection(direction, observer);
    const next = normalized({
      x: direction.x + apparent.x - seen.x,
      y: direction.y + apparent.y - seen.y,
      z: direction.z + apparent.z - seen.z,
    });
    const change = Math.abs(next.x - direction.x) + Math.abs(next.y - direction.y) + Math.abs(next.z - direction.z);
    direction = next;
    if (change < 2e-16) break;
  }
  return direction;
}
