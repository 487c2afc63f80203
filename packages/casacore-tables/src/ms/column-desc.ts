/** Columns of the Measurement Set definition by name, for tables that are changed rather than made. */

import type { ColumnDesc } from "../table/model.ts";
import { mainSchema } from "./main-schema.ts";
import type { MainColumn, Subtable } from "./ms-spec.ts";
import type { SchemaColumn } from "./schema-column.ts";
import { subtableSchema } from "./subtable-schema.ts";

/** Describes a column of MAIN: type, axes, comment, units and measure, as the standard has them. */
export function mainColumnDesc(name: MainColumn): ColumnDesc {
  return find(mainSchema, "MAIN", name);
}

/** Describes a column of a subtable. @throws RangeError when the standard has none of this name */
export function subtableColumnDesc(subtable: Subtable, name: string): ColumnDesc {
  return find(subtableSchema[subtable], subtable, name);
}

function find(schema: readonly SchemaColumn[], table: string, name: string): ColumnDesc {
  const found = schema.find(({ desc }) => desc.name === name);
  if (found === undefined) throw new RangeError(`${table}: expected a column of the standard, found ${name}`);
  return found.desc;
}
