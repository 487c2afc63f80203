/** Which bytes a part of an image takes: pure, so that what would be read can be known before. */
import { FitsLimitError } from "../errors.ts";

/** A box: for each axis, first axis first, from `startPx` to `endPx` (exclusive), counted from 0. */
export interface Region {
  readonly startPx: readonly number[];
  readonly endPx: readonly number[];
}

/** Bytes that lie together, and the runs of wanted elements in them. */
export interface Fetch {
  readonly startByte: number;
  readonly endByte: number; // exclusive
  readonly runs: readonly Run[];
}

/** Elements that lie together in the file and in the result. */
export interface Run {
  readonly startByte: number;
  readonly elementCount: number;
  /** Index of the first in the result. */
  readonly outIndex: number;
}

export interface PlanOptions {
  /** Runs so far apart are still read together, with what lies between. */
  readonly maxGapBytes?: number;
  /** So much is read at once at most. */
  readonly maxFetchBytes?: number;
}

export const DEFAULT_GAP_BYTES = 1 << 15;
export const DEFAULT_FETCH_BYTES = 1 << 20;

/** The whole of an image. */
export function wholeRegion(shape: readonly number[]): Region {
  return { startPx: shape.map(() => 0), endPx: shape };
}

/** Elements along each axis of a region. */
export function regionShape({ startPx, endPx }: Region): readonly number[] {
  return endPx.map((edge, axis) => edge - startPx[axis]!);
}

/** @throws RangeError when a region does not lie within the image */
export function assertRegion({ startPx, endPx }: Region, shape: readonly number[]): void {
  const fits =
    startPx.length === shape.length &&
    endPx.length === shape.length &&
    shape.every((length, axis) => {
      const [low, high] = [startPx[axis]!, endPx[axis]!];
      return Number.isInteger(low) && Number.isInteger(high) && low >= 0 && low <= high && high <= length;
    });
  if (!fits) throw new RangeError(`expected a region within [${shape}], found [${startPx}] to [${endPx}]`);
}

/** @throws FitsLimitError when so many elements of that size are more than is allowed */
export function assertMemory(
  elementCount: number,
  elementBytes: number,
  maxBytes: number,
  file: string,
  place: string,
): void {
  const neededBytes = elementCount * elementBytes;
  if (neededBytes > maxBytes) {
    const found = `${elementCount} elements, ${neededBytes} bytes`;
    throw new FitsLimitError({ file, place, expected: `at most ${maxBytes} bytes`, found });
  }
}

/**
 * Plans how to read a region.
 *
 * @param shape         NAXISn
 * @param elementBytes  of one stored element
 * @param dataStartByte  of the data in the file
 * @returns in the order of the file; no fetch is longer than `maxFetchBytes` but where one element is
 */
export function* planRegion(
  shape: readonly number[],
  elementBytes: number,
  dataStartByte: number,
  region: Region,
  options: PlanOptions = {},
): Generator<Fetch> {
  const maxGapBytes = options.maxGapBytes ?? DEFAULT_GAP_BYTES;
  const maxFetchBytes = options.maxFetchBytes ?? DEFAULT_FETCH_BYTES;
  let runs: Run[] = [];
  let startByte = 0;
  let endByte = 0;
  for (const run of planRuns(shape, elementBytes, dataStartByte, region, Math.floor(maxFetchBytes / elementBytes))) {
    const runEndByte = run.startByte + run.elementCount * elementBytes;
    if (runs.length > 0 && (run.startByte - endByte > maxGapBytes || runEndByte - startByte > maxFetchBytes)) {
      yield { startByte, endByte, runs };
      runs = [];
    }
    if (runs.length === 0) startByte = run.startByte;
    runs.push(run);
    endByte = runEndByte;
  }
  if (runs.length > 0) yield { startByte, endByte, runs };
}

/** Runs of a region, those that follow each other without gap joined, none longer than so many elements. */
function* planRuns(
  shape: readonly number[],
  elementBytes: number,
  dataStartByte: number,
  region: Region,
  maxElementCount: number,
): Generator<Run> {
  const extents = regionShape(region);
  if (shape.length === 0 || extents.some((extent) => extent === 0)) return;
  // Leading axes that are taken whole make longer runs.
  let inner = 0;
  let runLength = 1;
  let isWhole = true;
  while (inner < shape.length && isWhole) {
    runLength *= extents[inner]!;
    isWhole = extents[inner] === shape[inner];
    inner++;
  }
  const strides: number[] = [];
  let stride = 1;
  for (const length of shape) {
    strides.push(stride);
    stride *= length;
  }
  const position = region.startPx.slice();
  let outIndex = 0;
  for (;;) {
    const element = position.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
    for (let done = 0; done < runLength; done += maxElementCount) {
      const elementCount = Math.min(maxElementCount, runLength - done);
      yield { startByte: dataStartByte + (element + done) * elementBytes, elementCount, outIndex: outIndex + done };
    }
    outIndex += runLength;
    let axis = inner;
    while (axis < shape.length && ++position[axis]! === region.endPx[axis]) {
      position[axis] = region.startPx[axis]!;
      axis++;
    }
    if (axis >= shape.length) return;
  }
}
