// SQL in modules, not in .sql files: the compiler copies modules into dist, and nothing else.

import { calTableTypes } from "../../../domain/cal-table.ts";

const types = calTableTypes.map((type) => `'${type}'`).join(", ");

/**
 * The calibration tables and who solves. Columns up to `quality_metrics` are those of the Python registry; what it
 * writes here counts. Validity is half-open, NULL: open.
 */
export const calRegistryTables = `
CREATE TABLE caltables (
  -- Grows with each registration.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  set_name TEXT NOT NULL,
  path TEXT NOT NULL UNIQUE,
  table_type TEXT NOT NULL,
  order_index INTEGER NOT NULL,
  cal_field TEXT,
  refant TEXT,
  created_at REAL NOT NULL,
  valid_start_mjd REAL,
  valid_end_mjd REAL,
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'retired', 'failed')),
  notes TEXT,
  source_ms_path TEXT,
  solver_command TEXT,
  solver_version TEXT,
  -- Before SQLite 3.45, json_valid(NULL) was false.
  solver_params TEXT CHECK (solver_params IS NULL OR json_valid(solver_params)),
  quality_metrics TEXT CHECK (quality_metrics IS NULL OR json_valid(quality_metrics)),
  -- Middle of the data that were solved on.
  reference_mjd REAL,
  ra_deg REAL,
  dec_deg REAL,
  -- [{"type": ..., "path": ...}]: what was applied when this was solved.
  solved_with TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(solved_with)),
  content_digest TEXT,
  retired_cause TEXT CHECK (retired_cause IN ('by-operator', 'vanished', 'corrupt', 'changed')),
  CHECK (status <> 'active' OR table_type IN (${types})),
  CHECK (status <> 'active' OR valid_start_mjd IS NULL OR valid_end_mjd IS NULL OR valid_start_mjd < valid_end_mjd)
) STRICT;
CREATE INDEX idx_caltables_set ON caltables (set_name);
CREATE INDEX idx_caltables_valid ON caltables (valid_start_mjd, valid_end_mjd);
CREATE INDEX caltables_active_by_end ON caltables (table_type, valid_end_mjd) WHERE status = 'active';
CREATE INDEX caltables_active_by_start ON caltables (table_type, valid_start_mjd) WHERE status = 'active';
-- What an operator retires by hand is retired by the operator.
CREATE TRIGGER caltables_retired_by_hand AFTER UPDATE OF status ON caltables
WHEN NEW.status = 'retired' AND NEW.retired_cause IS NULL
BEGIN
  UPDATE caltables SET retired_cause = 'by-operator' WHERE id = NEW.id;
END;
-- What is made active by hand counts as it lies on disk.
CREATE TRIGGER caltables_active_by_hand AFTER UPDATE OF status ON caltables
WHEN NEW.status = 'active' AND OLD.status <> 'active'
BEGIN
  UPDATE caltables SET retired_cause = NULL, content_digest = NULL WHERE id = NEW.id;
END;

CREATE TABLE cal_solves (
  solve_key TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('claimed', 'done', 'abandoned')),
  -- Grows with each claim.
  lease_token INTEGER NOT NULL,
  lease_owner TEXT NOT NULL,
  lease_expires_boot_ms REAL NOT NULL,
  lease_boot_id TEXT NOT NULL,
  attempt_count INTEGER NOT NULL,
  last_failure TEXT,
  -- Paths of the tables that it made.
  table_paths TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(table_paths)),
  last_update REAL NOT NULL
) STRICT;
`;
