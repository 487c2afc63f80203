"""Prints what astropy reads in FITS files, as JSON lines: one list of HDUs for each file given.

Numbers are printed as text, so that 64-bit integers, NaN and -0 survive.
"""
import json
import sys
import warnings

import numpy as np
from astropy.io import fits

warnings.simplefilter("ignore")


def texts(array):
    array = np.asarray(array)
    if array.dtype.kind == "c":
        parts = np.stack([array.real, array.imag], axis=-1)
        return [repr(float(x)) for x in parts.ravel()]
    if array.dtype.kind == "f":
        return [repr(float(x)) for x in array.ravel()]
    if array.dtype.kind == "b":
        return [str(int(x)) for x in array.ravel()]
    if array.dtype.kind in "SU":
        return [str(x) for x in array.ravel()]
    return [str(int(x)) for x in array.ravel()]


def value_of(value):
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, complex):
        return {"complex": [repr(value.real), repr(value.imag)]}
    if isinstance(value, str):
        return value
    return None


def column_of(hdu, index):
    column = hdu.columns[index]
    values = hdu.data.field(index)
    if column.format.lstrip("01").startswith(("P", "Q")):
        return {"name": column.name, "format": column.format, "cells": [texts(cell) for cell in values]}
    return {"name": column.name, "format": column.format, "unit": column.unit, "shape": list(values.shape[1:]), "values": texts(values)}


def describe(hdu):
    cards = [[card.keyword, value_of(card.value), card.comment] for card in hdu.header.cards]
    known = {"name": hdu.name, "cards": cards, "kind": type(hdu).__name__}
    if isinstance(hdu, fits.BinTableHDU):
        return {**known, "columns": [column_of(hdu, i) for i in range(len(hdu.columns))]}
    if hdu.data is None:
        return {**known, "shape": []}
    data = hdu.data
    return {**known, "shape": list(data.shape), "dtype": data.dtype.newbyteorder("=").name, "values": texts(data)}


for path in sys.argv[1:]:
    with fits.open(path, checksum=True) as hdus:
        print(json.dumps([describe(hdu) for hdu in hdus]))
