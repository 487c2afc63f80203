/** Catalogues of sources, for commands. */

import { catalogFiles } from "../adapters/catalogs/catalog-files.ts";
import { fileSystemDirectory } from "../adapters/fs/directory.ts";
import { type EarthOrientationFiles, readEarthOrientation } from "../adapters/fs/earth-orientation.ts";
import { uvh5SubbandReader } from "../adapters/fs/subband-reader.ts";
import { systemClock } from "../adapters/fs/system-clock.ts";
import { catalogStore } from "../adapters/sqlite/catalog-store.ts";
import type { SubbandHeader } from "../domain/subband-header.ts";
import type { CatalogServices } from "../services/build-catalogs.ts";
import { type FindGroupsOptions, type FoundGroups, findGroups } from "../services/find-groups.ts";
import { software } from "../version.ts";

/** What `contimg catalog` needs. */
export interface CatalogTools extends CatalogServices {
  findGroups(options: FindGroupsOptions): FoundGroups;
  readHeader(path: string): SubbandHeader;
  readEarthOrientation(files: EarthOrientationFiles): ReturnType<typeof readEarthOrientation>;
}

export const catalogTools: CatalogTools = {
  store: catalogStore,
  files: catalogFiles,
  clock: systemClock,
  software,
  findGroups: (options) => findGroups(fileSystemDirectory, uvh5SubbandReader, options),
  readHeader: (path) => uvh5SubbandReader.readHeader(path),
  readEarthOrientation,
};
