/** Real tables of several telescopes, read here, written again here, and compared by casacore column by column. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith, pythonPath, pythonWith, runCommand, sharedData, sharedDataDir } from "../../../tools/oracles.ts";
import { findTables, rewriteTable } from "./rewrite-table.ts";

const compareScript = join(import.meta.dirname, "compare-tables.py");

describeWith([sharedData(), pythonWith("casacore", "numpy")], "real tables, written again", () => {
  const root = join(sharedDataDir() ?? "", "real");
  const groups = ["ms", "caltables"].map((kind) => join(root, kind));
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "written-again-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(["little", "big"] as const)("are equal for casacore, %s endian", async (byteOrder) => {
    const pairs: string[] = [];
    for (const from of groups.flatMap(findTables)) {
      const to = join(folder, `${byteOrder}-${pairs.length}`);
      await rewriteTable(from, to, byteOrder);
      pairs.push(from, to);
    }
    const lines = runCommand(pythonPath, [compareScript, ...pairs])
      .trim()
      .split("\n");
    const found = lines.map(
      (line, i) => [relative(root, pairs[2 * i] as string), JSON.parse(line) as string[]] as const,
    );
    expect(found.length).toBeGreaterThan(50);
    expect(found.filter(([, differences]) => differences.length > 0)).toEqual([]);
  });
});
