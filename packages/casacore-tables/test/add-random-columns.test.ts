/**
 * Random tables that casacore wrote in part, and of which the other columns are added here: equal to those that casacore
 * wrote whole, and casacore can go on with them.
 *
 * CONTIMG_FUZZ_TABLES sets how many (default 40), CONTIMG_FUZZ_SEED the first seed (default 1).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith, pythonPath, pythonWith, runCommand } from "../../../tools/oracles.ts";
import { openTableForUpdate } from "../src/node.ts";
import { fillRandomTable, type RandomTable, randomTable } from "./random-table.ts";

const tableCount = Number(process.env["CONTIMG_FUZZ_TABLES"] ?? 40);
const firstSeed = Number(process.env["CONTIMG_FUZZ_SEED"] ?? 1);
const twinScript = join(import.meta.dirname, "casacore-twin.py");
const compareScript = join(import.meta.dirname, "compare-tables.py");

const goOn = `
import sys, casacore.tables as t
for path in sys.argv[1:]:
    tab = t.table(path, readonly=False, ack=False)
    tab.addrows(2)
    tab.close()
`;

describeWith(pythonWith("casacore", "numpy"), "random columns, added to tables of casacore", () => {
  test("make the table that casacore makes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "add-random-"));
    try {
      const jobs: string[] = [];
      const additions: {
        readonly path: string;
        readonly added: RandomTable;
        readonly pair: readonly [string, string];
      }[] = [];
      for (let seed = firstSeed; seed < firstSeed + tableCount; seed++) {
        const table = randomTable(seed);
        const kept = table.columns.slice(0, Math.ceil(table.columns.length / 2));
        const added = { ...table, columns: table.columns.slice(kept.length) };
        const whole = join(folder, `whole-${seed}`);
        const path = join(folder, `part-${seed}`);
        jobs.push(
          JSON.stringify({ table, twin: whole }),
          JSON.stringify({ table: { ...table, columns: kept }, twin: path }),
        );
        additions.push({ path, added, pair: [whole, path] });
      }
      const made = runCommand(pythonPath, [twinScript], `${jobs.join("\n")}\n`);
      expect(made).toBe("[]\n".repeat(jobs.length));
      for (const { path, added } of additions) {
        const update = openTableForUpdate(path);
        fillRandomTable(update, added);
        await update.finish();
      }
      const pairs = additions.flatMap(({ pair }) => pair);
      const found = runCommand(pythonPath, [compareScript, ...pairs])
        .trim()
        .split("\n");
      const differences = found.map((line) =>
        (JSON.parse(line) as string[]).filter((difference) => difference !== "private keywords"),
      );
      expect(
        differences.map((list, i) => `${firstSeed + i}: ${list.join("; ")}`).filter((line) => !line.endsWith(": ")),
      ).toEqual([]);
      runCommand(pythonPath, ["-c", goOn, ...additions.map(({ path }) => path)]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
