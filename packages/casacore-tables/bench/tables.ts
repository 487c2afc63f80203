/**
 * DATA and FLAG of a Measurement Set: written, and read in chunks of 4096 rows, here and by python-casacore in turns, and
 * what the other columns cost. Prints the ratio of the best wall times; below 1 this library is faster.
 *
 *     node --conditions=@contimg/source packages/casacore-tables/bench/tables.ts [rows] [folder] [repeats]
 *
 * Default: 600,000 rows of 2 × 48 values in the folder for temporary files, best of 3.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMeasurementSet, openTable, openTiledRows } from "../src/node.ts";

const rowCount = Number(process.argv[2] ?? 600_000);
const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), "bench-tables-"));
const repeatCount = Number(process.argv[4] ?? 3);
const chunkRows = 4096;
const cellShape = [2, 48];
const cellCount = 96;

const python = `
import sys, time, json, resource, numpy as np, casacore.tables as t
action, path, rows, chunk = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
data = (np.arange(chunk * 96) % 1000).astype(np.complex64).reshape(chunk, 48, 2)
flag = (np.arange(chunk * 96) % 3 == 0).reshape(chunk, 48, 2)
def tiled(name, rows_of_tile):
    return {"TYPE": "TiledShapeStMan", "NAME": "Tiled" + name, "COLUMNS": [name],
            "SPEC": {"DEFAULTTILESHAPE": np.array([2, 48, rows_of_tile], np.int32)}}
begin, cpu = time.perf_counter(), time.process_time()
if action == "write":
    desc = t.maketabdesc([t.makearrcoldesc("DATA", 0j, ndim=2, valuetype="complex"), t.makearrcoldesc("FLAG", False, ndim=2)])
    tab = t.table(path, desc, nrow=rows, dminfo={"*1": tiled("DATA", 1365), "*2": tiled("FLAG", 8192)}, ack=False)
    for row in range(0, rows, chunk):
        count = min(chunk, rows - row)
        tab.putcol("DATA", data[:count], row, count)
        tab.putcol("FLAG", flag[:count], row, count)
else:
    tab = t.table(path, ack=False)
    for row in range(0, rows, chunk):
        count = min(chunk, rows - row)
        if action == "read-data": tab.getcolnp("DATA", data[:count], row, count)
        else: tab.getcolnp("FLAG", flag[:count], row, count)
tab.close()
print(json.dumps([1000 * (time.perf_counter() - begin), 1000 * (time.process_time() - cpu)]))
`;

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

function inPython(action: string, path: string): Cost {
  const args = ["-c", python, action, path, `${rowCount}`, `${chunkRows}`];
  const run = spawnSync("/usr/bin/python3", args, { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`python3 with casacore is needed: ${run.stderr}`);
  const [wallMs, cpuMs] = JSON.parse(run.stdout) as [number, number];
  return { wallMs, cpuMs };
}

async function here(action: () => Promise<void> | void): Promise<Cost> {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  await action();
  const used = process.cpuUsage(cpu);
  return { wallMs: performance.now() - begin, cpuMs: (used.user + used.system) / 1000 };
}

const data = new Float32Array(2 * chunkRows * cellCount).map((_, i) => (i % 2 === 0 ? (i / 2) % 1000 : 0));
const flag = new Uint8Array(chunkRows * cellCount).map((_, i) => (i % 3 === 0 ? 1 : 0));

/** @param hasAll  with all other columns of MAIN too; without, the least there can be */
async function write(path: string, hasAll: boolean): Promise<void> {
  const ms = createMeasurementSet(path, { rowCount, subtables: {} });
  const dataRows = openTiledRows(ms.addTiledColumn("DATA", { cellShape }));
  const flagRows = openTiledRows(ms.addTiledColumn("FLAG", { cellShape }));
  for (let row = 0; row < rowCount; row += chunkRows) {
    const count = Math.min(chunkRows, rowCount - row);
    dataRows.writeRows(row, data.subarray(0, 2 * count * cellCount));
    flagRows.writeRows(row, flag.subarray(0, count * cellCount));
  }
  dataRows.close();
  flagRows.close();
  addOthers(ms, hasAll);
  await ms.finish();
}

function addOthers(ms: ReturnType<typeof createMeasurementSet>, hasAll: boolean): void {
  if (!hasAll) {
    ms.setColumn("UVW", { kind: "constant", value: [0, 0, 0] }, { manager: "IncrementalStMan" });
    ms.setColumn("TIME", { kind: "constant", value: 5e9 });
  } else {
    const starts = Array.from({ length: Math.ceil(rowCount / 4656) }, (_, i) => i * 4656);
    const times = Float64Array.from(starts, (row) => 5e9 + row);
    ms.setColumn("UVW", { kind: "fill", fill: (row, _end, out) => out.fill(row as never) });
    ms.setColumn("TIME", { kind: "runs", rowStarts: starts, values: times });
    ms.setColumn("TIME_CENTROID", { kind: "runs", rowStarts: starts, values: times });
    ms.setColumn("INTERVAL", { kind: "constant", value: 12.9 });
    ms.setColumn("EXPOSURE", { kind: "constant", value: 12.9 });
    ms.setColumn("DATA_DESC_ID", { kind: "runs", rowStarts: starts, values: starts.map((_, i) => i % 16) });
    ms.setColumn("FIELD_ID", { kind: "runs", rowStarts: starts, values: starts.map((_, i) => i % 24) });
    ms.setColumn("ANTENNA1", {
      kind: "fill",
      fill: (row, _end, out) => out.forEach((_, i) => (out[i] = (row + i) % 96)),
    });
    ms.setColumn("ANTENNA2", {
      kind: "fill",
      fill: (row, _end, out) => out.forEach((_, i) => (out[i] = (row + i) % 95)),
    });
  }
  ms.setColumn("WEIGHT", { kind: "constant", value: [1, 1] });
  ms.setColumn("SIGMA", { kind: "constant", value: [1, 1] });
}

function read(path: string, name: "DATA" | "FLAG"): void {
  using table = openTable(path);
  const column = table.column(name);
  const buffer = name === "DATA" ? data : flag;
  for (let row = 0; row < rowCount; row += chunkRows)
    column.getCellsInto(row, Math.min(rowCount, row + chunkRows), buffer);
}

function best(costs: readonly Cost[]): Cost {
  return costs.reduce((least, cost) => (cost.wallMs < least.wallMs ? cost : least));
}

const ours = join(folder, "ours.ms");
const theirs = join(folder, "theirs.tab");
const costs = new Map<string, { ours: Cost[]; theirs: Cost[] }>();
async function compare(name: string, our: () => Promise<void> | void, their: () => Cost): Promise<void> {
  const entry = costs.get(name) ?? { ours: [], theirs: [] };
  costs.set(name, entry);
  // In turns the first: on a memory file system the second finds less memory that is at hand.
  const isOursFirst = entry.ours.length % 2 === 1;
  if (isOursFirst) entry.ours.push(await here(our));
  entry.theirs.push(their());
  if (!isOursFirst) entry.ours.push(await here(our));
}

try {
  const all: Cost[] = [];
  for (let i = 0; i < repeatCount; i++) {
    rmSync(ours, { recursive: true, force: true });
    rmSync(theirs, { recursive: true, force: true });
    await compare(
      "write DATA and FLAG",
      () => write(ours, false),
      () => inPython("write", theirs),
    );
    await compare(
      "read DATA",
      () => read(ours, "DATA"),
      () => inPython("read-data", ours),
    );
    await compare(
      "read FLAG",
      () => read(ours, "FLAG"),
      () => inPython("read-flag", ours),
    );
    rmSync(ours, { recursive: true, force: true });
    const others = createMeasurementSet(ours, { rowCount, subtables: {} });
    all.push(
      await here(async () => {
        addOthers(others, true);
        others.addTiledColumn("FLAG", { cellShape });
        await others.finish();
      }),
    );
  }
  const gigabytes = (rowCount * cellCount * 8) / 1e9;
  console.log(
    `${rowCount} rows, ${gigabytes.toFixed(2)} GB of DATA, chunks of ${chunkRows} rows, best of ${repeatCount}, ${folder}`,
  );
  for (const [name, entry] of costs) {
    const our = best(entry.ours);
    const their = best(entry.theirs);
    const text = (cost: Cost): string => `${cost.wallMs.toFixed(0)} ms wall, ${cost.cpuMs.toFixed(0)} ms CPU`;
    console.log(
      `${name}: ratio ${(our.wallMs / their.wallMs).toFixed(2)}  (here ${text(our)}; python-casacore ${text(their)})`,
    );
  }
  const other = best(all);
  console.log(`all other columns of MAIN: ${other.wallMs.toFixed(0)} ms wall, ${other.cpuMs.toFixed(0)} ms CPU`);
} finally {
  rmSync(folder, { recursive: true });
}
