import { airyFwhmRad, airyPower, icrsUnitVector, separationRad, tangentAxes } from "@contimg/sky";
import { expect, test } from "vitest";
import { effectiveBeam } from "./effective-beam.ts";

const ARCSEC = Math.PI / 180 / 3600;
const DEG = Math.PI / 180;

/** By the formula, one pixel at a time: the mean over pointings and channels of the beam at the pixel's direction. */
function slowBeam(options: Parameters<typeof effectiveBeam>[0], x: number, y: number): number {
  const { centre, widthPx, heightPx, scaleRad, pointings, freqHz, diameterM } = options;
  const [l, m] = [-(x - widthPx / 2) * scaleRad, (y - heightPx / 2) * scaleRad];
  const n = Math.sqrt(1 - l * l - m * m);
  const axes = tangentAxes(centre);
  const direction = {
    x: l * axes.l.x + m * axes.m.x + n * axes.n.x,
    y: l * axes.l.y + m * axes.m.y + n * axes.n.y,
    z: l * axes.l.z + m * axes.m.z + n * axes.n.z,
  };
  let sum = 0;
  for (const pointing of pointings)
    for (const hz of freqHz) sum += airyPower(separationRad(direction, icrsUnitVector(pointing)), hz, diameterM);
  return sum / (pointings.length * freqHz.length);
}

test.each([16.2, 54.6, -25, 88])("at declination %d it is the mean of the beams that the pixel saw", (decDeg) => {
  const centre = { raRad: 359.9 * DEG, decRad: decDeg * DEG };
  const options = {
    centre,
    widthPx: 1201 + 1,
    heightPx: 900,
    scaleRad: 12 * ARCSEC,
    pointings: [-0.6, -0.2, 0.2, 0.6].map((driftDeg) => ({
      raRad: centre.raRad + driftDeg * DEG,
      decRad: centre.decRad,
    })),
    freqHz: Float64Array.of(1.31e9, 1.4e9, 1.5e9),
    diameterM: 4.65,
  };
  const beam = effectiveBeam(options);
  // Bilinear between nodes 192″ apart: eight times the second derivative of the beam, 3.4e-4 at most here.
  for (const [x, y] of [
    [0, 0],
    [601, 450],
    [17, 333],
    [1201, 899],
    [5, 890],
    [700, 44],
  ] as const)
    expect(Math.abs(beam[y * options.widthPx + x]! - slowBeam(options, x, y)), `${x},${y}`).toBeLessThan(4e-4);
});

test("one pointing at the centre has its maximum there, and half of it at half the width", () => {
  const freqHz = Float64Array.of(1.4e9);
  const halfPx = airyFwhmRad(1.4e9, 4.65) / 2 / (3 * ARCSEC);
  const beam = effectiveBeam({
    centre: { raRad: 1, decRad: 0.3 },
    widthPx: 4096,
    heightPx: 32,
    scaleRad: 3 * ARCSEC,
    pointings: [{ raRad: 1, decRad: 0.3 }],
    freqHz,
    diameterM: 4.65,
  });
  const middle = 16 * 4096 + 2048;
  expect(beam[middle]).toBeCloseTo(1, 6);
  expect(Math.max(...beam.subarray(16 * 4096, 17 * 4096))).toBe(beam[middle]);
  expect(beam[middle + Math.round(halfPx)]!).toBeCloseTo(0.5, 3);
});

test("what is below the horizon of the projection has no beam", () => {
  const centre = { raRad: 0, decRad: 0.9 };
  const beam = effectiveBeam({
    centre,
    widthPx: 64,
    heightPx: 64,
    scaleRad: 0.03,
    pointings: [centre],
    freqHz: Float64Array.of(1.4e9),
    diameterM: 4.65,
  });
  expect(beam[0]).toBeNaN();
  expect(beam[32 * 64 + 32]).toBeCloseTo(1, 6);
});
