/** Frequencies, times and antenna positions: in order and plausible? */

import type { NumericArray, Table } from "@contimg/casacore-tables/node";
import type { TableKind } from "../../../ports/ms-inspector.ts";
import { arrayOf, numbersOf, rowPieces, stringsOf, subtableOf } from "./cells.ts";
import type { Findings } from "./findings.ts";

/** Order of channels is no rule of the standard; imagers of this pipeline rely on it. */
export function checkSpectrum(main: Table, findings: Findings): void {
  findings.run("spectrum", () => {
    using windows = subtableOf(main, "SPECTRAL_WINDOW");
    if (windows === undefined) return undefined;
    const unordered: string[] = [];
    const wrong: string[] = [];
    let lastHz = Number.NEGATIVE_INFINITY;
    let count = 0;
    for (let spw = 0; spw < windows.rowCount; spw++) {
      const freqHz = arrayOf(windows, "CHAN_FREQ", spw) ?? new Float64Array(0);
      const bad = freqHz.findIndex((hz) => !(hz > 0 && Number.isFinite(hz)));
      if (bad >= 0) wrong.push(`CHAN_FREQ[${spw}][${bad}]: expected a positive frequency, found ${freqHz[bad]} Hz`);
      const descending = freqHz.findIndex((hz, chan) => chan > 0 && hz <= freqHz[chan - 1]!);
      if (descending > 0) {
        const [before, found] = [freqHz[descending - 1], freqHz[descending]];
        unordered.push(`CHAN_FREQ[${spw}] does not ascend: ${found} Hz follows ${before} Hz at channel ${descending}`);
      } else if (freqHz.length > 0 && freqHz[0]! <= lastHz) {
        unordered.push(`spectral window ${spw} starts at ${freqHz[0]} Hz, not above the ${lastHz} Hz before it`);
      }
      lastHz = Math.max(lastHz, ...freqHz);
      count += freqHz.length;
    }
    findings.addCases("error", "spectrum", wrong);
    findings.addCases("warning", "spectrum", unordered);
    return `${count} channels in ${windows.rowCount} spectral windows ascend`;
  });
}

const PIECE_ROW_COUNT = 1 << 16;
/** 1930, when radio astronomy began, and 2100. */
const PLAUSIBLE_MJD_SEC = [25_900 * 86_400, 88_069 * 86_400] as const;

/** Writers put all rows of a spectral window together, or all of a time: within a DATA_DESC_ID times ascend in both. */
export function checkTimes(main: Table, findings: Findings): void {
  findings.run("time", () => {
    if (!main.hasColumn("TIME")) return undefined;
    const column = main.column("TIME");
    const dataDescIds = numbersOf(main, "DATA_DESC_ID", 0);
    const lastOfDataDesc = new Map<number, number>();
    let [backCount, wrongCount] = [0, 0];
    let [back, wrong] = ["", ""];
    for (const [start, end] of rowPieces(main.rowCount, PIECE_ROW_COUNT)) {
      const times = column.getScalarRange(start, end) as NumericArray;
      for (let k = 0; k < times.length; k++) {
        const timeMjdSec = Number(times[k]);
        const dataDescId = dataDescIds[start + k]!;
        const last = lastOfDataDesc.get(dataDescId) ?? timeMjdSec;
        if (!(timeMjdSec > PLAUSIBLE_MJD_SEC[0] && timeMjdSec < PLAUSIBLE_MJD_SEC[1])) {
          if (wrongCount++ === 0) wrong = `TIME, row ${start + k}: expected seconds of MJD, found ${timeMjdSec}`;
        } else if (timeMjdSec < last) {
          if (backCount++ === 0)
            back = `TIME, row ${start + k} is ${(last - timeMjdSec).toFixed(3)} s before an earlier row of DATA_DESC_ID ${dataDescId}`;
        }
        lastOfDataDesc.set(dataDescId, timeMjdSec);
      }
    }
    if (wrongCount > 0) findings.add("error", "time", `${wrong} (${wrongCount} rows)`);
    if (backCount > 0) findings.add("warning", "time", `${back} (${backCount} steps back)`);
    return "TIME ascends within each DATA_DESC_ID";
  });
}

/** From the centre of the Earth; the lowest valley and the highest mountain lie within. */
const SURFACE_M = [6.3e6, 6.4e6] as const;

/** Rows without a name or place that no data use are common, and no fault. */
export function checkAntennas(main: Table, kind: TableKind, findings: Findings): void {
  findings.run("antennas", () => {
    using antennas = subtableOf(main, "ANTENNA");
    if (antennas === undefined || antennas.rowCount === 0) return undefined;
    const used = new Set([...numbersOf(main, "ANTENNA1", -1), ...numbersOf(main, "ANTENNA2", -1)]);
    const names = stringsOf(antennas, "NAME");
    const wrong: string[] = [];
    const placed = new Map<string, string>();
    const shared: string[] = [];
    let placelessCount = 0;
    for (const [row, name] of names.entries()) {
      const label = `antenna ${row} "${name}"`;
      const positionM = arrayOf(antennas, "POSITION", row) ?? new Float64Array(0);
      const radiusM = Math.hypot(...positionM);
      if (positionM.length !== 3 || !(radiusM >= SURFACE_M[0] && radiusM <= SURFACE_M[1])) {
        if (!used.has(row)) placelessCount++;
        else {
          wrong.push(
            `POSITION of ${label}: expected ${SURFACE_M[0] / 1e3} to ${SURFACE_M[1] / 1e3} km from the Earth's centre, found ${(radiusM / 1e3).toFixed(3)} km`,
          );
        }
        continue;
      }
      const place = positionM.join("/");
      const other = placed.get(place);
      if (other !== undefined) shared.push(`${other} and ${label} are at the same place`);
      placed.set(place, label);
    }
    // A calibration table is applied by antenna number; nothing is computed from its positions.
    findings.addCases(kind === "measurement-set" ? "error" : "warning", "antennas", wrong);
    findings.addCases("warning", "antennas", shared);
    const others = placelessCount === 0 ? "" : `; ${placelessCount} others have no place and no data`;
    return `${names.length - placelessCount} antennas stand on the Earth${others}`;
  });
}
