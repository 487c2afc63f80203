/** UVH5 headers as the domain wants them, through `@contimg/uvh5`. */

import { icrsDirection, icrsUnitVector, observeFrom, utcFromJd } from "@contimg/sky";
import type { PhaseCenter, Uvh5Header, WholeCheck } from "@contimg/uvh5";
import { isWhole, openUvh5 } from "@contimg/uvh5/node";
import { type ErrorCode, PipelineError } from "../../domain/error-codes.ts";
import type { SubbandProbe } from "../../domain/group.ts";
import { isUnfinishedName } from "../../domain/subband-file.ts";
import type { Phasing, SubbandHeader } from "../../domain/subband-header.ts";
import type { SubbandReader } from "../../ports/subband-reader.ts";
import { asReadError } from "./read-error.ts";

function codeOfVerdict(check: WholeCheck): ErrorCode {
  if (check.code === "EMPTY_FILE") return "UVH5_EMPTY";
  if (check.code === "NOT_HDF5" || check.code === "NOT_UVH5") return "UVH5_NOT_UVH5";
  if (check.verdict === "writing") return "UVH5_STILL_WRITTEN";
  if (check.verdict === "truncated") return "UVH5_TRUNCATED";
  return "UVH5_CORRUPT";
}

function lookAt(path: string): WholeCheck {
  try {
    return isWhole(path);
  } catch (error) {
    throw asReadError(error, path);
  }
}

/** @throws PipelineError naming the file and what is wrong with it */
function assertWhole(path: string): void {
  if (isUnfinishedName(path)) {
    throw new PipelineError("UVH5_STILL_WRITTEN", `${path}: the name says that its writer has not finished`, {
      subject: path,
    });
  }
  const check = lookAt(path);
  if (check.verdict === "complete" || check.code === "UNSUPPORTED") return;
  throw new PipelineError(codeOfVerdict(check), `${path}: ${check.reason} (${check.fileBytes} bytes)`, {
    subject: path,
  });
}

function withFile<Result>(path: string, use: (header: Uvh5Header, fileBytes: number) => Result): Result {
  try {
    using file = openUvh5(path);
    return use(file.header, file.fileBytes);
  } catch (error) {
    throw asReadError(error, path);
  }
}

const keywordNumber = (header: Uvh5Header, name: string) => {
  const value = header.extraKeywords.get(name);
  return typeof value === "number" ? value : undefined;
};

/** The correlator's fringe stopping says so by an hour angle of its phase centre; drift scans of others have none. */
function meridianDecRad(header: Uvh5Header): number | undefined {
  const hourAngleRad = keywordNumber(header, "ha_phase_center");
  if (hourAngleRad === undefined && header.extraKeywords.get("phase_center_epoch") !== "HADEC") return undefined;
  if (hourAngleRad !== undefined && hourAngleRad !== 0) return undefined;
  return keywordNumber(header, "phase_center_dec") ?? header.appDecRad?.[0];
}

const KNOWN_FRAMES: readonly (string | null)[] = ["icrs", "fk5", "gcrs", null];

/**
 * The ICRS direction of what the telescope saw in a GCRS direction: pyuvdata's oldest phasing stored those. They move
 * with the aberration of the day (20″); the middle of the file is taken for all of it.
 */
function icrsOfGcrs(
  header: Uvh5Header,
  raRad: number,
  decRad: number,
): { readonly raRad: number; readonly decRad: number } {
  const { timeJd, latitudeRad, longitudeRad, altitudeM } = header;
  const middleJd = (timeJd[0]! + timeJd.at(-1)!) / 2;
  // Only the site's own motion depends on the Earth's rotation: 0.3″ at most, far above what a degraded UT1 changes.
  const { observer } = observeFrom(
    utcFromJd(middleJd),
    { latitudeRad, longitudeRad, altitudeM },
    { outOfRange: "degrade" },
  );
  const { x, y, z } = icrsDirection(icrsUnitVector({ raRad, decRad }), observer);
  const turn = 2 * Math.PI;
  return { raRad: (Math.atan2(y, x) + turn) % turn, decRad: Math.atan2(z, Math.hypot(x, y)) };
}

function catalogPhasing(header: Uvh5Header, path: string): Phasing {
  const entries = [...header.phaseCenterCatalog.values()];
  const used = header.phaseCenterIdArray;
  const usedIds = used ? new Set(used) : new Set(entries.map((entry) => entry.idNumber));
  const usedEntries = entries.filter((entry) => usedIds.has(entry.idNumber));
  if (usedEntries.every((entry) => entry.type === "unprojected" || entry.type === "driftscan"))
    return { kind: "unphased" };
  const odd = usedEntries.find((entry) => entry.type !== "sidereal" || !KNOWN_FRAMES.includes(entry.frame));
  if (odd) {
    throw new PipelineError(
      "UVH5_PHASING_UNKNOWN",
      `${path}: Header/phase_center_catalog/${odd.name}: expected type sidereal in icrs, fk5 or gcrs, found ${odd.type} in ${odd.frame ?? "no frame"}`,
      { subject: path },
    );
  }
  const positionOf = new Map(usedEntries.map((entry, at) => [entry.idNumber, at]));
  const centreOfBlt = used && usedEntries.length > 1 ? used.map((id) => positionOf.get(id)!) : null;
  const toCentre = ({ name, frame, lonRad, latRad }: PhaseCenter) => {
    const stored = { raRad: lonRad[0]!, decRad: latRad[0]! };
    return { name, ...(frame === "gcrs" ? icrsOfGcrs(header, stored.raRad, stored.decRad) : stored) };
  };
  return { kind: "sidereal", centres: usedEntries.map(toCentre), centreOfBlt };
}

function phasingOf(header: Uvh5Header, path: string): Phasing {
  const apparentDecRad = meridianDecRad(header);
  if (apparentDecRad !== undefined && header.phaseType !== "phased") return { kind: "meridian", apparentDecRad };
  if (header.phaseCenterCatalog.size > 0) return catalogPhasing(header, path);
  // Files that say "unknown" come from times when that stood for drift scans.
  if (header.phaseType === "drift" || header.phaseType === "unknown") return { kind: "unphased" };
  if (header.phaseType === "phased" && header.phaseCenterRaRad !== null && header.phaseCenterDecRad !== null) {
    const { phaseCenterRaRad: raRad, phaseCenterDecRad: decRad, phaseCenterFrame: frame } = header;
    const centre = frame === "gcrs" ? icrsOfGcrs(header, raRad, decRad) : { raRad, decRad };
    return { kind: "sidereal", centres: [{ name: header.objectName ?? "phase_center", ...centre }], centreOfBlt: null };
  }
  throw new PipelineError(
    "UVH5_PHASING_UNKNOWN",
    `${path}: Header/phase_type: expected "drift", or "phased" with phase_center_ra and _dec, found ${JSON.stringify(header.phaseType)}`,
    { subject: path },
  );
}

const maxOf = (values: Float64Array) => values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);

export const uvh5SubbandReader: SubbandReader = {
  probe(path): SubbandProbe {
    assertWhole(path);
    return withFile(path, (header, fileSizeBytes) => ({
      path,
      fileSizeBytes,
      firstTimeJd: header.timeJd[0]!,
      integrationTimeSec: header.integrationTimeSec[0]!,
      topFreqHz: maxOf(header.freqHz),
    }));
  },

  readHeader(path): SubbandHeader {
    return withFile(path, (header, fileSizeBytes) => {
      const phasing = phasingOf(header, path);
      return {
        path,
        fileSizeBytes,
        telescopeName: header.telescopeName,
        instrument: header.instrument ?? "",
        objectName: header.objectName ?? "",
        site: { latitudeRad: header.latitudeRad, longitudeRad: header.longitudeRad, altitudeM: header.altitudeM },
        antennas: {
          numbers: header.antennaNumbers,
          names: header.antennaNames,
          positionsM: header.antennaPositionsM,
          diametersM:
            header.antennaDiametersM ?? new Float64Array(header.antennaCount).fill(diameterWhereAbsentM(phasing)),
        },
        phasing,
        polarizationCodes: [...header.polarizations],
        freqHz: header.freqHz,
        channelWidthHz: header.channelWidthHz,
        spwOfChan: header.flexSpwIdArray,
        timeJd: header.timeJd,
        integrationTimeSec: header.integrationTimeSec,
        antenna1Number: header.ant1,
        antenna2Number: header.ant2,
        uvwM: phasing.kind === "sidereal" ? header.uvwM : null,
      };
    });
  },
};

/** Some DSA-110 files lack diameters; its dishes are 4.65 m. Of another telescope nothing is known: 0. */
const diameterWhereAbsentM = (phasing: Phasing) => (phasing.kind === "meridian" ? 4.65 : 0);
