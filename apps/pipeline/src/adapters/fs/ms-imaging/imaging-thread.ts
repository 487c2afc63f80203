/** One of the threads that image together: all do the same, each its part of every step. */

import { attachEngine, forParts, type Team, TeamFailure, teamOf } from "@contimg/kernels/engine";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { RestoringBeam } from "../../../domain/image-quality.ts";
import type { TaskRunner } from "../task-pool.ts";
import { cleanImage } from "./clean-image.ts";
import { compressSamples, readSamples, weightSamples } from "./gather-samples.ts";
import type { ImagingJob } from "./imaging-job.ts";
import { createTransformer, forRows } from "./transform-images.ts";

export interface ImagingTask {
  readonly threadIndex: number;
  readonly threadCount: number;
}

export interface ImagingOutcome {
  readonly beam: RestoringBeam | null;
  readonly weightSum: number;
  readonly iterationCount: number;
  readonly majorCount: number;
  /** What was done, for people and for HISTORY. */
  readonly lines: readonly string[];
}

const NOTHING: ImagingOutcome = { beam: null, weightSum: 0, iterationCount: 0, majorCount: 0, lines: [] };

export function openImagingThread(job: ImagingJob): TaskRunner<ImagingTask, ImagingOutcome> {
  const gridding = attachEngine(job.griddingHandle);
  return {
    run({ threadIndex, threadCount }) {
      const team = teamOf(gridding, threadIndex, threadCount);
      try {
        return imageTogether(job, team);
      } catch (error) {
        // Another thread's error says why.
        if (error instanceof TeamFailure) return NOTHING;
        throw failTeam(team, error);
      }
    },
    close() {},
  };
}

/** Lets the other threads know, who wait for this one. */
function failTeam(team: Team, error: unknown): unknown {
  try {
    forParts(team, Number.MAX_SAFE_INTEGER, () => {
      throw error;
    });
  } catch (thrown) {
    return thrown instanceof TeamFailure ? error : thrown;
  }
  return error;
}

function imageTogether(job: ImagingJob, team: Team): ImagingOutcome {
  const gridding = attachEngine(job.griddingHandle);
  readSamples(job, gridding, team);
  const weightSum = weightSamples(job, team);
  if (!(weightSum > 0)) {
    const { path } = job.ms;
    const message = `${path}: visibilities to image: expected some that are not flagged, of weight and within the uv limits, found none`;
    throw new PipelineError("MS_UNSUITABLE", message, { subject: path });
  }
  compressSamples(job, gridding, team);

  const transformer = createTransformer(job, gridding, weightSum, team);
  transformer.image(({ workNodes }) => workNodes, job.psf);
  transformer.image(({ dataNodes }) => dataNodes, job.dirty);

  forRows(job, team, (start, end) => job.residual.set(job.dirty.subarray(start, end), start));
  return { weightSum, ...cleanImage(job, transformer, team) };
}
