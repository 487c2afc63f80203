"""Makes with casacore the twin of tables that were written without it, changes both alike, and compares them.

Input: one line of JSON a table: {"table": ..., "ours": path, "twin": path}. Output: a line of JSON for each: the list of
differences before and after the changes, empty when there are none. Without "ours" the twin is made and that is all.
"""
import importlib.util
import json
import os
import sys

import casacore.tables as t
import numpy as np

spec = importlib.util.spec_from_file_location("compare", os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "compare-tables.py"))
compare = importlib.util.module_from_spec(spec)
argv, sys.argv = sys.argv, sys.argv[:1]
spec.loader.exec_module(compare)
sys.argv = argv

DTYPES = {"bool": np.bool_, "uchar": np.uint8, "short": np.int16, "ushort": np.uint16, "int": np.int32, "uint": np.uint32,
          "int64": np.int64, "float": np.float32, "double": np.float64, "complex": np.complex64, "dcomplex": np.complex128}
ZEROS = {"bool": False, "float": 0.0, "double": 0.0, "complex": 0j, "dcomplex": 0j, "string": ""}


def value(column, cell):
    data = cell["data"]
    if column["type"] == "string":
        if column["form"] == "scalar":
            return data[0]
        return {"shape": cell["shape"][::-1], "array": data}
    array = np.array(data, np.float64 if column["type"] != "int64" else np.int64)
    if "complex" in column["type"]:
        array = array[0::2] + 1j * array[1::2]
    array = array.astype(DTYPES[column["type"]])
    if column["form"] == "scalar":
        return array[0] if column["type"] in ("complex", "dcomplex") else array[0].item()
    return array.reshape(cell["shape"][::-1])


def describe(column, seed):
    kind = {"bool": "boolean"}.get(column["type"], column["type"])
    comment = "column of seed %d" % seed
    if column["form"] == "scalar":
        return t.makescacoldesc(column["name"], ZEROS.get(column["type"], 0), comment=comment, valuetype=kind,
                                maxlen=column["maxLengthBytes"], options=column["option"])
    shape = {"shape": column["shape"][::-1]} if column["shape"] else {"ndim": column["ndim"]}
    return t.makearrcoldesc(column["name"], ZEROS.get(column["type"], 0), comment=comment, valuetype=kind,
                            maxlen=column["maxLengthBytes"], options=column["option"], **shape)


def make_twin(table, path):
    managers = {}
    for column in table["columns"]:
        entry = managers.setdefault(column["managerName"], {"TYPE": column["manager"], "NAME": column["managerName"],
                                                            "COLUMNS": [], "SPEC": {}})
        entry["COLUMNS"].append(column["name"])
        if column["manager"].startswith("Tiled"):
            shape = column["shape"] or [1] * max(1, column["ndim"])
            entry["SPEC"] = {"DEFAULTTILESHAPE": np.array(shape + [column["tileRowCount"]], np.int32)}
    info = {"*%d" % i: {**entry, "SEQNR": i} for i, entry in enumerate(managers.values())}
    desc = t.maketabdesc([describe(column, table["seed"]) for column in table["columns"]])
    tab = t.table(path, desc, nrow=table["rowCount"], dminfo=info, endian=table["byteOrder"], ack=False)
    for column in table["columns"]:
        last = None
        for row, cell in enumerate(column["cells"]):
            # A value holds until the next in IncrementalStMan, which changes whole runs when their last row is put.
            is_repeated = column["manager"] == "IncrementalStMan" and row > 0 and cell == last
            if cell is not None and not is_repeated:
                tab.putcell(column["name"], row, value(column, cell))
            last = cell
    tab.close()


def put_new_rows(tab, columns, count):
    """Scalars and arrays of a fixed shape hold what happened to be there until they are put."""
    for column in columns:
        if column["form"] == "array" and not column["shape"]:
            continue
        if column["manager"] == "IncrementalStMan" and tab.nrows() > count:
            continue
        size = int(np.prod(column["shape"] or [])) * (2 if "complex" in column["type"] else 1)
        new = {"shape": column["shape"] or [], "data": ["x" if column["type"] == "string" else 1] * size}
        for row in range(tab.nrows() - count, tab.nrows()):
            tab.putcell(column["name"], row, value(column, new))


def change(table, path):
    """Makes the changes; returns what each refused."""
    columns = {column["name"]: column for column in table["columns"]}
    refused = []
    tab = t.table(path, readonly=False, ack=False)
    for i, step in enumerate(table["changes"]):
        try:
            if step["op"] == "addrows":
                tab.addrows(step["count"])
                put_new_rows(tab, table["columns"], step["count"])
            elif step["op"] == "removerows":
                tab.removerows(step["rows"])
            elif step["op"] == "putcell":
                tab.putcell(step["column"], step["row"], value(columns[step["column"]], step["cell"]))
            else:
                tab.close()
                tab = t.table(path, readonly=False, ack=False)
        except RuntimeError as error:
            refused.append([i, step["op"], str(error).replace(path, "")])
    tab.close()
    return refused


for line in sys.stdin:
    job = json.loads(line)
    table, ours, twin = job["table"], job.get("ours"), job["twin"]
    found = []
    try:
        make_twin(table, twin)
        if ours is None:
            print(json.dumps(found), flush=True)
            continue
        found += ["before: " + d for d in compare.differences(ours, twin) if d != "private keywords"]
        refused = [change(table, path) for path in (ours, twin)]
        if refused[0] != refused[1]:
            found.append("refused %s and %s" % tuple(refused))
        found += ["after: " + d for d in compare.differences(ours, twin) if d != "private keywords"]
    except RuntimeError as error:
        found.append(str(error))
    print(json.dumps(found), flush=True)
