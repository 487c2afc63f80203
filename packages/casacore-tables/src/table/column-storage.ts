/** Which storage manager a new column gets, and what its description says of it. */
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
