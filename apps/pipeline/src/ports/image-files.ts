/** Images on disk. */

import type { RestoringBeam } from "../domain/image-quality.ts";

export interface ImagePlane {
  readonly widthPx: number;
  readonly heightPx: number;
  /** [row, column], from the south-east corner; NaN is blank. */
  readonly values: Float32Array;
  readonly beam: RestoringBeam | null;
  readonly unit: string;
}

export interface ImageFiles {
  /** The first plane of frequency and Stokes. @throws PipelineError IMAGE_UNREADABLE, INPUT_UNREADABLE */
  read(path: string): Promise<ImagePlane>;
  /**
   * Writes an image that differs from another in its values: the keywords are taken over.
   *
   * @param unit  null: as the other
   * @param history  lines
   * @throws PipelineError DISK_FULL, OUTPUT_NOT_WRITABLE
   */
  writeLike(
    templatePath: string,
    path: string,
    values: Float32Array,
    unit: string | null,
    history: readonly string[],
  ): Promise<void>;
  /** Makes a directory for what is not finished, beside `base`. */
  prepareStaging(base: string): string;
  /**
   * Gives files their names in the directory of `base`, forced to disk, the last ones last: each replaces one of its name.
   *
   * @returns the paths
   */
  publish(stagingDir: string, names: readonly string[], base: string): readonly string[];
  /** Removes a staging directory with what is in it. */
  discard(stagingDir: string): void;
  /** Which files of these names are there already. */
  existing(paths: readonly string[]): readonly string[];
}
