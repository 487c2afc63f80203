/**
 * casacore tables by path: read, made, changed.
 *
 * ```ts
 * import { createTable, openTable } from "@contimg/casacore-tables/node";
 * const table = createTable("numbers.tab", { rowCount: 2 });
 * table.addColumn(
 *   { name: "N", comment: "", type: "int", form: "scalar", ndim: 0, option: 0, maxLengthBytes: 0,
 *     dataManagerType: "", dataManagerGroup: "", keywords: new Map() },
 *   { kind: "values", values: Int32Array.of(4, 5) },
 * );
 * await table.finish();
 * using read = openTable("numbers.tab");
 * console.log(read.column("N").getScalarRange(0, 2));
 * ```
 */
import * as fs from "node:fs";
import type { CalTableOptions, CalTableSpec } from "./caltable/cal-table-spec.ts";
import { buildCalTable } from "./caltable/create-cal-table.ts";
import { TableIoError } from "./errors.ts";
import { buildMeasurementSet } from "./ms/create-ms.ts";
import type { MeasurementSetBuilder, MeasurementSetSpec } from "./ms/ms-spec.ts";
import type { TiledColumnPlan } from "./storage/tiled-plan.ts";
import { type TiledRowWriter, tiledRowWriter } from "./storage/tiled-rows.ts";
import { buildTable } from "./table/create-table.ts";
import { openTableFrom, type Table, type TableSources } from "./table/open-table.ts";
import { type PublishOptions, publishTableIn } from "./table/publish-table.ts";
import type { TableFile, TableFiles } from "./table/table-files.ts";
import type { TableBuilder, TableSpec } from "./table/table-spec.ts";
import type { TableUpdate, UpdateOptions } from "./table/update-spec.ts";
import { updateTable } from "./table/update-table.ts";

export * from "./index.ts";

/** Starts a new table in a directory that does not exist yet. @throws TableWriteError when it does */
export function createTable(path: string, spec: TableSpec): TableBuilder {
  return buildTable(tableFiles, path, spec);
}

/** Starts a new Measurement Set in a directory that does not exist yet. @throws TableWriteError when it does */
export function createMeasurementSet(path: string, spec: MeasurementSetSpec): MeasurementSetBuilder {
  return buildMeasurementSet(tableFiles, path, spec);
}

/**
 * Writes a CASA calibration table (bandpass, gain or delay) into a directory that does not exist yet.
 *
 * @throws TableWriteError when it does, or arrays do not have the length that the spec says
 */
export function createCalTable(path: string, spec: CalTableSpec, options?: CalTableOptions): Promise<void> {
  return buildCalTable(tableFiles, path, spec, options);
}

/**
 * Opens a table to be changed in place: columns added, values of a fixed size overwritten.
 *
 * @throws TableNotFoundError; TableInUseError when another process has it open; TableWriteError when it is not a plain table
 */
export function openTableForUpdate(path: string, options?: UpdateOptions): TableUpdate {
  return updateTable(tableFiles, path, options);
}

/** Opens the file of a tiled column, in this or any other thread, to write rows of it. */
export function openTiledRows(plan: TiledColumnPlan): TiledRowWriter {
  return tiledRowWriter(plan, tableFiles.openForUpdate(plan.path));
}

/**
 * Moves a finished table to its final name, in one step as others see it.
 *
 * @throws TableWriteError when something has that name already, or the staging directory holds no finished table
 */
export function publishTable(stagingPath: string, finalPath: string, options?: PublishOptions): Promise<void> {
  return publishTableIn(tableFiles, stagingPath, finalPath, options);
}

/**
 * Opens a table to be read: a plain, reference or concatenated one, a Measurement Set, a calibration table, a subtable.
 *
 * @param path the directory
 * @throws TableNotFoundError when it is no table; TableFormatError, UnsupportedFormatError, TableIoError
 */
export function openTable(path: string): Table {
  return openTableFrom(tableSources, path);
}

/** Largest piece of one system call; the kernel takes less than 2 GiB. */
const maxCallBytes = 1 << 30;

/** The disk, as writing sees it. */
const tableFiles: TableFiles = {
  exists: (path) => attempt(path, "look for it", () => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined),
  makeDirectory: (path) => attempt(path, "make the directory", () => fs.mkdirSync(path)),
  create: (path) => openFile(path, "w+"),
  openForUpdate: (path) => openFile(path, "r+"),
  readWhole: (path) => attempt(path, "read it", () => fs.readFileSync(path)),
  rename: (from, to) => attempt(from, `rename it to ${to}`, () => fs.renameSync(from, to)),
  remove: (path) => attempt(path, "delete it", () => fs.unlinkSync(path)),
  lockHolder: (path) => attempt(path, "look for locks", () => findLockHolder(path)),
  list: (path) =>
    attempt(path, "list the directory", () =>
      fs
        .readdirSync(path, { withFileTypes: true })
        .map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() })),
    ),
  syncDirectory: async (path) => {
    const fd = attempt(path, "open the directory", () => fs.openSync(path, "r"));
    try {
      await syncDescriptor(path, fd);
    } finally {
      fs.closeSync(fd);
    }
  },
};

const locksFile = "/proc/locks";

/** Linux lists each lock with process, device and inode; elsewhere nothing is known. */
function findLockHolder(path: string): string | undefined {
  if (!fs.existsSync(locksFile)) return undefined;
  const { ino, dev } = fs.statSync(path);
  const major = ((dev >>> 8) & 0xfff).toString(16).padStart(2, "0");
  const minor = ((dev & 0xff) | ((dev >>> 12) & 0xfff00)).toString(16).padStart(2, "0");
  for (const line of fs.readFileSync(locksFile, "utf8").split("\n")) {
    // 1: POSIX  ADVISORY  READ 4711 fe:00:1234 1 1
    const [, , , mode, pid, place] = line.trim().split(/\s+/);
    if (place !== `${major}:${minor}:${ino}` || pid === `${process.pid}`) continue;
    return `process ${pid}, which holds a ${mode === "WRITE" ? "write" : "read"} lock on ${path}`;
  }
  return undefined;
}

/** The disk, as reading sees it. */
const tableSources: TableSources = {
  exists: (path) => attempt(path, "look for it", () => fs.statSync(path, { throwIfNoEntry: false })?.isFile() ?? false),
  open: (path) => {
    const fd = attempt(path, "open it", () => fs.openSync(path, "r"));
    let isOpen = true;
    return {
      name: path,
      sizeBytes: attempt(path, "ask for its size", () => fs.fstatSync(fd).size),
      read: (target, offsetBytes) => readFully(path, fd, target, offsetBytes),
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        attempt(path, "close it", () => fs.closeSync(fd));
      },
    };
  },
};

function readFully(path: string, fd: number, into: Uint8Array, offsetBytes: number): void {
  attempt(path, "read from it", () => {
    for (let done = 0; done < into.length; ) {
      const count = fs.readSync(fd, into, done, Math.min(into.length - done, maxCallBytes), offsetBytes + done);
      if (count === 0) throw new Error(`it ends at byte ${offsetBytes + done}`);
      done += count;
    }
  });
}

function attempt<T>(path: string, action: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new TableIoError(path, action, error);
  }
}

function syncDescriptor(path: string, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(fd, (error) => (error === null ? resolve() : reject(new TableIoError(path, "bring it to disk", error))));
  });
}

function openFile(path: string, flags: "w+" | "r+"): TableFile {
  const fd = attempt(path, flags === "w+" ? "make it" : "open it", () => fs.openSync(path, flags));
  let isOpen = true;
  let syncCount = 0;
  const use = <T>(action: string, call: () => T) =>
    attempt(path, action, () => {
      // Its number may by now be that of a file of somebody else.
      if (!isOpen) throw new Error("it was closed before");
      return call();
    });
  const closeNow = () => attempt(path, "close it", () => fs.closeSync(fd));
  return {
    path,
    writeAt: (bytes, offsetBytes) =>
      use("write to it", () => {
        for (let done = 0; done < bytes.length; ) {
          const count = Math.min(bytes.length - done, maxCallBytes);
          done += fs.writeSync(fd, bytes, done, count, offsetBytes + done);
        }
      }),
    readAt: (into, offsetBytes) =>
      use("read from it", () => {
        for (let done = 0; done < into.length; ) {
          const count = fs.readSync(fd, into, done, Math.min(into.length - done, maxCallBytes), offsetBytes + done);
          if (count === 0) throw new Error(`it ends at byte ${offsetBytes + done}`);
          done += count;
        }
      }),
    sizeBytes: () => use("ask for its size", () => fs.fstatSync(fd).size),
    setSize: (sizeBytes) => use("set its size", () => fs.ftruncateSync(fd, sizeBytes)),
    async sync() {
      use("bring it to disk", () => syncCount++);
      try {
        await syncDescriptor(path, fd);
      } finally {
        if (--syncCount === 0 && !isOpen) closeNow();
      }
    },
    // A file that is being brought to disk stays open until it is there.
    close() {
      if (!isOpen) return;
      isOpen = false;
      if (syncCount === 0) closeNow();
    },
  };
}
