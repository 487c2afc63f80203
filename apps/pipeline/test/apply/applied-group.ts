/** A simulated group that was converted, flagged and solved, with its tables in a registry of its own. */

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { openTable } from "@contimg/casacore-tables/node";
import { afterAll } from "vitest";
import { contimg, type Ran } from "../e2e/run-contimg.ts";

export interface SolvedGroup {
  readonly folder: string;
  readonly raw: string;
  readonly msPath: string;
  /** Tables are `<prefix>_bpcal`, `_gpcal`, `_2gcal`. */
  readonly prefix: string;
  readonly registry: string;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "contimg-apply-"));
  folders.push(folder);
  return folder;
}

export function solvedGroup(seed: number, ...simulation: readonly string[]): SolvedGroup {
  const folder = scratch();
  const raw = join(folder, "raw");
  const done = (ran: Ran): Ran => {
    if (ran.status !== 0) throw new Error(ran.stderr);
    return ran;
  };
  done(contimg("simulate", "--output-dir", raw, "--small", "--seed", String(seed), ...simulation));
  const converted = done(contimg("convert", raw, "--output-dir", join(folder, "ms"), "--json"));
  const msPath = converted.events.find(({ event }) => event === "group_converted")!["ms_path"] as string;
  done(contimg("flag", msPath));
  const sky = join(folder, "sky.sqlite3");
  done(contimg("catalog", "build", "synthetic", join(raw, "truth.json"), "--output", sky));
  const registry = join(folder, "registry.sqlite3");
  done(contimg("cal", "solve", msPath, "--catalog", sky, "--registry-db", registry));
  return { folder, raw, msPath, prefix: msPath.replace(/\.ms$/, "_0"), registry };
}

/** A copy of a Measurement Set with its flag versions, in a folder of its own. */
export function copyOfMs(msPath: string): string {
  const copy = join(scratch(), basename(msPath));
  cpSync(msPath, copy, { recursive: true });
  cpSync(`${msPath}.flagversions`, `${copy}.flagversions`, { recursive: true });
  return copy;
}

export const applyTo = (
  msPath: string,
  { registry }: Pick<SolvedGroup, "registry">,
  ...flags: readonly string[]
): Ran => contimg("cal", "apply", msPath, "--registry-db", registry, "--json", ...flags);

export interface MsColumns {
  readonly rowCount: number;
  readonly perRow: number;
  readonly data: Float32Array;
  /** null: there is none. */
  readonly corrected: Float32Array | null;
  readonly flags: Uint8Array;
  readonly flagRows: Uint8Array;
  readonly weights: Float32Array;
  readonly spectralWeights: Float32Array;
  readonly columnNames: readonly string[];
}

export function readColumns(msPath: string): MsColumns {
  using main = openTable(msPath);
  const { rowCount } = main;
  const perRow = main.column("DATA").getArray(0).data.length / 2;
  const cells = <T extends Float32Array | Uint8Array>(name: string, into: T): T => {
    main.column(name).getCellsInto(0, rowCount, into);
    return into;
  };
  const vis = () => new Float32Array(2 * rowCount * perRow);
  return {
    rowCount,
    perRow,
    data: cells("DATA", vis()),
    corrected: main.hasColumn("CORRECTED_DATA") ? cells("CORRECTED_DATA", vis()) : null,
    flags: cells("FLAG", new Uint8Array(rowCount * perRow)),
    flagRows: main.column("FLAG_ROW").getScalarRange(0, rowCount) as Uint8Array,
    weights: cells("WEIGHT", new Float32Array(rowCount * main.column("WEIGHT").getArray(0).data.length)),
    spectralWeights: cells("WEIGHT_SPECTRUM", new Float32Array(rowCount * perRow)),
    columnNames: main.columnNames,
  };
}
