import { expect, test } from "vitest";
import { type CatalogSource, pointSource, surveys } from "./catalog-source.ts";
import { masterSourceOf, type Neighbour, type Neighbourhood } from "./master-source.ts";

const nvss: CatalogSource = { ...pointSource("NVSS J083454+553421", 128.7287, 55.5725, 2), fluxErrJy: 0.02 };
const neighbour = (sepArcsec: number, fluxJy: number, majorArcsec: number | null = null): Neighbour => ({
  source: { ...pointSource("other", 128.7, 55.5, fluxJy), majorArcsec, minorArcsec: majorArcsec, paDeg: 10 },
  sepArcsec,
});
const nobody: Neighbourhood = { nvss: [], first: [], racs: [], vlass: [] };
const master = (near: Partial<Neighbourhood>, source = nvss) => masterSourceOf(source, { ...nobody, ...near }, surveys);

test("without others it is what NVSS says", () => {
  expect(master({})).toEqual({
    name: nvss.name,
    raDeg: nvss.raDeg,
    decDeg: nvss.decDeg,
    nvssJy: 2,
    nvssSnr: 100,
    firstJy: null,
    racsJy: null,
    vlassJy: null,
    spectralIndex: null,
    spectralIndexOf: null,
    isResolved: false,
    isConfused: false,
    firstMajorArcsec: null,
    firstMinorArcsec: null,
    firstPaDeg: null,
  });
  expect(master({}, { ...nvss, fluxErrJy: null }).nvssSnr).toBeNull();
  expect(master({}, { ...nvss, fluxErrJy: 0 }).nvssSnr).toBeNull();
});

test("the nearest component within 7.5 arcsec is the source; one beyond is not", () => {
  expect(master({ vlass: [neighbour(1, 1.1), neighbour(7, 9)] }).vlassJy).toBe(1.1);
  expect(master({ first: [neighbour(7.5, 1.5)], racs: [neighbour(7.6, 3)] })).toMatchObject({
    firstJy: 1.5,
    racsJy: null,
  });
});

test("the index is of VLASS, else of RACS", () => {
  const alpha = -0.8;
  const racs = [neighbour(2, 2 * (887.5 / 1400) ** alpha)];
  const vlass = [neighbour(2, 2 * (3000 / 1400) ** -0.5)];
  const both = master({ racs, vlass });
  expect([both.spectralIndexOf, both.spectralIndex]).toEqual(["nvss-vlass", expect.closeTo(-0.5, 12)]);
  const one = master({ racs });
  expect([one.spectralIndexOf, one.spectralIndex]).toEqual(["racs-nvss", expect.closeTo(alpha, 12)]);
});

test("resolved is what NVSS resolves, or what FIRST finds wider than 2.5 arcsec", () => {
  expect(master({}, { ...nvss, majorArcsec: 20 }).isResolved).toBe(true);
  expect(master({ first: [neighbour(1, 2, 2.5)] }).isResolved).toBe(false);
  expect(master({ first: [neighbour(1, 2, 2.6)] })).toMatchObject({
    isResolved: true,
    firstMajorArcsec: 2.6,
    firstPaDeg: 10,
  });
  // It is another source.
  expect(master({ first: [neighbour(10, 2, 30)] }).isResolved).toBe(false);
});

test("confused is what has two components of one survey within half the beam of NVSS", () => {
  expect(master({ vlass: [neighbour(2, 1), neighbour(22.5, 1)] }).isConfused).toBe(true);
  expect(master({ vlass: [neighbour(2, 1), neighbour(22.6, 1)] }).isConfused).toBe(false);
  expect(master({ vlass: [neighbour(2, 1)], first: [neighbour(2, 1)], racs: [neighbour(2, 1)] }).isConfused).toBe(
    false,
  );
  expect(master({ nvss: [neighbour(20, 1)] }).isConfused).toBe(true);
});
