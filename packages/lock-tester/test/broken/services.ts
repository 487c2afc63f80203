/** Broken locks by SQLite, and leases with numbers. */

import { writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ageMs, createNew, locks, openLock, readIfThere, slowly, unlinkIfThere } from "./files.ts";
import { type BrokenSession, plant, WITH_READERS } from "./plant.ts";

/** A transaction that is begun by `begin` and ended by ROLLBACK. */
function transaction(
  where: string,
  begin: (database: DatabaseSync, mode: "shared" | "exclusive") => void,
  setUp: readonly string[] = [],
): BrokenSession {
  const database = new DatabaseSync(where, { timeout: 5000 });
  for (const statement of setUp) database.exec(statement);
  database.exec("PRAGMA busy_timeout = 0");
  return {
    tryOnce(mode) {
      try {
        begin(database, mode);
        return true;
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        if (!/locked|busy/.test((error as Error).message)) throw error;
        return false;
      }
    },
    undo() {
      if (database.isTransaction) database.exec("ROLLBACK");
    },
    close: () => database.close(),
  };
}

export const deferred = plant("sqlite-deferred", "BEGIN alone locks nothing until the first statement", (path) =>
  transaction(`${path}.db`, (database) => database.exec("BEGIN")),
);

export const busyPassedOver = plant("sqlite-busy-passed-over", "SQLITE_BUSY is logged and passed over", (path) =>
  transaction(`${path}.db`, (database) => {
    try {
      database.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      if (!/locked/.test((error as Error).message)) throw error;
    }
  }),
);

export const walReaders = plant(
  "sqlite-wal-readers",
  "with a write-ahead log BEGIN EXCLUSIVE does not keep readers out",
  (path) =>
    transaction(
      `${path}.db`,
      (database, mode) => {
        database.exec(mode === "exclusive" ? "BEGIN EXCLUSIVE" : "BEGIN");
        if (mode === "shared") database.exec("SELECT count(*) FROM sqlite_schema");
      },
      ["PRAGMA journal_mode = WAL", "CREATE TABLE IF NOT EXISTS t (a)"],
    ),
  { supports: WITH_READERS, run: { mode: "mixed", lockerCount: 6, holdMs: 2 } },
);

export const withoutLocks = plant(
  "sqlite-without-locks",
  "the database is opened with nolock=1, as is advised where locks do not work",
  (path) => transaction(`file:${path}.db?nolock=1`, (database) => database.exec("BEGIN EXCLUSIVE")),
);

export const inMemory = plant("sqlite-in-memory", "each process has a database in its own memory", () =>
  transaction(":memory:", (database) => database.exec("BEGIN EXCLUSIVE")),
);

export const committedTooSoon = plant(
  "sqlite-committed-too-soon",
  "the transaction ends before the work that it is to protect",
  (path) =>
    transaction(`${path}.db`, (database) => {
      database.exec("BEGIN EXCLUSIVE");
      database.exec("COMMIT");
    }),
);

export const selectThenUpdate = plant(
  "sqlite-select-then-update",
  "the holder's row is read and written in two transactions",
  (path) => {
    const session = transaction(`${path}.db`, () => {}, ["CREATE TABLE IF NOT EXISTS holder (pid)"]);
    const database = new DatabaseSync(`${path}.db`, { timeout: 5000 });
    const holders = database.prepare("SELECT count(*) AS count FROM holder");
    const me = process.pid;
    return {
      async tryOnce() {
        if (Number(holders.get()?.["count"]) > 0) return false;
        await slowly(1);
        database.exec(`INSERT INTO holder VALUES (${me})`);
        return true;
      },
      undo: () => database.exec(`DELETE FROM holder WHERE pid = ${me}`),
      close() {
        session.close?.();
        database.close();
      },
    };
  },
);

export const repeatedNumber = plant(
  "fencing-repeats",
  "an expired lease is granted again with the number of before: the guard cannot tell the stale holder",
  (path) => {
    let isHeld = false;
    return {
      tryOnce() {
        if ((ageMs(`${path}.lease`) ?? 0) > 20) unlinkIfThere(`${path}.lease`);
        isHeld = createNew(`${path}.lease`);
        return isHeld && { fencingToken: 7 };
      },
      undo() {
        if (isHeld) unlinkIfThere(`${path}.lease`);
        isHeld = false;
      },
    };
  },
  { run: { holdMs: 40, count: 6 } },
);

export const numberFromClock = plant(
  "fencing-from-clock",
  "the fencing number is the time of day, which a clock that is set back makes smaller",
  (path) => {
    const fd = openLock(path);
    return {
      tryOnce: (mode) => locks.tryLock("flock", fd, mode) && { fencingToken: Date.now() },
      undo: () => locks.unlock("flock", fd),
    };
  },
  { run: { holdMs: 5, disturbance: "clock-step" } },
);

export const numberPerProcess = plant("fencing-per-process", "each process counts its own fencing numbers", (path) => {
  const fd = openLock(path);
  let count = 0;
  return {
    tryOnce: (mode) => locks.tryLock("flock", fd, mode) && { fencingToken: ++count },
    undo: () => locks.unlock("flock", fd),
  };
});

export const shorterForOthers = plant(
  "shorter-for-others",
  "the lease lasts a minute for its holder and 10 ms for those that read it",
  (path) => {
    let isHeld = false;
    return {
      tryOnce() {
        if (createNew(`${path}.lease`, String(Date.now() + 10))) isHeld = true;
        else {
          const end = Number(readIfThere(`${path}.lease`));
          if (end > 0 && end < Date.now()) {
            writeFileSync(`${path}.lease`, String(Date.now() + 10));
            isHeld = true;
          }
        }
        return isHeld;
      },
      undo() {
        if (isHeld) unlinkIfThere(`${path}.lease`);
        isHeld = false;
      },
    };
  },
  { run: { holdMs: 25, count: 10 } },
);
