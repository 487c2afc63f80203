#!/usr/bin/python3
"""Writes the golden values beside it. Needs Debian's python3-erfa python3-astropy python3-scipy; no network.

Usage: generate.py finals2000A.all Leap_Second.dat
(the files of the IERS from which the package's own tables were made)
"""
import json
import os
import sys

import erfa
import numpy as np
from astropy.time import Time
from astropy.utils import iers
from scipy.special import j1

HERE = os.path.dirname(os.path.abspath(__file__))
iers.conf.auto_download = False
iers.conf.auto_max_age = None
iers.LeapSeconds.open(sys.argv[2])
TABLE = iers.IERS_A.open(sys.argv[1])
iers.earth_orientation_table.set(TABLE)
RNG = np.random.default_rng(42)


def write(name, value):
    with open(os.path.join(HERE, name), "w") as out:
        json.dump(value, out, indent=0)


def orientation(t):
    xp, yp = TABLE.pm_xy(t)
    return float(t.delta_ut1_utc), float(xp.to_value("rad")), float(yp.to_value("rad"))


def parts(t):
    return [float(t.jd1), float(t.jd2)]


def times():
    texts = ["1973-01-03T00:00:00.000000", "1999-01-01T00:00:00.250000", "2016-12-31T12:00:00.000000", "2016-12-31T23:59:60.500000",
             "2017-01-01T00:00:00.000000", "2025-10-03T11:48:56.436000", "2026-11-20T12:00:00.123456", "2027-06-01T03:04:05.000001"]
    texts += [Time(float(mjd), format="mjd", scale="utc", precision=6).isot for mjd in RNG.uniform(41700, 61580, 22)]
    out = []
    for text in texts:
        t = Time(text, format="isot", scale="utc")
        dut1, xp, yp = orientation(t)
        ut1, tt = t.ut1, t.tt
        out.append(dict(text=text, utc=parts(t), tai=parts(t.tai), tt=parts(tt), ut1=parts(ut1), dut1Sec=dut1, xPoleRad=xp, yPoleRad=yp,
                        eraRad=float(erfa.era00(ut1.jd1, ut1.jd2)), gmstRad=float(erfa.gmst06(ut1.jd1, ut1.jd2, tt.jd1, tt.jd2)),
                        gastRad=float(erfa.gst06a(ut1.jd1, ut1.jd2, tt.jd1, tt.jd2))))
    write("time.json", out)


def random_case():
    t = Time(2400000.5 + float(np.floor(RNG.uniform(41700, 61580))), float(RNG.uniform(0, 1)), format="jd", scale="utc")
    site = dict(latitudeRad=float(RNG.uniform(-1.5, 1.5)), longitudeRad=float(RNG.uniform(-3.1, 3.1)), altitudeM=float(RNG.uniform(0, 5000)))
    return t, site


def frames():
    out = []
    for k in range(60):
        t, site = random_case()
        if k < 20:
            site = dict(latitudeRad=0.6498455107238486, longitudeRad=-2.064427799136453, altitudeM=1188.0519)
        ra, dec = float(RNG.uniform(0, 2 * np.pi)), float(np.arcsin(RNG.uniform(-1, 1)))
        if k in (30, 31):  # 0.4 and 5 degrees from the Sun, where light deflection is large
            h = erfa.epv00(t.tt.jd1, t.tt.jd2)[0]["p"]
            sun = -h / np.linalg.norm(h)
            ra, dec = float(np.arctan2(sun[1], sun[0])), float(np.arcsin(sun[2]) + np.radians(0.4 if k == 30 else 5))
        dut1, xp, yp = orientation(t)
        where = (site["longitudeRad"], site["latitudeRad"], site["altitudeM"], xp, yp, 0.0, 0.0, 0.0, 1e5)
        az, zd, ha, dobs, ra_cio, eo = (float(v) for v in erfa.atco13(ra, dec, 0, 0, 0, 0, t.jd1, t.jd2, dut1, *where))
        meridian = [float(v) for v in erfa.atoc13("H", 0.0, dec, t.jd1, t.jd2, dut1, *where)]
        back = [float(v) for v in erfa.atoc13("A", az, zd, t.jd1, t.jd2, dut1, *where)]
        lst = float(t.sidereal_time("apparent", site["longitudeRad"] * 180 / np.pi).to_value("rad"))
        tt = t.tt
        # CIRS as the site sees it: the observed place turned back from the site's meridian, without polar motion mixed in.
        astrom = erfa.apco13(t.jd1, t.jd2, dut1, *where)[0]
        cirs = [float(v) for v in erfa.atciq(ra, dec, 0, 0, 0, 0, astrom)]
        out.append(dict(utc=parts(t), site=site, raRad=ra, decRad=dec, azimuthRad=az, zenithDistanceRad=zd, hourAngleRad=ha, observedDecRad=dobs,
                        equationOfOriginsRad=eo, lstRad=lst, cirsRaRad=cirs[0], cirsDecRad=cirs[1], meridian=meridian, back=back,
                        apparentRaRad=float((ra_cio - eo) % (2 * np.pi)), framePaRad=frame_pa(t, dut1, where, ha, dobs)))
    write("frames.json", out)


def frame_pa(t, dut1, where, ha, dec):
    """Position angle of ICRS north in the apparent frame over +-0.5 degree, from ERFA's atoc13 and pas."""
    step = np.pi / 360
    if abs(dec) > np.pi / 2 - 2 * step:
        return None
    low = erfa.atoc13("H", ha, dec - step, t.jd1, t.jd2, dut1, *where)
    high = erfa.atoc13("H", ha, dec + step, t.jd1, t.jd2, dut1, *where)
    return -float(erfa.pas(*low, *high))


def unit(ha, dec):
    return np.stack([np.cos(dec) * np.cos(ha), -np.cos(dec) * np.sin(ha), np.sin(dec)], -1)


def uvw():
    out = []
    for k in range(12):
        t, site = random_case()
        if k < 6:
            site = dict(latitudeRad=0.6498455107238486, longitudeRad=-2.064427799136453, altitudeM=1188.0519)
        dut1, xp, yp = orientation(t)
        where = (site["longitudeRad"], site["latitudeRad"], site["altitudeM"], xp, yp, 0.0, 0.0, 0.0, 1e5)
        antennas = RNG.uniform(-1500, 1500, (5, 3))
        pt_dec = float(RNG.uniform(-1.2, 1.2))
        hour_angle = 0.0 if k % 2 == 0 else float(RNG.uniform(-1, 1))
        ra0, dec0 = (float(v) for v in erfa.atoc13("H", hour_angle, pt_dec, t.jd1, t.jd2, dut1, *where))
        lon = site["longitudeRad"]
        turn = np.array([[np.cos(lon), np.sin(lon), 0], [-np.sin(lon), np.cos(lon), 0], [0, 0, 1]])
        r = antennas @ turn.T  # x to the meridian, y east, z to the pole
        _, _, ha, dec, _, _ = (float(v) for v in erfa.atco13(ra0, dec0, 0, 0, 0, 0, t.jd1, t.jd2, dut1, *where))
        s0 = unit(ha, dec)
        east, north = np.array([np.sin(ha), np.cos(ha), 0]), np.array([-np.sin(dec) * np.cos(ha), np.sin(dec) * np.sin(ha), np.cos(dec)])
        pa = frame_pa(t, dut1, where, ha, dec)
        u, v = np.cos(pa) * east - np.sin(pa) * north, np.cos(pa) * north + np.sin(pa) * east
        sources = []
        for _ in range(6):
            dist, angle = np.radians(RNG.uniform(0.2, 1.5)), RNG.uniform(0, 2 * np.pi)
            ll, mm = np.sin(dist) * np.cos(angle), np.sin(dist) * np.sin(angle)
            nn = np.cos(dist)
            z = mm * np.cos(dec0) + nn * np.sin(dec0)
            ra = ra0 + np.arctan2(ll, nn * np.cos(dec0) - mm * np.sin(dec0))
            _, _, h, d, _, _ = erfa.atco13(ra, np.arcsin(z), 0, 0, 0, 0, t.jd1, t.jd2, dut1, *where)
            sources.append(dict(l=float(ll), m=float(mm), n=float(nn), raRad=float(ra), decRad=float(np.arcsin(z)), pathM=(r @ (unit(h, d) - s0)).tolist()))
        out.append(dict(utc=parts(t), site=site, antennasM=antennas.ravel().tolist(), centre=dict(raRad=ra0, decRad=dec0), hourAngleRad=hour_angle, ptDecRad=pt_dec,
                        rigidUvwM=np.stack([r @ u, r @ v, r @ s0], -1).ravel().tolist(), sources=sources))
    write("uvw.json", out)


def places():
    out = []
    for _ in range(20):
        lat, lon, height = float(RNG.uniform(-1.57, 1.57)), float(RNG.uniform(-3.1, 3.1)), float(RNG.uniform(-1e4, 1e6))
        out.append(dict(latitudeRad=lat, longitudeRad=lon, altitudeM=height, geocentricM=[float(v) for v in erfa.gd2gc(1, lon, lat, height)]))
    write("places.json", out)


def bessel():
    x = np.concatenate([np.linspace(0, 30, 121), [7.9999, 8.0, 24.9999, 25.0, 50.0, 100.0, 1000.0]])
    write("bessel-j1.json", [[float(a), float(b)] for a, b in zip(x, j1(x))])


times()
frames()
uvw()
places()
bessel()
