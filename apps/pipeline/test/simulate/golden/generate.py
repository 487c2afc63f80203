#!/usr/bin/python3
"""Writes visibilities.json: the measurement equation of the simulator for five stations, from ERFA and scipy.

Needs Debian's python3-erfa python3-astropy python3-scipy; no network.
Usage: generate.py finals2000A.all Leap_Second.dat
"""
import json
import os
import sys

import erfa
import numpy as np
from astropy.time import Time
from astropy.utils import iers
from scipy.special import j1

iers.conf.auto_download = False
iers.conf.auto_max_age = None
iers.LeapSeconds.open(sys.argv[2])
TABLE = iers.IERS_A.open(sys.argv[1])
iers.earth_orientation_table.set(TABLE)

C, DISH, PT_DEC = 299792458.0, 4.65, 0.9524855391037991
LAT, LON, ALT = 0.6498455107238486, -2.064427799136453, 1188.0519
# Latitude, longitude (degrees), height of stations 1, 51, 101, 103 and 116, from DSA110_Station_Coordinates.csv
STATIONS = {1: [37.2333752, -118.2856408, 1182.6], 51: [37.2333752, -118.2811694, 1182.6], 101: [37.2372736, -118.2834051, 1182.6], 103: [37.2300025, -118.2812695, 1181.3], 116: [37.2314169, -118.2945978, 1178.1]}
TIMES = [2460951.992331495, 2460951.992331495 + 12.884901888 / 86400, 2461234.5678]
FREQS = [1498643188.4765625, 1405.0e6, 1311387329.1015625]
SOURCES = [dict(name="A", ra_deg=70.95, dec_deg=54.6, flux_1400_jy=12.5, alpha=-0.3), dict(name="B", ra_deg=72.4, dec_deg=53.9, flux_1400_jy=2.5, alpha=-0.9),
           dict(name="C", ra_deg=69.1, dec_deg=55.3, flux_1400_jy=0.7, alpha=0.4)]


def unit(ha, dec):
    return np.stack([np.cos(dec) * np.cos(ha), -np.cos(dec) * np.sin(ha), np.sin(dec)], -1)


def main():
    lat, lon, height = np.array(list(STATIONS.values())).T
    offset = erfa.gd2gc(1, np.radians(lon), np.radians(lat), height) - erfa.gd2gc(1, LON, LAT, ALT)
    meridian = np.array([[np.cos(LON), np.sin(LON), 0], [-np.sin(LON), np.cos(LON), 0], [0, 0, 1]])
    r = offset @ meridian.T
    cases = []
    for jd in TIMES:
        t = Time(jd, format="jd", scale="utc")
        xp, yp = (float(v.to_value("rad")) for v in TABLE.pm_xy(t))
        where = (t.jd1, t.jd2, float(t.delta_ut1_utc), LON, LAT, ALT, xp, yp, 0.0, 0.0, 0.0, 1e5)
        # The third time is far from the first two: its sources are shifted so that they lie about its own meridian.
        ra0, _ = erfa.atoc13("H", 0.0, PT_DEC, *where)
        shift = 0.0 if jd < 2461000 else float(np.degrees(ra0)) - 70.9
        sources = [dict(s, ra_deg=s["ra_deg"] + shift) for s in SOURCES]
        for freq in FREQS:
            total = np.zeros((len(r), len(r)), complex)
            for s in sources:
                _, _, ha, dec, _, _ = erfa.atco13(np.radians(s["ra_deg"]), np.radians(s["dec_deg"]), 0, 0, 0, 0, *where)
                direction, stop = unit(ha, dec), unit(0.0, PT_DEC)
                x = np.pi * DISH * freq / C * np.linalg.norm(np.cross(direction, stop))
                flux = s["flux_1400_jy"] * (freq / 1.4e9) ** s["alpha"] * (2 * j1(x) / x) ** 2
                phase = np.exp(2j * np.pi * freq / C * (r @ (direction - stop)))
                total += flux * np.conj(phase)[:, None] * phase[None, :]
            cases.append(dict(timeJd=jd, freqHz=freq, sources=sources, re=total.real.tolist(), im=total.imag.tolist()))
    out = dict(stations={k: list(v) for k, v in zip(STATIONS, offset.tolist())}, ptDecRad=PT_DEC, cases=cases)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "visibilities.json"), "w") as file:
        json.dump(out, file, indent=0)


main()
