/** A thread of a team, for tests: calls a function of a module with its engine and team, and says how that ended. */
import { parentPort, workerData } from "node:worker_threads";
import { attachEngine, type Engine, type EngineHandle, type Team, teamOf } from "../src/engine/index.ts";

interface Task {
  readonly handle: EngineHandle;
  readonly threadIndex: number;
  readonly threadCount: number;
  readonly moduleUrl: string;
  readonly functionName: string;
  readonly argument: unknown;
}

const task = workerData as Task;
const module = (await import(task.moduleUrl)) as Record<
  string,
  (engine: Engine, team: Team, argument: unknown) => unknown
>;
const engine = attachEngine(task.handle);
try {
  module[task.functionName]?.(engine, teamOf(engine, task.threadIndex, task.threadCount), task.argument);
  parentPort?.postMessage("done");
} catch (error) {
  parentPort?.postMessage(error instanceof Error ? error.name : "unknown");
}
