#!/usr/bin/python3
"""Writes ephemeris-table.generated.ts: nutation, CIO locator, Earth and Sun as Chebyshev series, sampled from ERFA.

Needs Debian's python3-erfa. Usage: generate-ephemeris.py > ephemeris-table.generated.ts
Sampled are nut06a (IAU 2000A nutation with the adjustments for IAU 2006), s + XY/2 of xys06a, and epv00.
"""
import base64
import sys

import erfa
import numpy as np

START_JD, END_JD = 2441682.5, 2473475.5  # 1972-12-31 to 2060-01-17, a whole number of the longest segments
J2000 = 2451545.0
MICROARCSEC = np.pi / 180 / 3600 * 1e-6


def nutation(jd):
    return np.stack(erfa.nut06a(J2000, jd - J2000)) / (0.1 * MICROARCSEC)


def cio_locator(jd):
    x, y, s = erfa.xys06a(J2000, jd - J2000)
    return ((s + x * y / 2) / (0.1 * MICROARCSEC))[np.newaxis]


def earth(jd):
    return erfa.epv00(J2000, jd - J2000)[1]["p"].T / 1e-11


def sun(jd):
    heliocentric, barycentric = erfa.epv00(J2000, jd - J2000)
    return (barycentric["p"] - heliocentric["p"]).T / 1e-11


# name, function, days of a segment, degree, size of one count, its unit, what the components are
SERIES = [
    ("NUTATION", nutation, 16, 18, 0.1 * MICROARCSEC, "rad", "nutation in longitude and in obliquity"),
    ("CIO_LOCATOR", cio_locator, 32, 12, 0.1 * MICROARCSEC, "rad", "s + XY/2"),
    ("EARTH", earth, 16, 12, 1e-11, "au", "Earth from the barycentre of the solar system, along BCRS axes"),
    ("SUN", sun, 32, 5, 1e-11, "au", "Sun from the barycentre of the solar system, along BCRS axes"),
]


def varint(values):
    out = bytearray()
    for v in values:
        n = 2 * v if v >= 0 else -2 * v - 1
        while n >= 128:
            out.append(n % 128 + 128)
            n //= 128
        out.append(n)
    return bytes(out)


def main():
    print("// Made by generate-ephemeris.py; do not edit.")
    print(f"// Chebyshev series sampled from ERFA {erfa.version.erfa_version} (IAU 2006/2000A, epv00), argument TT.")
    print('import type { ChebyshevTable } from "./chebyshev-table.ts";')
    for name, sample, days, degree, scale, unit, what in SERIES:
        count = int(round((END_JD - START_JD) / days)) if (END_JD - START_JD) % days == 0 else int((END_JD - START_JD) // days) + 1
        x = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
        numbers, worst = [], 0.0
        check = np.linspace(-1, 1, 23)
        for k in range(count):
            start = START_JD + k * days
            coefficients = np.polynomial.chebyshev.chebfit(x, sample(start + days * (x + 1) / 2).T, degree)
            rounded = np.rint(coefficients).astype(np.int64)
            fitted = np.polynomial.chebyshev.chebval(check, rounded)
            worst = max(worst, np.abs(fitted - sample(start + days * (check + 1) / 2)).max())
            numbers.extend(int(v) for v in rounded.T.ravel())
        components = len(numbers) // (count * (degree + 1))
        text = base64.b64encode(varint(numbers)).decode()
        print(f"\n/** {what}, in {unit}; largest difference from the sampled function {worst * scale:.2g} {unit}. */")
        print(f"export const {name}: ChebyshevTable = {{")
        print(f"  startJd: {START_JD},\n  segmentDays: {days},\n  segmentCount: {count},\n  componentCount: {components},")
        print(f"  coefficientCount: {degree + 1},\n  scaleFactor: {scale!r},\n  packed:\n    \"{text}\",\n}};")
        print(f"{name}: {len(text)} characters, error {worst * scale:.3g} {unit}", file=sys.stderr)


main()
