/** Where the rows of a StandardStMan column are, for changing values of a fixed size in place. */
import { AipsIoReader } from "../aipsio/reader.ts";
import { TableFormatError } from "../errors.ts";
import type { TableFile } from "../table/table-files.ts";
import { standardHeaderBytes } from "./standard-writer.ts";

/** Rows firstRow … endRow (exclusive) of the column, one behind the other from `startBytes` of the file on. */
export interface BucketPlace {
  readonly startBytes: number;
  readonly firstRow: number;
  readonly endRow: number;
}

const linkBytes = 8;

/**
 * Reads header and index of a StandardStMan.
 *
 * @param blob      what the manager keeps in table.dat
 * @param position  of the column among those of the manager
 * @returns a function that finds the place of a row
 * @throws TableFormatError
 */
export function standardRows(
  file: TableFile,
  blob: Uint8Array,
  isLittleEndian: boolean,
  position: number,
): (rowIndex: number) => BucketPlace {
  const entry = new AipsIoReader(blob, { file: `${file.path} (entry in table.dat)` });
  entry.openObject("SSM", 2);
  entry.string();
  const columnOffsets = entry.blockOfCounts();
  const indexNumbers = entry.blockOfCounts();
  entry.closeObject();
  const columnOffset = columnOffsets[position];
  const indexNumber = indexNumbers[position];
  if (columnOffset === undefined || indexNumber === undefined) {
    throw new TableFormatError(
      file.path,
      "columns of StandardStMan",
      `more than ${position}`,
      `${columnOffsets.length}`,
    );
  }
  const headerArea = new Uint8Array(standardHeaderBytes);
  file.readAt(headerArea, 0);
  const header = new AipsIoReader(headerArea, { file: file.path, littleEndian: isLittleEndian });
  const { version } = header.openObject("StandardStMan", 3);
  if (version > 2) header.bool();
  const bucketBytes = header.u32();
  header.u32();
  header.u32();
  header.u32();
  header.i32();
  header.u32();
  const firstIndexBucket = header.i32();
  const indexOffset = version > 1 ? header.u32() : 0;
  header.i32();
  const indexBytes = header.u32();
  const bucketStart = (bucket: number): number => standardHeaderBytes + bucket * bucketBytes;
  const blobOfIndex = readIndex(file, bucketStart, bucketBytes, firstIndexBucket, indexOffset, indexBytes);
  const index = new AipsIoReader(blobOfIndex, { file: `${file.path} (index)`, littleEndian: isLittleEndian });
  let lastRows = new Float64Array(0);
  let buckets = new Float64Array(0);
  for (let i = 0; i <= indexNumber; i++) {
    const { version: indexVersion } = index.openObject("SSMIndex", 2);
    const count = index.u32();
    index.u32();
    index.i32();
    index.openObject("SimpleOrderedMap", 1);
    index.i32();
    const entries = index.u32();
    index.u32();
    for (let k = 0; k < 2 * entries; k++) index.i32();
    index.closeObject();
    lastRows = Float64Array.from(index.blockOfCounts(indexVersion > 1).subarray(0, count));
    buckets = Float64Array.from(index.blockOfCounts().subarray(0, count));
    index.closeObject();
  }
  return (rowIndex) => {
    let low = 0;
    let high = lastRows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((lastRows[middle] as number) < rowIndex) low = middle + 1;
      else high = middle;
    }
    const bucket = buckets[low];
    if (bucket === undefined) throw new TableFormatError(file.path, "index", `a bucket with row ${rowIndex}`, "none");
    return {
      startBytes: bucketStart(bucket) + columnOffset,
      firstRow: low === 0 ? 0 : (lastRows[low - 1] as number) + 1,
      endRow: (lastRows[low] as number) + 1,
    };
  };
}

function readIndex(
  file: TableFile,
  bucketStart: (bucket: number) => number,
  bucketBytes: number,
  firstBucket: number,
  offset: number,
  byteCount: number,
): Uint8Array {
  if (byteCount > file.sizeBytes()) {
    throw new TableFormatError(file.path, "length of the index", `at most ${file.sizeBytes()}`, `${byteCount}`);
  }
  const blob = new Uint8Array(byteCount);
  if (offset > 0) {
    file.readAt(blob, bucketStart(firstBucket) + offset);
    return blob;
  }
  const link = new Uint8Array(4);
  for (let done = 0, bucket = firstBucket; done < byteCount; ) {
    const count = Math.min(byteCount - done, bucketBytes - linkBytes);
    file.readAt(blob.subarray(done, done + count), bucketStart(bucket) + linkBytes);
    done += count;
    file.readAt(link, bucketStart(bucket) + 4);
    bucket = new DataView(link.buffer).getInt32(0);
  }
  return blob;
}
