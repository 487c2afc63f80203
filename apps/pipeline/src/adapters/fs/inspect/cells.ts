/** Columns of tables that others wrote: what is missing is undefined, what is there is read. */

import {
  type Column,
  isCasacoreTableError,
  type KeywordSet,
  type NumericArray,
  type Table,
} from "@contimg/casacore-tables/node";

/** The column, or undefined when the table has none of this name. */
export function columnOf(table: Table, name: string): Column | undefined {
  return table.hasColumn(name) ? table.column(name) : undefined;
}

/** The subtable, or undefined when no keyword names it or it is not where the keyword says. The caller closes it. */
export function subtableOf(table: Table, name: string): Table | undefined {
  if (table.keywords.get(name)?.kind !== "table") return undefined;
  try {
    return table.subtable(name);
  } catch (error) {
    if (isCasacoreTableError(error, "TableNotFound")) return undefined;
    throw error;
  }
}

/** All values of a scalar column of numbers (int64 rounded); `otherwise` in each row when there is no such column. */
export function numbersOf(table: Table, name: string, otherwise: number): Float64Array {
  const column = columnOf(table, name);
  if (column === undefined || column.form !== "scalar" || column.type === "string" || column.type === "record")
    return new Float64Array(table.rowCount).fill(otherwise);
  return Float64Array.from(column.getScalarRange(0, table.rowCount) as NumericArray, Number);
}

/** All values of a scalar column of strings; "" in each row when there is no such column. */
export function stringsOf(table: Table, name: string): readonly string[] {
  const column = columnOf(table, name);
  if (column === undefined || column.form !== "scalar" || column.type !== "string")
    return new Array<string>(table.rowCount).fill("");
  return column.getScalarRange(0, table.rowCount) as string[];
}

/** The numbers of an array cell; undefined when the column or the value is missing. */
export function arrayOf(table: Table, name: string, row: number): Float64Array | undefined {
  const column = columnOf(table, name);
  if (column === undefined || column.form !== "array" || column.type === "string" || column.type === "record")
    return undefined;
  if (!column.isDefined(row)) return undefined;
  return Float64Array.from(column.getArray(row).data as NumericArray, Number);
}

/** A string among the keywords, else "". */
export function textKeyword(keywords: KeywordSet, name: string): string {
  const value = keywords.get(name);
  return value?.kind === "scalar" && typeof value.value !== "object" ? String(value.value) : "";
}

/**
 * The reference frame of a column with measures in one row: MEASINFO's `Ref`, or by the code or name in the column that
 * `VarRefCol` names.
 */
export function frameOf(table: Table, name: string, row: number): string {
  const info = columnOf(table, name)?.keywords.get("MEASINFO");
  if (info?.kind !== "record") return "";
  const variable = textKeyword(info.value, "VarRefCol");
  if (variable === "" || !table.hasColumn(variable)) return textKeyword(info.value, "Ref");
  const column = table.column(variable);
  const stored = column.getScalar(row);
  if (typeof stored === "string") return stored;
  const code = Number(stored);
  const [names, codes] = [info.value.get("TabRefTypes"), info.value.get("TabRefCodes")];
  if (names?.kind !== "array" || codes?.kind !== "array") return `code ${code}`;
  const at = Array.from(codes.value.data as NumericArray, Number).indexOf(code);
  return at < 0 ? `code ${code}` : String(names.value.data[at]);
}

/** Rows in pieces of at most `pieceRowCount`. */
export function* rowPieces(rowCount: number, pieceRowCount: number): Generator<readonly [number, number]> {
  for (let start = 0; start < rowCount; start += pieceRowCount)
    yield [start, Math.min(start + pieceRowCount, rowCount)] as const;
}
