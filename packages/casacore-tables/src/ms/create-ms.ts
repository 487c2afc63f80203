/** Writing a Measurement Set: the MAIN table with the columns of the standard, and its subtables from plain rows. */
import { TableWriteError } from "../errors.ts";
import type { TiledColumnPlan, TiledType } from "../storage/tiled-plan.ts";
import { buildTable } from "../table/create-table.ts";
import type { ColumnDesc, KeywordValue } from "../table/model.ts";
import type { TableFiles } from "../table/table-files.ts";
import type {
  CellInput,
  ColumnContent,
  FinishOptions,
  StorageChoice,
  TableBuilder,
  TiledColumnSpec,
  WritableManager,
} from "../table/table-spec.ts";
import { mainSchema } from "./main-schema.ts";
import type { MainColumn, MeasurementSetBuilder, MeasurementSetSpec, Subtable, SubtableRow } from "./ms-spec.ts";
import { subtableSchema } from "./subtable-schema.ts";

/** In the order in which casacore makes them. */
const requiredSubtables: readonly Subtable[] = [
  "ANTENNA",
  "DATA_DESCRIPTION",
  "FEED",
  "FLAG_CMD",
  "FIELD",
  "HISTORY",
  "OBSERVATION",
  "POINTING",
  "POLARIZATION",
  "PROCESSOR",
  "SPECTRAL_WINDOW",
  "STATE",
];

/** Columns without which a Measurement Set says nothing; the others are 0 when nobody gives them. */
const indispensable: readonly MainColumn[] = ["UVW", "FLAG", "WEIGHT", "SIGMA", "TIME"];

/** Names that CASA gives the storage managers. */
const managerNames: Readonly<Partial<Record<string, string>>> = {
  DATA: "TiledData",
  FLAG: "TiledFlag",
  FLAG_CATEGORY: "TiledFlagCategory",
  WEIGHT_SPECTRUM: "TiledWgtSpectrum",
  SIGMA_SPECTRUM: "TiledSigmaSpectrum",
  UVW: "TiledUVW",
  WEIGHT: "TiledWgt",
  SIGMA: "TiledSigma",
  MODEL_DATA: "TiledModelData",
  CORRECTED_DATA: "TiledCorrectedData",
};

const infoReadme = "This is a MeasurementSet Table holding measurements from a Telescope\n";

/** See `createMeasurementSet` of the node entry. */
export function buildMeasurementSet(files: TableFiles, path: string, spec: MeasurementSetSpec): MeasurementSetBuilder {
  const versionKeyword: KeywordValue = {
    kind: "scalar",
    type: "float",
    value: 2,
    comment: "MS version number, i.e., 2.0",
  };
  const main = buildTable(files, path, {
    rowCount: spec.rowCount,
    infoType: "Measurement Set",
    infoReadme,
    keywords: new Map([["MS_VERSION", versionKeyword]]),
  });
  return new NewMeasurementSet(main, spec);
}

class NewMeasurementSet implements MeasurementSetBuilder {
  readonly main: TableBuilder;
  private readonly subtables = new Map<Subtable, readonly SubtableRow[]>();
  private readonly subtableKeywords: { table: Subtable; columnName: string; keyword: string; value: KeywordValue }[] =
    [];

  constructor(main: TableBuilder, spec: MeasurementSetSpec) {
    this.main = main;
    for (const [name, rows] of Object.entries(spec.subtables)) {
      this.setSubtable(name as Subtable, rows);
    }
  }

  get path(): string {
    return this.main.path;
  }

  get rowCount(): number {
    return this.main.rowCount;
  }

  setColumn(name: MainColumn, content: ColumnContent, storage?: StorageChoice): void {
    const desc = this.describe(name);
    const manager = storage?.manager ?? mainManager(desc, content);
    const isTiled = manager === "TiledColumnStMan" || manager === "TiledShapeStMan";
    const managerName = storage?.name ?? (isTiled ? managerNames[name] : undefined);
    const choice = managerName === undefined ? { manager } : { manager, name: managerName };
    this.main.addColumn(desc, content, { ...storage, ...choice });
  }

  addTiledColumn(name: MainColumn, spec: TiledColumnSpec): TiledColumnPlan {
    const desc = this.describe(name);
    const managerName = spec.name ?? managerNames[name];
    return this.main.addTiledColumn(
      desc as ColumnDesc & { readonly type: TiledType },
      managerName === undefined ? spec : { ...spec, name: managerName },
    );
  }

  private describe(name: string): ColumnDesc {
    const found = mainSchema.find(({ desc }) => desc.name === name);
    if (found === undefined) throw new TableWriteError(this.path, "column", "one of the MAIN table's definition", name);
    return found.desc;
  }

  setColumnKeyword(name: MainColumn, keyword: string, value: KeywordValue): void {
    this.main.setColumnKeyword(name, keyword, value);
  }

  setSubtable(name: Subtable, rows: readonly SubtableRow[]): void {
    if (!(name in subtableSchema)) throw new TableWriteError(this.path, "subtable", "one of the definition", name);
    this.subtables.set(name, rows);
  }

  setSubtableColumnKeyword(table: Subtable, columnName: string, keyword: string, value: KeywordValue): void {
    this.subtableKeywords.push({ table, columnName, keyword, value });
  }

  startSync(name: MainColumn): void {
    this.main.startSync(name);
  }

  async finish(options?: FinishOptions): Promise<void> {
    const missing = indispensable.filter((name) => !this.main.hasColumn(name));
    if (missing.length > 0)
      throw new TableWriteError(this.path, "columns of MAIN", `${missing.join(", ")}`, "no values for them");
    this.fillRequired();
    const others = [...this.subtables.keys()].filter((name) => !requiredSubtables.includes(name));
    for (const name of [...requiredSubtables, ...others.toSorted()]) {
      await this.writeSubtable(name, this.subtables.get(name) ?? [], options);
    }
    await this.main.finish(options);
  }

  private fillRequired(): void {
    for (const { desc, isOptional } of mainSchema) {
      if (isOptional || this.main.hasColumn(desc.name)) continue;
      if (desc.name === "FLAG_CATEGORY") {
        this.main.addColumn(desc, { kind: "undefined" }, { manager: "TiledShapeStMan", name: "TiledFlagCategory" });
      } else if (desc.form === "scalar") {
        this.main.addColumn(desc, { kind: "constant", value: desc.type === "bool" ? false : 0 });
      }
    }
    const names = mainSchema.map(({ desc }) => desc.name).filter((name) => this.main.hasColumn(name));
    this.main.orderColumns(names);
  }

  private async writeSubtable(
    name: Subtable,
    rows: readonly SubtableRow[],
    options: FinishOptions | undefined,
  ): Promise<void> {
    const schema = subtableSchema[name];
    const known = new Set(schema.map(({ desc }) => desc.name));
    const used = new Set(rows.flatMap((row) => Object.keys(row)));
    for (const columnName of used) {
      if (!known.has(columnName)) {
        throw new TableWriteError(`${this.path}/${name}`, "column", "one of the subtable's definition", columnName);
      }
    }
    const table = this.main.addSubtable(name, { rowCount: rows.length });
    for (const { desc, isOptional } of schema) {
      if (isOptional && !used.has(desc.name)) continue;
      const cells = rows.map((row) => row[desc.name] ?? undefined);
      table.addColumn(desc, { kind: "cells", cells: cells as readonly CellInput[] });
    }
    for (const entry of this.subtableKeywords) {
      if (entry.table === name) table.setColumnKeyword(entry.columnName, entry.keyword, entry.value);
    }
    await table.finish(options);
  }

  abandon(): void {
    this.main.abandon();
  }
}

/**
 * Where a MAIN column goes when the caller does not say: arrays of one value in each row into tiles, whatever repeats into
 * IncrementalStMan, the rest into StandardStMan.
 */
function mainManager(desc: ColumnDesc, content: ColumnContent): WritableManager {
  if (content.kind === "constant" || content.kind === "runs") return "IncrementalStMan";
  if (desc.form === "scalar") return "StandardStMan";
  return desc.shape === undefined ? "TiledShapeStMan" : "TiledColumnStMan";
}
