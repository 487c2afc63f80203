/**
 * Memory, WebAssembly and threads under the imaging kernels.
 *
 * ```ts
 * const layout = createLayout();
 * const plan = planFft2d(layout, { widthPx: 4096, heightPx: 4096 });
 * const engine = createEngine(layout.byteCount); // engine.handle goes to other threads, for attachEngine
 * const team = teamOf(engine); // in another thread: teamOf(engine, threadIndex, threadCount)
 * ```
 */
export {
  attachEngine,
  bestEngineKind,
  createEngine,
  type Engine,
  type EngineHandle,
  type EngineKind,
} from "./engine.ts";
export { createLayout, type Layout } from "./layout.ts";
export { forParts, meet, type Team, TeamFailure, teamOf } from "./team.ts";
