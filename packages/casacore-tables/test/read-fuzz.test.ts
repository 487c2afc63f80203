/**
 * Damaged tables: any byte of any file may be another one, and any file may end early. Reading then gives values or a
 * tagged error, in bounded time; never a crash, a hang, a huge allocation or an error of another kind.
 *
 * The number of damaged tables is CONTIMG_FUZZ_TABLES (default 3000); CONTIMG_FUZZ_SEED picks others.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import { isCasacoreTableError, openTableFrom } from "../src/node.ts";
import { columnHash } from "./canonical-dump.ts";
import { loadFiles, sourcesOf } from "./memory-tables.ts";

const caseCount = Number(process.env.CONTIMG_FUZZ_TABLES ?? 3000);
const seed = Number(process.env.CONTIMG_FUZZ_SEED ?? 1);
/** Far above what a damaged table takes (some ms), far below a hang. */
const maxCaseMs = 3000;

const tables = [
  "ssm-le",
  "ssm-be",
  "ssm-changed-le",
  "ism-le",
  "ism-changed-be",
  "ism-runs-le",
  "aipsio-le",
  "aipsio-changed-be",
  "tiled-column-le",
  "tiled-shape-be",
  "tiled-cell-le",
  "tiled-shared-shape-le",
  "tiled-data-le",
  "tiled-scalar-be",
  "keywords",
  "views/sorted",
  "views/concat-sub",
  "views/of-concat",
  "foreign/test_calibration_bandpass.table",
];

/** A small generator with a state of its own (mulberry32). */
function randomFrom(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Values that counts, offsets and lengths break on. */
const words = [0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x3fffffff, 0x10000];

function damage(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const kind = random(10);
  if (kind === 0) return bytes.slice(0, random(bytes.length + 1));
  const damaged = bytes.slice();
  if (bytes.length === 0) return damaged;
  // Headers and indices are at the start of most files: half of the damage goes there.
  const span = random(2) === 0 ? bytes.length : Math.min(bytes.length, 400);
  const count = kind < 7 ? 1 : 1 + random(6);
  for (let i = 0; i < count; i++) {
    const at = random(span);
    if (kind % 3 === 0 && at + 4 <= damaged.length) {
      const view = new DataView(damaged.buffer);
      view.setUint32(at, words[random(words.length)] as number, random(2) === 0);
    } else if (kind % 3 === 1) damaged[at] = random(256);
    else damaged[at] = (damaged[at] as number) ^ (1 << random(8));
  }
  return damaged;
}

/** @returns how many columns were refused */
function readEverything(files: ReadonlyMap<string, Uint8Array>, name: string): number {
  let refused = 0;
  const table = openTableFrom(sourcesOf(files), name);
  for (const columnName of table.columnNames) {
    try {
      columnHash(table.column(columnName));
    } catch (error) {
      if (!isCasacoreTableError(error)) throw error;
      refused++;
    }
  }
  table.close();
  return refused;
}

it(`${caseCount} damaged tables give values or tagged errors`, { timeout: 600_000 }, () => {
  const files = loadFiles(join(import.meta.dirname, "corpus"));
  const random = randomFrom(seed);
  let refused = 0;
  let slowestMs = 0;
  for (let i = 0; i < caseCount; i++) {
    const name = tables[i % tables.length] as string;
    const folder = name.startsWith("views/") ? "views/" : `${name}/`;
    const candidates = [...files.keys()].filter((path) => path.startsWith(folder) && !path.endsWith(".info"));
    const path = candidates[random(candidates.length)] as string;
    const damaged = new Map(files).set(path, damage(files.get(path) as Uint8Array, random));
    const startMs = performance.now();
    try {
      if (readEverything(damaged, name) > 0) refused++;
    } catch (error) {
      const context = `case ${i} of seed ${seed}: ${name}, damaged ${path}`;
      if (!isCasacoreTableError(error)) throw new Error(context, { cause: error });
      expect(error.message, context).toMatch(/: /);
      refused++;
    }
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
    expect(slowestMs, `case ${i} of seed ${seed}: ${name}, damaged ${path}`).toBeLessThan(maxCaseMs);
  }
  // Damage that is always or never noticed would mean that the test does not reach what it is for.
  expect(refused).toBeGreaterThan(caseCount / 20);
  expect(refused).toBeLessThan(caseCount);
});
