/** How calibration tables are applied to a Measurement Set: decided from what both say of themselves, before data are read. */

import { type CalTableType, orderIndexOf, typeOfCalPath } from "./cal-table.ts";
import { type ErrorCode, PipelineError } from "./error-codes.ts";

export const timeInterpolations = ["nearest", "linear"] as const;
export type TimeInterpolation = (typeof timeInterpolations)[number];

/** Those in `flag` flag a channel whose neighbours in the table are flagged; the others pass over flagged ones. */
export const freqInterpolations = ["nearest", "linear", "nearestflag", "linearflag"] as const;
export type FreqInterpolation = (typeof freqInterpolations)[number];

/** How the calibrated data are handed on: calibrated anew by whoever reads them, or written into CORRECTED_DATA. */
export const applyModes = ["on-the-fly", "corrected-data"] as const;
export type ApplyMode = (typeof applyModes)[number];

/** What a spectral window is for matching: its channels. Frequencies rise or fall. */
export interface WindowOutline {
  readonly spwId: number;
  readonly freqHz: Float64Array;
  readonly chanWidthHz: Float64Array;
}

/** What a calibration table says of itself. */
export interface CalTableOutline {
  readonly path: string;
  /** Such as `B Jones`. */
  readonly visCal: string;
  readonly antennaNames: readonly string[];
  /** ITRF [antenna, 3]; zeros where the table does not say. */
  readonly positionsM: Float64Array;
  readonly windows: readonly (WindowOutline & { readonly hasSolutions: boolean })[];
}

/** What a Measurement Set says of itself. */
export interface ApplyTarget {
  readonly path: string;
  readonly antennaNames: readonly string[];
  readonly positionsM: Float64Array;
  /** [antenna], 1: there are rows with it. */
  readonly isUsed: Uint8Array;
  /** By DATA_DESC_ID. */
  readonly windows: readonly WindowOutline[];
}

/** Tables of one type: one, or several that hold at different times and are interpolated between. */
export interface CalTableGroup {
  readonly type: CalTableType;
  readonly orderIndex: number;
  readonly tables: readonly CalTableOutline[];
}

export interface ApplyOptions {
  /** null: bandpass and delays nearest, gains linear. */
  readonly timeInterpolation: TimeInterpolation | null;
  readonly freqInterpolation: FreqInterpolation;
  /** Window of the table for each spectral window of the Measurement Set, as CASA's spwmap; null: by frequency. */
  readonly spwMapIds: readonly number[] | null;
  readonly calibratesWeights: boolean;
}

export const defaultApplyOptions: ApplyOptions = {
  timeInterpolation: null,
  freqInterpolation: "linearflag",
  spwMapIds: null,
  calibratesWeights: true,
};

export type CalTermKind = "bandpass" | "gain" | "delay";

/** One table of a term, with what of the Measurement Set takes what of it. */
export interface TermTable {
  readonly path: string;
  /** By antenna of the Measurement Set; −1: it has no rows and needs none. */
  readonly tableAntennaIds: Int32Array;
  /** By DATA_DESC_ID, then channel: window of the table, −1: none, the channel is flagged. */
  readonly chanSpwIds: readonly Int32Array[];
}

/** One factor of the gains. */
export interface CalTerm {
  readonly type: CalTableType;
  readonly kind: CalTermKind;
  readonly tables: readonly TermTable[];
  readonly timeInterpolation: TimeInterpolation;
  readonly freqInterpolation: FreqInterpolation;
}

export interface CalApplyPlan {
  readonly msPath: string;
  /** In the order in which they are applied. */
  readonly terms: readonly CalTerm[];
  readonly calibratesWeights: boolean;
}

/** Antennas of one name are the same when they stand so near each other; pads of the DSA-110 are 5.75 m apart. */
export const SAME_PLACE_M = 1;

const problem = (code: ErrorCode, path: string, what: string, expected: string, found: string) =>
  new PipelineError(code, `${path}: ${what}: expected ${expected}, found ${found}`, { subject: path });

const KIND_OF_VIS_CAL: ReadonlyMap<string, CalTermKind> = new Map([
  ["B", "bandpass"],
  ["G", "gain"],
  ["T", "gain"],
  ["K", "delay"],
]);

/** @throws PipelineError CAL_NOT_APPLICABLE for leakages, polynomials and what else CASA has */
export function termKindOf({ path, visCal }: Pick<CalTableOutline, "path" | "visCal">): CalTermKind {
  const kind = KIND_OF_VIS_CAL.get(visCal.split(" ")[0]!);
  if (kind) return kind;
  throw problem("CAL_NOT_APPLICABLE", path, "VisCal", "B Jones, G Jones, T Jones or K Jones", visCal);
}

const TYPE_OF_KIND: Readonly<Record<CalTermKind, CalTableType>> = { bandpass: "BP", gain: "GP", delay: "K" };

/** Tables that somebody names, each a factor of its own: of the type that its name says, else of its kind's usual one. */
export const groupsOfTables = (tables: readonly CalTableOutline[]): readonly CalTableGroup[] =>
  tables.map((table) => {
    const type = typeOfCalPath(table.path) ?? TYPE_OF_KIND[termKindOf(table)];
    return { type, orderIndex: orderIndexOf(type), tables: [table] };
  });

/**
 * @param groups in any order; of two with the same order index the first stays first
 * @throws PipelineError CAL_NOT_APPLICABLE when a table is of another array, lacks antennas or windows, or is of a kind that
 *         is not known
 */
export function planCalApply(
  groups: readonly CalTableGroup[],
  target: ApplyTarget,
  options: ApplyOptions,
): CalApplyPlan {
  if (groups.length === 0)
    throw problem("CAL_NOT_APPLICABLE", target.path, "calibration tables", "one at least", "none");
  const terms = groups
    .toSorted((a, b) => a.orderIndex - b.orderIndex)
    .map(({ type, tables }): CalTerm => {
      const kinds = tables.map(termKindOf);
      const kind = kinds[0]!;
      const other = kinds.findIndex((one) => one !== kind);
      if (other > 0)
        throw problem(
          "CAL_NOT_APPLICABLE",
          tables[other]!.path,
          "kind",
          `${kind} as ${tables[0]!.path}`,
          kinds[other]!,
        );
      return {
        type,
        kind,
        tables: tables.map((table) => ({
          path: table.path,
          tableAntennaIds: matchAntennas(table, target),
          chanSpwIds: matchWindows(table, kind, target, options.spwMapIds),
        })),
        timeInterpolation: options.timeInterpolation ?? (kind === "gain" ? "linear" : "nearest"),
        freqInterpolation: options.freqInterpolation,
      };
    });
  return { msPath: target.path, terms, calibratesWeights: options.calibratesWeights };
}

const few = (names: readonly string[]) =>
  names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;

/** By name: ids differ between arrays of another size or order. */
function matchAntennas(table: CalTableOutline, target: ApplyTarget): Int32Array {
  const found = new Int32Array(target.antennaNames.length).fill(-1);
  const missing: string[] = [];
  const moved: string[] = [];
  for (const [antenna, name] of target.antennaNames.entries()) {
    if (target.isUsed[antenna] === 0) continue;
    const at = table.antennaNames.indexOf(name);
    const isDouble =
      table.antennaNames.lastIndexOf(name) !== at ||
      target.antennaNames.some((other, id) => id !== antenna && other === name && target.isUsed[id] !== 0);
    if (isDouble)
      throw problem("CAL_NOT_APPLICABLE", table.path, "antenna names", `one antenna ${name}`, "several of that name");
    found[antenna] = at;
    if (at < 0) missing.push(name);
    else if (distanceM(table.positionsM, at, target.positionsM, antenna) > SAME_PLACE_M) moved.push(name);
  }
  const usedCount = target.isUsed.reduce((sum, used) => sum + used, 0);
  if (missing.length > 0)
    throw problem(
      "CAL_NOT_APPLICABLE",
      table.path,
      `antennas with data in ${target.path}`,
      `all ${usedCount} by name`,
      `${table.antennaNames.length} antennas without ${few(missing)}`,
    );
  if (moved.length > 0)
    throw problem(
      "CAL_NOT_APPLICABLE",
      table.path,
      "places of antennas",
      `those of ${target.path} within ${SAME_PLACE_M} m`,
      `${moved.length} of ${usedCount} elsewhere: ${few(moved)}; it is a table of another array`,
    );
  return found;
}

/** 0 where one of the two does not say where it is. */
function distanceM(one: Float64Array, a: number, other: Float64Array, b: number): number {
  const [x, y, z] = [0, 1, 2].map((axis) => one[3 * a + axis]! - other[3 * b + axis]!) as [number, number, number];
  const isGiven = (positions: Float64Array, at: number) =>
    [0, 1, 2].some((axis) => positions[3 * at + axis] !== 0 && Number.isFinite(positions[3 * at + axis]!));
  return isGiven(one, a) && isGiven(other, b) ? Math.hypot(x, y, z) : 0;
}

/** Edges of the frequencies that a window covers. */
function rangeHz({ freqHz, chanWidthHz }: WindowOutline): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [chan, hz] of freqHz.entries()) {
    const half = Math.abs(chanWidthHz[chan] ?? 0) / 2;
    low = Math.min(low, hz - half);
    high = Math.max(high, hz + half);
  }
  return [low, high];
}

/**
 * By frequency, channel by channel: ids of windows differ where subbands are missing or were joined. One window with
 * solutions of gains or delays holds for all: it was solved on all of them together.
 */
function matchWindows(
  table: CalTableOutline,
  kind: CalTermKind,
  target: ApplyTarget,
  spwMapIds: readonly number[] | null,
): readonly Int32Array[] {
  const solved = table.windows.filter(({ hasSolutions }) => hasSolutions);
  const ranges = solved.map((window) => ({ spwId: window.spwId, range: rangeHz(window) }));
  return target.windows.map((window) => {
    const found = new Int32Array(window.freqHz.length).fill(-1);
    const refuse = (expected: string, what: string) =>
      problem(
        "CAL_NOT_APPLICABLE",
        table.path,
        `spectral window ${window.spwId} of ${target.path}`,
        expected,
        what === "" ? `solutions of ${solved.map(({ spwId }) => spwId).join(", ") || "none"}` : what,
      );
    if (spwMapIds !== null) {
      const spwId = spwMapIds[window.spwId];
      if (spwId === undefined) throw refuse("an entry of the spwmap for it", `${spwMapIds.length} entries`);
      if (!solved.some((one) => one.spwId === spwId)) throw refuse(`solutions of window ${spwId} of the table`, "");
      return found.fill(spwId);
    }
    const only = solved.length === 1 ? solved[0]! : undefined;
    if (kind !== "bandpass" && only) return found.fill(only.spwId);
    for (const [chan, hz] of window.freqHz.entries()) {
      const covering = ranges.filter(({ range: [low, high] }) => hz >= low - 1 && hz <= high + 1);
      const best = covering.find(({ spwId }) => spwId === window.spwId) ?? covering[0];
      if (best) found[chan] = best.spwId;
    }
    if (found.every((spwId) => spwId < 0)) {
      const [low, high] = rangeHz(window).map((hz) => (hz / 1e6).toFixed(3));
      throw refuse(`solutions at ${low} to ${high} MHz; an spwmap says which window is meant`, "");
    }
    return found;
  });
}
