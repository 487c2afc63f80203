/** A subband file as its name tells it. Names only hint: the data time in the header decides the group. */

export interface SubbandName {
  readonly path: string;
  /** 0 is the highest frequency. */
  readonly subbandIndex: number;
  /** The time in the name: the writer's own clock when it opened the file, in Unix seconds (UTC). */
  readonly nameTimeUnixSec: number;
}

/** Subband files of one group carry names up to this far apart: 82 s was seen; half the 309-s cadence is the limit. */
export const NAME_CLUSTER_SEC = 120;

/** Seconds, `T`, space or underscore between date and time; `:` or `_` within the time; `spl` marks an averaged variant. */
const SUBBAND_NAME =
  /^(\d{4})-(\d{2})-(\d{2})[T _](\d{2})[:_](\d{2})[:_](\d{2})_sb(\d{2})(?:spl)?(?:_incomplete)?\.(?:hdf5|h5|uvh5)$/;
const UNFINISHED_NAME = /_incomplete\.(?:hdf5|h5|uvh5)$|^\.|\.(?:part|partial|tmp)$/;
const HDF5_NAME = /\.(?:hdf5|h5|uvh5)$/;

const baseName = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** Reads the subband and the time from a file name; undefined when the name has not the form `<time>_sbNN.hdf5`. */
export function parseSubbandName(path: string): SubbandName | undefined {
  const match = SUBBAND_NAME.exec(baseName(path));
  if (!match) return undefined;
  const [year, month, day, hour, minute, second, subbandIndex] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  return { path, subbandIndex, nameTimeUnixSec: Date.UTC(year, month - 1, day, hour, minute, second) / 1000 };
}

/** Whether the name says that its writer has not finished: the correlator's `_incomplete`, rsync's hidden files. */
export function isUnfinishedName(path: string): boolean {
  return UNFINISHED_NAME.test(baseName(path));
}

/** Whether a directory scan should look at the file at all. */
export function isHdf5Name(path: string): boolean {
  return HDF5_NAME.test(baseName(path)) && !isUnfinishedName(path);
}
