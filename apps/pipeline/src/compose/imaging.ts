/** Images of a Measurement Set, for commands. */

import { readEarthOrientation } from "../adapters/fs/earth-orientation.ts";
import { imageFiles } from "../adapters/fs/image-files.ts";
import { imageableMsReader } from "../adapters/fs/ms-imaging/describe-ms.ts";
import { embeddedImager } from "../adapters/fs/ms-imaging/embedded-imager.ts";
import { msLockFiles } from "../adapters/locks/ms-lock-files.ts";
import { wscleanEngine } from "../adapters/wsclean/wsclean-engine.ts";
import type { ImagingEngine } from "../domain/imaging.ts";
import { type ImageMsOptions, type ImageMsPorts, imageMs, planImage } from "../services/image-ms.ts";
import { software } from "../version.ts";

interface EngineChoice {
  readonly engine: ImagingEngine;
  readonly wscleanCommand: string;
  readonly timeoutMs: number;
}

function portsOf({ engine, wscleanCommand, timeoutMs }: EngineChoice): ImageMsPorts {
  return {
    reader: imageableMsReader(readEarthOrientation({ finalsPath: null, leapSecondsPath: null })),
    imager:
      engine === "embedded" ? embeddedImager({ software }) : wscleanEngine({ command: wscleanCommand, timeoutMs }),
    files: imageFiles,
    locks: msLockFiles(null),
  };
}

/** What `contimg image` needs. */
export const imaging = {
  plan: async (msPath: string, engine: EngineChoice, options: ImageMsOptions) =>
    planImage(msPath, portsOf(engine), options),
  image: async (msPath: string, engine: EngineChoice, options: ImageMsOptions) =>
    imageMs(msPath, portsOf(engine), options),
};
