/** `contimg simulate`: groups of UVH5 files as the correlator writes them, with the truth beside them. */

import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { parseFault, type SubbandFault } from "../../simulate/faults.ts";
import { nodeSimulatorDeps } from "../../simulate/node-deps.ts";
import { simulateGroups } from "../../simulate/simulate-groups.ts";
import { parseVariation, type SimulationOptions } from "../../simulate/simulation-options.ts";
import { parseSky, type SkySource } from "../../simulate/sky-model.ts";
import { createOutput, describeError, progressBar } from "../output.ts";
import { finiteNumber, julianDate, wholeNumber } from "../values.ts";

interface SimulateFlags {
  readonly outputDir: string;
  readonly small: boolean;
  readonly antennas?: number;
  readonly integrations?: number;
  readonly channels?: number;
  readonly subbands: number;
  readonly groups: number;
  readonly groupIndex: number;
  readonly start?: number;
  readonly ptDecDeg: number;
  readonly seed: number;
  readonly gains: "raw" | "unit";
  readonly noise: number;
  readonly rfi: boolean;
  readonly sources: number;
  readonly calibratorJy: number;
  readonly raSpanDeg: number;
  readonly sky?: readonly SkySource[];
  readonly vary: ReadonlyMap<string, number>;
  readonly jitter: boolean;
  readonly fault: readonly SubbandFault[];
  readonly flags: boolean;
  readonly json: boolean;
}

const RADIANS_PER_DEGREE = Math.PI / 180;
/** A group that is made and converted in about a second. */
const SMALL = { antennas: 20, integrations: 6, channels: 8 };

const HELP = `
The files have the layout and names of the on-site writer. Beside them: truth.json (sources, phase centres, gains, bad
antennas, RFI) and truth_gain.c64 (complex64 [antenna, pol, channel]). The same seed gives the same files.

Examples:
  contimg simulate --output-dir incoming --small
  contimg simulate --output-dir incoming --groups 3 --vary SRC03=2 --jitter
  contimg simulate --output-dir incoming --small --fault truncated:3 --fault missing:7`;

/** Errors of the simulator's own parsers become usage errors. */
function parsed<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

const readSky = parsed((path: string) => parseSky(readFileSync(path, "utf8")));

export function addSimulateCommand(program: Command): void {
  program
    .command("simulate")
    .summary("groups of UVH5 files with known truth")
    .description("Simulates groups of DSA-110 UVH5 subband files.")
    .requiredOption("--output-dir <dir>", "where the files go")
    .option(
      "--small",
      `${SMALL.antennas} antennas, ${SMALL.integrations} integrations, ${SMALL.channels} channels a subband (7 MB instead of 2.3 GB)`,
      false,
    )
    .option("--antennas <n>", "antennas (default: 96)", wholeNumber("--antennas", 2, 96))
    .option(
      "--integrations <n>",
      "integrations of 12.9 s a group (default: 24)",
      wholeNumber("--integrations", 1, 10_000),
    )
    .option(
      "--channels <n>",
      "channels a subband; the bandwidth stays (default: 48)",
      wholeNumber("--channels", 1, 4096),
    )
    .option("--subbands <n>", "subbands", wholeNumber("--subbands", 1, 16), 16)
    .option("--groups <n>", "consecutive groups of one sky and one instrument", wholeNumber("--groups", 1), 1)
    .option(
      "--group-index <n>",
      "number of the first group: it starts so many times 309.24 s later",
      wholeNumber("--group-index", 0),
      0,
    )
    .option(
      "--start <utc or JD>",
      "centre of the first integration of group 0 (default: 2025-10-03T11:48:57)",
      julianDate,
    )
    .option(
      "--pt-dec-deg <deg>",
      "pointing declination, of date",
      finiteNumber("--pt-dec-deg"),
      0.9524855391037991 / RADIANS_PER_DEGREE,
    )
    .option("--seed <n>", "seed of everything random", wholeNumber("--seed", 0), 110)
    .option("--gains <kind>", "raw: uncalibrated; unit: a perfect instrument", parsed(gainsKind), "raw")
    .option("--noise <factor>", "scale of the thermal noise; 0: none", finiteNumber("--noise"), 1)
    .option("--no-rfi", "without interference")
    .option("--sources <n>", "sources of the random sky", wholeNumber("--sources", 1, 10_000), 20)
    .option("--calibrator-jy <jy>", "flux of the calibrator CAL0 at 1.4 GHz", finiteNumber("--calibrator-jy"), 12.5)
    .option("--ra-span-deg <deg>", "extends the random sky in right ascension", finiteNumber("--ra-span-deg"), 0)
    .option("--sky <file>", "JSON list of { name, ra_deg, dec_deg, flux_1400_jy, alpha }, or a truth.json", readSky)
    .option("--vary <name=factor>", "multiplies one source's flux (repeatable)", addVariation, new Map())
    .option("--jitter", "file names of a group differ by 0 to 2 s", false)
    .option(
      "--fault <kind:subband[@group]>",
      "missing, truncated, short, incomplete or zero-byte (repeatable)",
      addFault,
      [],
    )
    .option("--flags", "set some flags and lower some nsamples", false)
    .option("--json", "JSON on standard output", false)
    .addHelpText("after", HELP)
    .action((flags: SimulateFlags) => {
      process.exitCode = simulate(flags);
    });
}

function gainsKind(text: string): "raw" | "unit" {
  if (text !== "raw" && text !== "unit") throw new RangeError(`expected raw or unit, found "${text}"`);
  return text;
}

function addVariation(text: string, earlier: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...earlier, parsed(parseVariation)(text)]);
}

function addFault(text: string, earlier: readonly SubbandFault[]): readonly SubbandFault[] {
  return [...earlier, parsed(parseFault)(text)];
}

function optionsOf(flags: SimulateFlags): SimulationOptions {
  const small = flags.small ? SMALL : undefined;
  const given = <Key extends string>(key: Key, value: number | undefined) =>
    value === undefined ? {} : { [key]: value };
  return {
    outputDir: flags.outputDir,
    ...given("antennaCount", flags.antennas ?? small?.antennas),
    ...given("integrationCount", flags.integrations ?? small?.integrations),
    ...given("channelCount", flags.channels ?? small?.channels),
    ...given("startJd", flags.start),
    ...(flags.sky ? { sky: flags.sky } : {}),
    subbandCount: flags.subbands,
    groupCount: flags.groups,
    groupIndex: flags.groupIndex,
    ptDecRad: flags.ptDecDeg * RADIANS_PER_DEGREE,
    seed: flags.seed,
    gains: flags.gains,
    noiseScaleFactor: flags.noise,
    hasRfi: flags.rfi,
    sourceCount: flags.sources,
    calibratorJy: flags.calibratorJy,
    raSpanRad: flags.raSpanDeg * RADIANS_PER_DEGREE,
    varyFactor: flags.vary,
    hasNameJitter: flags.jitter,
    faults: flags.fault,
    storesFlags: flags.flags,
    command: process.argv.slice(2),
  };
}

function simulate(flags: SimulateFlags): number {
  const output = createOutput(flags.json, process.stdout, process.stderr, false);
  try {
    const groups = simulateGroups(optionsOf(flags), nodeSimulatorDeps, ({ doneFraction, fileName }) =>
      output.progress(`${progressBar(doneFraction)}  ${fileName}`),
    );
    for (const group of groups) {
      output.event({
        event: "group_simulated",
        group_index: group.groupIndex,
        files: group.files,
        truth_path: group.truthPath,
      });
      output.line(
        `group ${group.groupIndex}: ${group.files.length} files in ${flags.outputDir}, ${group.truth.sources.length} sources, truth in ${group.truthPath}`,
      );
    }
    return 0;
  } catch (error) {
    // Options out of range are known only when they come together.
    if (!(error instanceof RangeError)) throw error;
    output.problem(describeError(error).split("\n")[0]!);
    return 2;
  }
}
