// SQL in modules, not in .sql files: the compiler copies modules into dist, and nothing else.

const meta = `CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`;

/** Zones are strips of declination, numbered from the south pole; rows lie on disk in their order. */
const place = `
  zone INTEGER NOT NULL,
  ra_deg REAL NOT NULL CHECK (ra_deg >= 0 AND ra_deg < 360),
  dec_deg REAL NOT NULL CHECK (dec_deg BETWEEN -90 AND 90),`;

/** One survey. Fluxes are at `freq_hz` of `meta`, sizes are without the beam and NULL where not resolved. */
export const surveyTables = `
CREATE TABLE sources (
  source_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,${place}
  flux_jy REAL NOT NULL,
  flux_err_jy REAL,
  peak_jy_per_beam REAL,
  major_arcsec REAL,
  minor_arcsec REAL,
  pa_deg REAL,
  alpha REAL
) STRICT;
${meta}`;

/** Columns up to `confusion_flag` are those of the Python pipeline. Fluxes in Jy. */
export const masterTables = `
CREATE TABLE sources (
  source_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,${place}
  s_nvss REAL NOT NULL,
  snr_nvss REAL,
  s_vlass REAL,
  s_first REAL,
  alpha REAL,
  resolved_flag INTEGER NOT NULL CHECK (resolved_flag IN (0, 1)),
  confusion_flag INTEGER NOT NULL CHECK (confusion_flag IN (0, 1)),
  s_racs REAL,
  -- The two surveys that alpha is of.
  alpha_from TEXT CHECK (alpha_from IN ('nvss-vlass', 'racs-nvss')),
  first_size_maj_arcsec REAL,
  first_size_min_arcsec REAL,
  first_size_pa_deg REAL
) STRICT;
${meta}
-- An index that is not known excludes nothing.
CREATE VIEW good_references AS SELECT sources.* FROM sources
  WHERE snr_nvss >= (SELECT CAST(value AS REAL) FROM meta WHERE key = 'goodref_snr_min')
    AND resolved_flag = 0 AND confusion_flag = 0
    AND (alpha IS NULL OR alpha BETWEEN (SELECT CAST(value AS REAL) FROM meta WHERE key = 'goodref_alpha_min')
      AND (SELECT CAST(value AS REAL) FROM meta WHERE key = 'goodref_alpha_max'));
CREATE VIEW final_references AS SELECT * FROM good_references
  WHERE snr_nvss >= (SELECT CAST(value AS REAL) FROM meta WHERE key = 'finalref_snr_min');`;

/** The VLA list. Four names stand for two entries each, so the name is no key. */
export const calibratorTables = `
CREATE TABLE calibrators (
  calibrator_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,${place}
  position_code TEXT NOT NULL,
  b1950_name TEXT NOT NULL,
  alt_name TEXT,
  -- Of the L band; NULL where the list gives none.
  flux_jy REAL
) STRICT;
CREATE INDEX calibrators_by_name ON calibrators (name);
CREATE TABLE fluxes (
  calibrator_id INTEGER NOT NULL REFERENCES calibrators,
  -- In the order of the list.
  line INTEGER NOT NULL,
  name TEXT NOT NULL,
  band TEXT NOT NULL,
  band_code TEXT NOT NULL,
  flux_jy REAL,
  -- A, B, C and D configuration: SSPX.
  quality_codes TEXT NOT NULL CHECK (length(quality_codes) = 4),
  uvmin_kl REAL,
  uvmax_kl REAL,
  PRIMARY KEY (calibrator_id, line)
) STRICT, WITHOUT ROWID;
${meta}
CREATE VIEW vla_20cm AS SELECT name, ra_deg, dec_deg, flux_jy FROM calibrators WHERE flux_jy IS NOT NULL;`;
