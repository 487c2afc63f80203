/** The subband files of one group, in the layout and under the names of the on-site writer. */

import { formatUtc, mjdSecOf, utcFromJd, utcFromMjdSec } from "@contimg/sky";
import type { Uvh5Integration, Uvh5WriteHeader, Uvh5Writer } from "@contimg/uvh5";
import type { AntennaLayout } from "./antenna-layout.ts";
import { type FaultKind, faultOf } from "./faults.ts";
import { type IntegrationGeometry, meridianUvwM } from "./geometry.ts";
import { INTEGRATION_SEC, SAMPLES_PER_INTEGRATION } from "./instrument.ts";
import { RandomStream } from "./random.ts";
import type { ResolvedSimulation } from "./simulation-options.ts";
import { subbandHeader } from "./subband-header.ts";
import { allocateVisibilities, type GroupPlan, simulateIntegration } from "./visibilities.ts";

/** How files come into being; `nodeSimulatorDeps` is the real one. */
export interface SimulatorDeps {
  createWriter(path: string, header: Uvh5WriteHeader, options: { readonly durable: boolean }): Uvh5Writer;
  makeDirectory(path: string): void;
  writeFile(path: string, content: string | Uint8Array): void;
  /** Cuts a file to a fraction of its size. */
  truncateFile(path: string, keptFraction: number): void;
}

export interface SimulationProgress {
  readonly groupIndex: number;
  readonly subbandIndex: number;
  readonly fileName: string;
  /** Of the whole simulation, 0 … 1. */
  readonly doneFraction: number;
}

/** Of a file whose transfer broke. */
const KEPT_FRACTION = 0.6;

/**
 * Names of a group's files: the second at which its first integration opens; with jitter, nodes other than the first
 * are 0 … 2 s late.
 */
export function subbandFileNames(
  options: ResolvedSimulation,
  groupIndex: number,
  firstTimeJd: number,
): readonly string[] {
  const openedMjdSec = Math.floor(mjdSecOf(utcFromJd(firstTimeJd - INTEGRATION_SEC / 2 / 86_400)) + 1e-5);
  const random = new RandomStream(options.seed, groupIndex, 5);
  return Array.from({ length: options.subbandCount }, (_, subband) => {
    const lateSec = options.hasNameJitter && subband > 0 ? random.index(3) : 0;
    const stamp = formatUtc(utcFromMjdSec(openedMjdSec + lateSec), { decimalCount: 0 });
    return `${stamp}_sb${String(subband).padStart(2, "0")}.hdf5`;
  });
}

/** Writes all files of a group. @returns the names of those that bear their final name */
export function writeGroup(
  options: ResolvedSimulation,
  plan: GroupPlan,
  geometries: readonly IntegrationGeometry[],
  deps: SimulatorDeps,
  onSubband: (subbandIndex: number, fileName: string) => void,
): readonly string[] {
  const names = subbandFileNames(options, plan.groupIndex, geometries[0]!.timeJd);
  const buffers = allocateVisibilities(plan, options.channelCount);
  const { antennas } = plan;
  const numberOf = (index: number) => antennas.stationOrder[index]! - 1;
  const rows = {
    integrationTimeSec: INTEGRATION_SEC,
    ant1: antennas.firstIndex.map(numberOf),
    ant2: antennas.secondIndex.map(numberOf),
    uvwM: meridianUvwM(antennas.positionsM, antennas.firstIndex, antennas.secondIndex, options.ptDecRad),
  };
  const written: string[] = [];
  names.forEach((name, subbandIndex) => {
    const fault = faultOf(options.faults, plan.groupIndex, subbandIndex);
    const path = `${options.outputDir}/${name}`;
    if (fault === "zero-byte") deps.writeFile(path, "");
    if (fault !== "missing" && fault !== "zero-byte") {
      const chanStart = subbandIndex * options.channelCount;
      const freqHz = plan.freqHz.slice(chanStart, chanStart + options.channelCount);
      const header = subbandHeader(antennas, freqHz, options.channelWidthSign * plan.channelWidthHz, options.ptDecRad);
      const writer = deps.createWriter(path, header, { durable: options.isDurable });
      for (let k = 0; k < integrationsToWrite(geometries.length, fault); k++) {
        simulateIntegration(plan, geometries[k]!, k, subbandIndex, options.channelCount, buffers);
        const flags = options.storesFlags ? someFlags(plan, antennas, k, subbandIndex, options.channelCount) : {};
        writer.append({
          ...rows,
          timeJd: geometries[k]!.timeJd,
          vis: buffers.vis,
          nsamples: SAMPLES_PER_INTEGRATION,
          ...flags,
        });
      }
      if (fault === "incomplete") writer.abandon();
      else writer.close();
      if (fault === "truncated") deps.truncateFile(path, KEPT_FRACTION);
    }
    if (fault !== "missing" && fault !== "incomplete") written.push(name);
    onSubband(subbandIndex, name);
  });
  return written;
}

function integrationsToWrite(count: number, fault: FaultKind | undefined): number {
  if (fault === "short") return count - 1;
  if (fault === "incomplete") return Math.ceil(count / 2);
  return count;
}

/** Dead antennas and hit channels flagged; in the second integration YY flagged, with half of its samples lost. */
function someFlags(
  plan: GroupPlan,
  antennas: AntennaLayout,
  integrationIndex: number,
  subbandIndex: number,
  channelCount: number,
): Pick<Uvh5Integration, "flags" | "nsamples"> {
  const dead = new Set(plan.gains.badStations.dead);
  const count = antennas.firstIndex.length * channelCount * 2;
  const flags = new Uint8Array(count);
  const nsamples = new Float32Array(count).fill(SAMPLES_PER_INTEGRATION);
  for (let at = 0; at < count; at++) {
    const pol = at % 2;
    const channel = Math.floor(at / 2) % channelCount;
    const row = Math.floor(at / 2 / channelCount);
    const isDead = [antennas.firstIndex, antennas.secondIndex].some((index) =>
      dead.has(antennas.stationOrder[index[row]!]!),
    );
    if (isDead) {
      flags[at] = 1;
      nsamples[at] = 0;
    }
    if (plan.rfi.chanIndex.includes(subbandIndex * channelCount + channel)) flags[at] = 1;
    if (integrationIndex === 1 && pol === 1) {
      flags[at] = 1;
      nsamples[at] = SAMPLES_PER_INTEGRATION / 2;
    }
  }
  return { flags, nsamples };
}
