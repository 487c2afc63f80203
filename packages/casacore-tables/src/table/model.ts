/** What a casacore table is, as plain data: descriptions, keywords and values. No I/O. */

/** Scalar value types of casacore, by their name in TaQL and python-casacore. */
export type DataType =
  | "bool"
  | "char"
  | "uchar"
  | "short"
  | "ushort"
  | "int"
  | "uint"
  | "int64"
  | "float"
  | "double"
  | "complex"
  | "dcomplex"
  | "string"
  | "record";

/** Storage of the elements of each numeric type. Complex types interleave re, im. Bool is one byte an element, 0 or 1. */
export type NumericArray =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/**
 * An array value. `shape` is in casacore (Fortran) order: axis 0 varies fastest, so that the
 * numpy shape of the same bytes is `shape` reversed. Strings are held in a plain list.
 */
export interface ArrayValue {
  readonly type: Exclude<DataType, "record">;
  readonly shape: readonly number[];
  readonly data: NumericArray | readonly string[];
}

export interface ComplexValue {
  readonly re: number;
  readonly im: number;
}

/** A reference to another table, held by a keyword such as ANTENNA of a Measurement Set; the path as it is stored. */
export interface TableReference {
  readonly table: string;
}

/** One scalar; `bigint` for int64 only. */
export type ScalarValue = boolean | number | bigint | string | ComplexValue;

/**
 * One field of a keyword set; its type is kept, so that what is read can be written again to the same bytes.
 * A `fixed` record has its structure in the description of its parent (rare; casacore writes variable records);
 * an array with `fixedShape` may not change its shape (also rare). `comment` is empty when absent.
 */
export type KeywordValue =
  | {
      readonly kind: "scalar";
      readonly type: Exclude<DataType, "record">;
      readonly value: ScalarValue;
      readonly comment?: string;
    }
  | {
      readonly kind: "array";
      readonly value: ArrayValue;
      readonly fixedShape?: readonly number[];
      readonly comment?: string;
    }
  | { readonly kind: "record"; readonly value: KeywordSet; readonly fixed?: boolean; readonly comment?: string }
  | {
      readonly kind: "table";
      readonly value: TableReference;
      readonly tableDescName?: string;
      readonly comment?: string;
    };

/** Keywords in their stored order. */
export type KeywordSet = ReadonlyMap<string, KeywordValue>;

export interface ColumnDesc {
  readonly name: string;
  readonly comment: string;
  readonly type: DataType;
  /** Scalars, or arrays of `ndim` axes (-1: any), of one fixed `shape` or of a shape that each row has. */
  readonly form: "scalar" | "array";
  readonly ndim: number;
  readonly shape?: readonly number[];
  /** casacore's option bits: 1 Direct, 2 Undefined, 4 FixedShape. */
  readonly option: number;
  /** Longest string, in bytes; 0: no limit. */
  readonly maxLengthBytes: number;
  readonly dataManagerType: string;
  readonly dataManagerGroup: string;
  readonly keywords: KeywordSet;
  /** Scalar columns: what a new row holds. Absent: zero, false or an empty string. */
  readonly defaultValue?: ScalarValue;
}

export interface TableDesc {
  readonly name: string;
  readonly version: string;
  readonly comment: string;
  readonly keywords: KeywordSet;
  readonly privateKeywords: KeywordSet;
  readonly columns: readonly ColumnDesc[];
}

/** The text file `table.info`. */
export interface TableInfo {
  readonly type: string;
  readonly subType: string;
  readonly readme: string;
}
