"""The same conversion with Debian's h5py, numpy and python-casacore, written as one would in Python: the peer of the benchmark.

peer_convert.py GROUP_DIR OUT.ms: reads each subband, conjugates nothing, rotates every row by a given path (a fixed
number here: the cost of the rotation, not its value), reverses channels, and writes DATA, FLAG, UVW, WEIGHT_SPECTRUM and
the indexing columns of 16 spectral windows. It makes no subtable rows and verifies nothing, so it does less than contimg.
"""
import glob
import os
import sys

import casacore.tables as ct
import h5py
import numpy as np

files = sorted(glob.glob(os.path.join(sys.argv[1], "*_sb??.hdf5")), reverse=True)
with h5py.File(files[0]) as h:
    nblt, _, nchan, npol = h["Data/visdata"].shape
shape = [nchan, npol]
columns = {"DATA": (0j, "complex"), "FLAG": (False, "boolean"), "WEIGHT_SPECTRUM": (0.0, "float")}
td = ct.required_ms_desc()
td.pop("FLAG")
td.update(ct.maketabdesc([ct.makearrcoldesc(n, v, valuetype=t, shape=shape, options=4) for n, (v, t) in columns.items()]))
spec = {"DEFAULTTILESHAPE": [npol, nchan, 1024]}
dm = {f"*{k + 1}": {"NAME": f"Tiled{n}", "TYPE": "TiledColumnStMan", "COLUMNS": [n], "SPEC": spec} for k, n in enumerate(columns)}
ms = ct.default_ms(sys.argv[2], td, dm)
ms.addrows(nblt * len(files))
for k, f in enumerate(files):
    with h5py.File(f) as h:
        vis = h["Data/visdata"][:, 0]
        flags = h["Data/flags"][:, 0]
        nsamples = h["Data/nsamples"][:, 0]
        freq = h["Header/freq_array"][0]
        path = np.linspace(-50.0, 50.0, nblt)
        phase = np.exp((-2j * np.pi / 299792458.0) * path[:, None] * freq[None, :]).astype(np.complex64)
        vis *= phase[:, :, None]
        flags |= vis == 0
        s = slice(None, None, -1)
        start = k * nblt
        ms.putcol("DATA", vis[:, s], start, nblt)
        ms.putcol("FLAG", flags[:, s], start, nblt)
        ms.putcol("WEIGHT_SPECTRUM", nsamples[:, s], start, nblt)
        ms.putcol("UVW", h["Header/uvw_array"][:].astype(float), start, nblt)
        ms.putcol("TIME", (h["Header/time_array"][:] - 2400000.5) * 86400, start, nblt)
        ms.putcol("ANTENNA1", h["Header/ant_1_array"][:].astype(np.int32), start, nblt)
        ms.putcol("ANTENNA2", h["Header/ant_2_array"][:].astype(np.int32), start, nblt)
        ms.putcol("DATA_DESC_ID", np.full(nblt, k, np.int32), start, nblt)
ms.flush(True)
ms.close()
os.sync()
