"""World coordinates by astropy (wcslib) for random headers: generate-wcs.py SEED COUNT > wcs.json.

The recorded file was made with `/usr/bin/python3 generate-wcs.py 1 60 > wcs.json` and astropy 5.2.1. Origin of pixels is 0.
"""
import json
import math
import random
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

warnings.simplefilter("ignore")
seed, count = int(sys.argv[1]), int(sys.argv[2])
rng = random.Random(seed)


def case(index):
    code = ["SIN", "TAN", "ARC", "CAR"][index % 4]
    names = rng.choice([("RA--", "DEC-"), ("GLON", "GLAT"), ("ELON", "ELAT")])
    lon_first = rng.random() < 0.8
    lat = rng.choice([0.0, 90.0, -90.0, 16.25, 37.2, 54.6, 88.9, -25.0, rng.uniform(-90, 90)])
    lon = rng.choice([0.0, 359.999, 180.0, rng.uniform(0, 360), rng.uniform(0, 360)])
    lon_axis, lat_axis = (1, 2) if lon_first else (2, 1)
    unit, per_deg = rng.choice([("deg", 1), ("deg", 1), ("arcmin", 60), ("arcsec", 3600)])
    step = rng.choice([3 / 3600, 0.01, 0.1, 0.5])
    cards = {"NAXIS": 2, "NAXIS1": 200, "NAXIS2": 300}
    cards[f"CTYPE{lon_axis}"] = f"{names[0]}-{code}"
    cards[f"CTYPE{lat_axis}"] = f"{names[1]}-{code}"
    cards[f"CRVAL{lon_axis}"] = lon * per_deg
    cards[f"CRVAL{lat_axis}"] = lat * per_deg
    cards[f"CRPIX{lon_axis}"] = rng.uniform(1, 200)
    cards[f"CRPIX{lat_axis}"] = rng.uniform(1, 300)
    cards["CUNIT1"] = cards["CUNIT2"] = unit
    form = rng.choice(["plain", "CROTA", "PC", "CD", "PC"])
    steps = [-step * per_deg, step * per_deg * rng.choice([1, 1, 1.25])]
    if not lon_first:
        steps.reverse()
    turn = math.radians(rng.uniform(-180, 180))
    if form in ("plain", "CROTA", "PC"):
        cards["CDELT1"], cards["CDELT2"] = steps
    if form == "CROTA":
        cards[f"CROTA{lat_axis}"] = math.degrees(turn)
    if form == "PC":
        cards.update({"PC1_1": math.cos(turn), "PC1_2": -math.sin(turn), "PC2_1": math.sin(turn), "PC2_2": math.cos(turn)})
    if form == "CD":
        cards.update({"CD1_1": steps[0] * math.cos(turn), "CD1_2": -steps[1] * math.sin(turn)})
        cards.update({"CD2_1": steps[0] * math.sin(turn), "CD2_2": steps[1] * math.cos(turn)})
    if code == "SIN" and rng.random() < 0.4:
        cards[f"PV{lat_axis}_1"] = rng.uniform(-0.5, 0.5)
        cards[f"PV{lat_axis}_2"] = rng.uniform(-0.5, 0.5)
    if code != "CAR" and rng.random() < 0.3:
        cards["LONPOLE"] = rng.uniform(-180, 180)
    if code == "CAR" and rng.random() < 0.3:
        cards["LATPOLE"] = rng.choice([-90.0, 90.0, 45.0])
        cards["LONPOLE"] = rng.choice([0.0, 180.0])
    if rng.random() < 0.5:
        cards["NAXIS"] = 4
        cards.update({"NAXIS3": 16, "CTYPE3": "FREQ", "CRVAL3": 1.4, "CRPIX3": 1.0, "CDELT3": 0.0117, "CUNIT3": "GHz"})
        cards.update({"NAXIS4": 1, "CTYPE4": "STOKES", "CRVAL4": 1.0, "CRPIX4": 1.0, "CDELT4": 1.0})
    header = fits.Header()
    for key, value in cards.items():
        header[key] = value
    try:
        wcs = WCS(header)
        wcs.wcs.set()
    except Exception:
        return None
    axes = cards["NAXIS"]
    reach = 45 / step
    pixels = []
    for at in range(12):
        spread = [100, 1000, reach, 6 * reach][at % 4]
        pixel = [cards[f"CRPIX{axis}"] - 1 + rng.uniform(-spread, spread) for axis in (1, 2)]
        pixels.append(pixel + [rng.uniform(0, 16), 0.0][: axes - 2])
    pixels[0][0], pixels[0][1] = cards["CRPIX1"] - 1, cards["CRPIX2"] - 1
    world = wcs.wcs_pix2world(np.array(pixels), 0)
    back = wcs.wcs_world2pix(np.nan_to_num(world), 0)

    def rows(array):
        return [[None if not math.isfinite(x) else x for x in row] for row in array.tolist()]

    return {"cards": cards, "pixels": pixels, "world": rows(world), "back": rows(back), "stepDeg": step, "lonAxis": lon_axis - 1}


cases = [case(index) for index in range(count)]
print(json.dumps([one for one in cases if one is not None], indent=None).replace("}, {", "},\n{"))
