"""Does a Measurement Set hold what the definition of the conversion demands? Computed anew with h5py, ERFA and casacore.

check_ms.py GROUP_DIR MS IERS_DIR PHASE   PHASE: mid | none
Prints one JSON object: the largest deviation of each quantity, over all rows unless said otherwise.

GROUP_DIR holds the *_sbNN.hdf5 files; IERS_DIR has finals2000A.all and Leap_Second.dat.
Definition: frequencies ascend; TIME is UTC in MJD seconds; phase centre of DSA-110 data is hour angle 0 at
phase_center_dec, in every integration; UVW are the derivatives of the geometric path b.s, b = r(ant2) - r(ant1), along
ICRS l and m at the field's direction, and w = b.s itself; DATA = V exp(-2 pi i nu/c b.(s_new - s_meridian)).
"""
import glob
import json
import os
import sys

import casacore.tables as ct
import erfa
import h5py
import numpy as np
from astropy.time import Time
from astropy.utils import iers

group, ms_path, iers_dir, phase = sys.argv[1:5]
iers.conf.auto_download = False
iers.conf.auto_max_age = None
iers.LeapSeconds.open(os.path.join(iers_dir, "Leap_Second.dat"))
table = iers.IERS_A.open(os.path.join(iers_dir, "finals2000A.all"))
iers.earth_orientation_table.set(table)
C = 299792458.0

files = {}
for path in sorted(glob.glob(os.path.join(group, "*_sb??.hdf5"))):
    with h5py.File(path) as h:
        files[h["Header/freq_array"][0].min()] = path
files = [files[f] for f in sorted(files)]

with h5py.File(files[0]) as h:
    H = h["Header"]
    lat, lon, alt = np.radians(H["latitude"][()]), np.radians(H["longitude"][()]), H["altitude"][()]
    dec = H["extra_keywords/phase_center_dec"][()]
    times = H["time_array"][:]
    exposure = H["integration_time"][:]
    a1, a2 = H["ant_1_array"][:], H["ant_2_array"][:]
    numbers = list(H["antenna_numbers"][:])
    rel = H["antenna_positions"][:]
    diameters = H["antenna_diameters"][:]
    names = [n.decode() if isinstance(n, bytes) else n for n in H["antenna_names"][:]]
row_of = {n: k for k, n in enumerate(numbers)}
i1 = np.array([row_of[a] for a in a1])
i2 = np.array([row_of[a] for a in a2])


def earth(jd):
    t = Time(jd, format="jd", scale="utc")
    xp, yp = table.pm_xy(t)
    return t.jd1, t.jd2, float(t.delta_ut1_utc), float(xp.to_value("rad")), float(yp.to_value("rad"))


def direction(jd, ra, de):
    """ITRF unit vector of an ICRS direction as the site sees it."""
    d1, d2, dut1, xp, yp = earth(jd)
    _, _, ha, d, _, _ = erfa.atco13(ra, de, 0, 0, 0, 0, d1, d2, dut1, lon, lat, alt, xp, yp, 0, 0, 0, 1e5)
    return vector(ha, d)


def vector(ha, d):
    return np.array([np.cos(d) * np.cos(lon - ha), np.cos(d) * np.sin(lon - ha), np.sin(d)])


def meridian_icrs(jd):
    d1, d2, dut1, xp, yp = earth(jd)
    return erfa.atoc13("H", 0.0, dec, d1, d2, dut1, lon, lat, alt, xp, yp, 0, 0, 0, 1e5)


def offset(ra, de, l, m):
    """ICRS direction of direction cosines l, m about a centre (SIN projection)."""
    n = np.sqrt(1 - l * l - m * m)
    return ra + np.arctan2(l, n * np.cos(de) - m * np.sin(de)), np.arcsin(m * np.cos(de) + n * np.sin(de))


def axes(jd, ra, de):
    """d(s)/dl, d(s)/dm and s at the centre: derivatives by Richardson extrapolation of central differences."""
    def central(l, m):
        return (direction(jd, *offset(ra, de, l, m)) - direction(jd, *offset(ra, de, -l, -m))) / (2 * (l + m))
    h = 2e-3
    return [(4 * central(h / 2, 0) - central(h, 0)) / 3, (4 * central(0, h / 2) - central(0, h)) / 3, direction(jd, ra, de)]


unique = np.unique(times)
mid = (unique[0] + unique[-1]) / 2
field_of = {t: (k if phase == "none" else 0) for k, t in enumerate(unique)}
centres = [meridian_icrs(t) for t in unique] if phase == "none" else [meridian_icrs(mid)]

ms = ct.table(ms_path, ack=False)
spw = ct.table(ms_path + "::SPECTRAL_WINDOW", ack=False)
ant = ct.table(ms_path + "::ANTENNA", ack=False)
fld = ct.table(ms_path + "::FIELD", ack=False)
pol = ct.table(ms_path + "::POLARIZATION", ack=False)
dd = ct.table(ms_path + "::DATA_DESCRIPTION", ack=False)
out = {}
n = len(times)
freqs = []
for f in files:
    with h5py.File(f) as h:
        freqs.append(np.sort(h["Header/freq_array"][0]))
merged = spw.nrows() == 1 and len(files) > 1
want_freqs = [np.concatenate(freqs)] if merged else freqs
out["rows_missing"] = n * len(want_freqs) - ms.nrows()
out["freq_hz"] = max(np.abs(spw.getcell("CHAN_FREQ", k) - f).max() for k, f in enumerate(want_freqs))
out["spw_id_wrong"] = int((dd.getcol("SPECTRAL_WINDOW_ID") != np.arange(len(want_freqs))).sum())
out["corr_type"] = pol.getcell("CORR_TYPE", 0).tolist()
centre = np.array(erfa.gd2gc(1, lon, lat, alt))
out["antenna_m"] = float(np.abs(ant.getcol("POSITION") - (rel + centre)).max())
out["antenna_name_wrong"] = sum(a != b for a, b in zip(ant.getcol("NAME"), names))
out["diameter_m"] = float(np.abs(ant.getcol("DISH_DIAMETER") - diameters).max())
out["mount"] = sorted(set(ant.getcol("MOUNT")))
pd = np.array([fld.getcell("PHASE_DIR", k)[0] for k in range(fld.nrows())])
rd = np.array([fld.getcell("REFERENCE_DIR", k)[0] for k in range(fld.nrows())])
out["fields"] = fld.nrows()
out["phase_dir_mas"] = float(
    max(np.degrees(erfa.seps(r, d, *c)) * 3.6e6 for (r, d), c in zip(pd, centres))
) if len(pd) == len(centres) else None
out["reference_dir_rad"] = float(np.abs(pd - rd).max())

worst = dict(uvw_m=0.0, data_jy=0.0, time_sec=0.0, exposure_sec=0.0, antenna_id_wrong=0, field_wrong=0, flag_wrong=0, weight=0.0, dd_wrong=0)
rotation = {}
for t in unique:
    c = centres[field_of[t]]
    u, v, w = axes(t, *c)
    rotation[t] = (u, v, w, vector(0.0, dec))
for k in range(len(want_freqs)):
    sub = ms.selectrows(np.arange(k * n, (k + 1) * n))
    turned = i1 > i2
    first, second = np.where(turned, i2, i1), np.where(turned, i1, i2)
    worst["antenna_id_wrong"] += int((sub.getcol("ANTENNA1") != first).sum() + (sub.getcol("ANTENNA2") != second).sum())
    worst["dd_wrong"] += int((sub.getcol("DATA_DESC_ID") != k).sum())
    worst["field_wrong"] += int((sub.getcol("FIELD_ID") != np.array([field_of[t] for t in times])).sum())
    worst["time_sec"] = max(worst["time_sec"], float(np.abs(sub.getcol("TIME") - (times - 2400000.5) * 86400).max()))
    worst["exposure_sec"] = max(worst["exposure_sec"], float(np.abs(sub.getcol("EXPOSURE") - exposure).max()))
    uvw, data, flag, weight, wspec = (sub.getcol(c) for c in ("UVW", "DATA", "FLAG", "WEIGHT", "WEIGHT_SPECTRUM"))
    vis, fl, ns = [], [], []
    for f in files if merged else [files[k]]:
        with h5py.File(f) as h:
            order = np.argsort(h["Header/freq_array"][0])
            vis.append(h["Data/visdata"][:, 0][:, order])
            fl.append(h["Data/flags"][:, 0][:, order])
            ns.append(h["Data/nsamples"][:, 0][:, order])
    vis, fl, ns = (np.concatenate(x, axis=1) for x in (vis, fl, ns))
    base = rel[i2] - rel[i1]
    for t in unique:
        rows = times == t
        u, v, w, s0 = rotation[t]
        b = base[rows]
        want = np.stack([b @ u, b @ v, b @ w], -1)
        sign = np.where(turned[rows], -1.0, 1.0)
        worst["uvw_m"] = max(worst["uvw_m"], float(np.abs(uvw[rows] - want * sign[:, None]).max()))
        shift = np.zeros(len(b)) if phase == "none" else b @ (w - s0)
        x = vis[rows].astype(complex) * np.exp(-2j * np.pi / C * shift[:, None, None] * want_freqs[k][None, :, None])
        x = np.where(turned[rows][:, None, None], np.conj(x), x)
        bad = ~np.isfinite(vis[rows]) | (vis[rows] == 0)
        x[bad] = 0
        worst["data_jy"] = max(worst["data_jy"], float((np.abs(data[rows] - x) / np.maximum(1.0, np.abs(x))).max()))
        worst["flag_wrong"] += int((flag[rows] != (fl[rows] | bad | (ns[rows] == 0))).sum())
    worst["weight"] = max(worst["weight"], float(np.abs(wspec - ns).max()), float(np.abs(weight - np.median(ns, axis=1)).max()))
out.update(worst)
print(json.dumps(out))
