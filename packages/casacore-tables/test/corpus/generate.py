"""Writes the tables of this folder with python-casacore, and golden.json: what python-casacore reads in them.

    python3 generate.py [OUTPUT_DIRECTORY]        needs python3-casacore (Debian)

Data are deterministic. The tables under foreign/ are copies (see README.md); tiled-data-* and odd-types-* are written by
generate.cc, as python-casacore cannot make them. Both are kept when this script writes the others anew.
"""
import json
import os
import shutil
import subprocess
import sys

os.environ.pop("CASARCFILES", None)
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else HERE
sys.path.insert(0, os.path.dirname(HERE))
if sys.argv[-1] == "--multifile":
    os.environ["CASARCFILES"] = os.path.join(OUT, "multifile.rc")

import casacore.tables as ct  # noqa: E402
import numpy as np  # noqa: E402

NUMERIC = ["boolean", "uchar", "short", "int", "uint", "int64", "float", "double", "complex", "dcomplex"]
TYPES = NUMERIC + ["string"]
ENDIANS = {"le": "little", "be": "big"}
WORDS = ["", "a", "eightchr", "ninechars", "Grüße, 電波", "a string that is longer than most strings are", "x" * 300]
NUMPY = {
    "boolean": "?", "uchar": "u1", "short": "i2", "int": "i4", "uint": "u4", "int64": "i8",
    "float": "f4", "double": "f8", "complex": "c8", "dcomplex": "c16",
}


class Values:
    """Random but repeatable values of any type."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def array(self, kind, shape):
        rng = self.rng
        if kind == "string":
            flat = [WORDS[i] for i in rng.integers(0, len(WORDS), int(np.prod(shape)))]
            return flat if len(shape) == 1 else {"shape": list(shape), "array": flat}
        if kind == "boolean":
            return rng.integers(0, 2, shape).astype("?")
        if kind in ("complex", "dcomplex"):
            return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(NUMPY[kind])
        if kind in ("float", "double"):
            return (rng.normal(size=shape) * 10.0 ** rng.integers(-9, 9, shape)).astype(NUMPY[kind])
        info = np.iinfo(NUMPY[kind])
        high = min(info.max, 2**31 - 1) if kind == "uint" else info.max
        return rng.integers(info.min, high, shape, dtype=np.int64).astype(NUMPY[kind])

    def scalar(self, kind):
        if kind == "string":
            return WORDS[int(self.rng.integers(0, len(WORDS)))]
        return self.array(kind, (1,))[0].item()


def column(kind, form, manager, **extra):
    desc = {
        "valueType": kind, "dataManagerType": manager, "dataManagerGroup": "group", "option": 0, "maxlen": 0,
        "comment": f"{kind} {form}",
    }
    if form != "scalar":
        desc["ndim"] = -1
    desc.update(extra)
    return desc


def create(name, columns, rows, endian, managers):
    path = os.path.join(OUT, name)
    shutil.rmtree(path, ignore_errors=True)
    info = {
        f"*{i + 1}": {"NAME": m[0], "TYPE": m[1], "SEQNR": i, "SPEC": m[2], "COLUMNS": m[3]}
        for i, m in enumerate(managers)
    }
    table = ct.table(path, columns, nrow=rows, dminfo=info, endian=ENDIANS[endian], ack=False)
    table.putinfo({"type": "Corpus", "subType": name, "readme": ""})
    return table


def scalar_and_array_columns(manager):
    columns = {}
    for kind in TYPES:
        columns[f"{kind}_scalar"] = column(kind, "scalar", manager)
        columns[f"{kind}_direct"] = column(kind, "direct", manager, shape=[3, 2], ndim=2, option=5)
        columns[f"{kind}_fixed"] = column(kind, "fixed", manager, shape=[5], ndim=1, option=4)
        columns[f"{kind}_free"] = column(kind, "free", manager)
    columns["string_limited"] = column("string", "scalar", manager, maxlen=10)
    columns["record_scalar"] = column("record", "scalar", manager)
    return columns


def fill_cell(table, values, name, kind, form, row):
    if form == "scalar":
        table.putcell(name, row, values.scalar(kind))
    elif form == "direct":
        table.putcell(name, row, values.array(kind, (2, 3)))
    elif form == "fixed":
        table.putcell(name, row, values.array(kind, (5,)))
    else:
        shape = tuple(int(n) for n in values.rng.integers(1, 5, int(values.rng.integers(1, 4))))
        table.putcell(name, row, values.array(kind, shape))


def fill(table, values, rows, skip=0.0):
    for name in table.colnames():
        kind, form = name.split("_")
        for row in rows:
            if values.rng.random() < skip:
                continue
            if name == "string_limited":
                table.putcell(name, row, ["", "short", "ten chars!"][row % 3])
            elif name == "record_scalar":
                table.putcell(name, row, {"row": row, "list": [1.5, float(row)], "text": "t" * row, "deep": {"flag": True}})
            elif form in ("scalar", "direct", "fixed", "free"):
                fill_cell(table, values, name, kind, form, row)


def fill_directs(table, values, rows):
    """casacore leaves cells of direct arrays as they happen to be in memory: each gets a value first."""
    for name in table.colnames():
        kind, form = name.split("_")
        if form == "direct":
            for row in rows:
                fill_cell(table, values, name, kind, form, row)


def write_bucket_managers(endian):
    specs = {
        "ssm": ("StandardStMan", {"BUCKETROWS": 7}),
        "ism": ("IncrementalStMan", {"BUCKETSIZE": 6000}),
        "aipsio": ("StManAipsIO", {}),
    }
    for short, (manager, spec) in specs.items():
        columns = scalar_and_array_columns(manager)
        if short == "aipsio":
            del columns["record_scalar"]
        names = list(columns)
        for rows, suffix in ((23, ""), (0, "-empty")):
            values = Values(1)
            table = create(f"{short}{suffix}-{endian}", columns, rows, endian, [(short, manager, spec, names)])
            fill_directs(table, values, range(rows))
            order = list(values.rng.permutation(rows))
            fill(table, values, order, skip=0.2)
            table.close()


def write_changed(endian):
    """Rows removed and added, cells given other values, columns removed and added: buckets split and become free."""
    for short, manager, spec in (
        ("ssm", "StandardStMan", {"BUCKETROWS": 9}),
        ("ism", "IncrementalStMan", {"BUCKETSIZE": 2500}),
        ("aipsio", "StManAipsIO", {}),
    ):
        kinds = ["boolean", "int", "double", "string"]
        columns = {}
        for kind in kinds:
            columns[f"{kind}_scalar"] = column(kind, "scalar", manager)
            columns[f"{kind}_direct"] = column(kind, "direct", manager, shape=[3, 2], ndim=2, option=5)
            columns[f"{kind}_free"] = column(kind, "free", manager)
        values = Values(2)
        table = create(f"{short}-changed-{endian}", columns, 60, endian, [(short, manager, spec, list(columns))])
        fill_directs(table, values, range(60))
        fill(table, values, range(60))
        table.removerows([0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 30, 59])
        table.addrows(11)
        fill_directs(table, values, range(45, 56))
        fill(table, values, list(values.rng.permutation(56)), skip=0.5)
        if short == "ssm":
            table.removecols(["int_scalar", "string_scalar"])
            table.addcols({"float_scalar": column("float", "scalar", manager), "string_other": column("string", "scalar", manager)})
            fill(table, values, range(0, 56, 2))
        table.removerows(list(range(20, 40)))
        table.close()


def write_runs(endian):
    """IncrementalStMan as it is meant: values that hold for many rows, over several buckets, changed afterwards."""
    columns = {
        "int_scalar": column("int", "scalar", "IncrementalStMan"),
        "double_scalar": column("double", "scalar", "IncrementalStMan"),
        "string_scalar": column("string", "scalar", "IncrementalStMan"),
        "boolean_direct": column("boolean", "direct", "IncrementalStMan", shape=[3, 2], ndim=2, option=5),
        "float_free": column("float", "free", "IncrementalStMan"),
    }
    values = Values(3)
    table = create(f"ism-runs-{endian}", columns, 3000, endian, [("ism", "IncrementalStMan", {"BUCKETSIZE": 600}, list(columns))])
    for row in range(3000):
        if row % 17 == 0:
            table.putcell("int_scalar", row, row)
        else:
            table.putcell("int_scalar", row, row - row % 17)
        table.putcell("double_scalar", row, float(row // 100))
        table.putcell("string_scalar", row, f"scan {row // 250}")
    for row in range(0, 3000, 500):
        fill_cell(table, values, "boolean_direct", "boolean", "direct", row)
        fill_cell(table, values, "float_free", "float", "free", row)
    for row in values.rng.permutation(3000)[:40]:
        table.putcell("int_scalar", int(row), -int(row))
        table.putcell("string_scalar", int(row), "changed")
    table.close()


def write_tiled(endian):
    values = Values(4)
    rows = 53
    # Tiles that do not divide the cell, are larger than it, or hold whole rows whose bits do not fill bytes.
    shapes = {"odd": [2, 3, 8], "large": [8, 8, 4], "whole": [3, 5, 7], "one": [1, 1, 1]}
    columns, managers = {}, []
    for tile, tile_shape in shapes.items():
        for kind in ["boolean", "short", "float", "complex"]:
            name = f"{kind}_{tile}"
            columns[name] = column(kind, "tiled", "TiledColumnStMan", shape=[3, 5], ndim=2, option=4)
            managers.append((f"Tiled{name}", "TiledColumnStMan", {"DEFAULTTILESHAPE": tile_shape}, [name]))
    table = create(f"tiled-column-{endian}", columns, rows, endian, managers)
    for name in columns:
        for row in range(rows):
            table.putcell(name, row, values.array(name.split("_")[0], (5, 3)))
    table.close()

    columns, managers = {}, []
    for kind in NUMERIC:
        columns[f"{kind}_shape"] = column(kind, "tiled", "TiledShapeStMan", ndim=2)
        managers.append((f"Tiled{kind}", "TiledShapeStMan", {"DEFAULTTILESHAPE": [3, 4, 5]}, [f"{kind}_shape"]))
    table = create(f"tiled-shape-{endian}", columns, rows, endian, managers)
    for name in columns:
        # Random order, three shapes, some rows without a value.
        for row in values.rng.permutation(rows)[:44]:
            shape = [(4, 3), (7, 2), (1, 5)][int(row) % 3 if row < 40 else 0]
            table.putcell(name, int(row), values.array(name.split("_")[0], shape))
    table.close()

    columns = {f"{kind}_cell": column(kind, "tiled", "TiledCellStMan", ndim=2) for kind in ["boolean", "int", "dcomplex"]}
    managers = [(f"T{name}", "TiledCellStMan", {"DEFAULTTILESHAPE": [2, 3]}, [name]) for name in columns]
    table = create(f"tiled-cell-{endian}", columns, 11, endian, managers)
    for name in columns:
        for row in [0, 1, 3, 4, 7, 9]:
            table.putcell(name, row, values.array(name.split("_")[0], (row + 1, 7 - row % 5)))
    table.close()

    # Several columns in one hypercolumn: they share tiles.
    for manager in ("TiledColumnStMan", "TiledShapeStMan"):
        columns = {}
        for kind in ["boolean", "int", "complex", "float", "uint", "uchar", "double", "int64"]:
            columns[f"{kind}_shared"] = column(kind, "tiled", manager, shape=[3, 4], ndim=2, option=4)
        names = list(columns)
        order = [names[i] for i in (3, 7, 0, 4, 6, 1, 5, 2)]
        columns["_define_hypercolumn_"] = {"shared": {"HCdatanames": order, "HCndim": 3}}
        table = create(f"tiled-shared-{manager[5:-5].lower()}-{endian}", columns, 0, endian, [("shared", manager, {"DEFAULTTILESHAPE": [2, 4, 5]}, names)])
        table.addrows(23)
        for name in names:
            for row in range(23):
                table.putcell(name, row, values.array(name.split("_")[0], (4, 3)))
        table.close()

    columns = {"float_scalar": column("float", "scalar", "TiledColumnStMan"), "complex_free": column("complex", "free", "TiledShapeStMan", ndim=2)}
    columns["_define_hypercolumn_"] = {"scalars": {"HCdatanames": ["float_scalar"], "HCndim": 1}}
    table = create(f"tiled-scalar-{endian}", columns, 0, endian, [("scalars", "TiledColumnStMan", {"DEFAULTTILESHAPE": [8]}, ["float_scalar"]), ("free", "TiledShapeStMan", {"DEFAULTTILESHAPE": [2, 2, 2]}, ["complex_free"])])
    table.addrows(21)
    table.putcol("float_scalar", values.array("float", (21,)))
    table.close()

    columns = {"float_empty": column("float", "tiled", "TiledColumnStMan", shape=[2, 2], ndim=2, option=4), "int_empty": column("int", "tiled", "TiledShapeStMan", ndim=1), "short_empty": column("short", "tiled", "TiledCellStMan", ndim=1)}
    create(f"tiled-empty-{endian}", columns, 0, endian, [(n, column_desc["dataManagerType"], {"DEFAULTTILESHAPE": [2, 2, 2] if n == "float_empty" else [2, 2]}, [n]) for n, column_desc in columns.items()]).close()


def write_keywords():
    values = Values(5)
    table = create("keywords", {"TIME": column("double", "scalar", "StandardStMan")}, 3, "le", [("ssm", "StandardStMan", {}, ["TIME"])])
    for name in ("SUB", "OTHER"):
        sub = ct.table(os.path.join(OUT, "keywords", name), ct.maketabdesc([ct.makescacoldesc("A", 1)]), nrow=2, ack=False)
        sub.putcol("A", [4, 5])
        sub.putkeyword("PARENT", "Table: " + os.path.join(OUT, "keywords"))
        sub.close()
        table.putkeyword(name, "Table: " + os.path.join(OUT, "keywords", name))
    for kind in ["boolean", "int", "double", "dcomplex", "string"]:
        table.putkeyword(f"{kind}_scalar", values.scalar(kind))
        table.putkeyword(f"{kind}_list", values.array(kind, (4,)))
        table.putkeyword(f"{kind}_matrix", values.array(kind, (2, 3)))
    table.putkeyword("empty", [])
    table.putkeyword("wide", 2**40)
    table.putkeyword("record", {"a": 1, "deeper": {"b": [1.5, 2.5], "deepest": {}, "c": {"d": "text", "e": True}}, "sub": "Table: " + os.path.join(OUT, "keywords", "SUB")})
    table.putcolkeywords("TIME", {"QuantumUnits": ["s"], "MEASINFO": {"type": "epoch", "Ref": "UTC"}})
    table.close()
    create("no-columns", {}, 0, "le", []).close()


def write_views():
    """Reference tables (rows and columns of another) and concatenated tables, by relative paths."""
    base = os.path.join(OUT, "views")
    shutil.rmtree(base, ignore_errors=True)
    os.makedirs(base)
    members = []
    for index, (rows, endian) in enumerate([(31, "le"), (19, "be"), (5, "le")]):
        values = Values(10 + index)
        columns = {
            "KEY": column("int", "scalar", "StandardStMan"),
            "NAME": column("string", "scalar", "StandardStMan"),
            "FREE": column("float", "free", "StandardStMan"),
            "DATA": column("complex", "tiled", "TiledShapeStMan", ndim=2),
            "STATE": column("int", "scalar", "IncrementalStMan"),
        }
        table = create(f"views/part{index}", columns, rows, endian, [
            ("ssm", "StandardStMan", {"BUCKETROWS": 4}, ["KEY", "NAME", "FREE"]),
            ("tiled", "TiledShapeStMan", {"DEFAULTTILESHAPE": [2, 3, 4]}, ["DATA"]),
            ("ism", "IncrementalStMan", {}, ["STATE"]),
        ])
        sub = ct.table(os.path.join(base, f"part{index}", "SUB"), ct.maketabdesc([ct.makescacoldesc("ID", 1)]), nrow=index + 1, ack=False)
        sub.putcol("ID", np.arange(index + 1) + 100 * index)
        sub.close()
        table.putkeyword("SUB", "Table: " + os.path.join(base, f"part{index}", "SUB"))
        for row in range(rows):
            table.putcell("KEY", row, int(values.rng.integers(0, 50)))
            table.putcell("NAME", row, values.scalar("string"))
            table.putcell("STATE", row, row // 6)
            if row % 5:
                table.putcell("FREE", row, values.array("float", (row % 3 + 1,)))
            table.putcell("DATA", row, values.array("complex", (4, 2) if row < 20 else (3, 2)))
        table.close()
        members.append(os.path.join(base, f"part{index}"))
    part = ct.table(members[0], ack=False)
    ct.taql(f"select from $part where KEY % 3 == 1 giving '{base}/rows'").close()
    ct.taql(f"select KEY as OWN, DATA, NAME from $part orderby KEY desc, rowid() giving '{base}/sorted'").close()
    ct.taql(f"select from $part where KEY < 0 giving '{base}/none'").close()
    part.close()
    sorted_rows = ct.table(f"{base}/sorted", ack=False)
    ct.taql(f"select OWN as AGAIN, DATA from $sorted_rows where OWN > 20 giving '{base}/again'").close()
    sorted_rows.close()
    joined = ct.table(members, ack=False)
    joined.rename(f"{base}/concat")
    joined.close()
    joined = ct.table(members, concatsubtables=["SUB"], ack=False)
    joined.rename(f"{base}/concat-sub")
    joined.close()
    joined = ct.table(f"{base}/concat", ack=False)
    ct.taql(f"select from $joined where KEY % 2 == 0 giving '{base}/of-concat'").close()
    joined.close()
    for name in ("concat", "concat-sub", "of-concat"):
        # The readme lists the tables by their full names.
        path = f"{base}/{name}/table.info"
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace(base + "/", ""))


def write_multifile():
    with open(os.path.join(OUT, "multifile.rc"), "w") as rc:
        rc.write("table.storage.option: multifile\ntable.storage.blocksize: 512\n")
    subprocess.run([sys.executable, __file__, OUT, "--multifile"], check=True)
    os.remove(os.path.join(OUT, "multifile.rc"))


if __name__ == "__main__":
    if sys.argv[-1] == "--multifile":
        table = create("multifile", {"A": column("int", "scalar", "StandardStMan")}, 3, "le", [("ssm", "StandardStMan", {}, ["A"])])
        table.close()
        sys.exit()
    for endian in ENDIANS:
        write_bucket_managers(endian)
        write_changed(endian)
        write_runs(endian)
        write_tiled(endian)
    write_keywords()
    write_views()
    write_multifile()
    subprocess.run([sys.executable, os.path.join(HERE, "write_golden.py"), OUT], check=True)
