/** Passes over a whole plane, and order statistics. */

/** How many of the flags are set. */
export function countFlags(flags: usize, count: i32): i32 {
  let total: i32 = 0;
  let i: i32 = 0;
  for (; i + 8 <= count; i += 8) total += <i32>((load<u64>(flags + i) * 0x0101010101010101) >> 56);
  for (; i < count; i++) total += load<u8>(flags + i);
  return total;
}

/** 1 when the flags of two planes are equal, 0 otherwise. */
export function sameFlags(one: usize, other: usize, count: i32): i32 {
  let i: i32 = 0;
  for (; i + 8 <= count; i += 8) if (load<u64>(one + i) !== load<u64>(other + i)) return 0;
  for (; i < count; i++) if (load<u8>(one + i) !== load<u8>(other + i)) return 0;
  return 1;
}

/** Flags every value above the limit. */
export function clipAbove(values: usize, flags: usize, count: i32, limit: f64): void {
  // What is above the limit is above the largest float32 that is not.
  let most = <f32>limit;
  if (<f64>most > limit) most = nextBelow(most);
  const limits = f32x4.splat(most);
  let i: i32 = 0;
  for (; i + 4 <= count; i += 4) {
    if (!v128.any_true(f32x4.gt(v128.load(values + ((<usize>i) << 2)), limits))) continue;
    for (let j = i; j < i + 4; j++) if (load<f32>(values + ((<usize>j) << 2)) > most) store<u8>(flags + j, 1);
  }
  for (; i < count; i++) if (load<f32>(values + ((<usize>i) << 2)) > most) store<u8>(flags + i, 1);
}

/** The next smaller float32. */
export function nextBelow(value: f32): f32 {
  if (value === 0) return -1.401298464324817e-45;
  const bits = reinterpret<i32>(value);
  return reinterpret<f32>(value > 0 ? bits - 1 : bits + 1);
}

/** Every `step`-th unflagged value into `sample`; returns how many. */
export function drawSample(sample: usize, values: usize, flags: usize, count: i32, step: i32): i32 {
  let drawn: i32 = 0;
  for (let i: i32 = 0; i < count; i += step) {
    if (load<u8>(flags + i) !== 0) continue;
    store<f32>(sample + ((<usize>drawn) << 2), load<f32>(values + ((<usize>i) << 2)));
    drawn++;
  }
  return drawn;
}

/** Replaces each value by its distance from the centre. */
export function spreadAbout(values: usize, count: i32, centre: f64): void {
  for (let i: i32 = 0; i < count; i++) {
    const at = values + ((<usize>i) << 2);
    store<f32>(at, <f32>abs(<f64>load<f32>(at) - centre));
  }
}

/** Leading bits of a value's rank that are counted first. */
const RANK_BITS: i32 = 11;
const SMALL: i32 = 128;

/** Whole number that orders as the float32 does. */
function rankOf(at: usize): u32 {
  const bits = load<u32>(at);
  return bits ^ (<u32>(<i32>bits >> 31) | 0x80000000);
}

/**
 * The k-th smallest of some values, none NaN. Values with other leading bits are counted and left aside.
 *
 * @param bins Room for 2048 whole numbers; `picked` for as many values as there are. Values may be reordered.
 */
export function selectKth(values: usize, count: i32, k: i32, bins: usize, picked: usize): f32 {
  if (count <= SMALL) return quickSelect(values, count, k);
  memory.fill(bins, 0, 4 << RANK_BITS);
  for (let i: i32 = 0; i < count; i++) {
    const bin = bins + ((rankOf(values + ((<usize>i) << 2)) >> (32 - RANK_BITS)) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
  }
  let below: i32 = 0;
  let place: u32 = 0;
  for (; ; place++) {
    const inBin = load<i32>(bins + (place << 2));
    if (below + inBin > k) break;
    below += inBin;
  }
  let pickedCount: i32 = 0;
  for (let i: i32 = 0; i < count; i++) {
    const at = values + ((<usize>i) << 2);
    // The place behind the last is overwritten until a value belongs there: no branch depends on it.
    store<u32>(picked + ((<usize>pickedCount) << 2), load<u32>(at));
    pickedCount += <i32>(rankOf(at) >> (32 - RANK_BITS) === place);
  }
  return quickSelect(picked, pickedCount, k - below);
}

function quickSelect(values: usize, count: i32, k: i32): f32 {
  let low: i32 = 0;
  let high: i32 = count - 1;
  while (low < high) {
    const pivot = load<f32>(values + ((<usize>((low + high) >>> 1)) << 2));
    let i = low;
    let j = high;
    while (i <= j) {
      while (load<f32>(values + ((<usize>i) << 2)) < pivot) i++;
      while (load<f32>(values + ((<usize>j) << 2)) > pivot) j--;
      if (i > j) break;
      const one = load<f32>(values + ((<usize>i) << 2));
      store<f32>(values + ((<usize>i) << 2), load<f32>(values + ((<usize>j) << 2)));
      store<f32>(values + ((<usize>j) << 2), one);
      i++;
      j--;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return load<f32>(values + ((<usize>k) << 2));
}
