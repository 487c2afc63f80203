"""measure_corrected.py BASE truth.json: how BASE-image.fits, -pb.fits and -image-pb.fits belong together, and the beam at each true source, as JSON."""
import json
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

warnings.filterwarnings("ignore")
base, truth = sys.argv[1:]
planes = {kind: fits.open(f"{base}-{kind}.fits")[0] for kind in ("image", "pb", "image-pb")}
image, beam, corrected = (hdu.data[0, 0].astype(float) for hdu in planes.values())
headers = [hdu.header for hdu in planes.values()]
wcs = WCS(headers[0]).celestial
seen = np.isfinite(corrected)
sources = []
for s in json.load(open(truth))["sources"]:
    x, y = (int(round(float(v))) for v in wcs.all_world2pix(s["ra_deg"], s["dec_deg"], 0))
    sources.append(dict(name=s["name"], beam=float(beam[y, x]), true_beam=s["beam_time_freq_mean"]))
print(
    json.dumps(
        dict(
            product_error=float(np.max(np.abs(corrected * beam - image)[seen]) / np.max(np.abs(image))),
            lowest_beam_seen=float(beam[seen].min()),
            highest_beam_blank=float(beam[~seen].max()),
            units=[h.get("BUNIT", "") for h in headers],
            same_wcs=all(h[k] == headers[0][k] for h in headers for k in ("CRVAL1", "CRVAL2", "CDELT1", "CRPIX1", "CTYPE1")),
            history=[str(line) for line in headers[2]["HISTORY"]],
            sources=sources,
        )
    )
)
