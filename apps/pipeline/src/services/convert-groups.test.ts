import { expect, test } from "vitest";
import type { ConversionPlan, ConversionReport } from "../domain/conversion-plan.ts";
import { type ErrorCode, PipelineError } from "../domain/error-codes.ts";
import type { Group } from "../domain/group.ts";
import { type ConvertGroupsOptions, convertGroups, type GroupConverter } from "./convert-groups.ts";

const groups: readonly Group[] = ["a", "b", "c"].map((groupId) => ({ groupId, startUnixSec: 0, files: [] }));

/** Converts all but the groups it is told to fail; fails the test when asked for anything else. */
function converter(failures: Readonly<Record<string, ErrorCode | Error>>, converted: string[]): GroupConverter {
  return {
    async plan(inputs) {
      const { groupId } = inputs["uvh5-group"];
      const failure = failures[groupId];
      if (typeof failure === "string") throw new PipelineError(failure, "planned to fail", { subject: groupId });
      if (failure) throw failure;
      return { groupId } as ConversionPlan;
    },
    async run(plan) {
      converted.push(plan.groupId);
      const conversion = { groupId: plan.groupId } as ConversionReport;
      const ms = {
        path: `/ms/${plan.groupId}.ms`,
        groupId: plan.groupId,
        rowCount: 1,
        sizeBytes: 1,
        calibrators: null,
        conversion,
      };
      return { "ms:DATA": ms, "ms:FLAG": ms, "ms:WEIGHT": ms };
    },
  };
}

const options = (change: Partial<ConvertGroupsOptions> = {}): ConvertGroupsOptions => ({
  dryRun: false,
  skipExisting: false,
  signal: new AbortController().signal,
  onStart() {},
  onProgress() {},
  onOutcome() {},
  onWait() {},
  ...change,
});

const run = async (
  failures: Readonly<Record<string, ErrorCode | Error>>,
  change: Partial<ConvertGroupsOptions> = {},
) => {
  const converted: string[] = [];
  const outcomes = await convertGroups(converter(failures, converted), groups, options(change));
  return { converted, kinds: outcomes.map((outcome) => outcome.kind), outcomes };
};

test("a group that fails is reported as failed and the others go on", async () => {
  const { converted, kinds, outcomes } = await run({ b: "UVH5_SUBBAND_MISSING" });
  expect(kinds).toEqual(["converted", "failed", "converted"]);
  expect(converted).toEqual(["a", "c"]);
  expect(outcomes[1]).toMatchObject({ error: { code: "UVH5_SUBBAND_MISSING", disposition: "quarantine" } });
});

test("an error that says halt stops the groups behind it, and says why they were not tried", async () => {
  const { converted, kinds, outcomes } = await run({ b: "DISK_FULL" });
  expect(kinds).toEqual(["converted", "failed", "failed"]);
  expect(converted).toEqual(["a"]);
  expect(outcomes[2]).toMatchObject({ error: { code: "DISK_FULL", message: "not tried: planned to fail" } });
});

test("an error nobody foresaw gets a code and keeps its cause", async () => {
  const cause = new TypeError("x is not a function");
  const { outcomes } = await run({ c: cause });
  expect(outcomes[2]).toMatchObject({ kind: "failed", error: { code: "INTERNAL", cause } });
});

test("what exists is an error, or skipped when asked", async () => {
  expect((await run({ a: "OUTPUT_EXISTS" })).kinds[0]).toBe("failed");
  expect((await run({ a: "OUTPUT_EXISTS" }, { skipExisting: true })).kinds).toEqual([
    "skipped",
    "converted",
    "converted",
  ]);
});

test("a dry run plans all and converts none", async () => {
  const { converted, kinds } = await run({}, { dryRun: true });
  expect(kinds).toEqual(["planned", "planned", "planned"]);
  expect(converted).toEqual([]);
});

test("after an interrupt nothing is begun", async () => {
  const { converted, outcomes } = await run({}, { signal: AbortSignal.abort() });
  expect(converted).toEqual([]);
  expect(outcomes[0]).toMatchObject({ error: { code: "INTERRUPTED", disposition: "retry" } });
});
