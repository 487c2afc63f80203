/** The stage on ports that answer only what a test expects of it. */

import { expect, it } from "vitest";
import { exampleMs } from "../../../test/flag/example-ms.ts";
import { PipelineError } from "../../domain/error-codes.ts";
import { type FlagReport, flagRules, type RuleCounts } from "../../domain/flagging.ts";
import type { MeasurementSet } from "../../domain/measurement-set.ts";
import type { FlagSession, MsFlags } from "../../ports/ms-flags.ts";
import { msLockMode } from "../stage.ts";
import { defaultFlagConfig } from "./config.ts";
import { flagDeclaration, flagStage } from "./index.ts";

const unexpected = (): never => {
  throw new Error("not expected to be called");
};
const rules = Object.fromEntries(flagRules.map((rule) => [rule, 0])) as RuleCounts;
const part = { flaggedCount: 1, sampleCount: 10 };
const totals = { all: part, before: part, rules, byWindow: [], byAntenna: [], flaggedRowCount: 0 };
const ms = { path: "example.ms", groupId: "g" } as MeasurementSet;
const context = { signal: new AbortController().signal, onProgress: () => undefined };

function portThat(calls: string[], changes: Partial<FlagSession> = {}): MsFlags {
  const note = <T>(name: string, value: T) => {
    calls.push(name);
    return value;
  };
  const session: FlagSession = {
    isBaseNew: true,
    rescuedVersion: null,
    search: async () => note("search", { rules, baselines: [] }),
    flagInputs: () => note("flagInputs", totals),
    commit: async () => note("commit", undefined),
    close: async () => note("close", undefined),
    ...changes,
  };
  return {
    describe: () => note("describe", exampleMs()),
    recover: async () => note("recover", "nothing" as const),
    open: async () => note("open", session),
    versions: unexpected,
    save: unexpected,
    restore: unexpected,
  };
}

const stageOn = (flags: MsFlags, onReport?: (report: FlagReport) => void) =>
  flagStage({
    flags,
    config: defaultFlagConfig,
    workerCount: 1,
    software: "contimg test",
    monotonicMs: () => 0,
    ...(onReport && { onReport }),
  });

it("describes when it plans, and recovers before it opens; the Measurement Set goes on as it came", async () => {
  const calls: string[] = [];
  const reports: FlagReport[] = [];
  const stage = stageOn(portThat(calls), (report) => reports.push(report));
  const plan = await stage.plan({ "ms:DATA": ms, "ms:FLAG": ms }, context);
  expect(calls).toEqual(["describe"]);
  expect(stage.msPathOf!(plan)).toBe("example.ms");
  expect(await stage.run(plan, context)).toEqual({ "ms:FLAG": ms });
  expect(calls.slice(1)).toEqual(["recover", "open", "search", "flagInputs", "commit", "close"]);
  expect(reports).toMatchObject([{ totals, badInputs: [], baseVersion: "before_contimg_flag", isBaseNew: true }]);
});

it("closes the session and commits nothing when the search fails", async () => {
  const calls: string[] = [];
  const failure = new PipelineError("INTERRUPTED", "stopped", { subject: "g" });
  const stage = stageOn(portThat(calls, { search: () => Promise.reject(failure) }));
  const plan = await stage.plan({ "ms:DATA": ms, "ms:FLAG": ms }, context);
  await expect(stage.run(plan, context)).rejects.toBe(failure);
  expect(calls.slice(1)).toEqual(["recover", "open", "close"]);
});

it("needs the Measurement Set for itself", () => {
  expect(msLockMode(flagDeclaration)).toBe("exclusive");
});
