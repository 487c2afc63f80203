/**
 * Calibration of a full group: prediction of 100 sources, sums and solving apart, for 1 and 2 threads, and whether both give the
 * same tables.
 *
 *   node --conditions=@contimg/source apps/pipeline/bench/solve-ms.ts                          simulates and converts a group first (4 GB in $TMPDIR)
 *   node --conditions=@contimg/source apps/pipeline/bench/solve-ms.ts --ms MS --catalog FILE   those that are there
 *   … --smearing   over integrations and channels, as in data of the telescope
 */

import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measure, row } from "./measure.ts";

const { values: flags } = parseArgs({
  options: { ms: { type: "string" }, catalog: { type: "string" }, smearing: { type: "boolean", default: false } },
});
/** As a user starts it. */
const contimg = [process.execPath, fileURLToPath(new URL("../bin/contimg.js", import.meta.url))];
const scratch = mkdtempSync(join(tmpdir(), "contimg-bench-"));

function makeInput(): { readonly ms: string; readonly catalog: string } {
  const [group, output, catalog] = ["group", "out", "sky.sqlite3"].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ];
  measure([...contimg, "simulate", "--output-dir", group, "--sources", "100"]);
  measure([...contimg, "convert", group, "--output-dir", output]);
  measure([...contimg, "catalog", "build", "synthetic", join(group, "truth.json"), "--output", catalog]);
  rmSync(group, { recursive: true });
  const name = readdirSync(output, { recursive: true, encoding: "utf8" }).find((path) => path.endsWith(".ms"));
  return { ms: join(output, name!), catalog };
}

interface Solved {
  readonly table: string;
  readonly timings_sec: Readonly<Record<string, number>>;
  readonly cpu_sec: Readonly<Record<string, number>>;
}

/** Of the solutions: the history names the Measurement Set alone. */
function digestOf(table: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(table).toSorted())
    if (name.startsWith("table.f")) hash.update(readFileSync(join(table, name)));
  return hash.digest("hex").slice(0, 12);
}

const texts = (values: Readonly<Record<string, number>>) =>
  Object.entries(values)
    .map(([name, sec]) => `${name} ${sec.toFixed(2)} s`)
    .join(", ");

try {
  const { ms, catalog } =
    flags.ms === undefined || flags.catalog === undefined ? makeInput() : { ms: flags.ms, catalog: flags.catalog };
  for (const workerCount of [1, 2]) {
    const run = measure([
      ...contimg,
      "cal",
      "solve",
      ms,
      "--catalog",
      catalog,
      "--no-register",
      "--json",
      "--output-prefix",
      join(scratch, `threads${workerCount}`),
      "--max-workers",
      String(workerCount),
      ...(flags.smearing ? [] : ["--no-smearing"]),
    ]);
    console.log(row(`contimg cal solve, ${workerCount} threads`, run));
    const solved = run.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Solved);
    console.log(`  by the clock: ${texts(solved[0]!.timings_sec)}`);
    console.log(`  of processors: ${texts(solved[0]!.cpu_sec)}`);
    console.log(`  tables: ${solved.map(({ table }) => digestOf(table)).join(" ")}`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
