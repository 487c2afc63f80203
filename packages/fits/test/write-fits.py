"""Writes FITS files of all kinds with astropy into a folder: images of every BITPIX and scaling, tables of every column type."""
import sys

import numpy as np
from astropy.io import fits

folder = sys.argv[1]


def image(name, data, **keywords):
    hdu = fits.PrimaryHDU(data)
    for key, value in keywords.items():
        hdu.header[key] = value
    hdu.writeto(f"{folder}/{name}.fits", checksum=True)


specials = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.5, -2.25e-30, 3.0e38]
image("uint8", np.arange(12, dtype=np.uint8).reshape(3, 4) * 23)
image("int8", np.array([[-128, -1, 0], [1, 2, 127]], dtype=np.int8))
image("int16", np.array([[-32768, -1, 0], [1, 2, 32767]], dtype=np.int16))
image("uint16", np.array([[0, 1, 32767], [32768, 65534, 65535]], dtype=np.uint16))
image("int32", np.array([[-2147483648, -1, 0], [1, 2, 2147483647]], dtype=np.int32))
image("uint32", np.array([[0, 1, 2147483647], [2147483648, 4294967294, 4294967295]], dtype=np.uint32))
image("int64", np.array([[-(2**63), -1, 0], [2**53 + 1, -(2**53) - 1, 2**63 - 1]], dtype=np.int64))
image("uint64", np.array([[0, 1, 2**53 + 1], [2**63, 2**64 - 2, 2**64 - 1]], dtype=np.uint64))
image("float32", np.array(specials, dtype=np.float32).reshape(2, 4))
image("float64", np.array(specials, dtype=np.float64).reshape(2, 4))
image("cube", np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(1, 2, 3, 20))
image("one-axis", np.arange(5, dtype=np.float64))
image("empty-axis", np.zeros((0, 4), dtype=np.float32))


def stored(name, data, **keywords):
    """Integers that stand for scaled values: written raw, since astropy would scale them."""
    hdu = fits.PrimaryHDU(data, do_not_scale_image_data=True)
    header = hdu.header
    hdu._scale_back = False
    for key, value in keywords.items():
        header[key] = value
    raw = header.tostring().encode("ascii") + data.astype(data.dtype.newbyteorder(">")).tobytes()
    raw += b"\0" * (-len(raw) % 2880)
    with open(f"{folder}/{name}.fits", "wb") as out:
        out.write(raw)


stored("scaled-int16", np.array([[-5, 7, -99], [0, 1, 2]], dtype=np.int16), BSCALE=0.25, BZERO=-3.5, BLANK=-99)
stored("blank-int32", np.array([[-5, 7, -99], [0, 1, 2]], dtype=np.int32), BLANK=-99)
stored("scaled-uint8", np.array([[0, 255, 3], [7, 1, 2]], dtype=np.uint8), BSCALE=2.0, BZERO=1.0, BLANK=255)
stored("scaled-float32", np.array([[0.5, -1.25], [np.nan, 4]], dtype=np.float32), BSCALE=3.0, BZERO=1.0)

header = fits.Header()
header["LONGEST"] = ("It's a \"long\" string & more of it, O'Brien's " * 5).strip()
header["QUOTES"] = "O'Brien''s"
header["EMPTY"] = ""
header["SPACES"] = "  two before"
header["AMPER"] = "ends with &"
header["TRUE"] = (True, "yes / no")
header["NOTHING"] = (None, "undefined")
header["BIG"] = 2**62 + 1
header["TINY"] = 1.0e-300
header["PI"] = 3.141592653589793
header["WHOLE"] = 180.0
header["NEGATIVE"] = -17
header["CPLX"] = complex(1.5, -2.0)
header["HIERARCH ESO DET CHIP ID"] = ("abc", "with words")
header["HIERARCH ESO TEL ALT"] = 12.5
header["COMMENT"] = "a comment " * 12
header["HISTORY"] = "one"
header["HISTORY"] = "two = 3"
header[""] = "blank keyword"
fits.HDUList(
    [
        fits.PrimaryHDU(header=header),
        fits.ImageHDU(np.arange(6, dtype=np.int16).reshape(2, 3), name="SCI"),
        fits.ImageHDU(np.arange(6, dtype=np.float64).reshape(3, 2), name="err", ver=2),
    ]
).writeto(f"{folder}/headers.fits", checksum=True)

n = 3
ragged = np.empty(n, dtype=object)
ragged[:] = [np.array([1, 2, 3], np.int32), np.array([], np.int32), np.array([-7], np.int32)]
ragged_float = np.empty(n, dtype=object)
ragged_float[:] = [np.array([1.5, -0.0]), np.array([np.nan]), np.array([])]
columns = [
    fits.Column("flag", "L", array=np.array([True, False, True])),
    fits.Column("flags", "3L", array=np.array([[True, False, True]] * n)),
    fits.Column("bits", "11X", array=np.array([[i % (row + 2) == 0 for i in range(11)] for row in range(n)])),
    fits.Column("byte", "B", array=np.array([0, 128, 255], np.uint8)),
    fits.Column("short", "I", array=np.array([-32768, 0, 32767], np.int16)),
    fits.Column("int", "J", unit="count", null=-1, array=np.array([-1, 0, 2**31 - 1], np.int32)),
    fits.Column("long", "K", array=np.array([-(2**63), 2**53 + 1, 2**63 - 1], np.int64)),
    fits.Column("ushort", "I", bzero=2**15, array=np.array([0, 32768, 65535], np.uint16)),
    fits.Column("uint", "J", bzero=2**31, array=np.array([0, 2**31, 2**32 - 1], np.uint32)),
    fits.Column("text", "7A", array=np.array(["a", "it's", "  spaces"[:7]])),
    fits.Column("texts", "12A", dim="(4,3)", array=np.array([["ab", "c", "defg"]] * n)),
    fits.Column("real", "E", unit="Jy/beam", array=np.array([1.5, -0.0, np.nan], np.float32)),
    fits.Column("double", "D", array=np.array([1e-300, np.inf, -1.1])),
    fits.Column("complex", "C", array=np.array([1 + 2j, -0.5j, 3], np.complex64)),
    fits.Column("dcomplex", "2M", array=np.array([[1 + 2j, 4], [-0.5j, 5], [3, 6j]], np.complex128)),
    fits.Column("matrix", "6E", dim="(3,2)", array=np.arange(n * 6, dtype=np.float32).reshape(n, 2, 3)),
    fits.Column("vla", "PJ()", array=ragged),
    fits.Column("vlaq", "QD()", array=ragged_float),
]
fits.BinTableHDU.from_columns(columns, name="ROWS").writeto(f"{folder}/table.fits", checksum=True)
