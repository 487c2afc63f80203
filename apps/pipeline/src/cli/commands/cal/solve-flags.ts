/** The options of `contimg cal solve`, and the settings that they make. */

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import {
  type BeamKind,
  beamKinds,
  type CalMode,
  type CalPreset,
  type CalSolveConfig,
  type Combinable,
  calModes,
  calPresets,
  defaultCalSolveConfig,
  type PriorTable,
  type RobustConfig,
  type SmoothKind,
  type SolveType,
  smoothKinds,
} from "../../../domain/cal-solve.ts";
import { defaultSkyChoice } from "../../../services/solve-calibration.ts";
import { finiteNumber, wholeNumber } from "../../values.ts";
import { REGISTRY_DB_HELP } from "./registry-access.ts";
import { combineList, oneOf, priorTable, robustWeighting, solintSec, solveTypeList, uvRange } from "./solve-values.ts";

/** Undefined where the preset, or else the default, decides. */
export interface SolveFlags {
  readonly catalog?: string;
  readonly modelColumn?: string;
  readonly column: string;
  readonly preset: CalPreset;
  readonly solve?: readonly SolveType[];
  readonly doK: boolean;
  readonly priorTable: readonly PriorTable[];
  readonly beam?: BeamKind;
  readonly smearing: boolean;
  readonly minFlux: number;
  readonly maxSources: number;
  readonly field?: readonly string[];
  readonly uvrange?: Partial<CalSolveConfig>;
  readonly refant?: readonly string[];
  readonly combine?: readonly Combinable[];
  readonly minBaselinesPerAntenna?: number;
  readonly robust?: RobustConfig;
  readonly kMinsnr?: number;
  readonly prebpPhase: boolean;
  readonly prebpSolint: number;
  readonly bpMinsnr?: number;
  readonly solnorm: boolean;
  readonly bpSmoothType?: SmoothKind;
  readonly bpSmoothWindow: number;
  readonly fillgaps?: number;
  readonly bpAmplitudeDegree?: number;
  readonly gainMinsnr?: number;
  readonly calmode?: CalMode;
  readonly gainSolint?: number;
  readonly phaseSolint?: number;
  readonly outputPrefix?: string;
  readonly register: boolean;
  readonly registryDb?: string;
  readonly maxWorkers: number;
  readonly lockTimeout: number;
  readonly json: boolean;
}

const names = (text: string): readonly string[] => text.split(",").map((name) => name.trim());
const finiteOrNull = (value: number) => (Number.isFinite(value) ? value : null);

export function addSolveOptions(command: Command): Command {
  const fallback = defaultCalSolveConfig;
  const shown = (value: number | string) => `(default: ${value})`;
  return command
    .optionsGroup("Model:")
    .option("--catalog <file>", "catalogue of sources, as contimg catalog build makes them")
    .option("--model-column <name>", "the model is in this column, as contimg cal predict makes it")
    .option(
      "--beam <kind>",
      `${beamKinds.join(", ")}: how the dishes stood ${shown(fallback.beam)}`,
      oneOf("--beam", beamKinds),
    )
    .option("--no-smearing", "the model is of instants and of channels without width")
    .option(
      "--min-flux <Jy>",
      "sources that seem weaker are left out",
      finiteNumber("--min-flux"),
      defaultSkyChoice.minFluxJy,
    )
    .option("--max-sources <n>", "of those, the brightest", wholeNumber("--max-sources", 1), defaultSkyChoice.maxCount)
    .optionsGroup("What is solved:")
    .option(
      "--preset <name>",
      Object.keys(calPresets).join(", "),
      oneOf("--preset", Object.keys(calPresets) as CalPreset[]),
      "standard",
    )
    .option("--solve <types>", `some of K,BP,GP,2G ${shown(fallback.types.join(","))}`, solveTypeList)
    .option("--do-k", "delays too, before the bandpass", false)
    .option(
      "--prior-table <path>",
      "solved before, to solve on top of; again for each type (default: a bandpass from the registry, when none is solved)",
      priorTable,
      [],
    )
    .option("--column <name>", "what is solved on", "DATA")
    .option("--field <names>", "names or numbers, as 0~23 (default: all)", names)
    .option("--uvrange <range>", "baselines, as 200~3000 or >1klambda", uvRange)
    .option("--combine <what>", `what solutions take together ${shown(fallback.combine.join(","))}`, combineList)
    .option("--refant <names>", "antennas to refer phases to, the best first", names)
    .option(
      "--min-baselines-per-antenna <n>",
      `antennas with fewer have no solution ${shown(fallback.minBaselineCount)}`,
      wholeNumber("--min-baselines-per-antenna", 0),
    )
    .option("--robust <kind>", "student:4 or huber:3: baselines that lie off lose weight", robustWeighting)
    .optionsGroup("Delays and bandpass:")
    .option(
      "--k-minsnr <ratio>",
      `delays below are flagged ${shown(fallback.delayMinSnrRatio)}`,
      finiteNumber("--k-minsnr"),
    )
    .option("--prebp-phase", "phases are solved first, so that their drift takes nothing from the bandpass", false)
    .option("--prebp-solint <seconds>", "interval of those phases, or int", solintSec("--prebp-solint"), 30)
    .option(
      "--bp-minsnr <ratio>",
      `bandpass solutions below are flagged ${shown(fallback.bandpassMinSnrRatio)}`,
      finiteNumber("--bp-minsnr"),
    )
    .option("--no-solnorm", "the bandpass keeps its amplitude")
    .option(
      "--bp-smooth-type <kind>",
      `${smoothKinds.join(", ")}: neighbouring channels are averaged`,
      oneOf("--bp-smooth-type", smoothKinds),
    )
    .option("--bp-smooth-window <channels>", "whole width of it, odd", wholeNumber("--bp-smooth-window", 1), 3)
    .option("--fillgaps <channels>", "gaps up to so many channels are filled", wholeNumber("--fillgaps", 0))
    .option(
      "--bp-amplitude-degree <n>",
      "amplitudes become a polynomial in each window",
      wholeNumber("--bp-amplitude-degree", 0),
    )
    .optionsGroup("Gains:")
    .option(
      "--gain-minsnr <ratio>",
      `gains below are flagged ${shown(fallback.gainMinSnrRatio)}`,
      finiteNumber("--gain-minsnr"),
    )
    .option(
      "--calmode <mode>",
      `${calModes.join(", ")}: phases, amplitudes or both ${shown(fallback.gainMode)}`,
      oneOf("--calmode", calModes),
    )
    .option("--gain-solint <seconds>", "interval of gains, int or inf (default: inf)", solintSec("--gain-solint"))
    .option(
      "--phase-solint <seconds>",
      `interval of the phases on top of them (_2gcal), int or none ${shown(fallback.phaseIntervalSec ?? "none")}`,
      solintSec("--phase-solint"),
    )
    .optionsGroup("Output:")
    .option(
      "--output-prefix <path>",
      "tables become PREFIX_bpcal, … (default: beside the Measurement Set, by its name)",
    )
    .option("--no-register", "leave the tables out of the registry")
    .option("--registry-db <path>", REGISTRY_DB_HELP)
    .option("--max-workers <n>", "threads", wholeNumber("--max-workers", 1, 256), Math.min(4, availableParallelism()))
    .option(
      "--lock-timeout <seconds>",
      "how long to wait for a Measurement Set that is changed",
      finiteNumber("--lock-timeout"),
      3600,
    )
    .option("--json", "JSON lines", false);
}

/** The default, changed by the preset, changed by what was said. */
export function solveConfigOf(flags: SolveFlags): CalSolveConfig {
  const base: CalSolveConfig = { ...defaultCalSolveConfig, ...calPresets[flags.preset] };
  const types = flags.solve ?? base.types;
  return {
    ...base,
    ...flags.uvrange,
    types: flags.doK && !types.includes("K") ? ["K", ...types] : types,
    priorTables: flags.priorTable,
    beam: flags.beam ?? base.beam,
    isSmeared: flags.smearing,
    fields: flags.field ?? base.fields,
    combine: flags.combine ?? base.combine,
    minBaselineCount: flags.minBaselinesPerAntenna ?? base.minBaselineCount,
    robust: flags.robust ?? base.robust,
    delayMinSnrRatio: flags.kMinsnr ?? base.delayMinSnrRatio,
    preBandpassIntervalSec: flags.prebpPhase ? flags.prebpSolint : base.preBandpassIntervalSec,
    bandpassMinSnrRatio: flags.bpMinsnr ?? base.bandpassMinSnrRatio,
    isBandpassNormalised: flags.solnorm,
    bandpassSmoothing: flags.bpSmoothType
      ? { kind: flags.bpSmoothType, widthCount: flags.bpSmoothWindow }
      : base.bandpassSmoothing,
    fillGapsChanCount: flags.fillgaps ?? base.fillGapsChanCount,
    bandpassDegreeCount: flags.bpAmplitudeDegree ?? base.bandpassDegreeCount,
    gainMinSnrRatio: flags.gainMinsnr ?? base.gainMinSnrRatio,
    gainMode: flags.calmode ?? base.gainMode,
    gainIntervalSec: flags.gainSolint === undefined ? base.gainIntervalSec : finiteOrNull(flags.gainSolint),
    phaseIntervalSec: flags.phaseSolint === undefined ? base.phaseIntervalSec : finiteOrNull(flags.phaseSolint),
    refants: flags.refant ?? base.refants,
  };
}
