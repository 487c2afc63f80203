import { expect, it } from "vitest";
import { createBackground, subtractBackground } from "./background.ts";

const OPTIONS = { subbandChannelCount: 16, binChannelCount: 4, sigmaChannelCount: 4, sigmaTimeCount: 1.5 };
const TIMES = 10;
const CHANNELS = 64;

function residualsOf(value: (time: number, channel: number) => number, flags = new Uint8Array(TIMES * CHANNELS)) {
  const work = createBackground(TIMES, CHANNELS, OPTIONS);
  const amplitudes = Float32Array.from({ length: TIMES * CHANNELS }, (_, at) =>
    value(Math.floor(at / CHANNELS), at % CHANNELS),
  );
  const residuals = new Float32Array(amplitudes.length);
  subtractBackground(work, amplitudes, flags, TIMES, residuals);
  return residuals;
}

const largest = (values: Float32Array): number => values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);

it("follows slopes in time and frequency to the edges, and steps between subbands", () => {
  // Rounding of float32 at 100 is 4e-6; the shape within a subband is a ratio of means, exact but for rounding.
  expect(largest(residualsOf((time) => 100 + 3 * time))).toBeLessThan(1e-4);
  expect(largest(residualsOf((_, channel) => 100 + 30 * (Math.floor(channel / 16) % 3)))).toBeLessThan(1e-4);
  expect(largest(residualsOf((_, channel) => 100 + channel))).toBeLessThan(1e-3);
});

it("takes off the shape that all subbands share, but keeps what one channel has", () => {
  const edge = (channel: number): number => (channel % 16 === 0 ? 80 : 100);
  expect(largest(residualsOf((_, channel) => edge(channel)))).toBeLessThan(0.5);
  const residuals = residualsOf((_, channel) => edge(channel) + (channel === 37 ? 50 : 0));
  expect(residuals[5 * CHANNELS + 37]).toBeGreaterThan(35);
});

it("leaves out flagged samples, and bridges a subband or time that is flagged whole", () => {
  const flags = new Uint8Array(TIMES * CHANNELS);
  for (let time = 0; time < TIMES; time++) flags.fill(1, time * CHANNELS + 16, time * CHANNELS + 32);
  flags.fill(1, 4 * CHANNELS, 5 * CHANNELS);
  const residuals = residualsOf((time, channel) => (flags[time * CHANNELS + channel] === 1 ? 1e4 : 100 + time), flags);
  const kept = residuals.filter((_, at) => flags[at] === 0);
  expect(largest(kept)).toBeLessThan(1e-3);
  expect(residuals.every(Number.isFinite)).toBe(true);
  expect(residuals[4 * CHANNELS + 3]).toBeGreaterThan(9000);
});

it("refuses more times than it has room for", () => {
  const work = createBackground(2, 4, OPTIONS);
  const plane = new Float32Array(12);
  expect(() => subtractBackground(work, plane, new Uint8Array(12), 3, plane)).toThrow("at most 2 times, found 3");
});
