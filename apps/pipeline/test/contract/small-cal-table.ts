/** A small calibration table on disk. */

import { createCalTable } from "@contimg/casacore-tables/node";

export const SMALL_ANTENNA_COUNT = 4;
const SEC_PER_DAY = 86_400;

/**
 * @param gainOf of antenna and receptor; receptors 0 and 1, one channel, one window, one interval
 * @param kind K: delays are the real part, in nanoseconds
 */
export async function writeSmallCalTable(
  path: string,
  kind: "B" | "G" | "K",
  referenceMjd: number,
  gainOf: (antennaId: number, receptor: number) => { readonly re: number; readonly im: number } = () => ({
    re: 0.07,
    im: 0,
  }),
): Promise<void> {
  const rowCount = SMALL_ANTENNA_COUNT;
  const antennaIds = Int32Array.from({ length: rowCount }, (_, row) => row);
  const values = [...antennaIds].flatMap((antennaId) => [0, 1].map((receptor) => gainOf(antennaId, receptor)));
  await createCalTable(path, {
    kind,
    msName: "a.ms",
    subtables: {},
    solutions: {
      rowCount,
      cellShape: [2, 1],
      // The middle of first and last is the reference.
      timeMjdSec: Float64Array.from(antennaIds, (row) => referenceMjd * SEC_PER_DAY + row - (rowCount - 1) / 2),
      fieldIds: new Int32Array(rowCount),
      spectralWindowIds: new Int32Array(rowCount),
      antennaIds,
      refAntennaIds: new Int32Array(rowCount),
      scanNumbers: new Int32Array(rowCount),
      ...(kind === "K"
        ? { delaysNs: Float32Array.from(values, ({ re }) => re) }
        : { gains: Float32Array.from(values.flatMap(({ re, im }) => [re, im])) }),
      paramErrorSigma: new Float32Array(2 * rowCount),
      flags: new Uint8Array(2 * rowCount),
      snrRatio: new Float32Array(2 * rowCount).fill(10),
    },
  });
}
