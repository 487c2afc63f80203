/** The buckets of StandardStMan in which strings and string arrays stand. */

/** Where a string stands: bucket, first byte in its data area, and length. */
export interface StringPlace {
  readonly bucketIndex: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

const headerBytes = 16;
/** A string that does not fit is begun in the rest of a bucket only when the rest is larger than this. */
const smallestPieceBytes = 50;

/** Lays strings into buckets, one behind the other, and hands out each bucket when it is full. */
export class StringBuckets {
  private readonly bucketBytes: number;
  private readonly write: (bucketIndex: number, bucket: Uint8Array) => void;
  private readonly nextBucket: () => number;
  private current: Uint8Array | undefined;
  private index = -1;
  private used = 0;

  /**
   * @param nextBucket  number of the next free bucket
   * @param write       takes a bucket that is complete
   */
  constructor(bucketBytes: number, nextBucket: () => number, write: (bucketIndex: number, bucket: Uint8Array) => void) {
    this.bucketBytes = bucketBytes;
    this.nextBucket = nextBucket;
    this.write = write;
  }

  /** Number of the last bucket, in which casacore goes on when it adds strings; -1 when there is none. */
  get lastBucketIndex(): number {
    return this.index;
  }

  put(bytes: Uint8Array): StringPlace {
    const capacity = this.bucketBytes - headerBytes;
    if (this.current === undefined) this.start();
    const left = capacity - this.used;
    if (bytes.length > left && left < smallestPieceBytes) this.close(-1);
    const place = { bucketIndex: this.index, offsetBytes: this.used, sizeBytes: bytes.length };
    for (let from = 0; ; ) {
      const count = Math.min(bytes.length - from, capacity - this.used);
      (this.current as Uint8Array).set(bytes.subarray(from, from + count), headerBytes + this.used);
      this.used += count;
      from += count;
      if (from >= bytes.length) return place;
      this.close(1);
    }
  }

  /** Writes the last bucket. */
  finish(): void {
    if (this.current !== undefined) this.seal(-1);
  }

  private start(): void {
    this.index = this.nextBucket();
    this.current = new Uint8Array(this.bucketBytes);
    this.used = 0;
  }

  /** Goes on to another bucket; `link` 1: the last string continues there. */
  private close(link: 1 | -1): void {
    const full = this.current as Uint8Array;
    const fullIndex = this.index;
    const fullUsed = this.used;
    this.start();
    sealBucket(full, fullUsed, link === 1 ? this.index : -1);
    this.write(fullIndex, full);
  }

  private seal(next: number): void {
    sealBucket(this.current as Uint8Array, this.used, next);
    this.write(this.index, this.current as Uint8Array);
  }
}

function sealBucket(bucket: Uint8Array, used: number, next: number): void {
  const view = new DataView(bucket.buffer, bucket.byteOffset);
  view.setInt32(4, used);
  view.setInt32(8, bucket.length - headerBytes - used);
  view.setInt32(12, next);
}
