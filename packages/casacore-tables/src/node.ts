/** Tables by path. */
import type { MeasurementSetBuilder, MeasurementSetSpec } from "./ms/ms-spec.ts";
import type { TiledColumnPlan } from "./storage/tiled-plan.ts";
import type { TiledRowWriter } from "./storage/tiled-rows.ts";
import type { PublishOptions } from "./table/publish-table.ts";
import type { TableBuilder, TableSpec } from "./table/table-spec.ts";

export * from "./index.ts";

/** Starts a new table in a directory that does not exist yet. @throws TableWriteError when it does */
export declare function createTable(path: string, spec: TableSpec): TableBuilder;
/** Starts a new Measurement Set in a directory that does not exist yet. @throws TableWriteError when it does */
export declare function createMeasurementSet(path: string, spec: MeasurementSetSpec): MeasurementSetBuilder;
/** Opens the file of a tiled column, in this or any other thread, to write rows of it. */
export declare function openTiledRows(plan: TiledColumnPlan): TiledRowWriter;
/** Moves a finished table to its final name. @throws TableWriteError when something has that name already */
export declare function publishTable(stagingPath: string, finalPath: string, options?: PublishOptions): Promise<void>;
