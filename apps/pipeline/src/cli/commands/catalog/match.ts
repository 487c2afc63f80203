/** `contimg catalog match` */

import type { Command } from "commander";
import type { CatalogTools } from "../../../compose/catalogs.ts";
import { type CalibratorMatch, defaultCalibratorChoice } from "../../../domain/calibrator.ts";
import { msClassOf } from "../../../domain/measurement-set.ts";
import { calibratorsOf, driftWindowOf } from "../../../services/find-calibrators.ts";
import { dsa110Beam } from "../../../stages/calibrate/calibrators-in-group.ts";
import { tableLines } from "../../table.ts";
import { wholeNumber } from "../../values.ts";
import { mjdText } from "../cal/times.ts";
import { catalogPath, commandConfig, numberWithin, runCatalog } from "./catalog-paths.ts";

interface MatchFlags {
  readonly minWeightedJy: number;
  readonly limit: number;
  readonly catalog?: string;
  readonly json: boolean;
}

const HEADER = ["group", "calibrator", "flux × beam (Jy)", "flux (Jy)", "off centre (deg)", "transit", "in group"];

export function addCatalogMatch(catalog: Command, tools: CatalogTools): void {
  catalog
    .command("match")
    .summary("which groups hold which calibrators")
    .description("Says which calibrators groups of subband files hold: those of most flux × primary beam first.")
    .argument("<inputs...>", "directories with subband files, or files")
    .option(
      "--min-weighted-jy <Jy>",
      "least flux × beam",
      numberWithin(0, 1e6),
      defaultCalibratorChoice.minWeightedFluxJy,
    )
    .option("--limit <n>", "at most so many a group", wholeNumber("--limit", 1), defaultCalibratorChoice.maxCount)
    .option("--catalog <file>", "the catalogue of calibrators, when it is not in its place")
    .option("--json", "JSON lines", false)
    .action((inputs: readonly string[], flags: MatchFlags) =>
      runCatalog(flags, (output) => {
        const { iersFinals, leapSeconds } = commandConfig().conversion;
        const earthOrientation = tools.readEarthOrientation({ finalsPath: iersFinals, leapSecondsPath: leapSeconds });
        const choice = {
          ...defaultCalibratorChoice,
          minWeightedFluxJy: flags.minWeightedJy,
          maxCount: flags.limit,
        };
        const found = tools.findGroups({
          inputs,
          startUnixSec: Number.NEGATIVE_INFINITY,
          endUnixSec: Number.POSITIVE_INFINITY,
        });
        for (const { error } of found.refused) output.problem(`${error.code}: ${error.message}`);
        const calibrators = tools.store.openCalibrators(flags.catalog ?? catalogPath("vla-calibrators"));
        try {
          const rows = found.groups.flatMap(({ groupId, files }) => {
            const window = driftWindowOf(tools.readHeader(files[0]!.path));
            const matches = window ? calibratorsOf(calibrators, window, choice, dsa110Beam, earthOrientation) : [];
            output.event({
              group_id: groupId,
              has_calibrator: matches.length > 0,
              ms_class: msClassOf(matches),
              calibrators: matches.map(json),
            });
            if (matches.length === 0) return [[{ text: groupId }, { text: "none" }, ...blank(5)]];
            return matches.map((match) => [{ text: groupId }, ...cells(match)]);
          });
          for (const line of tableLines(HEADER, rows, false)) output.line(line);
          if (found.groups.length === 0) output.problem(`no group of subband files in ${inputs.join(", ")}`);
          return found.refused.length > 0 || found.groups.length === 0 ? 1 : 0;
        } finally {
          calibrators.close();
        }
      }),
    );
}

const blank = (count: number) => Array.from({ length: count }, () => ({ text: "" }));

const cells = ({ name, weightedFluxJy, fluxJy, sepDeg, transitMjd, transitsWithin }: CalibratorMatch) =>
  [
    name,
    weightedFluxJy.toFixed(2),
    String(fluxJy),
    sepDeg.toFixed(2),
    mjdText(transitMjd),
    transitsWithin ? "yes" : "no",
  ].map((text) => ({ text }));

/** With the names of `ingest_queue.calibrators`, and what else is known. */
const json = (match: CalibratorMatch) => ({
  name: match.name,
  ra_deg: match.raDeg,
  dec_deg: match.decDeg,
  sep_deg: match.sepDeg,
  weighted_flux: match.weightedFluxJy,
  flux_jy: match.fluxJy,
  beam: match.beamFactor,
  transit_mjd: match.transitMjd,
  transits_within: match.transitsWithin,
  quality_code: match.quality,
});
