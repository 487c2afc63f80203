import { expect, test } from "vitest";
import type { ConversionPlan, ConversionReport } from "../domain/conversion-plan.ts";
import { type ErrorCode, PipelineError } from "../domain/error-codes.ts";
import type { BuildOptions } from "../ports/ms-builder.ts";
import { assertInputsUnchanged, buildWithRoom } from "./convert-safely.ts";

const report = {} as ConversionReport;
const options: BuildOptions = { workerCount: 1, signal: new AbortController().signal, onProgress() {} };

/** Builds anywhere but in /full. @returns where it tried */
async function build(stagingDir: string, otherDir: string, code: ErrorCode = "DISK_FULL") {
  const tried: string[] = [];
  const builder = {
    async build(plan: ConversionPlan) {
      tried.push(plan.stagingDir);
      if (plan.stagingDir === "/full") throw new PipelineError(code, "no", { subject: "it" });
      return report;
    },
  };
  const ended = await buildWithRoom(builder, { stagingDir } as ConversionPlan, options, otherDir).catch(
    (error: unknown) => error,
  );
  return { tried, ended };
}

test("a conversion that finds no room goes to the other place, once", async () => {
  expect(await build("/tmpfs", "/disk")).toEqual({ tried: ["/tmpfs"], ended: report });
  expect(await build("/full", "/disk")).toEqual({ tried: ["/full", "/disk"], ended: report });
  expect(await build("/full", "/full")).toMatchObject({ tried: ["/full"], ended: { code: "DISK_FULL" } });
});

test("no other error is tried elsewhere", async () => {
  expect(await build("/full", "/disk", "UVH5_CORRUPT")).toMatchObject({
    tried: ["/full"],
    ended: { code: "UVH5_CORRUPT" },
  });
});

const job = {
  group: { groupId: "it", startUnixSec: 0, files: [] },
  inputSignatures: [{ path: "/in/a", signature: "1" }],
};

test("input that is as it was passes; input that changed or vanished does not", () => {
  expect(() => assertInputsUnchanged(job, () => "1")).not.toThrow();
  expect(() => assertInputsUnchanged(job, () => "2")).toThrow("/in/a: expected 1, found 2");
  expect(() => assertInputsUnchanged(job, () => undefined)).toThrow("/in/a: expected 1, found no such file");
});
