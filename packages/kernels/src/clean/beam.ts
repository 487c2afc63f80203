/** The Gaussian that stands for the main lobe of a point spread function. */

/** Full widths at half maximum; the angle is that of the long axis, from north through east, in [0, π). */
export interface Beam {
  readonly majorRad: number;
  readonly minorRad: number;
  readonly angleRad: number;
}

/** Pixels of the main lobe that are fitted: those above this part of the peak, and connected to it. */
const LEAST_HEIGHT = 0.35;
const MOST_STEPS = 50;

/** exp(−(a l² + 2 b l m + c m²)), l to the east and m to the north, in pixels. */
interface QuadraticForm {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/**
 * Fits a Gaussian of height 1 to the main lobe, by least squares (Gauss and Newton, damped).
 *
 * @param psf Point spread function `[row][column]`, north up and east to the left; its peak, at the centre, may have any height.
 * @throws RangeError when the centre is not a peak, or the lobe is not wider than a pixel.
 */
export function fitBeam(psf: Float32Array, widthPx: number, heightPx: number, pixelRad: number): Beam {
  const lobe = mainLobe(psf, widthPx, heightPx);
  let form = logarithmicFit(lobe);
  let misfit = misfitOf(lobe, form);
  let damping = 1e-3;
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = improved(lobe, form, damping);
    const nextMisfit = misfitOf(lobe, next);
    if (!(nextMisfit <= misfit)) {
      damping *= 10;
      if (damping > 1e6) break;
      continue;
    }
    const gain = misfit - nextMisfit;
    [form, misfit, damping] = [next, nextMisfit, damping / 10];
    if (gain <= 1e-14 * misfit) break;
  }
  return beamOf(form, pixelRad);
}

interface LobePixel {
  readonly l: number;
  readonly m: number;
  readonly value: number;
}

function mainLobe(psf: Float32Array, widthPx: number, heightPx: number): readonly LobePixel[] {
  const [centreColumn, centreRow] = [Math.floor(widthPx / 2), Math.floor(heightPx / 2)];
  const peak = psf[centreRow * widthPx + centreColumn];
  if (!(peak > 0)) throw new RangeError(`psf: expected a peak above 0 at the centre, found ${peak}`);
  const lobe: LobePixel[] = [];
  const seen = new Set<number>();
  const next = [centreRow * widthPx + centreColumn];
  for (let pixel = next.pop(); pixel !== undefined; pixel = next.pop()) {
    const [column, row] = [pixel % widthPx, Math.floor(pixel / widthPx)];
    if (seen.has(pixel) || !(psf[pixel] >= LEAST_HEIGHT * peak)) continue;
    seen.add(pixel);
    if (psf[pixel] > peak)
      throw new RangeError("psf: expected its peak at the centre, found a higher pixel in its lobe");
    lobe.push({ l: centreColumn - column, m: row - centreRow, value: psf[pixel] / peak });
    if (column > 0) next.push(pixel - 1);
    if (column < widthPx - 1) next.push(pixel + 1);
    if (row > 0) next.push(pixel - widthPx);
    if (row < heightPx - 1) next.push(pixel + widthPx);
  }
  if (lobe.length < 5) throw new RangeError(`psf: its main lobe has ${lobe.length} pixels, expected 5 or more`);
  return lobe;
}

/** Least squares of −log(value), which is linear in the form: where the fit begins. */
function logarithmicFit(lobe: readonly LobePixel[]): QuadraticForm {
  const rows = lobe.map(({ l, m, value }) => ({ of: [l * l, 2 * l * m, m * m] as const, is: -Math.log(value), value }));
  return solve3(rows.map(({ of, is, value }) => ({ of, is, weight: value * value })));
}

function misfitOf(lobe: readonly LobePixel[], form: QuadraticForm): number {
  return lobe.reduce((sum, pixel) => sum + (pixel.value - height(form, pixel.l, pixel.m)) ** 2, 0);
}

function height({ a, b, c }: QuadraticForm, l: number, m: number): number {
  return Math.exp(-(a * l * l + 2 * b * l * m + c * m * m));
}

function improved(lobe: readonly LobePixel[], form: QuadraticForm, damping: number): QuadraticForm {
  const rows = lobe.map(({ l, m, value }) => {
    const fitted = height(form, l, m);
    return { of: [-fitted * l * l, -fitted * 2 * l * m, -fitted * m * m] as const, is: value - fitted, weight: 1 };
  });
  const change = solve3(rows, damping);
  return { a: form.a + change.a, b: form.b + change.b, c: form.c + change.c };
}

interface Equation {
  readonly of: readonly [number, number, number];
  readonly is: number;
  readonly weight: number;
}

/** Normal equations of three unknowns by Cramer's rule; damping multiplies the diagonal by 1 + itself. */
function solve3(equations: readonly Equation[], damping = 0): QuadraticForm {
  const n = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  const r = [0, 0, 0];
  for (const { of, is, weight } of equations) {
    for (let i = 0; i < 3; i++) {
      r[i] = at(r, i) + weight * at(of, i) * is;
      for (let j = 0; j < 3; j++) n[3 * i + j] = at(n, 3 * i + j) + weight * at(of, i) * at(of, j);
    }
  }
  for (const i of [0, 4, 8]) n[i] = at(n, i) * (1 + damping);
  const replaced = (column: number): readonly number[] =>
    n.map((x, k) => (k % 3 === column ? at(r, (k - column) / 3) : x));
  const whole = determinant(n);
  return {
    a: determinant(replaced(0)) / whole,
    b: determinant(replaced(1)) / whole,
    c: determinant(replaced(2)) / whole,
  };
}

function determinant(x: readonly number[]): number {
  const [a, b, c, d, e, f, g, h, i] = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((k) => at(x, k)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}

/** Axes of the form: its eigenvalues are 4 ln 2 / FWHM². */
function beamOf({ a, b, c }: QuadraticForm, pixelRad: number): Beam {
  const mean = (a + c) / 2;
  const spread = Math.hypot((a - c) / 2, b);
  if (!(mean - spread > 0))
    throw new RangeError("psf: its main lobe is no Gaussian: it does not fall off on all sides");
  // The long axis is where the form is least: l = sin θ, m = cos θ.
  const angleRad = 0.5 * Math.atan2(-2 * b, a - c);
  return {
    majorRad: 2 * pixelRad * Math.sqrt(Math.LN2 / (mean - spread)),
    minorRad: 2 * pixelRad * Math.sqrt(Math.LN2 / (mean + spread)),
    angleRad: angleRad < 0 ? angleRad + Math.PI : angleRad,
  };
}

/** Height of a beam of height 1 at an offset, in radians to the east and to the north. */
export function beamHeight({ majorRad, minorRad, angleRad }: Beam, l: number, m: number): number {
  const along = l * Math.sin(angleRad) + m * Math.cos(angleRad);
  const across = l * Math.cos(angleRad) - m * Math.sin(angleRad);
  return Math.exp(-4 * Math.LN2 * ((along / majorRad) ** 2 + (across / minorRad) ** 2));
}
