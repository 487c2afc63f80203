-- What the migrations make. Made by: CONTIMG_UPDATE_SCHEMA=1 npm test -- queue-repairs

CREATE TABLE alert_history (
    event_id INTEGER PRIMARY KEY,
    alert_key TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('raised', 'repeated', 'resolved')),
    severity TEXT NOT NULL,
    message TEXT NOT NULL,
    at REAL NOT NULL
  ) STRICT;

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

CREATE TABLE arrivals (
  arrival_id INTEGER PRIMARY KEY AUTOINCREMENT,
  directory TEXT NOT NULL,
  name TEXT NOT NULL,
  signature TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  fate TEXT NOT NULL
    CHECK (fate IN ('settling', 'queued', 'late', 'duplicate', 'resent', 'changed', 'superseded', 'corrupt', 'foreign',
                    'abandoned', 'vanished')),
  reason TEXT NOT NULL DEFAULT '',
  group_id TEXT,
  subband_idx INTEGER,
  sample_digest TEXT,
  first_time_jd REAL,
  integration_time_sec REAL,
  top_freq_hz REAL,
  first_seen REAL NOT NULL,
  decided_at REAL
) STRICT;

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

CREATE TABLE ingest_queue (
  group_id TEXT PRIMARY KEY,
  state TEXT NOT NULL DEFAULT 'collecting'
    CHECK (state IN ('collecting', 'pending', 'in_progress', 'completed', 'failed')),
  received_at REAL NOT NULL,
  last_update REAL NOT NULL,
  expected_subbands INTEGER,
  retry_count INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  checkpoint_path TEXT,
  processing_stage TEXT DEFAULT 'collecting',
  chunk_minutes REAL,
  has_calibrator INTEGER,
  calibrators TEXT,
  start_unix_sec REAL,
  error_code TEXT,
  crash_count INTEGER NOT NULL DEFAULT 0,
  is_cancelled INTEGER NOT NULL DEFAULT 0,
  is_overdue INTEGER NOT NULL DEFAULT 0,
  waiting_since REAL,
  waiting_since_boot_ms REAL,
  waiting_since_boot_id TEXT,
  lease_token INTEGER NOT NULL DEFAULT 0,
  lease_owner TEXT,
  lease_expires_boot_ms REAL,
  lease_boot_id TEXT,
  not_before_boot_ms REAL,
  not_before_boot_id TEXT,
  ms_path TEXT,
  -- Grows with every change that contimg makes: one that leaves it as it was is an operator's.
  revision INTEGER NOT NULL DEFAULT 0
, held_since REAL, held_since_boot_ms REAL, held_since_boot_id TEXT) STRICT;

CREATE TABLE ms_index (
  path TEXT NOT NULL PRIMARY KEY,
  start_mjd REAL,
  end_mjd REAL,
  mid_mjd REAL,
  processed_at REAL,
  status TEXT,
  stage TEXT,
  stage_updated_at REAL,
  cal_applied INTEGER DEFAULT 0,
  imagename TEXT,
  ra_deg REAL,
  dec_deg REAL,
  group_id TEXT,
  -- Higher than that of every earlier row, also when a row is written anew.
  change_id INTEGER
) STRICT;

CREATE TABLE performance_metrics (
  group_id TEXT NOT NULL PRIMARY KEY,
  load_time REAL,
  phase_time REAL,
  write_time REAL,
  total_time REAL,
  writer_type TEXT,
  recorded_at REAL NOT NULL
) STRICT;

CREATE TABLE queue_identity (queue_id TEXT NOT NULL PRIMARY KEY) STRICT;

CREATE TABLE stage_runs (
  run_id INTEGER PRIMARY KEY,
  group_id TEXT NOT NULL REFERENCES ingest_queue (group_id) ON UPDATE CASCADE ON DELETE CASCADE,
  lease_token INTEGER NOT NULL,
  stage TEXT NOT NULL,
  started_at REAL NOT NULL,
  duration_sec REAL NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'skipped', 'failed')),
  error TEXT
) STRICT;

CREATE TABLE storage_locations (
  id INTEGER PRIMARY KEY,
  location_type TEXT NOT NULL,
  base_path TEXT NOT NULL,
  description TEXT,
  registered_at REAL NOT NULL,
  status TEXT NOT NULL DEFAULT 'active',
  notes TEXT,
  change_id INTEGER,
  UNIQUE (location_type, base_path)
) STRICT;

CREATE TABLE subband_files (
  group_id TEXT NOT NULL REFERENCES ingest_queue (group_id) ON UPDATE CASCADE ON DELETE CASCADE,
  subband_idx INTEGER NOT NULL,
  path TEXT NOT NULL,
  arrival_id INTEGER REFERENCES arrivals (arrival_id),
  signature TEXT NOT NULL DEFAULT '',
  size_bytes INTEGER NOT NULL DEFAULT 0,
  sample_digest TEXT,
  first_time_jd REAL,
  integration_time_sec REAL,
  top_freq_hz REAL,
  PRIMARY KEY (group_id, subband_idx)
) STRICT;

CREATE INDEX alert_history_by_key ON alert_history (alert_key, event_id);

CREATE INDEX arrivals_by_fate ON arrivals (fate);

CREATE INDEX arrivals_by_group ON arrivals (group_id);

CREATE INDEX arrivals_by_name ON arrivals (directory, name);

CREATE INDEX calibration_applied_by_group ON calibration_applied (group_id);

CREATE INDEX calibration_applied_by_table ON calibration_applied (table_path);

CREATE TRIGGER ingest_queue_by_hand AFTER UPDATE OF state ON ingest_queue WHEN NEW.revision = OLD.revision
BEGIN
  UPDATE ingest_queue SET
    revision = revision + 1,
    last_update = (julianday('now') - 2440587.5) * 86400.0,
    lease_token = lease_token + 1, lease_owner = NULL, lease_expires_boot_ms = NULL, lease_boot_id = NULL,
    not_before_boot_ms = NULL, not_before_boot_id = NULL,
    waiting_since = (julianday('now') - 2440587.5) * 86400.0, waiting_since_boot_ms = NULL, waiting_since_boot_id = NULL,
    retry_count = CASE WHEN NEW.state = 'pending' THEN 0 ELSE retry_count END,
    crash_count = CASE WHEN NEW.state = 'pending' THEN 0 ELSE crash_count END,
    is_cancelled = CASE WHEN NEW.state = 'pending' THEN 0 ELSE is_cancelled END
  WHERE group_id = NEW.group_id;
END;

CREATE INDEX ingest_queue_by_start ON ingest_queue (start_unix_sec);

CREATE INDEX ingest_queue_by_state ON ingest_queue (state, start_unix_sec);

CREATE INDEX ms_index_by_change ON ms_index (change_id);

CREATE INDEX ms_index_by_group ON ms_index (group_id);

CREATE INDEX ms_index_by_stage ON ms_index (stage, path);

CREATE INDEX ms_index_by_status ON ms_index (status);

CREATE INDEX ms_index_by_time ON ms_index (mid_mjd);

CREATE INDEX stage_runs_by_group ON stage_runs (group_id);
