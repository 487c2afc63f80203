/** The innermost functions of gridding, in both forms. All places are byte offsets in the engine's memory. */
import { type Engine, moduleOf } from "../engine/engine.ts";
import { gridBase64 } from "../engine/modules/grid.ts";
import { plainGridKernels } from "./plain-grid.ts";

/**
 * A *record* is a visibility on its way: f64 x, y in cells of the planes' buffers, z in planes, f32 re, im. A *table* holds a
 * kernel by pieces (`fillKernelTable`). A *screen* turns the pixels of plane p by p steps, i32 in units of 2^-32 turns.
 */
export interface GridKernels {
  /** Multiplies records by e^(i 2π factor (z + offset)); beyond the last, room for three more is touched. */
  turnRecords(recordsAt: number, count: number, factor: number, offset: number): void;
  /** Adds records to the planes of their support; `planesAt` lists where these begin, i32. */
  gridRecords(
    recordsAt: number,
    count: number,
    planesAt: number,
    rowStrideBytes: number,
    uvTableAt: number,
    uvSupportCount: number,
    wTableAt: number,
    wSupportCount: number,
    scratchAt: number,
  ): void;
  /** Sets the values of records from the planes: the transpose. */
  degridRecords(
    recordsAt: number,
    count: number,
    planesAt: number,
    rowStrideBytes: number,
    uvTableAt: number,
    uvSupportCount: number,
    wTableAt: number,
    wSupportCount: number,
    scratchAt: number,
  ): void;
  /** image += Re(batch · e^(−iθ)) for rows of four columns; θ = plane · step. */
  addScreened(batchAt: number, rowCount: number, planeIndex: number, stepsAt: number, imageAt: number): void;
  /** batch = image · e^(+iθ), with real and imaginary parts exchanged. */
  setScreened(batchAt: number, rowCount: number, planeIndex: number, stepsAt: number, imageAt: number): void;
}

/** The kernels of an engine's kind. */
export function gridKernels(engine: Engine): GridKernels {
  if (engine.kind === "plain") return plainGridKernels(engine.buffer);
  return moduleOf(engine, "grid", gridBase64) as unknown as GridKernels;
}
