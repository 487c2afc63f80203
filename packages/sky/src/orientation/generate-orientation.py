#!/usr/bin/python3
"""Writes orientation-table.generated.ts and ../time/leap-second-table.generated.ts from the files of the IERS.

Usage: generate-orientation.py finals2000A.all Leap_Second.dat
Both files: https://datacenter.iers.org. Bulletin B values stand where the file has them, else those of Bulletin A.
"""
import base64
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def varint(values):
    out = bytearray()
    for v in values:
        n = 2 * v if v >= 0 else -2 * v - 1
        while n >= 128:
            out.append(n % 128 + 128)
            n //= 128
        out.append(n)
    return base64.b64encode(bytes(out)).decode()


def second_differences(values):
    first = [b - a for a, b in zip([0] + values, values)]
    return [b - a for a, b in zip([0] + first, first)]


def main(finals, leap):
    leaps = []
    for line in open(leap):
        expires = re.search(r"expires on (\d+) (\w+) (\d+)", line)
        if expires:
            expiry = " ".join(expires.groups())
        fields = line.split()
        if fields and not line.startswith("#"):
            leaps.append((int(float(fields[0])), int(fields[4])))
    day, month, year = expiry.split()
    months = "January February March April May June July August September October November December".split()
    y, m, d = int(year), months.index(month) + 1, int(day)
    a = (14 - m) // 12
    yy, mm = y + 4800 - a, m + 12 * a - 3
    expiry_mjd = d + (153 * mm + 2) // 5 + 365 * yy + yy // 4 - yy // 100 + yy // 400 - 32045 - 2400001
    with open(os.path.join(HERE, "..", "time", "leap-second-table.generated.ts"), "w") as out:
        print("// Made by generate-orientation.py; do not edit. From Leap_Second.dat of the IERS Earth Orientation Centre.", file=out)
        print("\n/** First day (MJD) from which TAI − UTC has the value of seconds beside it. */", file=out)
        print("export const LEAP_SECOND_ROWS: readonly (readonly [number, number])[] = [", file=out)
        for mjd, seconds in leaps:
            print(f"  [{mjd}, {seconds}],", file=out)
        print("];\n", file=out)
        print(f"/** The file says that it expires on {expiry}. */\nexport const LEAP_SECOND_EXPIRY_MJD = {expiry_mjd};", file=out)

    mjds, ut1, x, y, last_final = [], [], [], [], None
    for line in open(finals):
        if not line[18:27].strip() or not line[58:68].strip():
            continue
        mjd = int(float(line[7:15]))
        b = line[134:144].strip() and line[144:154].strip() and line[154:165].strip()
        px, py, dt = (line[134:144], line[144:154], line[154:165]) if b else (line[18:27], line[37:46], line[58:68])
        if b:
            last_final = mjd
        tai_utc = [s for start, s in leaps if start <= mjd][-1]
        mjds.append(mjd)
        x.append(round(float(px) * 1e6))
        y.append(round(float(py) * 1e6))
        ut1.append(round((float(dt) - tai_utc) * 1e7))
        if line[16] == "I" and line[57] == "I":
            last_measured = mjd
    assert mjds == list(range(mjds[0], mjds[0] + len(mjds)))
    with open(os.path.join(HERE, "orientation-table.generated.ts"), "w") as out:
        print("// Made by generate-orientation.py; do not edit. From finals2000A.all of the IERS Rapid Service.", file=out)
        print("// Bulletin B to MJD %d, Bulletin A observed to MJD %d, then predicted." % (last_final, last_measured), file=out)
        print("\n/** One value a day, as second differences: UT1 − TAI in 0.1 µs, pole x and y in 1e-6 arcsec. */", file=out)
        print("export const ORIENTATION_ROWS = {", file=out)
        print(f"  startMjd: {mjds[0]},\n  dayCount: {len(mjds)},\n  lastMeasuredMjd: {last_measured},", file=out)
        for name, values in (("ut1MinusTaiPacked", ut1), ("xPolePacked", x), ("yPolePacked", y)):
            print(f"  {name}:\n    \"{varint(second_differences(values))}\",", file=out)
        print("};", file=out)
    print(len(mjds), mjds[0], mjds[-1], last_final, last_measured, expiry_mjd, file=sys.stderr)


main(*sys.argv[1:])
