/**
 * casacore tables without Node: types, errors and layouts. To open and write tables by path use
 * `@contimg/casacore-tables/node`.
 */
export * from "./errors.ts";
export type * from "./ms/ms-spec.ts";
export * from "./storage/tiled-plan.ts";
export type * from "./storage/tiled-rows.ts";
export type * from "./table/model.ts";
export type * from "./table/publish-table.ts";
export type * from "./table/table-spec.ts";
