import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  apparentPlace,
  framePositionAngleRad,
  hourAngleDecToIcrs,
  observeFrom,
  shippedEarthOrientation,
  taiMinusUtcSec,
  utcFromJd,
  uvwForPhaseCentre,
} from "@contimg/sky";
import { expect, test } from "vitest";
import { largest, MAS_RAD, nearZeroRad } from "./golden-values.ts";

interface RealHeader {
  readonly timeJd: number;
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly altitudeM: number;
  readonly centre: { readonly raRad: number; readonly decRad: number };
  readonly lstRad: number;
  readonly framePaRad: number;
}

const read = (name: string): unknown => JSON.parse(readFileSync(resolve(import.meta.dirname, "golden", name), "utf8"));
const siteOf = ({ latitudeDeg, longitudeDeg, altitudeM }: RealHeader) => ({
  latitudeRad: (latitudeDeg * Math.PI) / 180,
  longitudeRad: (longitudeDeg * Math.PI) / 180,
  altitudeM,
});

// The file was made with a Bulletin A of its time; measured: 0.016, 0.097, 0.089 and 0.118 mas.
test("apparent place, position angle and sidereal time are those that pyuvdata wrote into a file of HERA", () => {
  const header = read("hera-apparent.json") as RealHeader & { apparentRaRad: number; apparentDecRad: number };
  const epoch = observeFrom(utcFromJd(header.timeJd), siteOf(header));
  const { apparentRaRad, apparentDecRad } = apparentPlace(epoch, header.centre);
  const differences = [
    apparentRaRad - header.apparentRaRad,
    apparentDecRad - header.apparentDecRad,
    framePositionAngleRad(epoch, header.centre) - header.framePaRad,
    nearZeroRad(epoch.lstRad - header.lstRad),
  ];
  expect(largest(differences)).toBeLessThan(0.2 * MAS_RAD);
});

// What the ATA's recorder stores: u and v along apparent east and north (not turned by frame_pa), without polar motion,
// with the UT1 − UTC of its header. With these conventions the UVW agree to 1.3e-10 m.
test("UVW of the ATA are found again to a micrometre with its recorder's conventions", () => {
  const header = read("ata-3c286.json") as RealHeader & {
    dut1Sec: number;
    antennasM: number[];
    ant1: number[];
    ant2: number[];
    uvwM: number[];
  };
  const shipped = shippedEarthOrientation();
  const offsetSec = header.dut1Sec - taiMinusUtcSec(60_647, shipped.leapSeconds);
  const zero = new Float64Array(shipped.xPoleRad.length);
  const earthOrientation = {
    ...shipped,
    ut1MinusTaiSec: zero.map(() => offsetSec),
    xPoleRad: zero,
    yPoleRad: zero,
  };
  const epoch = observeFrom(utcFromJd(header.timeJd), siteOf(header), { earthOrientation });
  const turnRad = framePositionAngleRad(epoch, header.centre);
  const antennaUvwM = uvwForPhaseCentre(epoch, Float64Array.from(header.antennasM), header.centre, { axes: "rigid" });
  const differences = header.ant1.flatMap((first, row) => {
    const [u, v, w] = [0, 1, 2].map(
      (axis) => antennaUvwM[3 * header.ant2[row]! + axis]! - antennaUvwM[3 * first + axis]!,
    );
    const apparentU = Math.cos(turnRad) * u! + Math.sin(turnRad) * v!;
    const apparentV = Math.cos(turnRad) * v! - Math.sin(turnRad) * u!;
    return [apparentU, apparentV, w!].map((value, axis) => value - header.uvwM[3 * row + axis]!);
  });
  expect(header.ant1.length).toBeGreaterThan(40);
  expect(largest(differences)).toBeLessThan(1e-6);
});

// The ATA file's "apparent" coordinates are its ICRS ones, and its frame_pa was worked out from them; measured: 2.9 mas
// for the angle (its UT1 is 0.5 ms off ours), 0.89 mas for sidereal time.
test("the ATA file's position angle is the one at the place it calls apparent", () => {
  const header = read("ata-3c286.json") as RealHeader & { storedApparent: { raRad: number; decRad: number } };
  const epoch = observeFrom(utcFromJd(header.timeJd), siteOf(header));
  expect(header.storedApparent).toEqual(header.centre);
  const hourAngleRad = header.lstRad - header.storedApparent.raRad;
  const there = hourAngleDecToIcrs(epoch, hourAngleRad, header.storedApparent.decRad);
  expect(Math.abs(framePositionAngleRad(epoch, there) - header.framePaRad)).toBeLessThan(5 * MAS_RAD);
  expect(Math.abs(nearZeroRad(epoch.lstRad - header.lstRad))).toBeLessThan(2 * MAS_RAD);
});
