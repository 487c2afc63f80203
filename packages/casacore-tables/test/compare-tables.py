"""Compares pairs of tables under casacore: rows, description, keywords and every value of every column.

Arguments: pairs of paths. Prints one line of JSON for each pair: the list of differences, empty when they are equal.
"""
import hashlib
import json
import sys

import casacore.tables as t
import numpy as np

ROWS_AT_ONCE = 20000


def plain(value):
    """Something that compares: arrays by type, shape and bytes."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "OU":
            return ["text", list(value.shape), value.tolist()]
        return [value.dtype.str, list(value.shape), hashlib.sha1(np.ascontiguousarray(value).tobytes()).hexdigest()]
    if isinstance(value, np.generic):
        return [value.dtype.str, value.tobytes().hex()]
    if isinstance(value, float):
        return ["float", value.hex()]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def keywords(record):
    """Keywords but for tables, whose paths differ."""
    return {k: plain(v) for k, v in record.items() if not (isinstance(v, str) and v.startswith("Table: "))}


def description(table, name):
    desc = table.getcoldesc(name)
    kept = {k: desc.get(k) for k in ("valueType", "option", "maxlen", "comment", "ndim", "shape")}
    return [plain(kept), keywords(table.getcolkeywords(name))]


def values(table, name):
    """Digest of a column, whole where all cells have one shape, else cell by cell."""
    digest = hashlib.sha1()
    if table.isscalarcol(name):
        if table.coldatatype(name) == "record":
            return [plain(table.getcell(name, row)) for row in range(table.nrows())]
        return plain(table.getcol(name)) if table.nrows() else None
    for row in range(table.nrows()):
        value = plain(table.getcell(name, row)) if table.iscelldefined(name, row) else None
        digest.update(json.dumps(value, default=str).encode())
    return digest.hexdigest()


def differences(first, second):
    a, b = t.table(first, ack=False), t.table(second, ack=False)
    found = []
    if a.nrows() != b.nrows():
        found.append(f"{a.nrows()} rows and {b.nrows()}")
    if a.colnames() != b.colnames():
        return found + [f"columns {a.colnames()} and {b.colnames()}"]
    if a.info() != b.info():
        found.append(f"info {a.info()} and {b.info()}")
    if keywords(a.getkeywords()) != keywords(b.getkeywords()):
        found.append("keywords")
    hypercolumns = [table.getdesc()["_private_keywords_"] for table in (a, b)]
    if plain(hypercolumns[0]) != plain(hypercolumns[1]):
        found.append("private keywords")
    for name in a.colnames():
        if description(a, name) != description(b, name):
            found.append(f"description of {name}: {description(a, name)} and {description(b, name)}")
        if a.nrows() == b.nrows() and values(a, name) != values(b, name):
            found.append(f"values of {name}")
    return found


for path_a, path_b in zip(sys.argv[1::2], sys.argv[2::2]):
    try:
        print(json.dumps(differences(path_a, path_b)))
    except RuntimeError as error:
        print(json.dumps([f"{path_a} {path_b}: {error}"]))
