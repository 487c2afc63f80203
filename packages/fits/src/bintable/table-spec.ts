/** What is said to write a binary table. */
import type { FitsHeader } from "../header/header.ts";
import type { IntegerStorage } from "../image/image-spec.ts";
import type { ColumnValues } from "./column-values.ts";

/** What is common to all columns. */
export interface ColumnTexts {
  /** TTYPE. */
  readonly name: string;
  /** TUNIT. */
  readonly unit?: string;
  /** TDISP. */
  readonly display?: string;
  /** TNULL of integers, which are written as they are. */
  readonly nullValue?: number | bigint;
}

/** A column of cells of one shape. */
export type FixedColumnSpec = ColumnTexts &
  ColumnValues & {
    /** First axis first; default one value. Of text without its characters. */
    readonly cellShape?: readonly number[];
    /** Characters of each string; default those of the longest. */
    readonly charCount?: number;
    /** Stores floating-point numbers as scaled integers, NaN as TNULL. */
    readonly storage?: IntegerStorage;
  };

/** A column whose cells have lengths of their own, all of one kind and type. */
export interface VariableColumnSpec extends ColumnTexts {
  readonly kind: "variable";
  readonly cells: readonly ColumnValues[];
  /** 32-bit or 64-bit descriptors; default 64-bit only where the heap needs them. */
  readonly descriptor?: "P" | "Q";
}

/** A binary table to be written. */
export interface TableSpec {
  readonly rowCount: number;
  readonly columns: readonly (FixedColumnSpec | VariableColumnSpec)[];
  /** EXTNAME. */
  readonly name?: string;
  /** Further keywords. Those that describe the layout are made anew. */
  readonly header?: FitsHeader;
}
