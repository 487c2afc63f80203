/** `contimg catalog`: catalogues of radio sources, and the calibrators in them. */

import type { Command } from "commander";
import type { CatalogTools } from "../../compose/catalogs.ts";
import { addCatalogBuild } from "./catalog/build.ts";
import { addCatalogMatch } from "./catalog/match.ts";
import { addCatalogQuery } from "./catalog/query.ts";
import { addCatalogTransits } from "./catalog/transits.ts";

const HELP = `
Catalogues are nvss, first, racs, vlass, vla-calibrators, synthetic and master. They lie in catalogs/ of the static
directory, else of the state directory, else here; master_sources.sqlite3 in the state directory, else here.

Exit status: 0 done, 1 refused or failed, 2 wrong usage.

Examples:
  contimg catalog build nvss heasarc_nvss.tdat.gz
  contimg catalog build vla-calibrators vlacalibrators.txt
  contimg catalog build synthetic incoming/truth.json
  contimg catalog build master
  contimg catalog query nvss --center 08h34m54.9s,+55d34m21s --radius-deg 1.5 --min-flux-mjy 50
  contimg catalog query master --box 350,10,50,58 --references --json
  contimg catalog query vla-calibrators --name 0834+555
  contimg catalog transits 0834+555 --from 2025-10-03 --to 2025-10-10
  contimg catalog match /data/incoming`;

export function addCatalogCommand(program: Command, tools: CatalogTools): void {
  const catalog = program
    .command("catalog")
    .summary("catalogues of sources and calibrators")
    .description("Makes catalogues of radio sources and looks into them.")
    .addHelpText("after", HELP);
  addCatalogBuild(catalog, tools);
  addCatalogQuery(catalog, tools);
  addCatalogTransits(catalog, tools);
  addCatalogMatch(catalog, tools);
}
