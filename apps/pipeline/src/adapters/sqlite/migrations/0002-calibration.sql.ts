/** Version 2 of the queue database: groups that wait for calibration, what is applied to which group, alerts. */

export const calibrationTables = `
  ALTER TABLE ingest_queue ADD COLUMN held_since REAL;
  ALTER TABLE ingest_queue ADD COLUMN held_since_boot_ms REAL;
  ALTER TABLE ingest_queue ADD COLUMN held_since_boot_id TEXT;

  CREATE TABLE calibration_applied (
    ms_path TEXT NOT NULL,
    group_id TEXT NOT NULL,
    -- In the order in which they are applied.
    position INTEGER NOT NULL,
    table_type TEXT NOT NULL,
    table_path TEXT NOT NULL,
    -- Number in the registry of calibration tables.
    table_id INTEGER NOT NULL,
    why TEXT NOT NULL,
    offset_day REAL NOT NULL,
    applied_at REAL NOT NULL,
    PRIMARY KEY (ms_path, position)
  ) STRICT;
  CREATE INDEX calibration_applied_by_table ON calibration_applied (table_path);
  CREATE INDEX calibration_applied_by_group ON calibration_applied (group_id);

  CREATE TABLE alerts (
    alert_key TEXT NOT NULL PRIMARY KEY,
    severity TEXT NOT NULL CHECK (severity IN ('WARNING', 'ERROR')),
    message TEXT NOT NULL,
    raised_at REAL NOT NULL,
    last_raised_at REAL NOT NULL,
    -- When operators were told last; the rest is counted only.
    last_said_at REAL NOT NULL,
    last_said_boot_ms REAL NOT NULL,
    last_said_boot_id TEXT NOT NULL,
    raise_count INTEGER NOT NULL,
    resolved_at REAL
  ) STRICT;

  CREATE TABLE alert_history (
    event_id INTEGER PRIMARY KEY,
    alert_key TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('raised', 'repeated', 'resolved')),
    severity TEXT NOT NULL,
    message TEXT NOT NULL,
    at REAL NOT NULL
  ) STRICT;
  CREATE INDEX alert_history_by_key ON alert_history (alert_key, event_id);`;
