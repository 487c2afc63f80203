/** The values of an image that is written, as blocks of stored elements. */
import type { StoredArray } from "../bytes/big-endian.ts";
import { FitsWriteError } from "../errors.ts";
import type { ImageSpec, ImageValues } from "./image-spec.ts";
import { quantizeInto } from "./quantize.ts";
import {
  bytesPerElement,
  flipHighestBit,
  type NativeArray,
  type NativeType,
  newArray,
  type Scaling,
  storedView,
  typeOfArray,
} from "./scale.ts";

const BLOCK_BYTES = 1 << 20;

/**
 * Blocks of elements as they are stored, about a megabyte each; a block may be reused by the next.
 *
 * @throws FitsWriteError when values are of another type than said, too few or too many, or cannot be stored
 */
export async function* storedBlocks(
  spec: ImageSpec,
  stored: NativeType,
  scaling: Scaling,
  file: string,
  hduIndex: number,
): AsyncGenerator<StoredArray> {
  const count = spec.shape.length === 0 ? 0 : spec.shape.reduce((product, length) => product * length, 1);
  const place = `HDU ${hduIndex}, values`;
  let doneCount = 0;
  const toStored = storing(spec, stored, scaling, file, place);
  for await (const values of nativeBlocks(spec, count)) {
    if (typeOfArray(values) !== spec.type) {
      throw new FitsWriteError({ file, place, expected: spec.type, found: typeOfArray(values) });
    }
    doneCount += values.length;
    if (doneCount > count) break;
    const blockLength = Math.max(1, Math.floor(BLOCK_BYTES / values.BYTES_PER_ELEMENT));
    for (let start = 0; start < values.length; start += blockLength) {
      yield toStored(values.subarray(start, start + blockLength));
    }
  }
  if (doneCount !== count) {
    const found = doneCount > count ? "more" : `${doneCount}`;
    throw new FitsWriteError({ file, place, expected: `${count} values`, found });
  }
}

/** How a block of values becomes one of stored elements. */
function storing(
  { storage, type }: ImageSpec,
  stored: NativeType,
  scaling: Scaling,
  file: string,
  place: string,
): (values: NativeArray) => StoredArray {
  if (storage !== undefined) {
    if (type !== "float32" && type !== "float64") {
      throw new FitsWriteError({ file, place, expected: "float32 or float64 to store as integers", found: type });
    }
    return (values) => {
      const out = newArray(storage.type, values.length);
      quantizeInto(values as Float32Array | Float64Array, scaling, out, file, place);
      return out;
    };
  }
  if (stored === type) return (values) => values as StoredArray;
  return (values) => {
    const out = storedView(stored, values.slice());
    flipHighestBit(out);
    return out;
  };
}

/** Values as they are given, or as a function fills them. */
async function* nativeBlocks({ values, shape, type }: ImageSpec, count: number): AsyncGenerator<NativeArray> {
  if (typeof values !== "function") {
    yield* isArray(values) ? [values] : values;
    return;
  }
  if (count === 0) return;
  const rowLength = shape[0]!;
  const rowCount = count / rowLength;
  const blockRows = Math.max(1, Math.min(rowCount, Math.floor(BLOCK_BYTES / (rowLength * bytesPerElement(type)))));
  const block = newArray(type, blockRows * rowLength);
  for (let rowStart = 0; rowStart < rowCount; rowStart += blockRows) {
    const rowEnd = Math.min(rowCount, rowStart + blockRows);
    const out = block.subarray(0, (rowEnd - rowStart) * rowLength);
    await values(rowStart, rowEnd, out);
    yield out;
  }
}

function isArray(values: Exclude<ImageValues, (...args: never[]) => unknown>): values is NativeArray {
  return ArrayBuffer.isView(values);
}
