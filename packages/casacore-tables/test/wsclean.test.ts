/** WSClean images a Measurement Set written here and adds its model to it: the whole way through casacore's C++ classes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith, hasCommand, pythonWith, runCommand, runPython } from "../../../tools/oracles.ts";
import { createMeasurementSet, openTable } from "../src/node.ts";

const speedOfLightMPerSec = 299_792_458;
const antennaCount = 12;
const timeCount = 8;
const freqHz = [1.4e9, 1.401e9];
const fluxJy = 2;
const cellArcsec = 10;
/** The source, in cells from the phase centre; l grows to the east, which is the left of the image. */
const eastCells = -13;
const northCells = 21;

const arcsec = Math.PI / 180 / 3600;
const lRad = eastCells * cellArcsec * arcsec;
const mRad = northCells * cellArcsec * arcsec;

async function writePointSource(path: string): Promise<void> {
  const positions = Array.from({ length: antennaCount }, (_, i) => [
    300 * Math.cos(i * i),
    300 * Math.sin(i * i * 1.7),
    0,
  ]);
  const uvw: number[] = [];
  const antennas1: number[] = [];
  const antennas2: number[] = [];
  const times: number[] = [];
  for (let time = 0; time < timeCount; time++) {
    const turn = (time * Math.PI) / timeCount;
    for (let first = 0; first < antennaCount; first++) {
      for (let second = first + 1; second < antennaCount; second++) {
        const [x1, y1] = positions[first] as [number, number];
        const [x2, y2] = positions[second] as [number, number];
        const east = x2 - x1;
        const north = y2 - y1;
        uvw.push(east * Math.cos(turn) - north * Math.sin(turn), east * Math.sin(turn) + north * Math.cos(turn), 0);
        antennas1.push(first);
        antennas2.push(second);
        times.push(5.2e9 + 10 * time);
      }
    }
  }
  const rowCount = times.length;
  const vis: number[] = [];
  for (let row = 0; row < rowCount; row++) {
    for (const freq of freqHz) {
      const [u, v] = [uvw[3 * row] as number, uvw[3 * row + 1] as number];
      const phase = (2 * Math.PI * freq * (u * lRad + v * mRad)) / speedOfLightMPerSec;
      for (let corr = 0; corr < 2; corr++) vis.push(fluxJy * Math.cos(phase), fluxJy * Math.sin(phase));
    }
  }
  const direction = { shape: [2, 1], data: [1, 0.6] };
  const ms = createMeasurementSet(path, {
    rowCount,
    subtables: {
      ANTENNA: positions.map((position, i) => ({
        NAME: `a${i}`,
        STATION: `s${i}`,
        TYPE: "GROUND-BASED",
        MOUNT: "ALT-AZ",
        POSITION: [-2409150 + (position[0] as number), -4478573 + (position[1] as number), 3838617],
        OFFSET: [0, 0, 0],
        DISH_DIAMETER: 4.65,
      })),
      DATA_DESCRIPTION: [{ SPECTRAL_WINDOW_ID: 0, POLARIZATION_ID: 0 }],
      FEED: positions.map((_, i) => ({
        ANTENNA_ID: i,
        NUM_RECEPTORS: 2,
        SPECTRAL_WINDOW_ID: -1,
        BEAM_ID: -1,
        INTERVAL: 1e30,
        POSITION: [0, 0, 0],
        BEAM_OFFSET: { shape: [2, 2], data: [0, 0, 0, 0] },
        POLARIZATION_TYPE: ["X", "Y"],
        POL_RESPONSE: { shape: [2, 2], data: new Float32Array([1, 0, 0, 0, 0, 0, 1, 0]) },
        RECEPTOR_ANGLE: [0, 0],
      })),
      FIELD: [{ NAME: "point", DELAY_DIR: direction, PHASE_DIR: direction, REFERENCE_DIR: direction, TIME: 5.2e9 }],
      OBSERVATION: [{ TELESCOPE_NAME: "OVRO_MMA", TIME_RANGE: [5.2e9, 5.2e9 + 100], LOG: [], SCHEDULE: [] }],
      POLARIZATION: [{ NUM_CORR: 2, CORR_TYPE: [9, 12], CORR_PRODUCT: { shape: [2, 2], data: [0, 0, 1, 1] } }],
      SPECTRAL_WINDOW: [
        {
          NUM_CHAN: 2,
          NAME: "spw",
          CHAN_FREQ: freqHz,
          CHAN_WIDTH: [1e6, 1e6],
          EFFECTIVE_BW: [1e6, 1e6],
          RESOLUTION: [1e6, 1e6],
          REF_FREQUENCY: 1.4e9,
          TOTAL_BANDWIDTH: 2e6,
          MEAS_FREQ_REF: 5,
        },
      ],
    },
  });
  ms.setColumn("DATA", { kind: "values", values: Float32Array.from(vis), cellShape: [2, 2] });
  ms.setColumn("FLAG", { kind: "values", values: new Uint8Array(4 * rowCount), cellShape: [2, 2] });
  ms.setColumn("UVW", { kind: "values", values: Float64Array.from(uvw) });
  ms.setColumn("TIME", { kind: "values", values: Float64Array.from(times) });
  ms.setColumn("TIME_CENTROID", { kind: "values", values: Float64Array.from(times) });
  ms.setColumn("INTERVAL", { kind: "constant", value: 10 });
  ms.setColumn("EXPOSURE", { kind: "constant", value: 10 });
  ms.setColumn("ANTENNA1", { kind: "values", values: Int32Array.from(antennas1) });
  ms.setColumn("ANTENNA2", { kind: "values", values: Int32Array.from(antennas2) });
  ms.setColumn("WEIGHT", { kind: "constant", value: [1, 1] });
  ms.setColumn("SIGMA", { kind: "constant", value: [1, 1] });
  ms.setColumn("WEIGHT_SPECTRUM", { kind: "constant", value: { shape: [2, 2], data: [1, 1, 1, 1] } });
  await ms.finish();
}

const findPeak = `
import sys, json, numpy as np
from astropy.io import fits
image = fits.getdata(sys.argv[1]).squeeze()
y, x = np.unravel_index(np.argmax(image), image.shape)
print(json.dumps([int(x) - image.shape[1] // 2, int(y) - image.shape[0] // 2, float(image[y, x])]))
`;

describeWith([hasCommand("wsclean"), pythonWith("astropy", "numpy")], "WSClean, given a point source", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "wsclean-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("finds it at its place with its flux, and its model is read back", async () => {
    const path = join(folder, "point.ms");
    await writePointSource(path);
    const name = join(folder, "out");
    const options = ["-j", "1", "-size", "128", "128", "-scale", `${cellArcsec}asec`, "-niter", "300", "-mgain", "0.8"];
    runCommand("wsclean", ["-quiet", "-reorder", "-temp-dir", folder, "-name", name, ...options, path]);
    const [xCells, yCells, peakJyPerBeam] = JSON.parse(runPython(findPeak, [`${name}-image.fits`])) as number[];
    expect([xCells, yCells]).toEqual([-eastCells, northCells]);
    expect(peakJyPerBeam).toBeCloseTo(fluxJy, 1);
    using table = openTable(path);
    const model = table.column("MODEL_DATA").getArray(7).data as Float32Array;
    const data = table.column("DATA").getArray(7).data as Float32Array;
    for (const [i, value] of model.entries()) expect(Math.abs(value - (data[i] as number))).toBeLessThan(0.05 * fluxJy);
  });
});
