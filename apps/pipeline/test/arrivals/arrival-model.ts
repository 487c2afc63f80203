/**
 * How subband files of the DSA-110 really come, as measured on 2,414 groups: names of one group spread by up to 82 s (a
 * little more is made here), the cadence is 309.24 s by the data, restarts of the correlator leave gaps, some groups
 * stay incomplete. Deliveries on top of that: in any order, late, renamed or written in place, repeated.
 */

import { RandomStream } from "../../src/simulate/random.ts";

export const SUBBAND_COUNT = 4;
const CADENCE_SEC = 309.24;
const INTEGRATION_SEC = 12.884902;
const START_UNIX_SEC = Date.UTC(2025, 9, 3, 11, 48, 50) / 1000;
const JD_OF_UNIX_EPOCH = 2_440_587.5;
const SEC_PER_DAY = 86_400;

/** What the header of a file says. */
export interface Content {
  readonly groupNumber: number;
  readonly subbandIndex: number;
  readonly firstTimeJd: number;
  readonly integrationTimeSec: number;
  /** Differs for other data. */
  readonly digest: string;
}

/** How a file gets into the directory. */
export type Delivery = "renamed" | "written in place" | "rsync" | "incomplete name";

export interface Sending {
  readonly name: string;
  readonly content: Content;
  readonly delivery: Delivery;
  /** When its first byte appears, and when its last. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface History {
  readonly sendings: readonly Sending[];
  /** Instants at which the watcher dies and another one starts. */
  readonly restartsMs: readonly number[];
  /** Instants at which somebody sets the clock, and by how much. */
  readonly stepsSec: readonly (readonly [atMs: number, stepSec: number])[];
  /** Share of events of the file system that are lost. */
  readonly lostEventFraction: number;
}

/** Shares of spreads of names within a group, in seconds: measured, and a last class up to 90 s. */
const SPREADS: readonly (readonly [share: number, low: number, high: number])[] = [
  [0.014, 0, 0],
  [0.836, 1, 1],
  [0.05, 2, 2],
  [0.08, 13, 22],
  [0.01, 59, 64],
  [0.01, 82, 90],
];
const RESTART_GAPS_SEC = [412, 605] as const;

const nameAt = (unixSec: number, subbandIndex: number) =>
  `${new Date(unixSec * 1000).toISOString().slice(0, 19)}_sb${String(subbandIndex).padStart(2, "0")}.hdf5`;

export function randomHistory(seed: number, groupCount: number): History {
  const random = new RandomStream(seed, 77);
  const uniform = (low = 0, high = 1) => low + (high - low) * random.uniform();
  const pick = <T>(all: readonly T[]): T => all[Math.floor(uniform() * all.length)]!;
  const chance = (probability: number) => uniform() < probability;
  const sendings: Sending[] = [];
  let dataStartSec = START_UNIX_SEC + uniform(0, CADENCE_SEC);
  const lengthMs = groupCount * 2_000;
  for (let groupNumber = 0; groupNumber < groupCount; groupNumber++) {
    const spreadSec = spreadOf(uniform(), uniform());
    for (let subbandIndex = 0; subbandIndex < SUBBAND_COUNT; subbandIndex++) {
      if (chance(0.02)) continue; // a partial group
      const content: Content = {
        groupNumber,
        subbandIndex,
        firstTimeJd: (dataStartSec + INTEGRATION_SEC / 2) / SEC_PER_DAY + JD_OF_UNIX_EPOCH,
        integrationTimeSec: INTEGRATION_SEC,
        digest: `${groupNumber}/${subbandIndex}`,
      };
      const name = nameAt(dataStartSec + 1 + Math.round(uniform(0, spreadSec)), subbandIndex);
      const send = (as: string) => {
        const startMs = chance(0.2) ? uniform(0, lengthMs) : 2_000 * groupNumber + uniform(0, 3_000);
        const delivery = pick<Delivery>(["renamed", "written in place", "rsync", "incomplete name"]);
        sendings.push({ name: as, content, delivery, startMs, endMs: startMs + uniform(1, 1_500) });
      };
      send(name);
      if (chance(0.05)) send(name);
      // A second copy under the name of another second.
      if (chance(0.03)) send(nameAt(dataStartSec + 95 + subbandIndex, subbandIndex));
    }
    dataStartSec += chance(0.08) ? pick(RESTART_GAPS_SEC) : CADENCE_SEC;
  }
  const instants = (count: number) =>
    Array.from({ length: count }, () => uniform(0, lengthMs)).toSorted((a, b) => a - b);
  return {
    sendings: withoutOverlap(sendings),
    restartsMs: instants(Math.floor(uniform(0, 4))),
    stepsSec: instants(Math.floor(uniform(0, 3))).map((atMs) => [atMs, pick([-3_600, 3_600])] as const),
    lostEventFraction: pick([0, 0.3, 1]),
  };
}

function spreadOf(which: number, where: number): number {
  let share = 0;
  for (const [part, low, high] of SPREADS) {
    share += part;
    if (which < share) return low + where * (high - low);
  }
  return 0;
}

/** One writer a name at a time: a repeat begins when the one before is there. */
function withoutOverlap(sendings: readonly Sending[]): readonly Sending[] {
  const freeMs = new Map<string, number>();
  return sendings
    .toSorted((a, b) => a.startMs - b.startMs)
    .map((sending) => {
      const delayMs = Math.max(0, (freeMs.get(sending.name) ?? 0) - sending.startMs);
      const moved = { ...sending, startMs: sending.startMs + delayMs, endMs: sending.endMs + delayMs };
      freeMs.set(sending.name, moved.endMs + 1);
      return moved;
    });
}
