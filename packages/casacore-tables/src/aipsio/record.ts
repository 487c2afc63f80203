/** Keyword sets as AipsIO objects: `TableRecord` (may refer to tables) and plain `Record`, of the same layout. */
import {
  codeOfArrayType,
  codeOfType,
  recordCode,
  tableCode,
  typeOfArrayCode,
  typeOfCode,
} from "../table/data-types.ts";
import type { DataType, KeywordSet, KeywordValue } from "../table/model.ts";
import type { AipsIoReader } from "./reader.ts";
import type { AipsIoWriter } from "./writer.ts";

/** The object names of the two kinds of record. */
export type RecordObjectName = "TableRecord" | "Record";

type FieldDesc = { readonly name: string; readonly comment: string } & (
  | { readonly kind: "scalar"; readonly type: Exclude<DataType, "record"> }
  | { readonly kind: "array"; readonly type: Exclude<DataType, "record">; readonly shape: readonly number[] }
  | { readonly kind: "record"; readonly fields: readonly FieldDesc[] }
  | { readonly kind: "table"; readonly tableDescName: string }
);

/** casacore marks an array field of any shape by this shape in the description. */
const freeShape: readonly number[] = [-1];

/** 1: fields may be added. The other kind, 0 (fixed), is read alike and not written. */
const variableRecordType = 1;

/**
 * Reads a record object.
 *
 * @param objectName default: TableRecord
 * @throws TableFormatError when a field has a type records cannot hold
 */
export function readRecord(reader: AipsIoReader, objectName: RecordObjectName = "TableRecord"): KeywordSet {
  reader.openObject(objectName, 1);
  const fields = readRecordDesc(reader);
  const recordType = reader.i32();
  if (recordType !== 0 && recordType !== 1) throw reader.error("record type", "0 or 1", `${recordType}`);
  const record = readFields(reader, fields, objectName);
  reader.closeObject();
  return record;
}

function readRecordDesc(reader: AipsIoReader): FieldDesc[] {
  const { version } = reader.openObject("RecordDesc", 2);
  const count = reader.i32();
  if (count < 0 || count * 8 > reader.remainingBytes) {
    throw reader.error("number of fields", `0 to ${Math.floor(reader.remainingBytes / 8)}`, `${count}`);
  }
  const fields: FieldDesc[] = [];
  for (let i = 0; i < count; i++) fields.push(readFieldDesc(reader, version));
  reader.closeObject();
  return fields;
}

function readFieldDesc(reader: AipsIoReader, version: number): FieldDesc {
  const name = reader.string();
  const code = reader.i32();
  const readComment = (): string => (version > 1 ? reader.string() : "");
  const scalarType = typeOfCode(code);
  if (scalarType !== undefined) return { kind: "scalar", name, type: scalarType, comment: readComment() };
  const arrayType = typeOfArrayCode(code);
  if (arrayType !== undefined) {
    const shape = reader.iposition();
    return { kind: "array", name, type: arrayType, shape, comment: readComment() };
  }
  if (code === recordCode) {
    const fields = readRecordDesc(reader);
    return { kind: "record", name, fields, comment: readComment() };
  }
  if (code === tableCode) {
    const tableDescName = reader.string();
    return { kind: "table", name, tableDescName, comment: readComment() };
  }
  throw reader.error(`type of field ${name}`, "a scalar, array, record or table type code", `${code}`);
}

function readFields(reader: AipsIoReader, fields: readonly FieldDesc[], objectName: RecordObjectName): KeywordSet {
  const record = new Map<string, KeywordValue>();
  for (const field of fields) {
    if (record.has(field.name)) throw reader.error("field names", "each once", `${JSON.stringify(field.name)} twice`);
    const value = readField(reader, field, objectName);
    record.set(field.name, field.comment === "" ? value : { ...value, comment: field.comment });
  }
  return record;
}

function readField(reader: AipsIoReader, field: FieldDesc, objectName: RecordObjectName): KeywordValue {
  switch (field.kind) {
    case "scalar":
      return { kind: "scalar", type: field.type, value: reader.scalar(field.type) };
    case "array": {
      const value = reader.array(field.type);
      const isFree = field.shape.length === 1 && field.shape[0] === -1;
      return isFree ? { kind: "array", value } : { kind: "array", value, fixedShape: field.shape };
    }
    case "record":
      // A variable sub-record is described as empty and stored whole; a fixed one has its data inline.
      return field.fields.length === 0
        ? { kind: "record", value: readRecord(reader, objectName) }
        : { kind: "record", value: readFields(reader, field.fields, objectName), fixed: true };
    case "table": {
      const value = { table: reader.string() };
      return field.tableDescName === ""
        ? { kind: "table", value }
        : { kind: "table", value, tableDescName: field.tableDescName };
    }
  }
}

/** Writes a record object; the twin of {@link readRecord}. */
export function writeRecord(
  writer: AipsIoWriter,
  record: KeywordSet,
  objectName: RecordObjectName = "TableRecord",
): void {
  writer.openObject(objectName, 1);
  writeRecordDesc(writer, record);
  writer.i32(variableRecordType);
  writeFields(writer, record, objectName);
  writer.closeObject();
}

/** A fixed record without fields can only be stored as a variable one. */
function isInline(value: KeywordValue): boolean {
  return value.kind === "record" && value.fixed === true && value.value.size > 0;
}

function writeRecordDesc(writer: AipsIoWriter, record: KeywordSet): void {
  writer.openObject("RecordDesc", 2);
  writer.i32(record.size);
  for (const [name, value] of record) {
    writer.string(name);
    switch (value.kind) {
      case "scalar":
        writer.i32(codeOfType(value.type));
        break;
      case "array":
        writer.i32(codeOfArrayType(value.value.type));
        writer.iposition(value.fixedShape ?? freeShape);
        break;
      case "record":
        writer.i32(recordCode);
        writeRecordDesc(writer, isInline(value) ? value.value : new Map());
        break;
      case "table":
        writer.i32(tableCode);
        writer.string(value.tableDescName ?? "");
        break;
    }
    writer.string(value.comment ?? "");
  }
  writer.closeObject();
}

function writeFields(writer: AipsIoWriter, record: KeywordSet, objectName: RecordObjectName): void {
  for (const value of record.values()) {
    switch (value.kind) {
      case "scalar":
        writer.scalar(value.type, value.value);
        break;
      case "array":
        writer.array(value.value);
        break;
      case "record":
        if (isInline(value)) writeFields(writer, value.value, objectName);
        else writeRecord(writer, value.value, objectName);
        break;
      case "table":
        writer.string(value.value.table);
        break;
    }
  }
}
