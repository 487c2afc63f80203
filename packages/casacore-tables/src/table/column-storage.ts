/** Which storage manager a new column gets, and what its description says of it. */
import { sameShape } from "../storage/cell-values.ts";
import type { TiledType } from "../storage/tiled-plan.ts";
import type { ColumnDesc, KeywordValue } from "./model.ts";
import type { ColumnContent, WritableManager } from "./table-spec.ts";

/** Notes the storage manager in a description that names none. */
export function describeStorage(desc: ColumnDesc, managerType: string, managerName: string): ColumnDesc {
  if (desc.dataManagerType !== "") return desc;
  return { ...desc, dataManagerType: managerType, dataManagerGroup: managerName };
}

/** Long runs go where they cost nothing, arrays of one shape into tiles, everything else to StandardStMan. */
export function defaultManager(desc: ColumnDesc, content: ColumnContent): WritableManager {
  if (content.kind === "constant" || content.kind === "runs") return "IncrementalStMan";
  const isArrayOfNumbers = desc.form === "array" && desc.type !== "string" && desc.type !== "record";
  if ((content.kind === "values" || content.kind === "fill") && isArrayOfNumbers && (desc.option & 1) === 0) {
    return desc.shape === undefined ? "TiledShapeStMan" : "TiledColumnStMan";
  }
  return "StandardStMan";
}

/** What casacore notes of a tiled manager: its axes and its column. */
export function hypercolumnKeyword(columnName: string, axisCount: number): KeywordValue {
  const names = (data: readonly string[]): KeywordValue => ({
    kind: "array",
    value: { type: "string", shape: [data.length], data },
  });
  const value = new Map<string, KeywordValue>([
    ["ndim", { kind: "scalar", type: "uint", value: axisCount }],
    ["data", names([columnName])],
    ["coord", names([])],
    ["id", names([])],
  ]);
  return { kind: "record", value };
}

/** An array of numbers, which tiles can hold. */
export type TiledDesc = ColumnDesc & { readonly type: TiledType };

/** Why a tiled manager cannot hold a column: what it needs, and what there is. */
export interface TileRefusal {
  readonly expected: string;
  readonly found: string;
}

/** What stands against a tiled column; undefined: nothing. */
export function refusalOfTiles(
  desc: ColumnDesc,
  manager: WritableManager,
  cellShape: readonly number[] | undefined,
): TileRefusal | undefined {
  if (!isTileable(desc)) {
    return { expected: "an array of numbers for a tiled storage manager", found: `${desc.form} of ${desc.type}` };
  }
  if (manager === "TiledColumnStMan" && desc.shape === undefined) {
    return { expected: "a fixed shape for TiledColumnStMan", found: "none" };
  }
  if (desc.ndim < 1) return { expected: "a number of axes for a tiled storage manager", found: "any" };
  if (cellShape === undefined) return undefined;
  if (cellShape.length !== desc.ndim) return { expected: `cells of ${desc.ndim} axes`, found: `[${cellShape}]` };
  if (desc.shape !== undefined && !sameShape(desc.shape, cellShape)) {
    return { expected: `cells of shape [${desc.shape}]`, found: `[${cellShape}]` };
  }
  return undefined;
}

/** Whether a column is one of arrays of numbers. */
export function isTileable(desc: ColumnDesc): desc is TiledDesc {
  return desc.form === "array" && desc.type !== "string" && desc.type !== "record";
}
