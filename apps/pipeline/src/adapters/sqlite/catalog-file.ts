/** A catalogue as a SQLite file: made aside in the order of the sky, then never changed. */

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { PipelineError } from "../../domain/error-codes.ts";
import { asWriteError } from "../../domain/write-error.ts";
import type { CatalogBuild, Found, SourceQuery } from "../../ports/source-catalog.ts";
import { codedError, withCodedErrors } from "./coded-errors.ts";
import { inOrder, sepWithin, windowsOf } from "./zones.ts";

export const catalogKinds = ["survey", "master", "calibrators"] as const;
export type CatalogKind = (typeof catalogKinds)[number];

/** Of the tables; a file of another one is made anew. */
const VERSION = 1;
/** "dsaC" and the kind, in SQLite's header: what a file is, without a look at its tables. */
const APPLICATION_ID = 0x64736100;
const applicationId = (kind: CatalogKind) => APPLICATION_ID + catalogKinds.indexOf(kind);

/** Pages that are kept in memory while a catalogue is made. */
const BUILD_CACHE_KIB = 64 * 1024;

const unusable = (path: string, what: string, cause?: unknown) =>
  new PipelineError("CATALOG_UNUSABLE", `${path}: ${what}`, { subject: path, ...(cause ? { cause } : {}) });

/** @throws PipelineError CATALOG_UNUSABLE when it is not there or no catalogue */
export function openCatalog(path: string, ...kinds: readonly CatalogKind[]): DatabaseSync {
  if (!existsSync(path)) throw unusable(path, "there is no such catalogue; contimg catalog build makes it");
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    const pragma = (name: string) => Object.values(database!.prepare(`PRAGMA ${name}`).get()!)[0] as number;
    const kind = catalogKinds.find((one) => applicationId(one) === pragma("application_id"));
    if (kind === undefined || !kinds.includes(kind))
      throw unusable(path, `expected a catalogue of ${kinds.join(" or ")}, found ${kind ?? "something else"}`);
    const version = pragma("user_version");
    if (version !== VERSION) throw unusable(path, `version ${version}: expected ${VERSION}; build it again`);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof PipelineError) throw error;
    throw unusable(path, `expected a catalogue, found: ${(error as Error).message}`, error);
  }
}

/** What a file holds. @throws PipelineError CATALOG_UNUSABLE */
export function kindOfCatalog(path: string): CatalogKind {
  const database = openCatalog(path, ...catalogKinds);
  try {
    const { application_id: id } = database.prepare("PRAGMA application_id").get() as { application_id: number };
    return catalogKinds[id - APPLICATION_ID]!;
  } finally {
    database.close();
  }
}

export function metaOf(database: DatabaseSync): ReadonlyMap<string, string> {
  const rows = database.prepare("SELECT key, value FROM meta").all() as { key: string; value: string }[];
  return new Map(rows.map(({ key, value }) => [key, value]));
}

interface Placed {
  readonly raDeg: number;
  readonly decDeg: number;
}

/** A statement that takes zone, right ascension from and to, least and most flux; and what its rows are. */
export interface RegionSearch<Source extends Placed> {
  readonly statement: StatementSync;
  readonly sourceOf: (row: Record<string, unknown>) => Source & { readonly id: number };
}

export function findInRegion<Source extends Placed>(
  { statement, sourceOf }: RegionSearch<Source>,
  { region, minFluxJy, maxFluxJy, maxCount }: SourceQuery,
): readonly Found<Source>[] {
  const { zones, rasDeg } = windowsOf(region);
  const found: Found<Source>[] = [];
  for (let zone = zones[0]; zone <= zones[1]; zone++) {
    for (const [fromDeg, toDeg] of rasDeg) {
      const rows = statement.all(zone, fromDeg, toDeg, minFluxJy ?? null, maxFluxJy ?? null);
      for (const row of rows) {
        const source = sourceOf(row);
        const sepDeg = sepWithin(region, source);
        if (sepDeg !== undefined) found.push({ ...source, sepDeg });
      }
    }
  }
  return inOrder(region, found).slice(0, maxCount);
}

/** The condition for {@link RegionSearch.statement}. */
export const inWindow = (flux: string) =>
  `zone = ?1 AND ra_deg BETWEEN ?2 AND ?3 AND (?4 IS NULL OR ${flux} >= ?4) AND (?5 IS NULL OR ${flux} <= ?5)`;

export interface BuildPlan<Row, Summary> {
  readonly kind: CatalogKind;
  readonly schema: string;
  /** The table whose rows have zones. */
  readonly table: string;
  /** Prepares what puts rows into the table of arrivals, which has the columns of `table`. */
  inserter(database: DatabaseSync, arrivals: string): (row: Row) => void;
  metaOf(summary: Summary): Readonly<Record<string, string>>;
  /** Runs when all rows are in their place. */
  readonly afterwards?: (database: DatabaseSync) => void;
}

/** Where SQLite's header has the number of the application. */
const APPLICATION_ID_BYTE = 68;

/** What lies there may be a catalogue, even a damaged one, but nothing that another program made. */
function assertReplaceable(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isFile()) throw unusable(path, "expected a file to replace, or none; found something else");
  const start = Buffer.alloc(APPLICATION_ID_BYTE + 4);
  const file = openSync(path, "r");
  try {
    if (readSync(file, start) === 0) return;
  } finally {
    closeSync(file);
  }
  const id = start.readUInt32BE(APPLICATION_ID_BYTE);
  if (catalogKinds.some((kind) => applicationId(kind) === id)) return;
  throw unusable(
    path,
    "expected a catalogue of contimg to replace, found another file; move it away, or give --output",
  );
}

/** Between the name of a catalogue and the number of the process that makes it. */
const STAGING_MARK = ".building-";
/** No build takes as long: whoever made such a file was killed. */
const ABANDONED_MS = 86_400_000;

/** What is wrong with the place is found before anything is read. */
function prepareDirectory(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    assertReplaceable(path);
    removeAbandoned(path);
  } catch (error) {
    throw asWriteError(error, path);
  }
}

function removeAbandoned(path: string): void {
  const prefix = `${basename(path)}${STAGING_MARK}`;
  for (const name of readdirSync(dirname(path)).filter((one) => one.startsWith(prefix))) {
    const staging = join(dirname(path), name);
    const modifiedMs = statSync(staging, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (modifiedMs < Date.now() - ABANDONED_MS) rmSync(staging, { force: true });
  }
}

/**
 * Rows are collected in a temporary table in the order in which they come, and sorted by SQLite with a bounded amount
 * of memory. The file gets its name when it is whole and on disk, in place of an older one.
 */
export function buildCatalog<Row, Summary>(path: string, plan: BuildPlan<Row, Summary>): CatalogBuild<Row, Summary> {
  prepareDirectory(path);
  const stagingPath = `${path}${STAGING_MARK}${process.pid}`;
  const removeStaging = () => rmSync(stagingPath, { force: true });
  const database = createDatabase(stagingPath, plan);
  const insert = plan.inserter(database, "temp.arrivals");

  const build: CatalogBuild<Row, Summary> = {
    add(rows) {
      for (const row of rows) insert(row);
    },

    finish(summary) {
      const put = database.prepare("INSERT INTO meta VALUES (?, ?)");
      database.exec(`INSERT INTO ${plan.table} SELECT NULL, * FROM temp.arrivals ORDER BY zone, ra_deg, dec_deg, name`);
      database.exec(`CREATE INDEX ${plan.table}_by_zone ON ${plan.table} (zone, ra_deg)`);
      plan.afterwards?.(database);
      const { count } = database.prepare(`SELECT count(*) AS count FROM ${plan.table}`).get() as { count: number };
      for (const [key, value] of Object.entries({ ...plan.metaOf(summary), source_count: String(count) }))
        put.run(key, value);
      database.exec("COMMIT");
      database.close();
      publish(stagingPath, path);
      return count;
    },

    abandon() {
      if (database.isOpen) database.close();
      removeStaging();
    },
  };
  return withCodedErrors(build, path, "CATALOG_UNUSABLE");
}

function createDatabase<Row, Summary>(path: string, { kind, schema, table }: BuildPlan<Row, Summary>): DatabaseSync {
  try {
    rmSync(path, { force: true });
    // Found early, and with a better reason than SQLite has.
    closeSync(openSync(path, "wx"));
  } catch (error) {
    throw asWriteError(error, path);
  }
  const database = new DatabaseSync(path);
  try {
    // A file that is thrown away when anything goes wrong needs no journal.
    database.exec(
      `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
       PRAGMA cache_size = -${BUILD_CACHE_KIB}; PRAGMA temp_store = FILE;
       PRAGMA application_id = ${applicationId(kind)}; PRAGMA user_version = ${VERSION};
       BEGIN; ${schema}`,
    );
    const columns = database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all() as { name: string }[];
    // All but the first, which numbers rows when they are in order.
    const names = columns.slice(1).map(({ name }) => name);
    database.exec(`CREATE TEMP TABLE arrivals (${names.join(", ")})`);
    return database;
  } catch (error) {
    database.close();
    rmSync(path, { force: true });
    throw codedError(error, path, "CATALOG_UNUSABLE");
  }
}

function publish(stagingPath: string, path: string): void {
  try {
    syncPath(stagingPath);
    renameSync(stagingPath, path);
    syncPath(dirname(path));
  } catch (error) {
    rmSync(stagingPath, { force: true });
    throw asWriteError(error, path);
  }
}

function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
