/** The file table.lock: a list of processes that wait for the table, and counters by which a process sees what another changed. */
import { AipsIoReader } from "../aipsio/reader.ts";
import { AipsIoWriter } from "../aipsio/writer.ts";

/** Bytes of the list of waiting processes, ahead of the counters. Who changes a table leaves it as it is. */
export const requestListBytes = 260;

/** What processes tell each other about a table. */
export interface SyncData {
  readonly rowCount: number;
  /** Columns, or -1 when not known. */
  readonly columnCount: number;
  /** Grows with each change of any kind. */
  readonly modifyCount: number;
  /** Grows when table.dat changes. */
  readonly tableChangeCount: number;
  /** One for each data manager, in the order of table.dat; grows when its data change. */
  readonly managerChangeCounts: readonly number[];
}

/** The whole table.lock of a table for which nobody waits. */
export function serializeLockFile(sync: SyncData): Uint8Array {
  const isWide = sync.rowCount > 0x7fffffff;
  const writer = new AipsIoWriter();
  writer.openObject("sync", isWide ? 2 : 1);
  writer.count(sync.rowCount, isWide);
  writer.i32(sync.columnCount);
  writer.u32(sync.modifyCount);
  writer.u32(sync.tableChangeCount);
  writer.blockOfCounts(sync.managerChangeCounts);
  writer.closeObject();
  const body = writer.finish();
  const file = new Uint8Array(requestListBytes + 4 + body.length);
  new DataView(file.buffer).setUint32(requestListBytes, body.length);
  file.set(body, requestListBytes + 4);
  return file;
}

/**
 * Parses table.lock.
 *
 * @returns undefined when the file holds no counters, as after a table was opened but never written
 * @throws TableFormatError
 */
export function parseLockFile(bytes: Uint8Array, file: string): SyncData | undefined {
  if (bytes.length < requestListBytes + 4) return undefined;
  const bodyBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(requestListBytes);
  if (bodyBytes === 0) return undefined;
  const reader = new AipsIoReader(bytes.subarray(requestListBytes + 4, requestListBytes + 4 + bodyBytes), { file });
  const { version } = reader.openObject("sync", 2);
  const rowCount = reader.count(version > 1);
  const columnCount = reader.i32();
  const modifyCount = reader.u32();
  const tableChangeCount = reader.u32();
  const managerChangeCounts = Array.from(reader.blockOfCounts());
  reader.closeObject();
  return { rowCount, columnCount, modifyCount, tableChangeCount, managerChangeCounts };
}

/**
 * The counters after a change.
 *
 * @param sync     those before, undefined when there were none
 * @param touched  for each data manager, in the order of table.dat, whether its data changed
 */
export function raiseCounters(
  sync: SyncData | undefined,
  rowCount: number,
  columnCount: number,
  touched: readonly boolean[],
  hasNewDescription: boolean,
): SyncData {
  return {
    rowCount,
    columnCount,
    modifyCount: (sync?.modifyCount ?? 0) + 1,
    tableChangeCount: (sync?.tableChangeCount ?? 0) + (hasNewDescription || sync === undefined ? 1 : 0),
    managerChangeCounts: touched.map((isTouched, i) => {
      const count = sync?.managerChangeCounts[i];
      return count === undefined ? 1 : isTouched ? count + 1 : count;
    }),
  };
}
