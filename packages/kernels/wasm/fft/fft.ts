/**
 * Fourier transforms of four lines at once, one line in each lane of a vector (AssemblyScript).
 *
 * A *batch* holds four lines: element i is 32 bytes, the four real parts and then the four imaginary parts. Lines are brought
 * into batches from rows or columns of an image of [re, im] pairs, transformed there, and taken back.
 *
 * Transforms are Stockham's self-sorting ones (radix 4, 2, 3, 5): Van Loan, Computational Frameworks for the FFT, 1992, §1.7.
 */

const ELEMENT: usize = 32;
const IM: usize = 16;

/**
 * Four neighbouring columns for each of `batchCount` batches, rows `rowStart` to `rowEnd`. `swap` is 16 to exchange real and imaginary parts, which makes a forward transform an inverse one, or 0.
 */
export function loadColumns(
  image: usize,
  rowStride: usize,
  rowStart: i32,
  rowEnd: i32,
  batch: usize,
  batchStride: usize,
  batchCount: i32,
  swap: usize,
): void {
  for (let row: i32 = rowStart; row < rowEnd; row++) {
    let from = image + <usize>row * rowStride;
    let to = batch + <usize>row * ELEMENT;
    for (let b: i32 = 0; b < batchCount; b++) {
      const x = v128.load(from);
      const y = v128.load(from, 16);
      v128.store(to + swap, v128.shuffle<f32>(x, y, 0, 2, 4, 6));
      v128.store(to + (IM - swap), v128.shuffle<f32>(x, y, 1, 3, 5, 7));
      from += 32;
      to += batchStride;
    }
  }
}

/** The reverse of `loadColumns`; rows outside `rowStart` to `rowEnd` are left alone. */
export function storeColumns(
  image: usize,
  rowStride: usize,
  rowStart: i32,
  rowEnd: i32,
  batch: usize,
  batchStride: usize,
  batchCount: i32,
  swap: usize,
): void {
  for (let row: i32 = rowStart; row < rowEnd; row++) {
    let to = image + <usize>row * rowStride;
    let from = batch + <usize>row * ELEMENT;
    for (let b: i32 = 0; b < batchCount; b++) {
      const re = v128.load(from + swap);
      const im = v128.load(from + (IM - swap));
      v128.store(to, v128.shuffle<f32>(re, im, 0, 4, 1, 5));
      v128.store(to, v128.shuffle<f32>(re, im, 2, 6, 3, 7), 16);
      to += 32;
      from += batchStride;
    }
  }
}

/**
 * Columns `colStart` to `colEnd` (both even) of `laneCount` rows, 1 to 4, into the same places of a batch. Lanes without a row
 * repeat the first.
 */
export function loadRows(
  image: usize,
  rowStride: usize,
  laneCount: i32,
  colStart: i32,
  colEnd: i32,
  batch: usize,
  swap: usize,
): void {
  let r0 = image + <usize>colStart * 8;
  let r1 = laneCount > 1 ? r0 + rowStride : r0;
  let r2 = laneCount > 2 ? r0 + 2 * rowStride : r0;
  let r3 = laneCount > 3 ? r0 + 3 * rowStride : r0;
  let to = batch + <usize>colStart * ELEMENT;
  for (let col: i32 = colStart; col < colEnd; col += 2) {
    const a = v128.load(r0);
    const b = v128.load(r1);
    const c = v128.load(r2);
    const d = v128.load(r3);
    const first01 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const first23 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const second01 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const second23 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to + swap, v128.shuffle<f32>(first01, first23, 0, 1, 4, 5));
    v128.store(to + (IM - swap), v128.shuffle<f32>(first01, first23, 2, 3, 6, 7));
    v128.store(to + ELEMENT + swap, v128.shuffle<f32>(second01, second23, 0, 1, 4, 5));
    v128.store(to + ELEMENT + (IM - swap), v128.shuffle<f32>(second01, second23, 2, 3, 6, 7));
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    to += 2 * ELEMENT;
  }
}

/** The reverse of `loadRows`. Lanes that repeat the first row hold what it holds, and write the same. */
export function storeRows(
  image: usize,
  rowStride: usize,
  laneCount: i32,
  colStart: i32,
  colEnd: i32,
  batch: usize,
  swap: usize,
): void {
  let r0 = image + <usize>colStart * 8;
  let r1 = laneCount > 1 ? r0 + rowStride : r0;
  let r2 = laneCount > 2 ? r0 + 2 * rowStride : r0;
  let r3 = laneCount > 3 ? r0 + 3 * rowStride : r0;
  let from = batch + <usize>colStart * ELEMENT;
  for (let col: i32 = colStart; col < colEnd; col += 2) {
    const re0 = v128.load(from + swap);
    const im0 = v128.load(from + (IM - swap));
    const re1 = v128.load(from + ELEMENT + swap);
    const im1 = v128.load(from + ELEMENT + (IM - swap));
    const first01 = v128.shuffle<f32>(re0, im0, 0, 4, 1, 5);
    const first23 = v128.shuffle<f32>(re0, im0, 2, 6, 3, 7);
    const second01 = v128.shuffle<f32>(re1, im1, 0, 4, 1, 5);
    const second23 = v128.shuffle<f32>(re1, im1, 2, 6, 3, 7);
    v128.store(r0, v128.shuffle<f32>(first01, second01, 0, 1, 4, 5));
    v128.store(r1, v128.shuffle<f32>(first01, second01, 2, 3, 6, 7));
    v128.store(r2, v128.shuffle<f32>(first23, second23, 0, 1, 4, 5));
    v128.store(r3, v128.shuffle<f32>(first23, second23, 2, 3, 6, 7));
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    from += 2 * ELEMENT;
  }
}

/**
 * Transforms the four lines of a batch, Σ x e^(−2πi jk/n), between two areas of n elements.
 *
 * @param passes    i32: number of passes, then the radix of each.
 * @param twiddles  f32 [re, im] of e^(−2πi jp/n) per pass, for p from 0 and j from 1 to radix − 1.
 * @returns The area of the two that holds the result.
 */
export function transform(work: usize, other: usize, length: i32, passes: usize, twiddles: usize): usize {
  const passCount = load<i32>(passes);
  let from = work;
  let to = other;
  let count: i32 = length;
  let stride: i32 = 1;
  let table = twiddles;
  for (let pass: i32 = 0; pass < passCount; pass++) {
    const radix = load<i32>(passes + 4 + 4 * <usize>pass);
    count /= radix;
    if (radix == 4) radix4(from, to, count, stride, table);
    else if (radix == 2) radix2(from, to, count, stride, table);
    else if (radix == 3) radix3(from, to, count, stride, table);
    else radix5(from, to, count, stride, table);
    table += <usize>(8 * count * (radix - 1));
    stride *= radix;
    const done = from;
    from = to;
    to = done;
  }
  return from;
}

function radix2(from: usize, to: usize, count: i32, stride: i32, twiddles: usize): void {
  const line = <usize>stride * ELEMENT;
  const step = <usize>count * line;
  let w = twiddles;
  for (let p: i32 = 0; p < count; p++) {
    const w1r = v128.load32_splat(w);
    const w1i = v128.load32_splat(w, 4);
    w += 8;
    for (const end = from + line; from < end; from += ELEMENT) {
      const a0r = v128.load(from);
      const a0i = v128.load(from, IM);
      const a1r = v128.load(from + step);
      const a1i = v128.load(from + step, IM);
      store2(to, f32x4.add(a0r, a1r), f32x4.add(a0i, a1i));
      storeTurned(to + line, f32x4.sub(a0r, a1r), f32x4.sub(a0i, a1i), w1r, w1i);
      to += ELEMENT;
    }
    to += line;
  }
}

function radix3(from: usize, to: usize, count: i32, stride: i32, twiddles: usize): void {
  const line = <usize>stride * ELEMENT;
  const step = <usize>count * line;
  const half = f32x4.splat(-0.5);
  const sine = f32x4.splat(0.8660254037844386);
  let w = twiddles;
  for (let p: i32 = 0; p < count; p++) {
    const w1r = v128.load32_splat(w);
    const w1i = v128.load32_splat(w, 4);
    const w2r = v128.load32_splat(w, 8);
    const w2i = v128.load32_splat(w, 12);
    w += 16;
    for (const end = from + line; from < end; from += ELEMENT) {
      const a0r = v128.load(from);
      const a0i = v128.load(from, IM);
      const a1r = v128.load(from + step);
      const a1i = v128.load(from + step, IM);
      const a2r = v128.load(from + 2 * step);
      const a2i = v128.load(from + 2 * step, IM);
      const sumR = f32x4.add(a1r, a2r);
      const sumI = f32x4.add(a1i, a2i);
      const diffR = f32x4.mul(sine, f32x4.sub(a1r, a2r));
      const diffI = f32x4.mul(sine, f32x4.sub(a1i, a2i));
      const midR = f32x4.add(a0r, f32x4.mul(half, sumR));
      const midI = f32x4.add(a0i, f32x4.mul(half, sumI));
      store2(to, f32x4.add(a0r, sumR), f32x4.add(a0i, sumI));
      storeTurned(to + line, f32x4.add(midR, diffI), f32x4.sub(midI, diffR), w1r, w1i);
      storeTurned(to + 2 * line, f32x4.sub(midR, diffI), f32x4.add(midI, diffR), w2r, w2i);
      to += ELEMENT;
    }
    to += 2 * line;
  }
}

function radix4(from: usize, to: usize, count: i32, stride: i32, twiddles: usize): void {
  const line = <usize>stride * ELEMENT;
  const step = <usize>count * line;
  let w = twiddles;
  for (let p: i32 = 0; p < count; p++) {
    const w1r = v128.load32_splat(w);
    const w1i = v128.load32_splat(w, 4);
    const w2r = v128.load32_splat(w, 8);
    const w2i = v128.load32_splat(w, 12);
    const w3r = v128.load32_splat(w, 16);
    const w3i = v128.load32_splat(w, 20);
    w += 24;
    for (const end = from + line; from < end; from += ELEMENT) {
      const a0r = v128.load(from);
      const a0i = v128.load(from, IM);
      const a1r = v128.load(from + step);
      const a1i = v128.load(from + step, IM);
      const a2r = v128.load(from + 2 * step);
      const a2i = v128.load(from + 2 * step, IM);
      const a3r = v128.load(from + 3 * step);
      const a3i = v128.load(from + 3 * step, IM);
      const evenR = f32x4.add(a0r, a2r);
      const evenI = f32x4.add(a0i, a2i);
      const evenDiffR = f32x4.sub(a0r, a2r);
      const evenDiffI = f32x4.sub(a0i, a2i);
      const oddR = f32x4.add(a1r, a3r);
      const oddI = f32x4.add(a1i, a3i);
      const oddDiffR = f32x4.sub(a1r, a3r);
      const oddDiffI = f32x4.sub(a1i, a3i);
      store2(to, f32x4.add(evenR, oddR), f32x4.add(evenI, oddI));
      storeTurned(to + line, f32x4.add(evenDiffR, oddDiffI), f32x4.sub(evenDiffI, oddDiffR), w1r, w1i);
      storeTurned(to + 2 * line, f32x4.sub(evenR, oddR), f32x4.sub(evenI, oddI), w2r, w2i);
      storeTurned(to + 3 * line, f32x4.sub(evenDiffR, oddDiffI), f32x4.add(evenDiffI, oddDiffR), w3r, w3i);
      to += ELEMENT;
    }
    to += 3 * line;
  }
}

function radix5(from: usize, to: usize, count: i32, stride: i32, twiddles: usize): void {
  const line = <usize>stride * ELEMENT;
  const step = <usize>count * line;
  const cos1 = f32x4.splat(0.30901699437494745);
  const cos2 = f32x4.splat(-0.8090169943749475);
  const sin1 = f32x4.splat(0.9510565162951535);
  const sin2 = f32x4.splat(0.5877852522924731);
  let w = twiddles;
  for (let p: i32 = 0; p < count; p++) {
    const w1r = v128.load32_splat(w);
    const w1i = v128.load32_splat(w, 4);
    const w2r = v128.load32_splat(w, 8);
    const w2i = v128.load32_splat(w, 12);
    const w3r = v128.load32_splat(w, 16);
    const w3i = v128.load32_splat(w, 20);
    const w4r = v128.load32_splat(w, 24);
    const w4i = v128.load32_splat(w, 28);
    w += 32;
    for (const end = from + line; from < end; from += ELEMENT) {
      const a0r = v128.load(from);
      const a0i = v128.load(from, IM);
      const a1r = v128.load(from + step);
      const a1i = v128.load(from + step, IM);
      const a2r = v128.load(from + 2 * step);
      const a2i = v128.load(from + 2 * step, IM);
      const a3r = v128.load(from + 3 * step);
      const a3i = v128.load(from + 3 * step, IM);
      const a4r = v128.load(from + 4 * step);
      const a4i = v128.load(from + 4 * step, IM);
      const outerR = f32x4.add(a1r, a4r);
      const outerI = f32x4.add(a1i, a4i);
      const innerR = f32x4.add(a2r, a3r);
      const innerI = f32x4.add(a2i, a3i);
      const outerDiffR = f32x4.sub(a1r, a4r);
      const outerDiffI = f32x4.sub(a1i, a4i);
      const innerDiffR = f32x4.sub(a2r, a3r);
      const innerDiffI = f32x4.sub(a2i, a3i);
      const mid1R = f32x4.add(a0r, f32x4.add(f32x4.mul(cos1, outerR), f32x4.mul(cos2, innerR)));
      const mid1I = f32x4.add(a0i, f32x4.add(f32x4.mul(cos1, outerI), f32x4.mul(cos2, innerI)));
      const mid2R = f32x4.add(a0r, f32x4.add(f32x4.mul(cos2, outerR), f32x4.mul(cos1, innerR)));
      const mid2I = f32x4.add(a0i, f32x4.add(f32x4.mul(cos2, outerI), f32x4.mul(cos1, innerI)));
      const side1R = f32x4.add(f32x4.mul(sin1, outerDiffR), f32x4.mul(sin2, innerDiffR));
      const side1I = f32x4.add(f32x4.mul(sin1, outerDiffI), f32x4.mul(sin2, innerDiffI));
      const side2R = f32x4.sub(f32x4.mul(sin2, outerDiffR), f32x4.mul(sin1, innerDiffR));
      const side2I = f32x4.sub(f32x4.mul(sin2, outerDiffI), f32x4.mul(sin1, innerDiffI));
      store2(to, f32x4.add(a0r, f32x4.add(outerR, innerR)), f32x4.add(a0i, f32x4.add(outerI, innerI)));
      storeTurned(to + line, f32x4.add(mid1R, side1I), f32x4.sub(mid1I, side1R), w1r, w1i);
      storeTurned(to + 2 * line, f32x4.add(mid2R, side2I), f32x4.sub(mid2I, side2R), w2r, w2i);
      storeTurned(to + 3 * line, f32x4.sub(mid2R, side2I), f32x4.add(mid2I, side2R), w3r, w3i);
      storeTurned(to + 4 * line, f32x4.sub(mid1R, side1I), f32x4.add(mid1I, side1R), w4r, w4i);
      to += ELEMENT;
    }
    to += 4 * line;
  }
}

function store2(to: usize, re: v128, im: v128): void {
  v128.store(to, re);
  v128.store(to, im, IM);
}

/** Stores the product with a twiddle factor. */
function storeTurned(to: usize, re: v128, im: v128, wr: v128, wi: v128): void {
  v128.store(to, f32x4.sub(f32x4.mul(re, wr), f32x4.mul(im, wi)));
  v128.store(to, f32x4.add(f32x4.mul(re, wi), f32x4.mul(im, wr)), IM);
}
