import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";

const OPENER_COUNT = 4;
const ROUND_COUNT = 20;

/** Opens the file of each round when all the others do. */
const opener = `
  import { workerData } from "node:worker_threads";
  const { gate, directory, roundCount, openerCount } = workerData;
  const { openDatabase } = await import(${JSON.stringify(new URL("open-database.ts", import.meta.url).href)});
  for (let round = 0; round < roundCount; round++) {
    Atomics.add(gate, round, 1);
    while (Atomics.load(gate, round) < openerCount);
    openDatabase(directory + "/" + round, [(database) => database.exec("CREATE TABLE opened (at INTEGER)")]).close();
  }`;

test("a new file that many open at the same instant is opened by all of them", async () => {
  const directory = mkdtempSync(join(tmpdir(), "contimg-open-database-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const gate = new Int32Array(new SharedArrayBuffer(4 * ROUND_COUNT));
  const failures = await Promise.all(
    Array.from({ length: OPENER_COUNT }, () => {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(opener)}`), {
        workerData: { gate, directory, roundCount: ROUND_COUNT, openerCount: OPENER_COUNT },
        execArgv: ["--conditions=@contimg/source"],
      });
      return new Promise<string | null>((resolve) => {
        worker.once("error", (error) => {
          // The others wait at the gate of a later round.
          gate.fill(OPENER_COUNT);
          resolve((error as Error).message);
        });
        worker.once("exit", () => resolve(null));
      });
    }),
  );
  expect(failures.filter((failure) => failure !== null)).toEqual([]);
});
