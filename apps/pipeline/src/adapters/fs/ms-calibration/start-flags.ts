/** The flags that calibration adds to: those from before it was first applied, so that applying again is the same as once. */

import { openTable, type Table } from "@contimg/casacore-tables/node";
import { type CellShapes, readFlags } from "../ms-flags/flag-columns.ts";
import { freeName, hasVersion, listVersions, readVersion } from "../ms-flags/flag-versions.ts";
import { digestOf } from "../ms-flags/ms-flags.ts";
import type { PackedFlags } from "../ms-flags/packed-flags.ts";

export const APPLY_VERSION = "before_contimg_applycal";
/** Signs the rows of HISTORY that are ours. */
export const APPLY_ORIGIN = "contimg cal apply";
const DIGEST = /^flags crc32 ([0-9a-f]{8}) from (\S+)$/;

export interface StartFlags {
  readonly packed: PackedFlags;
  /** The version that holds them. */
  readonly version: string;
  /** Whether it is yet to be saved. */
  readonly isNew: boolean;
}

export const digestLine = (packed: PackedFlags, version: string): string =>
  `flags crc32 ${digestOf(packed)} from ${version}`;

/** Flags that somebody changed since they were last applied to are a new start. */
export function findStartFlags(msPath: string, shapes: CellShapes): StartFlags {
  using main = openTable(msPath);
  const present = readFlags(main, shapes);
  const digest = digestOf(present);
  const last = lastApplied(main);
  if (last?.digest === digest && hasVersion(msPath, last.version))
    return { packed: readVersion(msPath, last.version, shapes), version: last.version, isNew: false };
  const latest = listVersions(msPath).findLast(({ name }) => name.startsWith(APPLY_VERSION))?.name;
  if (latest !== undefined && digestOf(readVersion(msPath, latest, shapes)) === digest)
    return { packed: present, version: latest, isNew: false };
  return { packed: present, version: freeName(msPath, APPLY_VERSION), isNew: true };
}

function lastApplied(main: Table): { readonly digest: string; readonly version: string } | undefined {
  using history = main.subtable("HISTORY");
  const messages = history.column("MESSAGE").getScalarRange(0, history.rowCount) as string[];
  const origins = history.column("ORIGIN").getScalarRange(0, history.rowCount) as string[];
  const found = messages.findLast((message, row) => origins[row] === APPLY_ORIGIN && DIGEST.test(message));
  const [, digest, version] = found?.match(DIGEST) ?? [];
  return digest === undefined || version === undefined ? undefined : { digest, version };
}
