/** Earth-orientation tables newer than the shipped ones, from files as the IERS publishes them. */

import { readFileSync } from "node:fs";
import {
  type EarthOrientation,
  isSkyError,
  parseFinals2000A,
  parseLeapSeconds,
  shippedEarthOrientation,
} from "@contimg/sky";
import { PipelineError } from "../../domain/error-codes.ts";

export interface EarthOrientationFiles {
  /** `finals2000A.all` or `finals2000A.data`; null: the shipped table. */
  readonly finalsPath: string | null;
  /** `Leap_Second.dat`; null: the shipped table. */
  readonly leapSecondsPath: string | null;
}

/** @throws PipelineError INPUT_UNREADABLE naming the file, and the line that is not as expected */
export function readEarthOrientation({ finalsPath, leapSecondsPath }: EarthOrientationFiles): EarthOrientation {
  const shipped = shippedEarthOrientation();
  const parsed = <Table>(path: string, parse: (text: string) => Table): Table => {
    try {
      return parse(readFileSync(path, "utf8"));
    } catch (error) {
      const isForeseen = isSkyError(error) || typeof (error as NodeJS.ErrnoException).code === "string";
      if (!isForeseen) throw error;
      throw new PipelineError("INPUT_UNREADABLE", `${path}: ${(error as Error).message}`, {
        subject: path,
        cause: error,
      });
    }
  };
  const leapSeconds = leapSecondsPath === null ? shipped.leapSeconds : parsed(leapSecondsPath, parseLeapSeconds);
  if (finalsPath === null) return { ...shipped, leapSeconds };
  return parsed(finalsPath, (text) => parseFinals2000A(text, leapSeconds));
}
