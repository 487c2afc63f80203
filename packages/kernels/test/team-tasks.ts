/** What threads do in tests. */
import { type Engine, forParts, meet, type Team } from "../src/engine/index.ts";
import { type Fft2dPlan, fft2d } from "../src/fft/index.ts";
import {
  degridVisibilities,
  type GriddingPlan,
  gridVisibilities,
  type SampleData,
  type SampleOrder,
  type Samples,
} from "../src/grid/index.ts";

export function transform(engine: Engine, team: Team, plan: unknown): void {
  fft2d(engine, plan as Fft2dPlan, "forward", team);
}

/** Two steps: each part of the second needs a part of the first that another thread may have done. */
export function addInSteps(engine: Engine, team: Team, partCount: unknown): void {
  const values = new Int32Array(engine.buffer, 65536, 2 * (partCount as number));
  const count = partCount as number;
  for (let round = 0; round < 20; round++) {
    forParts(team, count, (part) => {
      values[part] += part;
    });
    forParts(team, count, (part) => {
      values[count + part] += values[count - 1 - part];
    });
  }
}

/** The second thread fails in its third meeting. */
export function fail(_engine: Engine, team: Team): void {
  for (let round = 0; round < 5; round++) {
    meet(team);
    forParts(team, 100, () => {
      if (round === 2 && team.threadIndex === 1) throw new RangeError("a part that fails");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    });
  }
}

/** Arrays that threads share. */
export interface GriddingTask {
  readonly plan: GriddingPlan;
  readonly order: SampleOrder;
  readonly samples: Samples;
  readonly data: SampleData;
  readonly image: Float32Array;
  readonly vis: Float32Array;
}

/** Images data and predicts the image. */
export function gridAndDegrid(engine: Engine, team: Team, task: unknown): void {
  const { plan, order, samples, data, image, vis } = task as GriddingTask;
  gridVisibilities(engine, plan, order, samples, data, image, team);
  degridVisibilities(engine, plan, order, samples, image, vis, team);
}
