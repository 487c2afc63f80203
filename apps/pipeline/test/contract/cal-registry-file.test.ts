/** The file `cal_registry.sqlite3`: shared by processes, edited by hand, taken over from the Python pipeline. */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeWith, hasCommand, runPython } from "../../../../tools/oracles.ts";
import { openCalRegistry } from "../../src/adapters/sqlite/cal-registry.ts";
import { mjdOfUnixSec } from "../../src/domain/cal-table.ts";
import { newCalTable } from "./cal-tables.ts";
import { TestClock } from "./test-clock.ts";

const schemaPath = join(import.meta.dirname, "../../src/adapters/sqlite/cal-registry.sql");

/** As the Python pipeline makes it; later versions add the last five columns. */
const PYTHON_COLUMNS = `id INTEGER PRIMARY KEY, set_name TEXT NOT NULL, path TEXT NOT NULL UNIQUE, table_type TEXT NOT NULL,
  order_index INTEGER NOT NULL, cal_field TEXT, refant TEXT, created_at REAL NOT NULL, valid_start_mjd REAL,
  valid_end_mjd REAL, status TEXT NOT NULL, notes TEXT`;
const PYTHON_INDEXES = `CREATE INDEX idx_caltables_set ON caltables(set_name);
  CREATE INDEX idx_caltables_valid ON caltables(valid_start_mjd, valid_end_mjd);`;
const LATER_COLUMNS =
  "source_ms_path TEXT, solver_command TEXT, solver_version TEXT, solver_params TEXT, quality_metrics TEXT";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-cal-registry-"));
  path = join(folder, "cal_registry.sqlite3");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => openCalRegistry({ path, clock: new TestClock() });

function sql(...statements: readonly string[]): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(path);
  try {
    for (const statement of statements.slice(0, -1)) database.exec(statement);
    return database
      .prepare(statements.at(-1)!)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

test("the schema is the one that is written down in cal-registry.sql", () => {
  open().close();
  const schema = sql(
    "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type = 'table' DESC, name",
  );
  const dump = `-- What the migrations make. Made by: CONTIMG_UPDATE_SCHEMA=1 npm test -- cal-registry-file\n\n${schema.map((row) => `${row["sql"] as string};`).join("\n\n")}\n`;
  if (process.env["CONTIMG_UPDATE_SCHEMA"] === "1") writeFileSync(schemaPath, dump);
  expect(readFileSync(schemaPath, "utf8")).toBe(dump);
});

test("a file that is no registry, or of a newer contimg, is refused with the reason", () => {
  writeFileSync(path, "no database, but text of some length ".repeat(40));
  expect(open).toThrow(expect.objectContaining({ code: "CAL_REGISTRY_UNUSABLE" }));
  rmSync(path);
  open().close();
  sql("PRAGMA user_version = 99", "SELECT 1");
  expect(open).toThrow(/version 99: expected 1 at most/);
});

describe("a registry of the Python pipeline", () => {
  const BP = "/stage/dsa110-contimg/ms/calibrators/2025-10-29/2025-10-29T13:54:17_0~23_bpcal";
  const GP = "/stage/dsa110-contimg/ms/calibrators/2025-10-29/2025-10-29T13:54:17_0~23_gpcal";

  test("is taken over with all entries, and a copy of it is kept", () => {
    sql(
      `CREATE TABLE caltables (${PYTHON_COLUMNS}, ${LATER_COLUMNS})`,
      PYTHON_INDEXES,
      `INSERT INTO caltables VALUES
       (3, 's', '${BP}', 'BP', 30, '0~23', '103', 1761746400, 60976.5, 60978.5, 'active', 'first', '/ms/a.ms', 'cmd', '6.6.3', '{"minsnr": 5}', '[1, 2]'),
       (4, 's', '${GP}', 'GP', 50, NULL, NULL, 1761746400, NULL, NULL, 'active', NULL, NULL, NULL, NULL, 'minsnr=5', NULL),
       (7, 't', '/cal/old_kcal', 'K', 10, NULL, NULL, 1761746400, 60970, 60971, 'retired', 'bad', NULL, NULL, NULL, NULL, NULL),
       (8, 't', '/cal/inverted_bpcal', 'BP', 30, NULL, NULL, 1761746400, 60972, 60971, 'active', NULL, NULL, NULL, NULL, NULL, NULL),
       (9, 't', '/cal/odd_gacal', 'gain', 40, NULL, NULL, 1761746400, 60970, 60971, 'active', NULL, NULL, NULL, NULL, NULL, NULL),
       (10, 't', '/cal/odd', 'gain', 40, NULL, NULL, 1761746400, 60970, 60971, 'active', NULL, NULL, NULL, NULL, NULL, NULL),
       (12, 't', '/cal/new_bpcal', 'BP', 30, NULL, NULL, 1761746400, 60970, 60971, 'staging', NULL, NULL, NULL, NULL, NULL, NULL)`,
      "SELECT 1",
    );
    const registry = open();
    expect(registry.find(3)).toEqual({
      ...newCalTable({ type: "BP", path: BP }),
      id: 3,
      setName: "s",
      // 2025-10-29T13:54:17, as its name says.
      referenceMjd: mjdOfUnixSec(Date.UTC(2025, 9, 29, 13, 54, 17) / 1000),
      validStartMjd: 60976.5,
      validEndMjd: 60978.5,
      orderIndex: 30,
      createdUnixSec: 1761746400,
      status: "active",
      retiredCause: null,
      contentDigest: null,
      phaseCentre: null,
      parameters: { minsnr: 5 },
      quality: { value: [1, 2] },
      notes: "first",
      softwareVersion: "6.6.3",
      solverCommand: "cmd",
    });
    expect(registry.find(4)).toMatchObject({ validStartMjd: null, parameters: { text: "minsnr=5" } });
    expect(registry.find(7)).toMatchObject({ status: "retired", retiredCause: "by-operator", notes: "bad" });
    expect(registry.find(8)).toMatchObject({ status: "failed", notes: expect.stringContaining("ended at 60971") });
    expect(registry.find(9)).toMatchObject({ type: "GA", status: "active" });
    expect([registry.find(10), registry.find(12)?.status]).toEqual([undefined, "failed"]);
    // Those that are valid, and the last of another type.
    expect(
      registry
        .candidates(60977, 0)
        .map(({ id }) => id)
        .toSorted((a, b) => a - b),
    ).toEqual([3, 4, 9]);
    registry.close();
    expect(sql("SELECT id, table_type, status FROM caltables WHERE id = 10")).toEqual([
      { id: 10, table_type: "gain", status: "failed" },
    ]);
    const copy = new DatabaseSync(`${path}.before-contimg`, { readOnly: true });
    expect(copy.prepare("SELECT count(*) AS count FROM caltables").get()).toMatchObject({ count: 7 });
    copy.close();
  });

  test("of its first version is taken over as well", () => {
    sql(
      `CREATE TABLE caltables (${PYTHON_COLUMNS})`,
      PYTHON_INDEXES,
      `INSERT INTO caltables VALUES (1, 's', '/cal/a_2gcal', '2G', 60, NULL, NULL, 1761746400, 60976, 60977, 'active', NULL)`,
      "SELECT 1",
    );
    const registry = open();
    expect(registry.find(1)).toMatchObject({ type: "2G", referenceMjd: 60976.5, sourceMsPath: null });
    registry.close();
    expect(existsSync(`${path}.before-contimg~`)).toBe(false);
  });
});

describe("by hand", () => {
  test("what is retired by SQL stays retired; what is made active by SQL counts as it lies on disk", () => {
    let registry = open();
    const { table } = registry.register([newCalTable({ type: "BP" })])[0]!;
    registry.close();
    sql(`UPDATE caltables SET status = 'retired', notes = 'mine' WHERE id = ${table.id}`, "SELECT 1");
    registry = open();
    expect(registry.find(table.id)).toMatchObject({ status: "retired", retiredCause: "by-operator" });
    expect(registry.register([newCalTable({ type: "BP" })])[0]!.outcome).toBe("already");
    registry.close();
    sql(`UPDATE caltables SET status = 'active' WHERE id = ${table.id}`, "SELECT 1");
    registry = open();
    expect(registry.find(table.id)).toMatchObject({ status: "active", retiredCause: null, contentDigest: null });
    registry.close();
  });

  test("what is made active by SQL is not retired by one who has seen it before", () => {
    let registry = open();
    const { table } = registry.register([newCalTable({ type: "BP" })])[0]!;
    registry.close();
    sql("UPDATE caltables SET status = 'retired'", "UPDATE caltables SET status = 'active'", "SELECT 1");
    registry = open();
    expect(registry.retire(table, "changed", "late")).toBe("changed");
    expect(registry.find(table.id)!.status).toBe("active");
    registry.close();
  });

  test("what is deleted by SQL is solved again", () => {
    let registry = open();
    const claim = registry.claimSolve("key", "a", 60_000);
    if (claim.kind !== "claimed") throw new Error(claim.kind);
    registry.completeSolve(claim.lease, [newCalTable({ type: "BP" }), newCalTable({ type: "GP" })]);
    registry.close();
    sql("DELETE FROM caltables WHERE table_type = 'GP'", "SELECT 1");
    registry = open();
    expect(registry.claimSolve("key", "b", 60_000)).toMatchObject({ kind: "claimed", attemptCount: 1 });
    registry.close();
  });

  test.each([
    "UPDATE caltables SET status = 'done'",
    "UPDATE caltables SET valid_end_mjd = valid_start_mjd",
    "UPDATE caltables SET table_type = 'bp'",
    "UPDATE caltables SET quality_metrics = '{'",
  ])("%s is refused", (statement) => {
    const registry = open();
    registry.register([newCalTable({ type: "BP" })]);
    registry.close();
    expect(() => sql(statement, "SELECT 1")).toThrow(/CHECK constraint failed/);
  });
});

describeWith(hasCommand("python3"), "the Python registry", () => {
  test("registers into the file as it always did", () => {
    open().close();
    runPython(
      `import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute("""INSERT INTO caltables(set_name, path, table_type, order_index, cal_field, refant, created_at, valid_start_mjd,
  valid_end_mjd, status, notes) VALUES(?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(path) DO UPDATE SET status = excluded.status""",
  ("s", "/cal/2025-10-29T13_54_17_bpcal", "BP", 30, "0~23", "103", 1761746400.5, 60976.5, None, "active", None))
c.commit()`,
      [path],
    );
    const registry = open();
    expect(registry.list({})).toMatchObject([
      { type: "BP", status: "active", contentDigest: null, solvedWith: [], parameters: {} },
    ]);
    registry.close();
  });
});

test("of processes that want to solve the same, one does; of those that register the same, one does", async () => {
  const [keyCount, processCount] = [60, 6];
  const script = join(import.meta.dirname, "cal-claimer.ts");
  const args = (owner: string) => ["--conditions=@contimg/source", script, path, owner, String(keyCount)];
  const claimers = Array.from({ length: processCount }, (_, at) => {
    const child = spawn(process.execPath, args(`owner-${at}`));
    const isReady = new Promise((resolve) => child.stdout.once("data", resolve));
    return { child, isReady, said: Promise.all([text(child.stdout), text(child.stderr)]) };
  });
  await Promise.all(claimers.map(({ isReady }) => isReady));
  for (const { child } of claimers) child.stdin.write("go\n");
  const said = await Promise.all(claimers.map((claimer) => claimer.said));
  expect(said.map(([, stderr]) => stderr).join("")).toBe("");
  const lines = (what: string) =>
    said.flatMap(([stdout]) => stdout.split("\n").filter((line) => line.startsWith(what))).toSorted();
  const each = (what: string) => Array.from({ length: keyCount }, (_, at) => `${what} ${at}`).toSorted();
  expect(lines("solved")).toEqual(each("solved"));
  expect(lines("registered")).toEqual(each("registered"));
  expect(sql("SELECT count(*) AS count, sum(attempt_count) AS attempts FROM cal_solves WHERE state = 'done'")).toEqual([
    { count: keyCount, attempts: keyCount },
  ]);
});
