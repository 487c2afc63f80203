/**
 * How subband files of the DSA-110 really come, as measured on 2,414 groups: names of one group spread by up to 82 s (a
 * little more is made here), the cadence is 309.24 s by the data, restarts of the correlator leave gaps, some groups
 * stay incomplete. Deliveries on top of that: in any order, late, under other names, repeated, cut off, beside files of
 * other kinds.
 */

import { RandomStream } from "../../src/simulate/random.ts";

export const SUBBAND_COUNT = 16;
const CADENCE_SEC = 309.24;
const INTEGRATION_SEC = 12.884902;
const START_UNIX_SEC = Date.UTC(2025, 9, 3, 11, 48, 50) / 1000;
const JD_OF_UNIX_EPOCH = 2_440_587.5;
const SEC_PER_DAY = 86_400;
/** No file comes later than this after its group began to come. */
export const LONGEST_DELAY_MS = 40 * 60_000;

/** What the header of a file says. */
export interface Content {
  readonly subbandIndex: number;
  readonly firstTimeJd: number;
  readonly integrationTimeSec: number;
  /** Differs for other data. */
  readonly digest: string;
}

/** How a file gets into the directory. */
export type Delivery = "renamed" | "written in place" | "rsync" | "incomplete name";

export interface Sending {
  /** The name at the end. */
  readonly name: string;
  readonly content: Content;
  readonly delivery: Delivery;
  /** `cut off`: the name is there, the file is never whole. `abandoned`: it keeps its unfinished name. */
  readonly end: "whole" | "cut off" | "abandoned";
  /** When its first byte appears, and when its last. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface History {
  readonly sendings: readonly Sending[];
  /** Instants at which the stream dies and another one starts. */
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
const FOREIGN_NAMES = ["notes.txt", "beam.hdf5", "2025-10-03_sb01.hdf5"] as const;
const DELIVERIES: readonly Delivery[] = ["renamed", "written in place", "rsync", "incomplete name"];

const nameAt = (unixSec: number, subbandIndex: number) =>
  `${new Date(unixSec * 1000).toISOString().slice(0, 19)}_sb${String(subbandIndex).padStart(2, "0")}.hdf5`;

/** @param hasRepeats  whether files are sent again, copied under second names, and cut off before they come whole */
export function randomHistory(seed: number, groupCount: number, hasRepeats: boolean): History {
  const random = new RandomStream(seed, 77);
  const uniform = (low = 0, high = 1) => low + (high - low) * random.uniform();
  const pick = <T>(all: readonly T[]): T => all[Math.floor(uniform() * all.length)]!;
  const chance = (probability: number) => uniform() < probability;
  const sendings: Sending[] = [];
  const takenNames = new Set<string>();
  let dataStartSec = START_UNIX_SEC + uniform(0, CADENCE_SEC);

  function freeName(unixSec: number, subbandIndex: number): string {
    let name = nameAt(unixSec, subbandIndex);
    for (let later = 1; takenNames.has(name); later++) name = nameAt(unixSec + later, subbandIndex);
    takenNames.add(name);
    return name;
  }
  function send(name: string, content: Content, startMs: number, end: Sending["end"] = "whole"): Sending {
    const delivery = end === "abandoned" ? "rsync" : pick(DELIVERIES);
    const sending = { name, content, delivery, end, startMs, endMs: startMs + uniform(1, 1_500) };
    sendings.push(sending);
    return sending;
  }

  for (let groupNumber = 0; groupNumber < groupCount; groupNumber++) {
    const groupMs = 1000 * (dataStartSec - START_UNIX_SEC);
    const spreadSec = spreadOf(uniform(), uniform());
    const soonMs = () => groupMs + uniform(0, 90_000);
    const anyTimeMs = () => groupMs + uniform(0, LONGEST_DELAY_MS);
    const isPartial = chance(0.1);
    for (let subbandIndex = 0; subbandIndex < SUBBAND_COUNT; subbandIndex++) {
      if (isPartial && chance(0.3)) continue;
      const content: Content = {
        subbandIndex,
        firstTimeJd: (dataStartSec + INTEGRATION_SEC / 2) / SEC_PER_DAY + JD_OF_UNIX_EPOCH,
        integrationTimeSec: INTEGRATION_SEC,
        digest: `${groupNumber}/${subbandIndex}`,
      };
      // A node whose clock is wrong names its file as another group would.
      const offSec = chance(0.005) ? uniform(-400, 400) : 1 + Math.round(uniform(0, spreadSec));
      const name = freeName(dataStartSec + offSec, subbandIndex);
      if (chance(0.005)) {
        const cut = send(name, content, soonMs(), "cut off");
        if (hasRepeats && chance(0.7)) send(name, content, cut.endMs + uniform(1, 600_000));
        continue;
      }
      send(name, content, chance(0.1) ? anyTimeMs() : soonMs());
      if (!hasRepeats) continue;
      if (chance(0.02)) send(name, content, anyTimeMs());
      if (chance(0.02)) send(freeName(dataStartSec + 95 + subbandIndex, subbandIndex), content, anyTimeMs());
    }
    const stranger = {
      subbandIndex: SUBBAND_COUNT,
      firstTimeJd: 2_460_000.5,
      integrationTimeSec: 1,
      digest: "stranger",
    };
    if (chance(0.1)) send(freeName(dataStartSec, SUBBAND_COUNT), stranger, anyTimeMs());
    if (chance(0.1)) send(freeName(dataStartSec - 2, 0), stranger, anyTimeMs(), "abandoned");
    dataStartSec += chance(0.08) ? pick(RESTART_GAPS_SEC) : CADENCE_SEC;
  }
  const lengthMs = 1000 * (dataStartSec - START_UNIX_SEC);
  for (const name of FOREIGN_NAMES) {
    const content = { subbandIndex: 0, firstTimeJd: 2_460_000.5, integrationTimeSec: 1, digest: name };
    if (chance(0.3)) send(name, content, uniform(0, lengthMs));
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

/** The same files one after the other, each renamed into place, to a stream that is never disturbed. */
export function inOrder({ sendings }: History): History {
  const STEP_MS = 5_000;
  return {
    sendings: sendings
      .toSorted((a, b) => a.content.firstTimeJd - b.content.firstTimeJd || a.startMs - b.startMs)
      .map((sending, at) => ({
        ...sending,
        delivery: sending.end === "abandoned" ? "rsync" : "renamed",
        startMs: at * STEP_MS,
        endMs: at * STEP_MS + 1,
      })),
    restartsMs: [],
    stepsSec: [],
    lostEventFraction: 0,
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
