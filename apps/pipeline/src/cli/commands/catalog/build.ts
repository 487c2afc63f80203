/** `contimg catalog build` */

import { resolve } from "node:path";
import { Argument, type Command } from "commander";
import type { CatalogTools } from "../../../compose/catalogs.ts";
import { type CatalogSource, normalizedRaDeg, pointSource, type SurveyName } from "../../../domain/catalog-source.ts";
import { defaultMasterLimits, type MatchedSurvey, matchedSurveys } from "../../../domain/master-source.ts";
import {
  type BuiltCatalog,
  buildCalibrators,
  buildMaster,
  buildSurvey,
  buildSynthetic,
} from "../../../services/build-catalogs.ts";
import { RandomStream } from "../../../simulate/random.ts";
import { randomSky } from "../../../simulate/sky-model.ts";
import type { Output } from "../../output.ts";
import { wholeNumber } from "../../values.ts";
import {
  type CatalogName,
  catalogName,
  catalogNames,
  catalogPath,
  numberWithin,
  runCatalog,
  type SkyPlace,
  skyPlace,
} from "./catalog-paths.ts";

interface BuildFlags {
  readonly output?: string;
  readonly minFluxMjy?: number;
  readonly decMin: number;
  readonly decMax: number;
  readonly freqMhz?: number;
  readonly seed?: number;
  readonly center: SkyPlace;
  readonly sources: number;
  readonly nvss?: string;
  readonly first?: string;
  readonly racs?: string;
  readonly vlass?: string;
  readonly matchArcsec: number;
  readonly json: boolean;
}

/** Of the simulated group that the manual shows. */
const DEMO_CENTER: SkyPlace = { raDeg: 128.73, decDeg: 54.6 };
const DEMO_CALIBRATOR_JY = 8;
const RAD_PER_DEG = Math.PI / 180;

const HELP = `
Files, plain or as .gz:
  nvss             heasarc_nvss.tdat of HEASARC, nvss.dat of CDS VIII/65, or a table of VizieR
  first            catalog_14dec17.bin of FIRST, heasarc_first.tdat, or a table of VizieR
  racs, vlass      the CSV tables of sources (RACS-low DR1) and of components (VLASS quick look), or of VizieR
  vla-calibrators  vlacalibrators.txt of NRAO
  synthetic        truth.json of contimg simulate, or a list as its --sky takes; or no file and --seed
  master           no file: matches the catalogues that are there, NVSS with FIRST, RACS and VLASS
The catalogue takes the place of an older one only when it is whole.`;

export function addCatalogBuild(catalog: Command, tools: CatalogTools): void {
  catalog
    .command("build")
    .summary("makes a catalogue of the files it is published as")
    .description("Makes a catalogue of the files it is published as.")
    .addArgument(new Argument("<catalogue>", catalogNames.join(", ")).argParser(catalogName))
    .argument("[files...]", "the files; see below")
    .option("--output <file>", "where the catalogue goes (default: where contimg catalog query looks)")
    .option("--min-flux-mjy <mJy>", "only sources of that flux or more", numberWithin(0, 1e9))
    .option("--dec-min <deg>", "only sources from that declination on", numberWithin(-90, 90), -90)
    .option("--dec-max <deg>", "only sources up to that declination", numberWithin(-90, 90), 90)
    .option("--freq-mhz <MHz>", "frequency of the fluxes, where it is not that of the survey", numberWithin(1, 1e6))
    .option("--seed <n>", "synthetic: makes a random sky of this seed", wholeNumber("--seed", 0))
    .option("--center <ra,dec>", "synthetic: the middle of the random sky", skyPlace, DEMO_CENTER)
    .option("--sources <n>", "synthetic: sources of the random sky", wholeNumber("--sources", 1, 400), 20)
    .option("--nvss <file>", "master: the catalogue of NVSS, when it is not in its place")
    .option("--first <file>", "master: that of FIRST")
    .option("--racs <file>", "master: that of RACS")
    .option("--vlass <file>", "master: that of VLASS")
    .option(
      "--match-arcsec <arcsec>",
      "master: a component so near is the same source",
      numberWithin(0.1, 60),
      defaultMasterLimits.matchRadiusArcsec,
    )
    .option("--json", "JSON lines", false)
    .addHelpText("after", HELP)
    .action((name: CatalogName, files: readonly string[], flags: BuildFlags, command: Command) => {
      const needsFile = name !== "master" && !(name === "synthetic" && flags.seed !== undefined);
      const missing = name === "synthetic" ? "name its file, or --seed for a random sky" : "name its file";
      if (needsFile === (files.length === 0) || (name === "vla-calibrators" && files.length !== 1))
        command.error(`error: ${name}: ${needsFile ? missing : "takes no file"}; --help lists them`);
      return runCatalog(flags, async (output) => {
        const built = await buildNamed(tools, name, files, flags, output);
        report(name, built, output);
        return 0;
      });
    });
}

function buildNamed(
  tools: CatalogTools,
  name: CatalogName,
  files: readonly string[],
  flags: BuildFlags,
  output: Output,
): Promise<BuiltCatalog> {
  const outputPath = resolve(flags.output ?? catalogPath(name));
  const onProgress = (rowCount: number) => output.progress(`${rowCount.toLocaleString("en")} sources`);
  if (name === "vla-calibrators") return buildCalibrators(tools, files[0]!, outputPath);
  if (name === "master") return buildMaster(tools, { ...masterInputs(flags, tools), outputPath, onProgress });
  if (name === "synthetic" && flags.seed !== undefined)
    return buildSynthetic(tools, madeSources(flags.seed, flags).filter(isWantedBy(flags)), outputPath);
  return buildSurvey(tools, {
    survey: name satisfies SurveyName,
    inputs: files,
    freqHz: flags.freqMhz === undefined ? null : flags.freqMhz * 1e6,
    outputPath,
    isWanted: isWantedBy(flags),
    onProgress,
  });
}

const isWantedBy =
  ({ decMin, decMax, minFluxMjy }: BuildFlags) =>
  ({ decDeg, fluxJy }: CatalogSource) =>
    decDeg >= decMin && decDeg <= decMax && (minFluxMjy === undefined || fluxJy >= minFluxMjy / 1000);

function madeSources(seed: number, { center, sources }: BuildFlags): readonly CatalogSource[] {
  const middle = { raRad: center.raDeg * RAD_PER_DEG, decRad: center.decDeg * RAD_PER_DEG };
  const options = { sourceCount: sources, calibratorJy: DEMO_CALIBRATOR_JY, raSpanRad: 0 };
  return randomSky(new RandomStream(seed, 1), middle, options).map(
    ({ name, raRad, decRad, fluxJy, spectralIndex }) => ({
      ...pointSource(name, normalizedRaDeg(raRad / RAD_PER_DEG), decRad / RAD_PER_DEG, fluxJy),
      spectralIndex,
    }),
  );
}

/** Catalogues that are named must be there; others are taken where they are. */
function masterInputs(flags: BuildFlags, { store }: CatalogTools) {
  const matchedPaths: Partial<Record<MatchedSurvey, string>> = {};
  for (const survey of matchedSurveys) {
    const path = flags[survey] ?? catalogPath(survey);
    if (flags[survey] !== undefined || store.exists(path)) matchedPaths[survey] = path;
  }
  const limits = { ...defaultMasterLimits, matchRadiusArcsec: flags.matchArcsec };
  return { nvssPath: flags.nvss ?? catalogPath("nvss"), matchedPaths, limits };
}

function report(
  name: CatalogName,
  { path, rowCount, skippedCounts, missingCount }: BuiltCatalog,
  output: Output,
): void {
  output.event({
    event: "catalog_built",
    catalogue: name,
    path,
    source_count: rowCount,
    skipped: skippedCounts,
    missing_count: missingCount,
  });
  output.line(`${path}: ${rowCount.toLocaleString("en")} ${name === "vla-calibrators" ? "calibrators" : "sources"}`);
  for (const [reason, count] of Object.entries(skippedCounts))
    output.line(`  left out: ${count.toLocaleString("en")} ${reason}`);
  if (missingCount > 0)
    output.line(
      `  the whole catalogue has ${missingCount.toLocaleString("en")} more: is the file a part of it, or cut?`,
    );
}
