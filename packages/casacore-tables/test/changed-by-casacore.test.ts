/**
 * Random tables, written here, that casacore opens, changes and compares with twins of its own making. What casacore wrote
 * into them is then read here.
 *
 * CONTIMG_FUZZ_TABLES sets how many (default 60), CONTIMG_FUZZ_SEED the first seed (default 1).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith, oracleEnv, pythonPath, pythonWith } from "../../../tools/oracles.ts";
import { createTable, openTable, type Table } from "../src/node.ts";
import { fillRandomTable, type RandomTable, randomTable } from "./random-table.ts";

const tableCount = Number(process.env["CONTIMG_FUZZ_TABLES"] ?? 60);
const firstSeed = Number(process.env["CONTIMG_FUZZ_SEED"] ?? 1);
const batchSize = 20;

/** What the reader says of a table. */
function contentOf(table: Table): unknown {
  return table.columnNames.map((name) => {
    const column = table.column(name);
    if (column.form === "scalar") return column.getScalarRange(0, table.rowCount);
    return Array.from({ length: table.rowCount }, (_, row) =>
      column.isDefined(row) ? column.getArray(row) : undefined,
    );
  });
}

async function checkSeeds(seeds: readonly number[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
  try {
    const jobs: { table: RandomTable; ours: string; twin: string }[] = [];
    for (const seed of seeds) {
      const table = randomTable(seed);
      const ours = join(folder, `ours-${seed}`);
      const builder = createTable(ours, { rowCount: table.rowCount, byteOrder: table.byteOrder });
      fillRandomTable(builder, table);
      await builder.finish();
      jobs.push({ table, ours, twin: join(folder, `twin-${seed}`) });
    }
    const input = `${jobs.map((job) => JSON.stringify(job)).join("\n")}\n`;
    const script = join(import.meta.dirname, "casacore-twin.py");
    const run = spawnSync(pythonPath, [script], { input, encoding: "utf8", env: oracleEnv, maxBuffer: 1 << 28 });
    const lines = run.stdout.trim().split("\n").filter(Boolean);
    if (lines.length < jobs.length) {
      const seed = seeds[lines.length];
      return [`seed ${seed}: casacore ended with ${run.signal ?? run.status}: ${run.stderr.slice(-2000)}`];
    }
    return jobs.flatMap(({ ours, twin, table }, i) => {
      const differences = JSON.parse(lines[i] as string) as string[];
      using read = openTable(ours);
      using readTwin = openTable(twin);
      try {
        expect(contentOf(read)).toEqual(contentOf(readTwin));
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        differences.push(`read here: ${error.message.slice(0, 500)}`);
      }
      return differences.map((difference) => `seed ${table.seed}: ${difference}`);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeWith(pythonWith("casacore", "numpy"), "random tables, changed by casacore", () => {
  const starts = Array.from({ length: Math.ceil(tableCount / batchSize) }, (_, i) => firstSeed + i * batchSize);
  test.each(starts)("are what casacore makes of its own, from seed %i on", async (start) => {
    const count = Math.min(batchSize, firstSeed + tableCount - start);
    expect(await checkSeeds(Array.from({ length: count }, (_, i) => start + i))).toEqual([]);
  });
});
