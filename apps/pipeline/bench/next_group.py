"""Makes the next group out of files that are no longer needed: the same data, one cadence later.

Usage: next_group.py SECONDS FILE...   (adds SECONDS to Header/time_array in place)
"""
import sys

import h5py

for path in sys.argv[2:]:
    with h5py.File(path, "r+") as f:
        f["Header/time_array"][...] += float(sys.argv[1]) / 86400
