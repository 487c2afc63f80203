"""measure_sources.py IMAGE.fits truth.json: what an image shows of each true source, as a JSON list.

Each source is looked for within 6 pixels of where it should be; position and peak come from the quadratic surface through
the 3 x 3 pixels about the highest one (with the cross term: the beam is not aligned with the axes).
"""
import json
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

warnings.filterwarnings("ignore")
hdu = fits.open(sys.argv[1])[0]
image = hdu.data[0, 0].astype(float)
wcs = WCS(hdu.header).celestial
y, x = np.mgrid[-1:2, -1:2]
design = np.stack([x**2, x * y, y**2, x, y, np.ones((3, 3))], -1).reshape(9, 6)
out = []
for s in json.load(open(sys.argv[2]))["sources"]:
    px, py = (int(round(float(v))) for v in wcs.all_world2pix(s["ra_deg"], s["dec_deg"], 0))
    box = image[py - 6 : py + 7, px - 6 : px + 7]
    j, i = np.unravel_index(np.argmax(box), box.shape)
    j, i = j + py - 6, i + px - 6
    a, b, c, d, e, f = np.linalg.lstsq(design, image[j - 1 : j + 2, i - 1 : i + 2].ravel(), rcond=None)[0]
    dx, dy = np.linalg.solve([[2 * a, b], [b, 2 * c]], [-d, -e])
    ra, dec = wcs.all_pix2world(i + dx, j + dy, 0)
    out.append(
        dict(
            name=s["name"],
            apparent_jy=s["apparent_flux_mean_jy"],
            ratio=float((f + 0.5 * (d * dx + e * dy)) / s["apparent_flux_mean_jy"]),
            dra_arcsec=float((ra - s["ra_deg"]) * np.cos(np.radians(s["dec_deg"])) * 3600),
            ddec_arcsec=float((dec - s["dec_deg"]) * 3600),
        )
    )
print(json.dumps(out))
