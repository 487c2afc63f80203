/** Images: read whole, in part, or row by row. */
import { decodeInto, type StoredArray } from "../bytes/big-endian.ts";
import { type AsyncByteSource, assertInside, ReadBuffer } from "../bytes/byte-source.ts";
import { FitsUnsupportedError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";
import type { HduLayout } from "../structure/hdu.ts";
import {
  assertMemory,
  assertRegion,
  DEFAULT_FETCH_BYTES,
  type PlanOptions,
  planRegion,
  type Region,
  regionShape,
  wholeRegion,
} from "./region.ts";
import {
  bytesPerElement,
  flipHighestBit,
  imageScaling,
  type NativeArray,
  type NativeArrays,
  type NativeType,
  nativeTypeOf,
  newArray,
  type Scaling,
  scaleInto,
  storedTypeOf,
  storedView,
} from "./scale.ts";

/** Values with their shape: first axis first, it varies fastest. */
export interface ImageData<T extends NativeArray = NativeArray> {
  readonly data: T;
  readonly shape: readonly number[];
}

/** Consecutive rows of an image, over all of its further axes. */
export interface ImageRows<T extends NativeArray = NativeArray> {
  readonly rowStart: number;
  readonly rowEnd: number; // exclusive
  /** [rowEnd - rowStart, NAXIS1], reused by the next. */
  readonly data: T;
}

export interface ReadImageOptions extends PlanOptions {
  /** Default: all of the image. */
  readonly region?: Region;
  /** More than this is refused before it is allocated. Default 8 GiB. */
  readonly maxBytes?: number;
}

/** Which rows, and how many at once. */
export interface RowsOptions extends PlanOptions {
  readonly firstRowIndex?: number;
  /** Exclusive. */
  readonly endRowIndex?: number;
  /** Default: what makes about a megabyte. */
  readonly blockRowCount?: number;
}

/** What `FitsImage` needs to know of an HDU. */
export interface ImageHdu {
  readonly index: number;
  readonly header: FitsHeader;
  readonly layout: HduLayout;
  readonly source: AsyncByteSource;
  readonly dataStartByte: number;
}

const DEFAULT_MAX_BYTES = 2 ** 33;

/**
 * An image.
 *
 * `read("float32")` and `read("float64")` give values: scaled, with NaN for blanks. `readNative()` gives each value
 * exactly, in the type that can hold it, which is the stored one, the unsigned one of the same width, or float64 where
 * a scale applies; there blanks of integers stand as they are, as `scaling.blank` says.
 */
export class FitsImage {
  readonly header: FitsHeader;
  readonly shape: readonly number[];
  readonly scaling: Scaling;
  /** The type as which the values are in the file. */
  readonly storedType: NativeType;
  /** The type of `readNative`. */
  readonly nativeType: NativeType;
  readonly #hdu: ImageHdu;

  /** @throws FitsUnsupportedError when the HDU is no image; FitsCorruptError when its scaling is not sound */
  constructor(hdu: ImageHdu) {
    const { header, layout, source } = hdu;
    if (layout.kind !== "image") {
      const isCompressed = header.value("ZIMAGE") === true;
      const found = isCompressed ? "a compressed image (ZIMAGE)" : `a ${layout.kind}`;
      throw new FitsUnsupportedError({ file: source.name, place: `HDU ${hdu.index}`, expected: "an image", found });
    }
    this.#hdu = hdu;
    this.header = header;
    this.shape = layout.shape;
    this.storedType = storedTypeOf(layout.bitpix);
    this.scaling = imageScaling(header, layout.bitpix);
    this.nativeType = nativeTypeOf(this.storedType, this.scaling);
  }

  /** Rows in all: the product of all axes but the first. */
  get rowCount(): number {
    return this.shape.length === 0 ? 0 : this.shape.slice(1).reduce((product, length) => product * length, 1);
  }

  /**
   * Reads values as floating point.
   *
   * @returns elements of the region, first axis fastest
   * @throws FitsTruncatedError, FitsLimitError; RangeError when the region is not within the image
   */
  read<T extends "float32" | "float64">(type: T, options?: ReadImageOptions): Promise<ImageData<NativeArrays[T]>>;
  async read(type: "float32" | "float64", options: ReadImageOptions = {}): Promise<ImageData> {
    return this.#read(type, options);
  }

  /** Reads each value exactly. See the class for the type. @throws as `read` */
  async readNative(options: ReadImageOptions = {}): Promise<ImageData> {
    return this.#read(this.nativeType, options);
  }

  /** The bytes as they are, without scaling. @throws as `read` */
  async readStored(options: ReadImageOptions = {}): Promise<ImageData<StoredArray>> {
    const { data, shape } = await this.#read("stored", options);
    return { data: data as StoredArray, shape };
  }

  /** Reads values into an array of the caller, from its first element. @throws RangeError when it is too short; as `read` */
  async readInto(out: Float32Array | Float64Array, options: ReadImageOptions = {}): Promise<readonly number[]> {
    const region = this.#region(options);
    await this.#fill(out, out instanceof Float32Array ? "float32" : "float64", region, options);
    return regionShape(region);
  }

  /**
   * Goes through rows in order with little memory: all of them, or from `firstRowIndex` to `endRowIndex` (exclusive).
   *
   * @throws RangeError for rows that are not there; FitsTruncatedError
   */
  async *rows<T extends "float32" | "float64">(
    type: T,
    options: RowsOptions = {},
  ): AsyncGenerator<ImageRows<NativeArrays[T]>> {
    const [rowLength = 0] = this.shape;
    const { rowCount } = this;
    const { firstRowIndex = 0, endRowIndex = rowCount } = options;
    if (!(firstRowIndex >= 0 && firstRowIndex <= endRowIndex && endRowIndex <= rowCount)) {
      throw new RangeError(`expected rows within 0 to ${rowCount}, found ${firstRowIndex} to ${endRowIndex}`);
    }
    if (rowLength * (endRowIndex - firstRowIndex) === 0) return;
    const fitting = Math.floor(DEFAULT_FETCH_BYTES / (rowLength * bytesPerElement(this.storedType)));
    const blockRows = Math.min(endRowIndex - firstRowIndex, options.blockRowCount ?? Math.max(1, fitting));
    const block = newArray(type, blockRows * rowLength);
    // As if all further axes were one.
    const flat = [rowLength, rowCount];
    for (let rowStart = firstRowIndex; rowStart < endRowIndex; rowStart += blockRows) {
      const rowEnd = Math.min(endRowIndex, rowStart + blockRows);
      const data = block.subarray(0, (rowEnd - rowStart) * rowLength) as NativeArrays[T];
      await this.#fill(data, type, { startPx: [0, rowStart], endPx: [rowLength, rowEnd] }, options, flat);
      yield { rowStart, rowEnd, data };
    }
  }

  #region({ region }: ReadImageOptions): Region {
    if (region === undefined) return wholeRegion(this.shape);
    assertRegion(region, this.shape);
    return region;
  }

  async #read(type: NativeType | "stored", options: ReadImageOptions): Promise<ImageData> {
    const region = this.#region(options);
    const shape = regionShape(region);
    const count = shape.length === 0 ? 0 : shape.reduce((product, length) => product * length, 1);
    const outType = type === "stored" ? this.storedType : type;
    const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    const { source, dataStartByte, index } = this.#hdu;
    assertMemory(count, bytesPerElement(outType), maxBytes, source.name, `HDU ${index}, data`);
    this.#assertThere(region, dataStartByte);
    const data = newArray(outType, count);
    await this.#fill(data, type, region, options);
    return { data, shape };
  }

  /** What is not in the file is refused before memory is taken for it. */
  #assertThere(region: Region, dataStartByte: number): void {
    if (region.endPx.some((end, axis) => end === region.startPx[axis])) return;
    let last = 0;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) last = last * this.shape[axis]! + region.endPx[axis]! - 1;
    const endByte = dataStartByte + (last + 1) * bytesPerElement(this.storedType);
    const { source, index } = this.#hdu;
    assertInside(source, dataStartByte, endByte, `HDU ${index}, data`);
  }

  async #fill(
    out: NativeArray,
    type: NativeType | "stored",
    region: Region,
    options: PlanOptions,
    shape = this.shape,
  ): Promise<void> {
    const { source, dataStartByte, index } = this.#hdu;
    const elementBytes = bytesPerElement(this.storedType);
    const count = regionShape(region).reduce((product, length) => product * length, shape.length === 0 ? 0 : 1);
    if (out.length < count) throw new RangeError(`expected room for ${count} values, found ${out.length}`);
    const isFlipped = type !== "stored" && type === this.nativeType && type !== this.storedType && type !== "float64";
    const isDirect = type === "stored" || isFlipped || this.#isAsStored(type);
    const direct = isDirect ? storedView(this.storedType, out) : undefined;
    let scratch: StoredArray | undefined;
    const buffer = new ReadBuffer(source);
    for (const fetch of planRegion(shape, elementBytes, dataStartByte, region, options)) {
      const bytes = await buffer.read(fetch.startByte, fetch.endByte, `HDU ${index}, data`);
      for (const { startByte, elementCount, outIndex } of fetch.runs) {
        const at = startByte - fetch.startByte;
        const piece = bytes.subarray(at, at + elementCount * elementBytes);
        if (direct !== undefined) {
          decodeInto(piece, direct, outIndex);
          continue;
        }
        if (scratch === undefined || scratch.length < elementCount) {
          scratch = newArray(this.storedType, elementCount) as StoredArray;
        }
        decodeInto(piece, scratch, 0);
        const stored = scratch.subarray(0, elementCount);
        scaleInto(stored, this.scaling, out as Float32Array | Float64Array, outIndex);
      }
    }
    if (isFlipped && direct !== undefined) flipHighestBit(direct.subarray(0, count));
  }

  #isAsStored(type: NativeType): boolean {
    return type === this.storedType && this.scaling.bscale === 1 && Number(this.scaling.bzero) === 0;
  }
}
