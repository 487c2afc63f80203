/** A Measurement Set as its metadata say it, for tests of decisions. */

import type { FlaggableMs, FlagWindow } from "../../src/domain/flagging.ts";

export function exampleWindow(spwIndex: number, chanCount: number, lowestHz: number): FlagWindow {
  return {
    spwIndex,
    freqHz: Float64Array.from({ length: chanCount }, (_, chan) => lowestHz + 1e6 * chan),
    corrs: ["XX", "YY"],
    receptors: [
      [0, 0],
      [1, 1],
    ],
  };
}

export function exampleMs(changes: Partial<FlaggableMs> = {}): FlaggableMs {
  return {
    path: "example.ms",
    telescope: "OVRO_MMA",
    rowCount: 100,
    antennas: ["1", "2", "30", "pad"].map((name) => ({ name, station: `S${name}`, diameterM: 4.65 })),
    windows: [exampleWindow(0, 8, 1.3e9), exampleWindow(1, 8, 1.308e9)],
    scanNumbers: [1, 2, 5],
    startMjdSec: 5.2e9,
    endMjdSec: 5.2e9 + 60,
    ...changes,
  };
}
