"""Prints what python-casacore reads in tables, as JSON: for each table its rows, keywords and a hash of each column.

    python3 dump_table.py ROOT...      every table at or below each ROOT

canonical-dump.ts computes the same from this package's reader. A column's hash is the SHA-256 of its rows in order:
numbers little endian in the column's type, bool one byte, a string as u32 length and UTF-8 bytes; an array cell as byte 0
when it holds no value, else byte 1, u32 number of axes, u32 lengths (first axis fastest) and the elements. A record cell
is a string: its canonical JSON. In keywords a number is the hexadecimal of its big-endian double.
"""
import hashlib
import json
import os
import struct
import sys

import casacore.tables as ct
import numpy as np

DTYPES = {
    "boolean": "u1", "uchar": "u1", "char": "i1", "short": "<i2", "ushort": "<u2", "int": "<i4", "uint": "<u4",
    "int64": "<i8", "float": "<f4", "double": "<f8", "complex": "<c8", "dcomplex": "<c16",
}


def canonical(value):
    """A keyword value as JSON-able data without types that Python loses."""
    if isinstance(value, dict):
        if set(value) == {"shape", "array"}:
            return {"shape": [int(n) for n in value["shape"]][::-1], "values": [canonical(v) for v in value["array"]]}
        return {"fields": [[name, canonical(field)] for name, field in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"shape": [len(value)], "values": [canonical(v) for v in value]}
    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape)[::-1], "values": [canonical(v) for v in value.ravel().tolist()]}
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (complex, np.complexfloating)):
        return [hexadecimal(value.real), hexadecimal(value.imag)]
    if isinstance(value, (int, float, np.number)):
        return hexadecimal(value)
    return value


def hexadecimal(number):
    return struct.pack(">d", float(number)).hex()


def to_json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def string_bytes(text):
    data = text.encode()
    return struct.pack("<I", len(data)) + data


def cell_bytes(value, dtype):
    """An array cell that holds a value."""
    if dtype is None:
        if isinstance(value, dict):
            shape, values = [int(n) for n in value["shape"]][::-1], list(value["array"])
        else:
            array = np.asarray(value, dtype=object)
            shape, values = list(array.shape)[::-1], array.ravel().tolist()
        body = b"".join(string_bytes(text) for text in values)
    else:
        array = np.asarray(value)
        shape, body = list(array.shape)[::-1], array.astype(dtype).tobytes()
    return struct.pack(f"<BI{len(shape)}I", 1, len(shape), *shape) + body


def column_hash(table, name):
    digest = hashlib.sha256()
    desc = table.getcoldesc(name)
    kind = desc["valueType"]
    if kind == "record":
        for row in range(table.nrows()):
            digest.update(string_bytes(to_json(canonical(table.getcell(name, row)))))
        return digest.hexdigest()
    dtype = DTYPES.get(kind)
    if dtype is None and kind != "string":
        raise ValueError(f"{table.name()}: column {name}: type {kind}")
    if table.isscalarcol(name):
        values = table.getcol(name) if table.nrows() else []
        if dtype is None:
            for text in values:
                digest.update(string_bytes(text))
        else:
            digest.update(np.asarray(values).astype(dtype).tobytes())
        return digest.hexdigest()
    for row in range(table.nrows()):
        defined = table.iscelldefined(name, row)
        digest.update(cell_bytes(table.getcell(name, row), dtype) if defined else b"\0")
    return digest.hexdigest()


def dump(path):
    table = ct.table(path, ack=False)
    info = table.info()
    columns = {
        name: {
            "type": table.getcoldesc(name)["valueType"],
            "hash": column_hash(table, name),
            "keywords": to_json(canonical(table.getcolkeywords(name))),
        }
        for name in table.colnames()
    }
    result = {
        "rowCount": table.nrows(),
        "info": [info["type"], info["subType"], info["readme"].rstrip("\n")],
        "keywords": to_json(canonical(table.getkeywords())),
        "columns": columns,
    }
    table.close()
    return result


def tables_under(root):
    found = []
    for directory, names, files in os.walk(root):
        names.sort()
        if "table.dat" in files:
            found.append(directory)
    return found


if __name__ == "__main__":
    print(to_json({path: dump(path) for root in sys.argv[1:] for path in tables_under(root)}))
