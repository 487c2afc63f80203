/**
 * What is known of up to millions of files, in 16 bytes each: hashes of the name and of the newest version's signature.
 *
 * 53 bits of hash: among 10⁶ names two collide with a chance of 6·10⁻⁵, and then one of them would be taken for the other.
 * Strings in a Map take ten times the memory and four times as long to look up.
 */
export class KnownFiles {
  #names: Float64Array;
  #signatures: Float64Array;
  #count = 0;

  constructor(capacityCount = 1024) {
    const slotCount = 2 ** Math.ceil(Math.log2(2 * capacityCount));
    this.#names = new Float64Array(slotCount);
    this.#signatures = new Float64Array(slotCount);
  }

  get count(): number {
    return this.#count;
  }

  /** The memory of the table. */
  get sizeBytes(): number {
    return 2 * this.#names.byteLength;
  }

  has(name: string): boolean {
    return this.#names[this.#slotOf(hash53(name))] !== 0;
  }

  /** Whether this version of the file is the known one. */
  isCurrent(name: string, signature: string): boolean {
    const nameHash = hash53(name);
    const slot = this.#slotOf(nameHash);
    return this.#names[slot] === nameHash && this.#signatures[slot] === hash53(signature);
  }

  set(name: string, signature: string): void {
    if (2 * (this.#count + 1) > this.#names.length) this.#grow();
    const nameHash = hash53(name);
    const slot = this.#slotOf(nameHash);
    if (this.#names[slot] === 0) this.#count++;
    this.#names[slot] = nameHash;
    this.#signatures[slot] = hash53(signature);
  }

  /** The slot of a hash, or the free one where it would go. */
  #slotOf(nameHash: number): number {
    const lastSlot = this.#names.length - 1;
    let slot = nameHash % this.#names.length;
    while (this.#names[slot] !== 0 && this.#names[slot] !== nameHash) slot = slot === lastSlot ? 0 : slot + 1;
    return slot;
  }

  #grow(): void {
    const [names, signatures] = [this.#names, this.#signatures];
    this.#names = new Float64Array(2 * names.length);
    this.#signatures = new Float64Array(2 * names.length);
    for (let old = 0; old < names.length; old++) {
      const nameHash = names[old]!;
      if (nameHash === 0) continue;
      const slot = this.#slotOf(nameHash);
      this.#names[slot] = nameHash;
      this.#signatures[slot] = signatures[old]!;
    }
  }
}

/** Two multiplicative hashes of 32 bits, mixed; 53 bits of them, never 0. */
function hash53(text: string): number {
  let low = 0x9e3779b9;
  let high = 0x85ebca6b;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x5bd1e995);
    high ^= low >>> 15;
  }
  low = Math.imul(low ^ (low >>> 16), 0x7feb352d);
  low ^= low >>> 15;
  high = Math.imul(high ^ (high >>> 16), 0x846ca68b);
  high ^= high >>> 16;
  return ((high >>> 0) & 0x1fffff) * 2 ** 32 + (low >>> 0) || 1;
}
