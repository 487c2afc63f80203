/** `contimg cal compare` */

import type { Command } from "commander";
import { PipelineError } from "../../../domain/error-codes.ts";
import {
  type AntennaDifference,
  compareSolutions,
  type SolutionDifference,
  whyNotComparable,
} from "../../../services/compare-solutions.ts";
import { tableLines } from "../../table.ts";
import { wholeNumber } from "../../values.ts";
import {
  absolute,
  type CalServices,
  REGISTRY_DB_HELP,
  type RegistryFlags,
  registryPathOf,
  runCal,
  tableOrRefuse,
} from "./registry-access.ts";

interface CompareFlags extends RegistryFlags {
  readonly limit: number;
}

type Figures = SolutionDifference["total"];

const HEADER = ["antenna", "common", "flagged 1", "flagged 2", "amplitude", "phase rms", "delay rms"];
const figure = (value: number | null, digitCount: number, unit = "") =>
  value === null ? "-" : `${value.toFixed(digitCount)}${unit}`;

const cells = (name: string, { commonCount, flaggedFraction, amplitudeRatio, phaseRmsDeg, delayRmsNs }: Figures) =>
  [
    name,
    String(commonCount),
    figure(100 * flaggedFraction.first, 1, " %"),
    figure(100 * flaggedFraction.second, 1, " %"),
    figure(amplitudeRatio, 4),
    figure(phaseRmsDeg, 2, " deg"),
    figure(delayRmsNs, 3, " ns"),
  ].map((text) => ({ text }));

const json = ({ commonCount, flaggedFraction, amplitudeRatio, phaseRmsDeg, delayRmsNs }: Figures) => ({
  common_count: commonCount,
  flagged_fraction: [flaggedFraction.first, flaggedFraction.second],
  amplitude_ratio: amplitudeRatio,
  phase_rms_deg: phaseRmsDeg,
  delay_rms_ns: delayRmsNs,
});

/** Those that differ most first; those with nothing in common last. */
function unlikeness({ phaseRmsDeg, delayRmsNs }: AntennaDifference): number {
  return phaseRmsDeg ?? delayRmsNs ?? -1;
}

export function addCalCompare(cal: Command, { openExistingRegistry, files }: CalServices): void {
  cal
    .command("compare")
    .description("how two tables differ, antenna by antenna; phases and delays that all antennas share do not count")
    .argument("<first>", "number in the registry, or path")
    .argument("<second>", "number in the registry, or path")
    .option("--limit <n>", "so many antennas, those that differ most", wholeNumber("--limit", 0), 10)
    .option("--registry-db <path>", REGISTRY_DB_HELP)
    .option("--json", "JSON lines", false)
    .action((first: string, second: string, flags: CompareFlags) =>
      runCal(flags, (output) => {
        // Tables that are given by path need not be registered.
        const pathOf = (name: string): string => {
          if (!/^\d+$/.test(name)) return absolute(name);
          const registry = openExistingRegistry(registryPathOf(flags));
          try {
            return tableOrRefuse(registry, name).path;
          } finally {
            registry.close();
          }
        };
        const paths = [pathOf(first), pathOf(second)] as const;
        const [one, other] = [files.readSolutions(paths[0]), files.readSolutions(paths[1])];
        const problem = whyNotComparable(one, other);
        if (problem !== undefined) {
          throw new PipelineError(
            "CAL_TABLE_INVALID",
            `${paths[0]} and ${paths[1]}: expected tables of one kind and shape; ${problem}`,
            { subject: paths[1] },
          );
        }
        const { antennas, total } = compareSolutions(one, other);
        output.event({
          first: paths[0],
          second: paths[1],
          vis_cal: one.visCal,
          ...json(total),
          antennas: antennas.map((antenna) => ({ antenna_id: antenna.antennaId, ...json(antenna) })),
        });
        output.line(`1: ${paths[0]}`);
        output.line(`2: ${paths[1]}`);
        const worst = antennas.toSorted((a, b) => unlikeness(b) - unlikeness(a)).slice(0, flags.limit);
        const lines = tableLines(
          HEADER,
          [cells("all", total), ...worst.map((antenna) => cells(String(antenna.antennaId), antenna))],
          false,
        );
        for (const line of lines) output.line(line);
        return 0;
      }),
    );
}
