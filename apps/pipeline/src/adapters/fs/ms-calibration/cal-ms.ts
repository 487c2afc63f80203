/** A Measurement Set as calibration sees it: what does not change from row to row, and blocks of rows. */

import { openTable, type Table } from "@contimg/casacore-tables/node";
import { PipelineError } from "../../../domain/error-codes.ts";
import { corrTypeName, receptorsOfCorrType } from "../../../domain/polarization.ts";

export interface CalWindow {
  readonly dataDescId: number;
  readonly spwId: number;
  readonly freqHz: Float64Array;
  readonly chanWidthHz: Float64Array;
  /** Where delays have no phase. */
  readonly referenceHz: number;
  readonly corrCount: number;
  /** Which correlation each receptor has with itself: `[0, 1]` of XX, YY; `[0, 3]` of four. */
  readonly parallelCorrs: readonly number[];
  /** Receptors (0: X or R, 1: Y or L) that each correlation takes from antenna 1 and antenna 2. */
  readonly receptors: readonly (readonly [number, number])[];
}

export interface CalMs {
  readonly path: string;
  readonly antennaNames: readonly string[];
  /** ITRF from the Earth's centre [antenna, 3]. */
  readonly positionsM: Float64Array;
  readonly diametersM: Float64Array;
  readonly windows: readonly CalWindow[];
  readonly fields: readonly { readonly name: string; readonly raRad: number; readonly decRad: number }[];
  readonly telescope: string;
  readonly rowCount: number;
  /** Columns of MAIN, one value a row. */
  readonly ant1: Int32Array;
  readonly ant2: Int32Array;
  readonly dataDescIds: Int32Array;
  readonly fieldIds: Int32Array;
  readonly scans: Int32Array;
  readonly timesMjdSec: Float64Array;
  readonly exposureSec: number;
  readonly startMjdSec: number;
  readonly endMjdSec: number;
}

/** Rows that follow each other in the table and share window, field, scan and time. */
export interface RowBlock {
  readonly rowStart: number;
  readonly rowEnd: number;
  readonly windowIndex: number;
  readonly fieldId: number;
  readonly scan: number;
  readonly timeMjdSec: number;
}

/** Where the weights of DATA stay when WEIGHT becomes that of CORRECTED_DATA. */
const WEIGHT_OF_DATA = "WEIGHT_OF_DATA";
const PARALLEL_NAMES = new Set(["XX", "YY", "RR", "LL", "I"]);
/** Of a block: 16 MB of visibilities. */
const MAX_BLOCK_SAMPLES = 2 ** 21;

export const unsuitable = (path: string, what: string, expected: string, found: string) =>
  new PipelineError("MS_UNSUITABLE", `${path}: ${what}: expected ${expected}, found ${found}`, { subject: path });

export function describeCalMs(path: string, main: Table): CalMs {
  const { rowCount } = main;
  if (rowCount === 0) throw unsuitable(path, "rows of MAIN", "some", "none");
  // Threads share them.
  const ints = (name: string) =>
    main.column(name).getScalarRange(0, rowCount, new Int32Array(new SharedArrayBuffer(4 * rowCount)));
  const doubles = (name: string) =>
    main.column(name).getScalarRange(0, rowCount, new Float64Array(new SharedArrayBuffer(8 * rowCount)));
  const timesMjdSec = doubles("TIME");
  const exposureSec = doubles("INTERVAL")[0]!;
  return {
    path,
    ...antennasOf(path),
    windows: windowsOf(path),
    fields: fieldsOf(path),
    telescope: telescopeOf(path),
    rowCount,
    ant1: ints("ANTENNA1"),
    ant2: ints("ANTENNA2"),
    dataDescIds: ints("DATA_DESC_ID"),
    fieldIds: ints("FIELD_ID"),
    scans: ints("SCAN_NUMBER"),
    timesMjdSec,
    exposureSec,
    startMjdSec: timesMjdSec.reduce((a, b) => Math.min(a, b)) - exposureSec / 2,
    endMjdSec: timesMjdSec.reduce((a, b) => Math.max(a, b)) + exposureSec / 2,
  };
}

function antennasOf(path: string): Pick<CalMs, "antennaNames" | "positionsM" | "diametersM"> {
  using table = openTable(`${path}/ANTENNA`);
  const count = table.rowCount;
  const positionsM = new Float64Array(3 * count);
  table.column("POSITION").getCellsInto(0, count, positionsM);
  return {
    antennaNames: Array.from(table.column("NAME").getScalarRange(0, count) as ArrayLike<string>),
    positionsM,
    diametersM: table.column("DISH_DIAMETER").getScalarRange(0, count, new Float64Array(count)),
  };
}

function windowsOf(path: string): readonly CalWindow[] {
  using spectral = openTable(`${path}/SPECTRAL_WINDOW`);
  using polarization = openTable(`${path}/POLARIZATION`);
  using description = openTable(`${path}/DATA_DESCRIPTION`);
  const count = description.rowCount;
  const spwIds = description.column("SPECTRAL_WINDOW_ID").getScalarRange(0, count, new Int32Array(count));
  const polIds = description.column("POLARIZATION_ID").getScalarRange(0, count, new Int32Array(count));
  return Array.from(spwIds, (spwId, dataDescId) => {
    const codes = Array.from(polarization.column("CORR_TYPE").getArray(polIds[dataDescId]!).data as Int32Array);
    const corrTypes = codes.map(corrTypeName);
    const parallelCorrs = corrTypes.flatMap((name, corr) => (PARALLEL_NAMES.has(name) ? [corr] : []));
    if (parallelCorrs.length === 0)
      throw unsuitable(
        path,
        `correlations of DATA_DESCRIPTION row ${dataDescId}`,
        "XX, YY, RR, LL or I",
        corrTypes.join(),
      );
    return {
      dataDescId,
      spwId,
      freqHz: Float64Array.from(spectral.column("CHAN_FREQ").getArray(spwId).data as Float64Array),
      chanWidthHz: Float64Array.from(spectral.column("CHAN_WIDTH").getArray(spwId).data as Float64Array, Math.abs),
      referenceHz: spectral.column("REF_FREQUENCY").getScalar(spwId) as number,
      corrCount: corrTypes.length,
      parallelCorrs,
      receptors: codes.map(receptorsOfCorrType),
    };
  });
}

function fieldsOf(path: string): CalMs["fields"] {
  using table = openTable(`${path}/FIELD`);
  const names = table.column("NAME").getScalarRange(0, table.rowCount) as ArrayLike<string>;
  return Array.from(names, (name, row) => {
    const [raRad = 0, decRad = 0] = table.column("PHASE_DIR").getArray(row).data as Float64Array;
    return { name, raRad, decRad };
  });
}

function telescopeOf(path: string): string {
  using table = openTable(`${path}/OBSERVATION`);
  return table.rowCount === 0 ? "" : (table.column("TELESCOPE_NAME").getScalar(0) as string);
}

/** All rows, in the order in which they lie. */
export function blocksOf(ms: CalMs): readonly RowBlock[] {
  const blocks: RowBlock[] = [];
  for (let rowStart = 0; rowStart < ms.rowCount; ) {
    const windowIndex = ms.dataDescIds[rowStart]!;
    const fieldId = ms.fieldIds[rowStart]!;
    const scan = ms.scans[rowStart]!;
    const timeMjdSec = ms.timesMjdSec[rowStart]!;
    const { freqHz, corrCount } = ms.windows[windowIndex]!;
    let rowEnd = rowStart + 1;
    const end = Math.min(ms.rowCount, rowStart + Math.ceil(MAX_BLOCK_SAMPLES / (freqHz.length * corrCount)));
    while (
      rowEnd < end &&
      ms.dataDescIds[rowEnd] === windowIndex &&
      ms.fieldIds[rowEnd] === fieldId &&
      ms.scans[rowEnd] === scan &&
      ms.timesMjdSec[rowEnd] === timeMjdSec
    )
      rowEnd++;
    blocks.push({ rowStart, rowEnd, windowIndex, fieldId, scan, timeMjdSec });
    rowStart = rowEnd;
  }
  return blocks;
}

export interface BlockData {
  /** [row, chan, corr, re, im]. */
  readonly vis: Float32Array;
  /** [row, chan, corr]; rows of FLAG_ROW are flagged whole. */
  readonly flags: Uint8Array;
  /** [row, corr]. */
  readonly weights: Float32Array;
  /** [row, 3]. */
  readonly uvwM: Float64Array;
  /** As `vis`; null: no column of it is read. */
  readonly model: Float32Array | null;
}

/** Reads blocks into buffers of its own, which the next block overwrites. */
export class BlockReader {
  readonly #main: Table;
  readonly #ms: CalMs;
  readonly #dataColumn: string;
  readonly #modelColumn: string | null;
  readonly #weightColumn: string;
  readonly #flagRows: Uint8Array;
  #vis = new Float32Array(0);
  #flags = new Uint8Array(0);
  #weights = new Float32Array(0);
  #uvwM = new Float64Array(0);
  #model = new Float32Array(0);

  constructor(main: Table, ms: CalMs, dataColumn: string, modelColumn: string | null = null) {
    this.#main = main;
    this.#ms = ms;
    this.#dataColumn = dataColumn;
    this.#modelColumn = modelColumn;
    const isOfData = dataColumn !== "CORRECTED_DATA" && main.hasColumn(WEIGHT_OF_DATA);
    this.#weightColumn = isOfData ? WEIGHT_OF_DATA : "WEIGHT";
    this.#flagRows = Uint8Array.from(
      main.column("FLAG_ROW").getScalarRange(0, ms.rowCount) as ArrayLike<number>,
      Number,
    );
  }

  read({ rowStart, rowEnd, windowIndex }: RowBlock): BlockData {
    const { freqHz, corrCount } = this.#ms.windows[windowIndex]!;
    const rowCount = rowEnd - rowStart;
    const sampleCount = rowCount * freqHz.length * corrCount;
    if (this.#flags.length < sampleCount) {
      this.#vis = new Float32Array(2 * sampleCount);
      this.#flags = new Uint8Array(sampleCount);
    }
    if (this.#modelColumn !== null && this.#model.length < 2 * sampleCount)
      this.#model = new Float32Array(2 * sampleCount);
    if (this.#weights.length < rowCount * corrCount) this.#weights = new Float32Array(rowCount * corrCount);
    if (this.#uvwM.length < 3 * rowCount) this.#uvwM = new Float64Array(3 * rowCount);
    const block = {
      vis: this.#vis.subarray(0, 2 * sampleCount),
      flags: this.#flags.subarray(0, sampleCount),
      weights: this.#weights.subarray(0, rowCount * corrCount),
      uvwM: this.#uvwM.subarray(0, 3 * rowCount),
      model: this.#modelColumn === null ? null : this.#model.subarray(0, 2 * sampleCount),
    };
    this.#main.column(this.#dataColumn).getCellsInto(rowStart, rowEnd, block.vis);
    this.#main.column("FLAG").getCellsInto(rowStart, rowEnd, block.flags);
    if (this.#modelColumn !== null)
      this.#main.column(this.#modelColumn).getCellsInto(rowStart, rowEnd, this.#model.subarray(0, 2 * sampleCount));
    this.#main.column(this.#weightColumn).getCellsInto(rowStart, rowEnd, block.weights);
    this.#main.column("UVW").getCellsInto(rowStart, rowEnd, block.uvwM);
    const perRow = freqHz.length * corrCount;
    for (let row = 0; row < rowCount; row++)
      if (this.#flagRows[rowStart + row] === 1) block.flags.fill(1, row * perRow, (row + 1) * perRow);
    return block;
  }
}
