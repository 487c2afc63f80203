/** `contimg cal plot`, on a table whose gains are known. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createCalTable } from "@contimg/casacore-tables/node";
import { describe, expect, test } from "vitest";
import { describeWith, sharedData, sharedDataDir } from "../../../../tools/oracles.ts";
import { contimg, scratchDirectory } from "./run-contimg.ts";

const ANTENNA_COUNT = 12;
const CHAN_COUNT = 16;
const DEAD = 3;

/** Two windows, the upper one first; antenna 3 is dead, of the others an eighth of the channels is flagged. */
async function writeBandpass(path: string): Promise<void> {
  const rowCount = 2 * ANTENNA_COUNT;
  const cells = Array.from({ length: rowCount * CHAN_COUNT * 2 }, (_, at) => ({
    antennaId: Math.floor(at / 2 / CHAN_COUNT) % ANTENNA_COUNT,
    chan: Math.floor(at / 2) % CHAN_COUNT,
  }));
  const frequenciesHz = (firstHz: number) => Float64Array.from({ length: CHAN_COUNT }, (_, at) => firstHz + 1e6 * at);
  await createCalTable(path, {
    kind: "B",
    msName: "a.ms",
    subtables: {
      ANTENNA: Array.from({ length: ANTENNA_COUNT }, (_, id) => ({ NAME: id === 1 ? "pad<2>" : `pad${id + 1}` })),
      SPECTRAL_WINDOW: [1.45e9, 1.35e9].map((firstHz) => ({
        NUM_CHAN: CHAN_COUNT,
        CHAN_FREQ: { shape: [CHAN_COUNT], data: frequenciesHz(firstHz) },
      })),
    },
    solutions: {
      rowCount,
      cellShape: [2, CHAN_COUNT],
      timeMjdSec: new Float64Array(rowCount).fill(60_977.5 * 86_400),
      fieldIds: new Int32Array(rowCount),
      spectralWindowIds: Int32Array.from({ length: rowCount }, (_, row) => Math.floor(row / ANTENNA_COUNT)),
      antennaIds: Int32Array.from({ length: rowCount }, (_, row) => row % ANTENNA_COUNT),
      refAntennaIds: new Int32Array(rowCount),
      scanNumbers: new Int32Array(rowCount),
      gains: Float32Array.from(cells.flatMap(({ antennaId }) => [0, antennaId === 0 ? 0.2 : 0.1])),
      paramErrorSigma: new Float32Array(cells.length),
      flags: Uint8Array.from(cells, ({ antennaId, chan }) => Number(antennaId === DEAD || chan < 2)),
      snrRatio: new Float32Array(cells.length).fill(40),
    },
  });
}

describe("a table of known gains", () => {
  test("gets a page with its verdict, its figures and a picture of each antenna", async () => {
    const folder = scratchDirectory();
    const table = join(folder, "2025-10-29T12:00:00_0~23_bpcal");
    await writeBandpass(table);
    const run = contimg("cal", "plot", table, "--output-dir", join(folder, "plots"), "--svg", "--json");
    expect(run.status).toBe(0);
    expect(run.events).toMatchObject([
      {
        event: "cal_plotted",
        verdict: "usable",
        antenna_count: 11,
        absent_antennas: ["pad4"],
        flagged_fraction: 0.125,
        phase_scatter_deg: 0,
        snr_median: 40,
      },
    ]);
    expect(run.events[0]!["size_median"]).toBeCloseTo(0.1, 6);
    const html = readFileSync(run.events[0]!["page"] as string, "utf8");
    expect(html).toContain("warning: 1 antennas have no solution: pad4");
    expect(html.match(/<title>pad[^ ]+ phase<\/title>/g)).toHaveLength(11);
    expect(html).not.toContain("pad<2>");
    expect(html).toMatch(/<td>pad1<\/td><td>12.5 %<\/td><td>0.2000<\/td>/);
    const files = readdirSync(join(folder, "plots"));
    expect(files.filter((name) => !name.includes("_pad"))).toEqual(
      [
        "antennas_amplitude.svg",
        "antennas_snr.svg",
        "waterfall_amplitude_0.svg",
        "waterfall_amplitude_1.svg",
        "waterfall_phase_0.svg",
        "waterfall_phase_1.svg",
      ]
        .map((name) => `2025-10-29T12:00:00_0~23_bpcal_${name}`)
        .concat("2025-10-29T12:00:00_0~23_bpcal.html")
        .toSorted(),
    );
    // Both windows stand along one axis of frequency, in ascending order, however the table has them.
    const axis = readFileSync(join(folder, "plots", "2025-10-29T12:00:00_0~23_bpcal_waterfall_phase_0.svg"), "utf8");
    const ticks = [...axis.matchAll(/>(1\d{3})<\/text>/g)].map((match) => Number(match[1]));
    expect(ticks[0]).toBe(1360);
    expect(ticks.at(-1)).toBe(1460);
  });

  test("what is no such table is refused by name", () => {
    const run = contimg("cal", "plot", join(scratchDirectory(), "none_bpcal"));
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(/INPUT_UNREADABLE: .*none_bpcal/);
  });
});

describeWith(sharedData(), "tables of CASA", () => {
  test.each([
    ["sma.ms.bcal", 0],
    ["sma.ms.pha.gcal", 0],
    ["sma.ms.amp.gcal", 0],
    ["test_calibration_bandpass.table", 1],
    ["template_gcal_ant", 1],
  ])("%s", (name, status) => {
    const folder = scratchDirectory();
    const run = contimg("cal", "plot", join(sharedDataDir()!, "real/caltables", name), "--output-dir", folder);
    expect(run.status).toBe(status);
    if (name === "template_gcal_ant") expect(run.stderr).toContain("expected B, G, T or K Jones, found M Mueller");
    else expect(readFileSync(join(folder, `${name}.html`), "utf8")).toMatch(/<\/html>\n$/);
  });
});
