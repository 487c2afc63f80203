/** A Measurement Set as imaging sees it before bulk data are read. */

import { basename } from "node:path";
import { openTable } from "@contimg/casacore-tables/node";
import {
  type EarthOrientation,
  geocentricToGeodetic,
  icrsToItrf,
  icrsUnitVector,
  meridianCentreIcrs,
  observeFrom,
  separationRad,
  utcFromMjdSec,
} from "@contimg/sky";
import type { ImageableMs, ImageableMsReader } from "../../../ports/imageable-ms.ts";
import { type CalMs, describeCalMs, unsuitable } from "../ms-calibration/cal-ms.ts";
import { asTableError } from "../ms-flags/table-errors.ts";

/** Fields farther apart are not one image: 0.01″. */
const SAME_CENTRE_RAD = 5e-8;
const DATA_COLUMNS = ["DATA", "CORRECTED_DATA", "FLOAT_DATA"];

export function imageableMsReader(earthOrientation: EarthOrientation): ImageableMsReader {
  return {
    describe(msPath, spwIds) {
      try {
        using main = openTable(msPath);
        const ms = describeCalMs(msPath, main);
        return describe(ms, spwIds, earthOrientation, (name) => main.hasColumn(name));
      } catch (error) {
        throw asTableError(error, msPath);
      }
    },
  };
}

function describe(
  ms: CalMs,
  wantedSpwIds: readonly number[] | null,
  earthOrientation: EarthOrientation,
  hasColumn: (name: string) => boolean,
): ImageableMs {
  const fieldIds = [...new Set(ms.fieldIds)];
  const centre = ms.fields[fieldIds[0]!]!;
  const elsewhere = fieldIds.find(
    (id) => separationRad(icrsUnitVector(centre), icrsUnitVector(ms.fields[id]!)) > SAME_CENTRE_RAD,
  );
  if (elsewhere !== undefined)
    throw unsuitable(
      ms.path,
      "phase centres of fields",
      "one for all (contimg convert rotates to one)",
      `another in field ${elsewhere} than in field ${fieldIds[0]}`,
    );
  const present = ms.windows.map(({ spwId }) => spwId);
  const missing = wantedSpwIds?.find((id) => !present.includes(id));
  if (missing !== undefined) throw unsuitable(ms.path, "spectral window", `one of ${present.join(",")}`, `${missing}`);
  const spwIds = wantedSpwIds ?? present;
  const timesMjdSec = [...new Set(ms.timesMjdSec)].toSorted((a, b) => a - b);
  return {
    path: ms.path,
    stem: basename(ms.path).replace(/\.ms$/, ""),
    fieldName: centre.name,
    raRad: centre.raRad,
    decRad: centre.decRad,
    telescope: ms.telescope,
    timesMjdSec,
    startMjdSec: ms.startMjdSec,
    endMjdSec: ms.endMjdSec,
    spwIds,
    freqHz: Float64Array.from(
      ms.windows.filter(({ spwId }) => spwIds.includes(spwId)).flatMap(({ freqHz }) => [...freqHz]),
    ),
    dishDiameterM: ms.diametersM.slice().sort()[ms.diametersM.length >> 1]!,
    meridian: meridianOf(ms, centre, timesMjdSec, earthOrientation),
    dataColumns: DATA_COLUMNS.filter(hasColumn),
  };
}

/** The dishes stand at the declination that the phase centre has in the frame of the Earth in the middle of the data. */
function meridianOf(
  ms: CalMs,
  centre: { readonly raRad: number; readonly decRad: number },
  timesMjdSec: readonly number[],
  earthOrientation: EarthOrientation,
): ImageableMs["meridian"] {
  const [x, y, z] = ms.positionsM;
  const site = geocentricToGeodetic(x!, y!, z!);
  const epochAt = (mjdSec: number) =>
    observeFrom(utcFromMjdSec(mjdSec), site, { earthOrientation, outOfRange: "degrade" });
  const middle = epochAt((ms.startMjdSec + ms.endMjdSec) / 2);
  const ptDecRad = Math.asin(icrsToItrf(middle, centre).z);
  return timesMjdSec.map((mjdSec) => meridianCentreIcrs(epochAt(mjdSec), ptDecRad));
}
