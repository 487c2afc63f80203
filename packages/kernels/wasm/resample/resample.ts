/**
 * Between channels and nodes (AssemblyScript). Channel b D + f of a run is the sum over k of tap[k][f] times node b + k.
 *
 * Taps: f32 [k][stride], where stride is D in whole vectors of four; what is beyond D is 0. Channels: f32, real parts and
 * imaginary parts apart, with at least four zeros after the last; nodes: f32 [re, im].
 */

/** Sets nodes to the sums of channels times taps: the transpose of `expandLine`. */
export function compressLine(
  re: usize,
  im: usize,
  blockCount: i32,
  channelsPerNode: i32,
  taps: usize,
  stride: i32,
  tapCount: i32,
  nodes: usize,
): void {
  memory.fill(nodes, 0, <usize>(blockCount - 1 + tapCount) * 8);
  const tapBytes = <usize>stride * 4;
  for (let block: i32 = 0; block < blockCount; block++) {
    let at = nodes + <usize>block * 8;
    let tap = taps;
    for (let k: i32 = 0; k < tapCount; k++) {
      let sumR = f32x4.splat(0);
      let sumI = f32x4.splat(0);
      for (let f: usize = 0; f < tapBytes; f += 16) {
        const weight = v128.load(tap + f);
        sumR = f32x4.add(sumR, f32x4.mul(weight, v128.load(re + f)));
        sumI = f32x4.add(sumI, f32x4.mul(weight, v128.load(im + f)));
      }
      const low = v128.shuffle<f32>(sumR, sumI, 0, 4, 1, 5);
      const high = v128.shuffle<f32>(sumR, sumI, 2, 6, 3, 7);
      const pairs = f32x4.add(low, high);
      store<f32>(at, load<f32>(at) + f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 2));
      store<f32>(at, load<f32>(at, 4) + f32x4.extract_lane(pairs, 1) + f32x4.extract_lane(pairs, 3), 4);
      at += 8;
      tap += tapBytes;
    }
    re += <usize>channelsPerNode * 4;
    im += <usize>channelsPerNode * 4;
  }
}

/** Sets channels to the interpolation of nodes. Up to three numbers beyond the last block are changed. */
export function expandLine(
  re: usize,
  im: usize,
  blockCount: i32,
  channelsPerNode: i32,
  taps: usize,
  stride: i32,
  tapCount: i32,
  nodes: usize,
): void {
  const tapBytes = <usize>stride * 4;
  for (let block: i32 = 0; block < blockCount; block++) {
    const first = nodes + <usize>block * 8;
    for (let f: usize = 0; f < tapBytes; f += 16) {
      let sumR = f32x4.splat(0);
      let sumI = f32x4.splat(0);
      let tap = taps + f;
      for (let k: usize = 0; k < <usize>tapCount; k++) {
        const weight = v128.load(tap);
        sumR = f32x4.add(sumR, f32x4.mul(weight, v128.load32_splat(first + 8 * k)));
        sumI = f32x4.add(sumI, f32x4.mul(weight, v128.load32_splat(first + 8 * k, 4)));
        tap += tapBytes;
      }
      v128.store(re + f, sumR);
      v128.store(im + f, sumI);
    }
    re += <usize>channelsPerNode * 4;
    im += <usize>channelsPerNode * 4;
  }
}
