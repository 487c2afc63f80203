/** From directories and files to groups: looks into every header, since names only hint. */

import { isPipelineError, type PipelineError } from "../domain/error-codes.ts";
import { assembleGroups, type Group, mayStartWithin, type SubbandProbe } from "../domain/group.ts";
import { isHdf5Name, isUnfinishedName } from "../domain/subband-file.ts";
import type { Directory } from "../ports/directory.ts";
import type { SubbandReader } from "../ports/subband-reader.ts";

export interface FindGroupsOptions {
  /** Directories are searched (not below them); files are taken as they are. */
  readonly inputs: readonly string[];
  /** Only groups whose first integration starts in [start, end), Unix seconds. */
  readonly startUnixSec: number;
  readonly endUnixSec: number;
}

export interface RefusedFile {
  readonly path: string;
  readonly error: PipelineError;
}

export interface FoundGroups {
  readonly groups: readonly Group[];
  /** Files that could not be used, each with the reason. */
  readonly refused: readonly RefusedFile[];
}

/** @throws PipelineError INPUT_UNREADABLE when an input cannot be listed; an error of a single file is a `refused` entry. */
export function findGroups(directory: Directory, reader: SubbandReader, options: FindGroupsOptions): FoundGroups {
  const paths = new Set<string>();
  for (const input of options.inputs) {
    if (!directory.isDirectory(input)) {
      paths.add(input);
      continue;
    }
    for (const name of directory.list(input)) {
      const path = `${input.replace(/\/+$/, "")}/${name}`;
      const named = isHdf5Name(name) || (isUnfinishedName(name) && /_incomplete\./.test(name));
      if (named && mayStartWithin(name, options.startUnixSec, options.endUnixSec)) paths.add(path);
    }
  }
  const probes: SubbandProbe[] = [];
  const refused: RefusedFile[] = [];
  for (const path of [...paths].toSorted()) {
    try {
      probes.push(reader.probe(path));
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      refused.push({ path, error });
    }
  }
  const groups = assembleGroups(probes);
  const isWithin = ({ startUnixSec }: Group) =>
    startUnixSec >= options.startUnixSec && startUnixSec < options.endUnixSec;
  return { groups: groups.filter(isWithin), refused };
}
