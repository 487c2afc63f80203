/** Whether the files of a group belong together: what must agree between subbands, said precisely when it does not. */

import { PipelineError } from "../../domain/error-codes.ts";
import type { Group, GroupFile } from "../../domain/group.ts";
import type { SubbandHeader } from "../../domain/subband-header.ts";

/**
 * Refuses a group with two files for one subband, or with more subbands missing than allowed.
 * @returns the missing subband indices, ascending
 */
export function checkCompleteness(
  group: Group,
  expectedSubbandCount: number,
  allowMissingCount: number,
): readonly number[] {
  const present = new Map<number, GroupFile>();
  for (const file of group.files) {
    const twin = present.get(file.subbandIndex);
    if (twin) {
      throw new PipelineError(
        "UVH5_SUBBAND_DUPLICATE",
        `group ${group.groupId}: subband ${label(file.subbandIndex)} is in two files, expected one: ${twin.path} and ${file.path}`,
        { subject: group.groupId },
      );
    }
    if (file.subbandIndex >= expectedSubbandCount) {
      throw new PipelineError(
        "UVH5_SUBBANDS_DIFFER",
        `${file.path}: subband ${label(file.subbandIndex)}, expected one of sb00 to ${label(expectedSubbandCount - 1)}`,
        { subject: group.groupId },
      );
    }
    present.set(file.subbandIndex, file);
  }
  const missing = Array.from({ length: expectedSubbandCount }, (_, k) => k).filter((k) => !present.has(k));
  if (missing.length > allowMissingCount) {
    throw new PipelineError(
      "UVH5_SUBBAND_MISSING",
      `group ${group.groupId}: found ${present.size} of ${expectedSubbandCount} subbands, missing ${missing.map(label).join(", ")}` +
        (allowMissingCount > 0 ? `; --allow-missing is ${allowMissingCount}` : ""),
      { subject: group.groupId },
    );
  }
  return missing;
}

const label = (subbandIndex: number) => `sb${String(subbandIndex).padStart(2, "0")}`;

/** Positions in a header that say the same place to within rounding of a text file. */
const SAME_POSITION_M = 1e-3;
const SAME_ANGLE_RAD = 1e-9;

/** Refuses headers that disagree in anything but frequency. The first file is the reference. */
export function checkAgreement(groupId: string, headers: readonly SubbandHeader[]): void {
  const reference = headers[0]!;
  for (const header of headers.slice(1)) {
    const differ = (field: string, expected: unknown, found: unknown): never => {
      throw new PipelineError(
        "UVH5_SUBBANDS_DIFFER",
        `${header.path}: ${field} is ${String(found)}, expected ${String(expected)} as in ${reference.path}`,
        { subject: groupId },
      );
    };
    const sameList = (field: string, expected: ArrayLike<number | string>, found: ArrayLike<number | string>) => {
      if (found.length !== expected.length) differ(`the length of ${field}`, expected.length, found.length);
      for (let k = 0; k < expected.length; k++)
        if (found[k] !== expected[k]) differ(`${field}[${k}]`, expected[k], found[k]);
    };
    const near = (field: string, expected: number, found: number, tolerance: number) => {
      if (!(Math.abs(found - expected) <= tolerance)) differ(field, expected, found);
    };
    if (header.telescopeName !== reference.telescopeName)
      differ("telescope_name", reference.telescopeName, header.telescopeName);
    sameList("polarization_array", reference.polarizationCodes, header.polarizationCodes);
    sameList("antenna_numbers", reference.antennas.numbers, header.antennas.numbers);
    sameList("antenna_names", reference.antennas.names, header.antennas.names);
    sameList("time_array", reference.timeJd, header.timeJd);
    sameList("integration_time", reference.integrationTimeSec, header.integrationTimeSec);
    sameList("ant_1_array", reference.antenna1Number, header.antenna1Number);
    sameList("ant_2_array", reference.antenna2Number, header.antenna2Number);
    const positions = reference.antennas.positionsM;
    for (let k = 0; k < positions.length; k++) {
      near(
        `antenna_positions[${Math.floor(k / 3)},${k % 3}]`,
        positions[k]!,
        header.antennas.positionsM[k]!,
        SAME_POSITION_M,
      );
    }
    near("latitude", reference.site.latitudeRad, header.site.latitudeRad, SAME_ANGLE_RAD);
    near("longitude", reference.site.longitudeRad, header.site.longitudeRad, SAME_ANGLE_RAD);
    near("altitude", reference.site.altitudeM, header.site.altitudeM, SAME_POSITION_M);
    if (header.phasing.kind !== reference.phasing.kind)
      differ("the kind of phasing", reference.phasing.kind, header.phasing.kind);
    if (header.phasing.kind === "meridian" && reference.phasing.kind === "meridian") {
      near("phase_center_app_dec", reference.phasing.apparentDecRad, header.phasing.apparentDecRad, SAME_ANGLE_RAD);
    }
  }
}
