/** A group: the subband files of one observation. Its identity is the data time in the headers. */

import { NAME_CLUSTER_SEC, parseSubbandName } from "./subband-file.ts";

/** What a look at the header tells that is needed to find a file's group. */
export interface SubbandProbe {
  readonly path: string;
  readonly fileSizeBytes: number;
  /** First `time_array` element: bit-identical in all subbands of one observation. */
  readonly firstTimeJd: number;
  readonly integrationTimeSec: number;
  /** Highest channel centre of the file. */
  readonly topFreqHz: number;
}

export interface GroupFile extends SubbandProbe {
  /** From the file name; from the order in frequency where the name tells nothing. 0 is the highest frequency. */
  readonly subbandIndex: number;
  /** Where the file came from, when `path` is a copy made for speed. */
  readonly originPath?: string;
}

export interface Group {
  /** Start of the first integration, UTC, cut to the second: `2025-10-03T11:48:50`. */
  readonly groupId: string;
  /** The same as a number: Unix seconds. */
  readonly startUnixSec: number;
  /** Ascending subband index. */
  readonly files: readonly GroupFile[];
}

/** Headers of one group agree to the bit; a second allows for writers that round, and is far below any integration. */
const SAME_TIME_SEC = 1;
const SEC_PER_DAY = 86_400;
const UNIX_EPOCH_JD = 2_440_587.5;

/** When the first integration starts, Unix seconds. */
export function startUnixSecOf(firstTimeJd: number, integrationTimeSec: number): number {
  return (firstTimeJd - UNIX_EPOCH_JD) * SEC_PER_DAY - integrationTimeSec / 2;
}

/** The name of a group: the UTC second in which its first integration starts. */
export function groupIdOf(startUnixSec: number): string {
  // A JD in float64 resolves 40 µs: a start on the full second must not fall below it.
  return new Date(Math.floor(startUnixSec + 1e-4) * 1000).toISOString().slice(0, 19);
}

/**
 * Puts files that hold the same observation together.
 *
 * Files whose data start within a second of each other are one group. File names take no part in that: they carry
 * the clock of each writer, which differs by up to 82 s within a group and may be equal in two.
 *
 * @returns groups in order of time, whatever the order of `probes`; duplicates of a subband are all kept, for the
 * caller to refuse.
 */
export function assembleGroups(probes: readonly SubbandProbe[]): readonly Group[] {
  const ordered = probes.toSorted((a, b) => a.firstTimeJd - b.firstTimeJd || comparePaths(a.path, b.path));
  const clusters: SubbandProbe[][] = [];
  for (const probe of ordered) {
    const cluster = clusters.at(-1);
    if (cluster && (probe.firstTimeJd - cluster[0]!.firstTimeJd) * SEC_PER_DAY < SAME_TIME_SEC) cluster.push(probe);
    else clusters.push([probe]);
  }
  return clusters.map((cluster) => {
    const first = cluster[0]!;
    const startUnixSec = startUnixSecOf(first.firstTimeJd, first.integrationTimeSec);
    return { groupId: groupIdOf(startUnixSec), startUnixSec, files: numberSubbands(cluster) };
  });
}

function numberSubbands(cluster: readonly SubbandProbe[]): readonly GroupFile[] {
  const named = cluster.map((probe) => parseSubbandName(probe.path)?.subbandIndex);
  if (named.every((subbandIndex) => subbandIndex !== undefined)) {
    return cluster
      .map((probe, at) => ({ ...probe, subbandIndex: named[at]! }))
      .toSorted((a, b) => a.subbandIndex - b.subbandIndex || comparePaths(a.path, b.path));
  }
  return cluster
    .toSorted((a, b) => b.topFreqHz - a.topFreqHz || comparePaths(a.path, b.path))
    .map((probe, at) => ({ ...probe, subbandIndex: at }));
}

/**
 * Which files of a directory may belong to the groups that start in [startUnixSec, endUnixSec), judged by name alone:
 * names are up to {@link NAME_CLUSTER_SEC} off. A name that tells no time is always kept.
 */
export function mayStartWithin(path: string, startUnixSec: number, endUnixSec: number): boolean {
  const name = parseSubbandName(path);
  if (!name) return true;
  return (
    name.nameTimeUnixSec >= startUnixSec - NAME_CLUSTER_SEC && name.nameTimeUnixSec < endUnixSec + NAME_CLUSTER_SEC
  );
}

/** Code-unit order: the same on every machine, unlike the locale's. */
function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
