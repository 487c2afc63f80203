/**
 * Bessel function of the first kind, order 1, for any real argument; absolute error below 3e-14.
 *
 * Power series to 8; then Bessel's integral (1/π)∫cos(t − x sin t)dt by the trapezoidal rule, which is exact to rounding
 * since the integrand is periodic; from 25 on Hankel's expansion (Abramowitz & Stegun 9.1.10, 9.1.21, 9.2.5).
 */
export function besselJ1(x: number): number {
  const size = Math.abs(x);
  const value = size < 8 ? powerSeries(size) : size < 25 ? besselIntegral(size) : hankelExpansion(size);
  return x < 0 ? -value : value;
}

function powerSeries(x: number): number {
  const quarter = (x * x) / 4;
  let term = x / 2;
  let sum = term;
  for (let k = 1; k < 60; k++) {
    term *= -quarter / (k * (k + 1));
    sum += term;
    if (Math.abs(term) < 1e-18 * Math.abs(sum)) break;
  }
  return sum;
}

function besselIntegral(x: number): number {
  const intervals = 40;
  let sum = (1 + Math.cos(Math.PI)) / 2;
  for (let k = 1; k < intervals; k++) {
    const t = (Math.PI * k) / intervals;
    sum += Math.cos(t - x * Math.sin(t));
  }
  return sum / intervals;
}

function hankelExpansion(x: number): number {
  let term = 1;
  let even = 1;
  let odd = 0;
  for (let k = 1; k < 40; k++) {
    term *= (4 - (2 * k - 1) ** 2) / (8 * k * x);
    if (Math.abs(term) < 1e-17) break;
    const sign = k % 4 < 2 ? 1 : -1;
    if (k % 2 === 0) even += sign * term;
    else odd += sign * term;
  }
  const phaseRad = x - 0.75 * Math.PI;
  return Math.sqrt(2 / (Math.PI * x)) * (even * Math.cos(phaseRad) - odd * Math.sin(phaseRad));
}
