/**
 * Spreading visibilities over the cells of a few planes, gathering them from there, and the screens between planes and image
 * (AssemblyScript). The method is improved w-stacking: Arras et al., A&A 646 (2021) A58; Ye et al., MNRAS 510 (2022) 4110.
 *
 * A *record* is a visibility on its way: f64 x, y, z in cells of the planes' buffers and in planes, f32 re, im: 32 bytes.
 * A *table* holds a kernel by pieces: for each of 64 pieces of a cell, four coefficients (cubic) of eight taps.
 */

const RECORD: usize = 32;
const PIECES: f64 = 64;
const PIECE_BYTES: usize = 128;
/** A turn in the units of phases: 2^32. */
const RAD_PER_UNIT: f32 = 1.4629180792671596e-9;

/** Taps 0 to 3 (`half` 0) or 4 to 7 (`half` 16) at a fraction of a cell from the support's begin. */
function taps(table: usize, fraction: f64, half: usize): v128 {
  const scaled = fraction * PIECES;
  const piece = min<i32>(<i32>scaled, 63);
  const t = f32x4.splat(<f32>(scaled - <f64>piece));
  const at = table + <usize>piece * PIECE_BYTES + half;
  const c01 = f32x4.add(v128.load(at, 64), f32x4.mul(t, v128.load(at, 96)));
  const c1 = f32x4.add(v128.load(at, 32), f32x4.mul(t, c01));
  return f32x4.add(v128.load(at), f32x4.mul(t, c1));
}

/** The quadrant of four phases in units of 2^-32 turns: the nearest multiple of a quarter. */
function quadrants(phase: v128): v128 {
  return i32x4.shr_s(i32x4.add(phase, i32x4.splat(0x20000000)), 30);
}

/** What phases are beyond their quadrants, in radians: ±π/4. */
function anglesBeyond(phase: v128, quadrant: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(phase, i32x4.shl(quadrant, 30))), f32x4.splat(RAD_PER_UNIT));
}

/** Cosines of phases from sines and cosines beyond their quadrants: cos, −sin, −cos, sin. */
function turnedCosines(quadrant: v128, sin: v128, cos: v128): v128 {
  const odd = i32x4.ne(v128.and(quadrant, i32x4.splat(1)), i32x4.splat(0));
  const negative = v128.and(i32x4.add(quadrant, i32x4.splat(1)), i32x4.splat(2));
  return v128.xor(v128.bitselect(sin, cos, odd), i32x4.shl(negative, 30));
}

/** Sines likewise: sin, cos, −sin, −cos. */
function turnedSines(quadrant: v128, sin: v128, cos: v128): v128 {
  const odd = i32x4.ne(v128.and(quadrant, i32x4.splat(1)), i32x4.splat(0));
  return v128.xor(v128.bitselect(cos, sin, odd), i32x4.shl(v128.and(quadrant, i32x4.splat(2)), 30));
}

/** Taylor's polynomial on ±π/4: to 3e-8. */
function cosinePolynomial(angle: v128): v128 {
  const square = f32x4.mul(angle, angle);
  let sum = f32x4.splat(2.48015873e-5);
  sum = f32x4.add(f32x4.mul(sum, square), f32x4.splat(-1.38888889e-3));
  sum = f32x4.add(f32x4.mul(sum, square), f32x4.splat(4.16666667e-2));
  sum = f32x4.add(f32x4.mul(sum, square), f32x4.splat(-0.5));
  return f32x4.add(f32x4.mul(sum, square), f32x4.splat(1));
}

/** Taylor's polynomial on ±π/4: to 2e-9. */
function sinePolynomial(angle: v128): v128 {
  const square = f32x4.mul(angle, angle);
  let sum = f32x4.splat(2.75573192e-6);
  sum = f32x4.add(f32x4.mul(sum, square), f32x4.splat(-1.98412698e-4));
  sum = f32x4.add(f32x4.mul(sum, square), f32x4.splat(8.33333333e-3));
  sum = f32x4.add(f32x4.mul(sum, square), f32x4.splat(-1.66666667e-1));
  return f32x4.add(angle, f32x4.mul(angle, f32x4.mul(sum, square)));
}

/** The phase, in units of 2^-32 turns, of a number of turns. */
function phaseOf(turns: f64): i32 {
  return <i32>(<i64>Math.floor((turns - Math.floor(turns)) * 4294967296.0));
}

/** Multiplies each record's value by e^(i 2π turns), turns = factor (z + offset). */
export function turnRecords(records: usize, count: i32, factor: f64, offset: f64): void {
  for (let index: i32 = 0; index < count; index += 4) {
    const at = records + <usize>index * RECORD;
    // Beyond the last record lies room for three more.
    let phase = i32x4.splat(phaseOf(factor * (load<f64>(at, 16) + offset)));
    phase = i32x4.replace_lane(phase, 1, phaseOf(factor * (load<f64>(at, 48) + offset)));
    phase = i32x4.replace_lane(phase, 2, phaseOf(factor * (load<f64>(at, 80) + offset)));
    phase = i32x4.replace_lane(phase, 3, phaseOf(factor * (load<f64>(at, 112) + offset)));
    const quadrant = quadrants(phase);
    const angle = anglesBeyond(phase, quadrant);
    const sinBeyond = sinePolynomial(angle);
    const cosBeyond = cosinePolynomial(angle);
    const cos = turnedCosines(quadrant, sinBeyond, cosBeyond);
    const sin = turnedSines(quadrant, sinBeyond, cosBeyond);
    turnOne(at, f32x4.extract_lane(cos, 0), f32x4.extract_lane(sin, 0));
    turnOne(at + RECORD, f32x4.extract_lane(cos, 1), f32x4.extract_lane(sin, 1));
    turnOne(at + 2 * RECORD, f32x4.extract_lane(cos, 2), f32x4.extract_lane(sin, 2));
    turnOne(at + 3 * RECORD, f32x4.extract_lane(cos, 3), f32x4.extract_lane(sin, 3));
  }
}

function turnOne(at: usize, cos: f32, sin: f32): void {
  const re = load<f32>(at, 24);
  const im = load<f32>(at, 28);
  store<f32>(at, re * cos - im * sin, 24);
  store<f32>(at, re * sin + im * cos, 28);
}

/**
 * Adds records to the planes of their support.
 *
 * @param planes     i32: begin of each plane's buffer, the first of the support first.
 * @param uvSupport  4, 6 or 8.
 * @param scratch    64 bytes for taps.
 */
export function gridRecords(
  records: usize,
  count: i32,
  planes: usize,
  rowStride: usize,
  uvTable: usize,
  uvSupport: i32,
  wTable: usize,
  wSupport: i32,
  scratch: usize,
): void {
  const uvHalf = 0.5 * <f64>uvSupport;
  const wHalf = 0.5 * <f64>wSupport;
  const end = records + <usize>count * RECORD;
  for (let at = records; at < end; at += RECORD) {
    const xBegin = load<f64>(at) - uvHalf;
    const yBegin = load<f64>(at, 8) - uvHalf;
    const zBegin = load<f64>(at, 16) - wHalf;
    const x = Math.ceil(xBegin);
    const y = Math.ceil(yBegin);
    const xFraction = x - xBegin;
    const low = taps(uvTable, xFraction, 0);
    const k01 = v128.shuffle<f32>(low, low, 0, 0, 1, 1);
    const k23 = v128.shuffle<f32>(low, low, 2, 2, 3, 3);
    storeTaps(scratch, uvTable, y - yBegin);
    storeTaps(scratch + 32, wTable, Math.ceil(zBegin) - zBegin);
    const value = v128.load64_splat(at, 24);
    const cell = <usize>y * rowStride + <usize>x * 8;
    if (uvSupport == 4) {
      for (let p: usize = 0; p < <usize>wSupport; p++) {
        let row = <usize>load<u32>(planes + 4 * p) + cell;
        const ofPlane = f32x4.mul(value, v128.load32_splat(scratch + 32 + 4 * p));
        for (let j: usize = 0; j < 4; j++) {
          const ofRow = f32x4.mul(ofPlane, v128.load32_splat(scratch + 4 * j));
          v128.store(row, f32x4.add(v128.load(row), f32x4.mul(ofRow, k01)));
          v128.store(row, f32x4.add(v128.load(row, 16), f32x4.mul(ofRow, k23)), 16);
          row += rowStride;
        }
      }
      continue;
    }
    const high = taps(uvTable, xFraction, 16);
    const k45 = v128.shuffle<f32>(high, high, 0, 0, 1, 1);
    if (uvSupport == 6) {
      for (let p: usize = 0; p < <usize>wSupport; p++) {
        let row = <usize>load<u32>(planes + 4 * p) + cell;
        const ofPlane = f32x4.mul(value, v128.load32_splat(scratch + 32 + 4 * p));
        for (let j: usize = 0; j < 6; j++) {
          const ofRow = f32x4.mul(ofPlane, v128.load32_splat(scratch + 4 * j));
          v128.store(row, f32x4.add(v128.load(row), f32x4.mul(ofRow, k01)));
          v128.store(row, f32x4.add(v128.load(row, 16), f32x4.mul(ofRow, k23)), 16);
          v128.store(row, f32x4.add(v128.load(row, 32), f32x4.mul(ofRow, k45)), 32);
          row += rowStride;
        }
      }
      continue;
    }
    const k67 = v128.shuffle<f32>(high, high, 2, 2, 3, 3);
    for (let p: usize = 0; p < <usize>wSupport; p++) {
      let row = <usize>load<u32>(planes + 4 * p) + cell;
      const ofPlane = f32x4.mul(value, v128.load32_splat(scratch + 32 + 4 * p));
      for (let j: usize = 0; j < 8; j++) {
        const ofRow = f32x4.mul(ofPlane, v128.load32_splat(scratch + 4 * j));
        v128.store(row, f32x4.add(v128.load(row), f32x4.mul(ofRow, k01)));
        v128.store(row, f32x4.add(v128.load(row, 16), f32x4.mul(ofRow, k23)), 16);
        v128.store(row, f32x4.add(v128.load(row, 32), f32x4.mul(ofRow, k45)), 32);
        v128.store(row, f32x4.add(v128.load(row, 48), f32x4.mul(ofRow, k67)), 48);
        row += rowStride;
      }
    }
  }
}

function storeTaps(to: usize, table: usize, fraction: f64): void {
  v128.store(to, taps(table, fraction, 0));
  v128.store(to, taps(table, fraction, 16), 16);
}

/** Sets the values of records to the sums of the cells of their support: the transpose of `gridRecords`. */
export function degridRecords(
  records: usize,
  count: i32,
  planes: usize,
  rowStride: usize,
  uvTable: usize,
  uvSupport: i32,
  wTable: usize,
  wSupport: i32,
  scratch: usize,
): void {
  const uvHalf = 0.5 * <f64>uvSupport;
  const wHalf = 0.5 * <f64>wSupport;
  const end = records + <usize>count * RECORD;
  for (let at = records; at < end; at += RECORD) {
    const xBegin = load<f64>(at) - uvHalf;
    const yBegin = load<f64>(at, 8) - uvHalf;
    const zBegin = load<f64>(at, 16) - wHalf;
    const x = Math.ceil(xBegin);
    const y = Math.ceil(yBegin);
    const xFraction = x - xBegin;
    const low = taps(uvTable, xFraction, 0);
    const k01 = v128.shuffle<f32>(low, low, 0, 0, 1, 1);
    const k23 = v128.shuffle<f32>(low, low, 2, 2, 3, 3);
    const high = taps(uvTable, xFraction, 16);
    const k45 = v128.shuffle<f32>(high, high, 0, 0, 1, 1);
    const k67 = v128.shuffle<f32>(high, high, 2, 2, 3, 3);
    storeTaps(scratch, uvTable, y - yBegin);
    storeTaps(scratch + 32, wTable, Math.ceil(zBegin) - zBegin);
    const cell = <usize>y * rowStride + <usize>x * 8;
    let total = f32x4.splat(0);
    for (let p: usize = 0; p < <usize>wSupport; p++) {
      let row = <usize>load<u32>(planes + 4 * p) + cell;
      let ofPlane = f32x4.splat(0);
      for (let j: usize = 0; j < <usize>uvSupport; j++) {
        let ofRow = f32x4.add(f32x4.mul(k01, v128.load(row)), f32x4.mul(k23, v128.load(row, 16)));
        if (uvSupport > 4) ofRow = f32x4.add(ofRow, f32x4.mul(k45, v128.load(row, 32)));
        if (uvSupport > 6) ofRow = f32x4.add(ofRow, f32x4.mul(k67, v128.load(row, 48)));
        ofPlane = f32x4.add(ofPlane, f32x4.mul(ofRow, v128.load32_splat(scratch + 4 * j)));
        row += rowStride;
      }
      total = f32x4.add(total, f32x4.mul(ofPlane, v128.load32_splat(scratch + 32 + 4 * p)));
    }
    total = f32x4.add(total, v128.shuffle<f32>(total, total, 2, 3, 0, 1));
    v128.store64_lane(at, total, 0, 24);
  }
}

/**
 * Adds the real part of a batch times e^(−iθ) to an image, four columns of it: θ = plane · step, in units of 2^-32 turns.
 *
 * @param steps  i32 [row][4].
 * @param image  f32 [row][4].
 */
export function addScreened(batch: usize, rowCount: i32, plane: i32, steps: usize, image: usize): void {
  const planes = i32x4.splat(plane);
  for (let row: i32 = 0; row < rowCount; row++) {
    const phase = i32x4.mul(v128.load(steps), planes);
    const quadrant = quadrants(phase);
    const angle = anglesBeyond(phase, quadrant);
    const sin = sinePolynomial(angle);
    const cos = cosinePolynomial(angle);
    const re = f32x4.mul(v128.load(batch), turnedCosines(quadrant, sin, cos));
    const im = f32x4.mul(v128.load(batch, 16), turnedSines(quadrant, sin, cos));
    v128.store(image, f32x4.add(v128.load(image), f32x4.add(re, im)));
    batch += 32;
    steps += 16;
    image += 16;
  }
}

/** Sets a batch to an image times e^(+iθ), real and imaginary parts exchanged. */
export function setScreened(batch: usize, rowCount: i32, plane: i32, steps: usize, image: usize): void {
  const planes = i32x4.splat(plane);
  for (let row: i32 = 0; row < rowCount; row++) {
    const phase = i32x4.mul(v128.load(steps), planes);
    const quadrant = quadrants(phase);
    const angle = anglesBeyond(phase, quadrant);
    const sin = sinePolynomial(angle);
    const cos = cosinePolynomial(angle);
    const value = v128.load(image);
    v128.store(batch, f32x4.mul(value, turnedSines(quadrant, sin, cos)));
    v128.store(batch, f32x4.mul(value, turnedCosines(quadrant, sin, cos)), 16);
    batch += 32;
    steps += 16;
    image += 16;
  }
}
