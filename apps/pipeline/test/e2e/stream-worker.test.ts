import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { organisedMsPath } from "../../src/domain/measurement-set.ts";
import { addGroup, leftovers, runStreamUntil, streamPlace } from "./stream-group.ts";

describe.each([
  ["a thread", false],
  ["a process of its own", true],
] as const)("in %s", (_name, usesSubprocess) => {
  test("a claimed group ends as a Measurement Set, rows in the database and the lines that operators look for", async () => {
    const place = streamPlace({ usesSubprocess, stagesInputs: true });
    const groupId = addGroup(place);
    await runStreamUntil(place, () => place.steps.includes("cleaned-up"));
    const msPath = organisedMsPath(place.setup.chain.outputDir, "science", groupId);
    expect(place.lines.filter((line) => !line.startsWith("INFO"))).toEqual([]);
    expect(existsSync(join(msPath, "table.dat"))).toBe(true);
    using queue = Object.assign(place.queue(), { [Symbol.dispose]: () => queue.close() });
    expect(queue.show(groupId)).toMatchObject({
      state: "completed",
      retryCount: 0,
      crashCount: 0,
      msPath,
      stageRuns: [{ stage: "convert", outcome: "done", error: null }],
    });
    expect(leftovers(place)).toEqual([]);
    const said = place.lines.join("\n");
    for (const line of [
      /INFO: Loaded 3 subbands in \d+\.\d s/,
      /INFO: Phasing complete in \d+\.\d s/,
      /INFO: MS write completed in \d+\.\d s/,
      /INFO: Group \S+ completed in \d+\.\d s/,
    ])
      expect(said).toMatch(line);
  });
});
