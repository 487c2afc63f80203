/** `contimg catalog transits` */

import type { Command } from "commander";
import type { CatalogTools } from "../../../compose/catalogs.ts";
import { lBandFluxJy } from "../../../domain/calibrator.ts";
import { calibratorNamed, directionOf, dsa110Site } from "../../../services/find-calibrators.ts";
import { transitsBetween } from "../../../stages/calibrate/transit.ts";
import { tableLines } from "../../table.ts";
import { mjdTime } from "../cal/times.ts";
import { catalogPath, commandConfig, runCatalog, type SkyPlace, skyPlace } from "./catalog-paths.ts";

interface TransitFlags {
  readonly from: number;
  readonly to?: number;
  readonly site: SkyPlace | null;
  readonly catalog?: string;
  readonly json: boolean;
}

const UNIX_EPOCH_MJD = 40_587;
const DAY_MS = 86_400_000;
const RAD_PER_DEG = Math.PI / 180;

export function addCatalogTransits(catalog: Command, tools: CatalogTools): void {
  catalog
    .command("transits")
    .summary("when calibrators cross the meridian")
    .description("Says when calibrators cross the meridian of DSA-110.")
    .argument("<names...>", "of calibrators, as 0834+555")
    .requiredOption("--from <time>", "from then on (UTC or MJD)", mjdTime)
    .option("--to <time>", "up to then (default: a day later)", mjdTime)
    .option("--site <lon,lat>", "of another telescope, degrees", skyPlace, null)
    .option("--catalog <file>", "the catalogue of calibrators, when it is not in its place")
    .option("--json", "JSON lines", false)
    .action((names: readonly string[], flags: TransitFlags, command: Command) => {
      const toMjd = flags.to ?? flags.from + 1;
      if (toMjd <= flags.from) command.error("error: --to: expected a time after --from");
      return runCatalog(flags, (output) => {
        const { iersFinals, leapSeconds } = commandConfig().conversion;
        const earthOrientation = tools.readEarthOrientation({ finalsPath: iersFinals, leapSecondsPath: leapSeconds });
        const site = flags.site
          ? { longitudeRad: flags.site.raDeg * RAD_PER_DEG, latitudeRad: flags.site.decDeg * RAD_PER_DEG, altitudeM: 0 }
          : dsa110Site;
        const calibrators = tools.store.openCalibrators(flags.catalog ?? catalogPath("vla-calibrators"));
        try {
          const transits = names
            .flatMap((name) => calibratorNamed(calibrators, name))
            .flatMap((calibrator) =>
              transitsBetween(flags.from, toMjd, directionOf(calibrator), site, earthOrientation).map((transitMjd) => ({
                calibrator,
                transitMjd,
              })),
            )
            .toSorted((a, b) => a.transitMjd - b.transitMjd);
          for (const { calibrator, transitMjd } of transits) {
            output.event({
              calibrator_name: calibrator.name,
              transit_mjd: transitMjd,
              transit_iso: isoOf(transitMjd),
              ra_deg: calibrator.raDeg,
              dec_deg: calibrator.decDeg,
              flux_jy: lBandFluxJy(calibrator),
            });
          }
          const rows = transits.map(({ calibrator, transitMjd }) =>
            [calibrator.name, isoOf(transitMjd), transitMjd.toFixed(6), String(lBandFluxJy(calibrator) ?? "-")].map(
              (text) => ({ text }),
            ),
          );
          for (const line of tableLines(["calibrator", "transit (UTC)", "MJD", "20 cm flux (Jy)"], rows, false))
            output.line(line);
          return 0;
        } finally {
          calibrators.close();
        }
      });
    });
}

const isoOf = (mjd: number) => new Date(Math.round((mjd - UNIX_EPOCH_MJD) * DAY_MS)).toISOString().replace("Z", "");
