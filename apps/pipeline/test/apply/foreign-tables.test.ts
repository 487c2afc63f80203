/** Calibration tables that CASA wrote, and the formula written out in numpy on what casacore reads. */

import { cpSync, existsSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { describeWith, pythonWith, runPython, sharedData, sharedDataDir } from "../../../../tools/oracles.ts";
import { contimg } from "../e2e/run-contimg.ts";
import { scratch } from "./applied-group.ts";

const root = join(sharedDataDir() ?? "", "real/caltables");
const needs = [sharedData(), pythonWith("casacore", "numpy")];

/**
 * A Measurement Set for a table: its antennas that have names, windows of channels about its own (shifted by a third of a
 * channel where asked for), a few times before, between and after its solutions, random data, some flagged.
 */
const makeMs = `
import sys, json, numpy as np, casacore.tables as t
table, path, shift, window_count, time_table = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
rng = np.random.default_rng(5)
antenna = t.table(table + "/ANTENNA", ack=False)
solved = t.table(table, ack=False)
names = antenna.getcol("NAME"); keep = [i for i, n in enumerate(names) if n != ""][:12]
spectral = t.table(table + "/SPECTRAL_WINDOW", ack=False)
spws = sorted(set(solved.getcol("SPECTRAL_WINDOW_ID")))[:window_count]
times = np.unique(t.table(time_table, ack=False).getcol("TIME"))
middle = len(times) // 2
chosen = [times[0] - 30, times[middle] + 0.25 * (times[min(middle + 1, len(times) - 1)] - times[middle]), times[-1] + 40]
pairs = [(i, j) for i in range(len(keep)) for j in range(i, len(keep))]
nchan = 6
tiles = lambda name, column: {"TYPE": "TiledShapeStMan", "NAME": name, "COLUMNS": [column], "SPEC": {"DEFAULTTILESHAPE": [2, nchan, 64]}}
ms = t.default_ms(path, t.required_ms_desc(), {"*1": tiles("TiledFlag", "FLAG")})
ms.addcols(t.maketabdesc([t.makearrcoldesc("DATA", 0j, ndim=2, valuetype="complex"), t.makearrcoldesc("WEIGHT_SPECTRUM", 0.0, ndim=2, valuetype="float")]))
rows = [(w, tm, p) for w in range(len(spws)) for tm in chosen for p in pairs]
ms.addrows(len(rows))
n = len(rows)
ms.putcol("DATA", (rng.normal(size=(n, nchan, 2)) + 1j * rng.normal(size=(n, nchan, 2))).astype(np.complex64))
flag = rng.random((n, nchan, 2)) < 0.1; ms.putcol("FLAG", flag); ms.putcol("FLAG_ROW", flag.all((1, 2)))
sigma = rng.uniform(0.5, 2, (n, 2)).astype(np.float32); ms.putcol("SIGMA", sigma); ms.putcol("WEIGHT", 1 / sigma**2)
ms.putcol("WEIGHT_SPECTRUM", rng.uniform(0.5, 2, (n, nchan, 2)).astype(np.float32))
for name, k in (("ANTENNA1", 0), ("ANTENNA2", 1)): ms.putcol(name, np.array([p[k] for _, _, p in rows], np.int32))
ms.putcol("DATA_DESC_ID", np.array([w for w, _, _ in rows], np.int32)); ms.putcol("TIME", np.array([x for _, x, _ in rows]))
ms.putcol("INTERVAL", np.full(n, 10.0)); ms.putcol("EXPOSURE", np.full(n, 10.0)); ms.putcol("UVW", rng.normal(size=(n, 3)))
out = t.table(path + "/ANTENNA", readonly=False, ack=False); out.addrows(len(keep))
order = rng.permutation(len(keep))  # antennas of another order than the table's
out.putcol("NAME", [names[keep[i]] for i in order]); out.putcol("POSITION", antenna.getcol("POSITION")[[keep[i] for i in order]])
out.putcol("STATION", ["" for _ in keep]); out.putcol("DISH_DIAMETER", np.full(len(keep), 6.0)); out.close()
out = t.table(path + "/SPECTRAL_WINDOW", readonly=False, ack=False); out.addrows(len(spws))
for row, spw in enumerate(spws):
    freq, width = spectral.getcell("CHAN_FREQ", spw), spectral.getcell("CHAN_WIDTH", spw)
    if len(freq) > nchan:
        step = freq[1] - freq[0]; first = len(freq) // 3
        f = freq[first:first + nchan] + shift * step; w = np.abs(np.full(nchan, step))
    else:
        w = np.full(nchan, abs(width[0]) / 20); f = freq[0] + (np.arange(nchan) - 2.5) * w[0]
    for name, value in (("CHAN_FREQ", f), ("CHAN_WIDTH", w), ("EFFECTIVE_BW", w), ("RESOLUTION", w)): out.putcell(name, row, value)
    out.putcell("NUM_CHAN", row, nchan); out.putcell("REF_FREQUENCY", row, f[0]); out.putcell("TOTAL_BANDWIDTH", row, w.sum())
out.close()
out = t.table(path + "/POLARIZATION", readonly=False, ack=False); out.addrows(1)
out.putcell("CORR_TYPE", 0, np.array([9, 12], np.int32)); out.putcell("NUM_CORR", 0, 2); out.putcell("CORR_PRODUCT", 0, np.array([[0, 0], [1, 1]], np.int32)); out.close()
out = t.table(path + "/DATA_DESCRIPTION", readonly=False, ack=False); out.addrows(len(spws))
out.putcol("SPECTRAL_WINDOW_ID", np.arange(len(spws), dtype=np.int32)); out.putcol("POLARIZATION_ID", np.zeros(len(spws), np.int32)); out.close()
out = t.table(path + "/FIELD", readonly=False, ack=False); out.addrows(1); out.putcell("NAME", 0, "F")
for name in ("PHASE_DIR", "DELAY_DIR", "REFERENCE_DIR"): out.putcell(name, 0, np.array([[1.0, 0.5]]))
out.close()
out = t.table(path + "/OBSERVATION", readonly=False, ack=False); out.addrows(1); out.close()
ms.close()
`;

/** V / (g_i g_j*), sample by sample, from what casacore reads: written from the definitions, sharing nothing with the code. */
const formula = `
import sys, json, numpy as np, casacore.tables as t
path, time_interp, freq_interp, tables = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
ms = t.table(path, ack=False)
names = t.table(path + "/ANTENNA", ack=False).getcol("NAME")
chan_freq = t.table(path + "/SPECTRAL_WINDOW", ack=False).getcol("CHAN_FREQ")

def between(x, values, good, at, how):
    """Amplitude and phase apart, over good ones only, the nearest outside."""
    x, values = x[good], values[good]
    if len(x) == 0: return None
    order = np.argsort(x); x, values = x[order], values[order]
    k = int(np.searchsorted(x, at))
    if k == 0: return values[0]
    if k == len(x): return values[-1]
    f = (at - x[k - 1]) / (x[k] - x[k - 1])
    if how == "nearest": return values[k - 1] if f <= 0.5 else values[k]
    turn = np.angle(values[k] * np.conj(values[k - 1]))
    return (abs(values[k - 1]) * (1 - f) + abs(values[k]) * f) * np.exp(1j * (np.angle(values[k - 1]) + f * turn))

class Table:
    def __init__(self, path):
        tab = t.table(path, ack=False); self.kind = tab.getkeyword("VisCal")[0]
        spectral = t.table(path + "/SPECTRAL_WINDOW", ack=False)
        self.names = t.table(path + "/ANTENNA", ack=False).getcol("NAME")
        spw, ant, time = (tab.getcol(n) for n in ("SPECTRAL_WINDOW_ID", "ANTENNA1", "TIME"))
        self.ref = {s: spectral.getcell("REF_FREQUENCY", s) for s in set(spw)}
        self.freq = {s: spectral.getcell("CHAN_FREQ", s) for s in set(spw)}; self.width = {s: abs(spectral.getcell("CHAN_WIDTH", s)) for s in set(spw)}
        value = tab.getcol("FPARAM" if self.kind == "K" else "CPARAM"); flag = tab.getcol("FLAG")
        self.rows = {}
        for s in set(spw):
            for a in set(ant):
                rows = np.where((spw == s) & (ant == a))[0]
                self.rows[s, a] = (time[rows], value[rows], ~flag[rows] & np.isfinite(value[rows]) & (value[rows] != 0 if self.kind != "K" else True))
        self.cache = {}
    def window(self, f):
        for s in sorted(self.freq):
            if (self.freq[s] - self.width[s] / 2).min() - 1 <= f <= (self.freq[s] + self.width[s] / 2).max() + 1: return s
        return list(self.freq)[0] if len(self.freq) == 1 and self.kind != "B" else None
    def gain(self, name, f, pol, at):
        key = (name, f, pol, at)
        if key not in self.cache: self.cache[key] = self.find(*key)
        return self.cache[key]
    def find(self, name, f, pol, at):
        s = self.window(f)
        if s is None: return None
        time, value, good = self.rows[s, self.names.index(name)]
        how = time_interp if time_interp != "-" else ("linear" if self.kind in "GT" else "nearest")
        if self.kind == "K":
            tau = between(time, np.exp(1j * 0) * value[:, 0, pol], good[:, 0, pol], at, "nearest")
            return None if tau is None else np.exp(2j * np.pi * tau.real * 1e-9 * (f - self.ref[s]))
        if self.kind != "B": return between(time, value[:, 0, pol], good[:, 0, pol], at, how)
        freq = self.freq[s]; spectrum = np.ones(len(freq), complex); ok = np.zeros(len(freq), bool)
        for c in np.argsort(abs(freq - f))[:40]:  # enough channels about it
            g = between(time, value[:, c, pol], good[:, c, pol], at, how)
            if g is not None: spectrum[c], ok[c] = g, True
        plain = freq_interp.replace("flag", "")
        if freq_interp.endswith("flag"):
            low, high = [np.where(side)[0] for side in (freq <= f + 1, freq >= f - 1)]
            used = {low[np.argmax(freq[low])]} if len(low) else set()
            if len(high): used |= {high[np.argmin(freq[high])]}
            if plain == "nearest" and len(used) == 2: used = {min(used, key=lambda c: abs(freq[c] - f))}
            if not all(ok[list(used)]): return None
        return between(freq, spectrum, ok, f, plain)

tables = [Table(p) for p in tables]
data, corrected, flag = ms.getcol("DATA").astype(complex), ms.getcol("CORRECTED_DATA"), ms.getcol("FLAG")
spectrum, weight, sigma = ms.getcol("WEIGHT_SPECTRUM"), ms.getcol("WEIGHT"), ms.getcol("SIGMA")
kept = ms.getcol("WEIGHT_SPECTRUM_OF_DATA")
start = t.table(path + ".flagversions/flags.before_contimg_applycal", ack=False).getcol("FLAG")
ant1, ant2, time, ddid = (ms.getcol(n) for n in ("ANTENNA1", "ANTENNA2", "TIME", "DATA_DESC_ID"))
worst, worst_weight, flag_errors, none, checked = 0.0, 0.0, 0, 0, 0
for row in range(ms.nrows()):
    for pol in range(2):
        powers = []
        for c, f in enumerate(chan_freq[ddid[row]]):
            g = 1 + 0j
            for tab in tables:
                a, b = (tab.gain(names[ant[row]], f, pol, time[row]) for ant in (ant1, ant2))
                if a is None or b is None: g = None; break
                g *= a * np.conj(b)
            expect_flag = start[row, c, pol] or g is None
            flag_errors += int(flag[row, c, pol] != expect_flag)
            if g is None:
                none += 1; flag_errors += int(corrected[row, c, pol] != 0 or spectrum[row, c, pol] != 0); continue
            checked += 1
            want = data[row, c, pol] / g
            worst = max(worst, abs(corrected[row, c, pol] - want) / abs(want))
            worst_weight = max(worst_weight, abs(spectrum[row, c, pol] / (kept[row, c, pol] * abs(g) ** 2) - 1))
            if not start[row, c, pol]: powers.append(abs(g) ** 2)
        want = np.mean(powers) / sigma[row, pol] ** 2 if powers else 0
        worst_weight = max(worst_weight, abs(weight[row, pol] - want) / max(want, 1e-9) if want else weight[row, pol])
print(json.dumps(dict(worst=worst, weight=worst_weight, flags=flag_errors, none=none, checked=checked)))
`;

describeWith(needs, "tables that CASA wrote", () => {
  test.each([
    {
      tables: ["test_calibration_bandpass.table", "test_calibration_final_gain.table"],
      shift: 0,
      windows: 1,
      flags: [],
    },
    {
      tables: ["test_calibration_bandpass.table", "test_calibration_initial_gain.table"],
      shift: 0.3,
      windows: 1,
      flags: ["--freq-interp", "linearflag"],
    },
    { tables: ["sma.ms.bcal"], shift: 0.3, windows: 3, flags: ["--interp", "nearest,linear"] },
    { tables: ["sma.ms.bcal", "sma.ms.amp.gcal"], shift: 0.3, windows: 3, flags: ["--interp", "linear,nearest"] },
    { tables: ["sma.ms.bcal"], shift: 0.7, windows: 2, flags: ["--interp", "nearest,nearestflag"] },
    { tables: ["sma.ms.dcal"], shift: 0, windows: 2, flags: [] },
  ])(
    "$tables are applied as the formula says, shifted by $shift channels, with $flags",
    ({ tables, shift, windows, flags }) => {
      const folder = scratch();
      const paths = tables.map((name) => join(folder, name));
      for (const path of paths) cpSync(join(root, basename(path)), path, { recursive: true });
      const ms = join(folder, "made.ms");
      // Windows and channels are those of the bandpass, times those of the last table.
      const shaping = paths.find((path) => /bandpass|bcal/.test(path)) ?? paths[0]!;
      runPython(makeMs, [shaping, ms, `${shift}`, `${windows}`, paths.at(-1)!]);
      const ran = contimg(
        "cal",
        "apply",
        ms,
        ...paths.flatMap((path) => ["--table", path]),
        ...flags,
        "--mode",
        "corrected-data",
        "--json",
      );
      expect(ran.status, ran.stderr).toBe(0);
      expect(existsSync(join(ms, ".contimg-flag"))).toBe(false);
      const interps = (
        ran.events.find(({ event }) => event === "cal_plan")!["terms"] as { freq_interpolation: string }[]
      )[0]!;
      const time = flags[0] === "--interp" ? flags[1]!.split(",")[0]! : "-";
      const found = JSON.parse(runPython(formula, [ms, time, interps.freq_interpolation, ...paths])) as Record<
        string,
        number
      >;
      expect(found["flags"]).toBe(0);
      expect(found["checked"]).toBeGreaterThan(500);
      if (shaping.includes("bandpass")) expect(found["none"]).toBeGreaterThan(100);
      // CORRECTED_DATA and the inverse gains are single precision.
      expect(found["worst"]).toBeLessThan(2e-6);
      expect(found["weight"]).toBeLessThan(2e-6);
    },
    120_000,
  );
});
