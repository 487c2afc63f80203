/**
 * casacore tables without Node: types, errors and layouts. To open and write tables by path use
 * `@contimg/casacore-tables/node`.
 */
export type * from "./caltable/cal-table-spec.ts";
export * from "./errors.ts";
export * from "./ms/column-desc.ts";
export type * from "./ms/ms-spec.ts";
export type { ByteSource } from "./storage/byte-source.ts";
export * from "./storage/tiled-plan.ts";
export type * from "./storage/tiled-rows.ts";
export type { Column } from "./table/column.ts";
export * from "./table/keywords.ts";
export type * from "./table/model.ts";
export { openTableFrom, type Table, type TableSources } from "./table/open-table.ts";
export type * from "./table/publish-table.ts";
export type * from "./table/table-spec.ts";
export type * from "./table/update-spec.ts";
