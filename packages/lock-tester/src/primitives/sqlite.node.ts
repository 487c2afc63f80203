/** The locks that SQLite takes on its file, by transactions on an empty database beside the lock file. */

import { DatabaseSync } from "node:sqlite";
import { LockTesterError } from "../errors.ts";
import type { AcquireOptions, Grant, LockMode, LockPrimitive, LockSession, OpenOptions } from "../primitive.ts";
import { pollForLock } from "./waiting.ts";

const DEFAULT_POLL_MS = 5;
/** Of sqlite3.h. */
const SQLITE_BUSY = 5;

type Begin = Partial<Record<LockMode, readonly string[]>>;

function sqlitePrimitive(name: string, summary: string, begin: Begin): LockPrimitive {
  return {
    name,
    summary,
    supports: { shared: begin.shared !== undefined, ranges: false, blocking: false, upgrade: false },
    owner: "file",
    async unavailable() {
      return undefined;
    },
    async open(path, options) {
      return new SqliteSession(`${path}.sqlite`, name, begin, options);
    },
  };
}

/** With a rollback journal a reader keeps a writer out, as BEGIN EXCLUSIVE does readers. */
export const sqliteExclusive = sqlitePrimitive(
  "sqlite",
  "SQLite with a rollback journal: BEGIN EXCLUSIVE, and reading transactions (FILE.sqlite)",
  {
    exclusive: ["BEGIN EXCLUSIVE"],
    shared: ["BEGIN DEFERRED", "SELECT count(*) FROM sqlite_schema"],
  },
);

export const sqliteImmediate = sqlitePrimitive(
  "sqlite-immediate",
  "SQLite's BEGIN IMMEDIATE: one writer, whoever reads (FILE.sqlite)",
  { exclusive: ["BEGIN IMMEDIATE"] },
);

class SqliteSession implements LockSession {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #name: string;
  readonly #begin: Begin;
  readonly #pollMs: number;
  #held: LockMode | undefined;

  constructor(path: string, name: string, begin: Begin, { pollMs = DEFAULT_POLL_MS }: OpenOptions) {
    this.#path = path;
    this.#name = name;
    this.#begin = begin;
    this.#pollMs = pollMs;
    try {
      this.#database = new DatabaseSync(path, { timeout: 0 });
    } catch (error) {
      throw failed(path, error);
    }
  }

  acquire(mode: LockMode, options: AcquireOptions): Promise<Grant | null> {
    return pollForLock(() => (this.#try(mode) ? {} : null), options, this.#pollMs);
  }

  #try(mode: LockMode): boolean {
    const statements = this.#begin[mode];
    if (!statements) throw new LockTesterError("usage", `${this.#name}: has exclusive locks only`);
    if (this.#held === mode) return true;
    if (this.#held) throw new LockTesterError("usage", `${this.#name}: a held lock does not change its mode`);
    try {
      for (const statement of statements) this.#database.exec(statement);
      this.#held = mode;
      return true;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      if (((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY) return false;
      throw failed(this.#path, error);
    }
  }

  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = undefined;
    // Nothing was written. COMMIT would want the file to itself, and fail while another is just trying.
    this.#database.exec("ROLLBACK");
  }

  async close(): Promise<void> {
    await this.release();
    this.#database.close();
  }
}

/** SQLite has its own codes: its words say more than they. */
function failed(path: string, error: unknown): LockTesterError {
  return new LockTesterError("system", `${path}: SQLite: ${(error as Error).message}`, { cause: error });
}
