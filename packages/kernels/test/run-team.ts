/** Runs a function in several threads on one memory. */
import { Worker } from "node:worker_threads";
import type { Engine } from "../src/engine/index.ts";

/**
 * Calls an exported function `(engine, team, argument)` of a module in each of some new threads.
 *
 * @returns How each ended: "done" or the name of its error.
 */
export async function runTeam(
  engine: Engine,
  threadCount: number,
  moduleUrl: string,
  functionName: string,
  argument: unknown,
): Promise<readonly string[]> {
  const ends = Array.from(
    { length: threadCount },
    (_, threadIndex) =>
      new Promise<string>((resolve, reject) => {
        const worker = new Worker(new URL("./team.worker.ts", import.meta.url), {
          workerData: { handle: engine.handle, threadIndex, threadCount, moduleUrl, functionName, argument },
          execArgv: ["--conditions=@contimg/source"],
        });
        worker.once("message", resolve);
        worker.once("error", reject);
      }),
  );
  return await Promise.all(ends);
}
