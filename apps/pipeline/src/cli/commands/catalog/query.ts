/** `contimg catalog query` */

import { type Command, InvalidArgumentError } from "commander";
import type { CatalogTools } from "../../../compose/catalogs.ts";
import { lBandFluxJy, type VlaCalibrator } from "../../../domain/calibrator.ts";
import type { CatalogSource } from "../../../domain/catalog-source.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { MasterSource } from "../../../domain/master-source.ts";
import type { Found, SkyRegion, SourceQuery } from "../../../ports/source-catalog.ts";
import { tableLines } from "../../table.ts";
import { wholeNumber } from "../../values.ts";
import { catalogPath, isCatalogName, numberWithin, runCatalog, type SkyPlace, skyPlace } from "./catalog-paths.ts";

interface QueryFlags {
  readonly center?: SkyPlace;
  readonly radiusDeg: number;
  readonly box?: SkyRegion;
  readonly name?: string;
  readonly minFluxMjy?: number;
  readonly maxFluxMjy?: number;
  readonly references: boolean;
  readonly limit: number;
  readonly json: boolean;
}

function skyBox(text: string): SkyRegion {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const [raFromDeg, raToDeg, decFromDeg, decToDeg] = values as [number, number, number, number];
  const isRight =
    values.length === 4 &&
    [raFromDeg, raToDeg].every((ra) => ra >= 0 && ra <= 360) &&
    [decFromDeg, decToDeg].every((dec) => dec >= -90 && dec <= 90) &&
    decFromDeg <= decToDeg;
  if (!isRight)
    throw new InvalidArgumentError(
      `expected RA from, RA to, Dec from, Dec to in degrees, as 350,10,50,58; found "${text}"`,
    );
  return { kind: "box", raFromDeg, raToDeg, decFromDeg, decToDeg };
}

export function addCatalogQuery(catalog: Command, { store }: CatalogTools): void {
  catalog
    .command("query")
    .summary("finds sources by place, flux or name")
    .description("Finds sources of a catalogue by place, flux or name. In a cone the nearest come first.")
    .argument("<catalogue>", "its name, or the path of its file")
    .option("--center <ra,dec>", "the middle of a cone, ICRS", skyPlace)
    .option("--radius-deg <deg>", "of the cone", numberWithin(0, 180), 1)
    .option("--box <ra,ra,dec,dec>", "instead: from west to east, from south to north; 350,10 passes 0", skyBox)
    .option("--name <name>", "instead: the name of a source")
    .option("--min-flux-mjy <mJy>", "that flux or more", numberWithin(0, 1e9))
    .option("--max-flux-mjy <mJy>", "that flux or less", numberWithin(0, 1e9))
    .option("--references", "master: only sources that fluxes may be compared with", false)
    .option("--limit <n>", "at most so many", wholeNumber("--limit", 1), 50)
    .option("--json", "JSON lines", false)
    .action((named: string, flags: QueryFlags, command: Command) => {
      const { center, box, name, radiusDeg } = flags;
      if ([center, box, name].filter((one) => one !== undefined).length !== 1)
        command.error("error: give one of --center, --box and --name");
      const region = box ?? (center ? { kind: "cone" as const, ...center, radiusDeg } : null);
      const path = isCatalogName(named) ? catalogPath(named) : named;
      if (flags.references && !region) command.error("error: --references goes with --center or --box");
      return runCatalog(flags, (output) => {
        const rows = rowsOf(store, path, region, flags);
        for (const row of rows) output.event(row);
        const header = Object.keys(rows[0] ?? {});
        if (rows.length === 0) output.line("no source");
        else
          for (const line of tableLines(
            header,
            rows.map((row) => header.map((key) => ({ text: cell(key, row[key]) }))),
            false,
          ))
            output.line(line);
        if (rows.length === flags.limit) output.line(`the first ${flags.limit}; --limit shows more`);
        return 0;
      });
    });
}

type Row = Readonly<Record<string, unknown>>;

function rowsOf(
  store: CatalogTools["store"],
  path: string,
  region: SkyRegion | null,
  flags: QueryFlags,
): readonly Row[] {
  const { name, minFluxMjy, maxFluxMjy, limit } = flags;
  const query = (within: SkyRegion): SourceQuery => ({
    region: within,
    ...(minFluxMjy === undefined ? {} : { minFluxJy: minFluxMjy / 1000 }),
    ...(maxFluxMjy === undefined ? {} : { maxFluxJy: maxFluxMjy / 1000 }),
    maxCount: limit,
  });
  const kind = store.kindOf(path);
  if (flags.references && kind !== "master")
    throw new PipelineError("CATALOG_UNUSABLE", `${path}: --references: expected the master catalogue, found another`, {
      subject: path,
    });
  if (kind === "master") {
    const opened = store.openMaster(path);
    try {
      // A name in the master catalogue is that of NVSS.
      const found = region
        ? opened.find({ ...query(region), referencesOnly: flags.references })
        : opened.findName(name!).slice(0, limit);
      return found.map(masterRow);
    } finally {
      opened.close();
    }
  }
  const opened = kind === "calibrators" ? store.openCalibrators(path) : store.openSurvey(path);
  try {
    const found = region ? opened.find(query(region)) : opened.findName(name!).slice(0, limit);
    return found.map((one) => ("bands" in one ? calibratorRow(one) : sourceRow(one)));
  } finally {
    opened.close();
  }
}

const placeOf = ({ name, raDeg, decDeg, sepDeg }: Found<{ name: string; raDeg: number; decDeg: number }>) => ({
  name,
  ra_deg: raDeg,
  dec_deg: decDeg,
  ...(sepDeg === null ? {} : { sep_deg: sepDeg }),
});

const sourceRow = (source: Found<CatalogSource>): Row => ({
  ...placeOf(source),
  flux_jy: source.fluxJy,
  flux_err_jy: source.fluxErrJy,
  peak_jy_per_beam: source.peakJyPerBeam,
  major_arcsec: source.majorArcsec,
  minor_arcsec: source.minorArcsec,
  pa_deg: source.paDeg,
  alpha: source.spectralIndex,
});

const masterRow = (source: Found<MasterSource>): Row => ({
  ...placeOf(source),
  s_nvss: source.nvssJy,
  snr_nvss: source.nvssSnr,
  s_first: source.firstJy,
  s_racs: source.racsJy,
  s_vlass: source.vlassJy,
  alpha: source.spectralIndex,
  resolved_flag: Number(source.isResolved),
  confusion_flag: Number(source.isConfused),
});

const calibratorRow = (calibrator: Found<VlaCalibrator>): Row => ({
  ...placeOf(calibrator),
  flux_jy: lBandFluxJy(calibrator),
  position_code: calibrator.positionCode,
  b1950_name: calibrator.b1950Name,
  alt_name: calibrator.altName,
  bands: calibrator.bands.map(({ wavelength, qualities, fluxJy }) => ({
    band: wavelength,
    quality_codes: qualities.join(""),
    flux_jy: fluxJy,
  })),
});

function cell(key: string, value: unknown): string {
  if (value === null) return "-";
  if (key === "bands")
    return (value as readonly { band: string; quality_codes: string; flux_jy: number | null }[])
      .map(({ band, quality_codes, flux_jy }) => `${band} ${quality_codes} ${flux_jy ?? "-"}`)
      .join(", ");
  if (typeof value !== "number") return String(value as string);
  if (/^(?:ra|dec|sep)_deg$/.test(key)) return value.toFixed(5);
  return String(Number(value.toPrecision(5)));
}
