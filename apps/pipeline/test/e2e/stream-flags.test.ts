/** Flagging in the stream: resumed, taken over and done again as the rest of the chain. */

import { existsSync, statSync } from "node:fs";
import { openTable } from "@contimg/casacore-tables/node";
import { expect, test } from "vitest";
import { fileSystemMsFlags } from "../../src/adapters/fs/ms-flags/ms-flags.ts";
import { systemClock } from "../../src/adapters/fs/system-clock.ts";
import { BASE_VERSION, defaultFlagConfig } from "../../src/stages/flag/config.ts";
import { addGroup, leftovers, runStreamUntil, type StreamPlace, startStream, streamPlace } from "./stream-group.ts";

function flaggingPlace(): StreamPlace {
  const place = streamPlace();
  return { ...place, setup: { ...place.setup, chain: { ...place.setup.chain, flag: defaultFlagConfig } } };
}

function show(place: StreamPlace, groupId: string) {
  const queue = place.queue();
  try {
    return queue.show(groupId);
  } finally {
    queue.close();
  }
}

const isCompleted = (place: StreamPlace, groupId: string) => () => show(place, groupId)?.state === "completed";
const runsOf = (place: StreamPlace, groupId: string) =>
  show(place, groupId)!.stageRuns.map(({ stage, outcome }) => `${stage} ${outcome}`);

/** Commands of the flag stage in the Measurement Set. */
function flagCommandCount(msPath: string): number {
  using main = openTable(msPath);
  using commands = main.subtable("FLAG_CMD");
  return commands.rowCount;
}

test("a group is flagged behind its conversion, with the flags before it kept", async () => {
  const place = flaggingPlace();
  const groupId = addGroup(place);
  await runStreamUntil(place, isCompleted(place, groupId));
  expect(runsOf(place, groupId)).toEqual(["convert done", "flag done"]);
  const { msPath } = show(place, groupId)!;
  expect(flagCommandCount(msPath!)).toBeGreaterThan(0);
  const versions = fileSystemMsFlags(systemClock).versions(msPath!);
  expect(versions.map(({ name }) => name)).toEqual([BASE_VERSION]);
  expect(place.lines.join("\n")).toMatch(/INFO: Flagged \d+\.\d % in \d+\.\d s, \d+ inputs dead or noisy/);
  expect(leftovers(place)).toEqual([]);
});

test("a group that is done again is taken over, and flagged from where it was before", async () => {
  const place = flaggingPlace();
  const groupId = addGroup(place);
  await runStreamUntil(place, isCompleted(place, groupId));
  const msPath = show(place, groupId)!.msPath!;
  const before = statSync(msPath).ino;
  const queue = place.queue();
  expect(queue.requeue(groupId)).toBe(true);
  queue.close();
  await runStreamUntil(place, isCompleted(place, groupId));
  expect(runsOf(place, groupId)).toEqual(["convert done", "flag done", "convert skipped", "flag done"]);
  expect(statSync(msPath).ino).toBe(before);
  expect(
    fileSystemMsFlags(systemClock)
      .versions(msPath)
      .map(({ name }) => name),
  ).toEqual([BASE_VERSION]);
});

test.each([1, 2])("a stream killed when checkpoint %i is recorded goes on behind it", async (occurrence) => {
  const place = flaggingPlace();
  const groupId = addGroup(place);
  const killed = startStream(place, "checkpoint-recorded", "SIGKILL", occurrence);
  expect(await killed.ended).toEqual([null, "SIGKILL"]);
  await runStreamUntil(place, isCompleted(place, groupId));
  expect(runsOf(place, groupId).filter((run) => run.endsWith("done"))).toEqual(["convert done", "flag done"]);
  expect(place.lines.join("\n")).toContain(
    occurrence === 1 ? `Group ${groupId} resumes at stage flag` : `Group ${groupId} resumes behind the last stage`,
  );
  expect(existsSync(show(place, groupId)!.msPath!)).toBe(true);
  expect(leftovers(place)).toEqual([]);
});
