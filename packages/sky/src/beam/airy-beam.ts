import { besselJ1 } from "./bessel-j1.ts";

const SPEED_OF_LIGHT_M_PER_SEC = 299_792_458;

/** Where 2·J1(x)/x falls to 1/√2, and so the power to one half. */
const HALF_POWER_RATIO = 1.616_339_948_310_703;

/**
 * Power response of an evenly lit dish, (2·J1(x)/x)² with x = π·D·ν/c·sin θ; 1 at the centre. Beyond the first null
 * (x = 3.83) follow the side lobes of a dish without blockage.
 *
 * @param separationRad  angle from the pointing centre, 0 … π/2
 */
export function airyPower(separationRad: number, freqHz: number, diameterM: number): number {
  const x = ((Math.PI * diameterM * freqHz) / SPEED_OF_LIGHT_M_PER_SEC) * Math.sin(separationRad);
  if (Math.abs(x) < 1e-9) return 1;
  const voltage = (2 * besselJ1(x)) / x;
  return voltage * voltage;
}

/** Full width at half power of `airyPower`: 2.74° for 4.65 m at 1.4 GHz. NaN when the dish is too small to have one. */
export function airyFwhmRad(freqHz: number, diameterM: number): number {
  return 2 * Math.asin((HALF_POWER_RATIO * SPEED_OF_LIGHT_M_PER_SEC) / (Math.PI * diameterM * freqHz));
}
