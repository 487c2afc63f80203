/**
 * Random numbers from a seed: xoshiro128** (Blackman & Vigna 2018), its state filled by a 32-bit mixer. The same seeds
 * give the same numbers on every machine.
 */
export class RandomStream {
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;
  #spare = Number.NaN;

  /** @param seeds  whole numbers; each further one makes another independent stream */
  constructor(...seeds: readonly number[]) {
    let mixed = 0x9e3779b9 ^ seeds.length;
    for (const seed of seeds) {
      mixed = mix(mixed ^ (seed | 0));
      mixed = mix((mixed + Math.floor(seed / 2 ** 32)) | 0);
    }
    const next = () => {
      mixed = (mixed + 0x9e3779b9) | 0;
      return mix(mixed);
    };
    this.#s0 = next();
    this.#s1 = next();
    this.#s2 = next();
    this.#s3 = next() | 1; // the state may not be all zero
  }

  /** A whole number, 0 … 2^32 − 1. */
  nextUint32(): number {
    const product = Math.imul(this.#s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= shifted;
    this.#s3 = (this.#s3 << 11) | (this.#s3 >>> 21);
    return result;
  }

  /** Evenly distributed in [min, max), with 53 random bits. */
  uniform(min = 0, max = 1): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return min + (max - min) * ((high * 67_108_864 + low) / 9_007_199_254_740_992);
  }

  /** Normally distributed (Box & Muller 1958). */
  normal(mean = 0, sigma = 1): number {
    if (this.#spare === this.#spare) {
      const spare = this.#spare;
      this.#spare = Number.NaN;
      return mean + sigma * spare;
    }
    // 32 random bits each: the radius reaches 6.6 sigma, and no value is zero under the logarithm.
    const radius = Math.sqrt(-2 * Math.log((this.nextUint32() + 0.5) / 4_294_967_296));
    const angleRad = (2 * Math.PI * this.nextUint32()) / 4_294_967_296;
    this.#spare = radius * Math.sin(angleRad);
    return mean + sigma * radius * Math.cos(angleRad);
  }

  /** Whole number in [0, count). */
  index(count: number): number {
    return Math.floor(this.uniform() * count);
  }
}

/** Every bit of the result depends on every bit of the argument (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
