/** How a column of the Measurement Set standard is described, in few words, and made into the description that tables hold. */
import type { ArrayValue, ColumnDesc, DataType, KeywordSet, KeywordValue } from "../table/model.ts";

/** A column of the standard. */
export interface SchemaColumn {
  readonly desc: ColumnDesc;
  readonly isOptional: boolean;
}

export interface SchemaOptions {
  /** Arrays: number of axes, -1 when any. */
  readonly ndim?: number;
  /** Arrays of one shape, which are stored with the scalars unless a tiled manager takes them. */
  readonly shape?: readonly number[];
  /** Units, one for each axis of the measure. */
  readonly units?: string;
  /** Measure and its reference frame, or the column in which each row has the code of its frame. */
  readonly measure?: readonly [type: string, frame: string | { readonly refColumn: string }];
  /** Lists of names that users of the column may fill. */
  readonly nameLists?: readonly string[];
  readonly isOptional?: boolean;
}

/** Frames of frequencies, by the codes of MEAS_FREQ_REF. */
const frequencyFrames = new Map([
  ["REST", 0],
  ["LSRK", 1],
  ["LSRD", 2],
  ["BARY", 3],
  ["GEO", 4],
  ["TOPO", 5],
  ["GALACTO", 6],
  ["LGROUP", 7],
  ["CMB", 8],
  ["Undefined", 64],
]);

/** casacore's option bits Direct and FixedShape. */
const directFixedOption = 5;

/** Describes a column. `dataManagerType` is left to the storage manager that the column gets. */
export function column(name: string, type: DataType, comment: string, options: SchemaOptions = {}): SchemaColumn {
  const isArray = options.ndim !== undefined || options.shape !== undefined;
  const desc: ColumnDesc = {
    name,
    comment,
    type,
    form: isArray ? "array" : "scalar",
    ndim: options.shape?.length ?? options.ndim ?? 0,
    ...(options.shape === undefined ? {} : { shape: options.shape }),
    option: options.shape === undefined ? 0 : directFixedOption,
    maxLengthBytes: 0,
    dataManagerType: "",
    dataManagerGroup: "",
    keywords: keywordsOf(options),
  };
  return { desc, isOptional: options.isOptional ?? false };
}

function keywordsOf({ units, measure, nameLists = [] }: SchemaOptions): KeywordSet {
  const keywords = new Map<string, KeywordValue>();
  if (units !== undefined) keywords.set("QuantumUnits", texts(units.split(" ")));
  if (measure !== undefined) {
    const [type, frame] = measure;
    const info = new Map<string, KeywordValue>([["type", text(type)]]);
    if (typeof frame === "string") info.set("Ref", text(frame));
    else {
      const codes = Uint32Array.from(frequencyFrames.values());
      info.set("VarRefCol", text(frame.refColumn));
      info.set("TabRefTypes", texts([...frequencyFrames.keys()]));
      info.set("TabRefCodes", { kind: "array", value: { type: "uint", shape: [codes.length], data: codes } });
    }
    keywords.set("MEASINFO", { kind: "record", value: info });
  }
  for (const name of nameLists) keywords.set(name, texts([]));
  return keywords;
}

function text(value: string): KeywordValue {
  return { kind: "scalar", type: "string", value };
}

function texts(data: readonly string[]): KeywordValue {
  const value: ArrayValue = { type: "string", shape: [data.length], data };
  return { kind: "array", value };
}
