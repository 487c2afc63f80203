import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, it } from "vitest";
import { describeWith, pythonPath, pythonWith } from "../../../tools/oracles.ts";
import { isWhole } from "../src/node.ts";
import type { WholeCheck } from "../src/uvh5-file.ts";

const folder = mkdtempSync(join(tmpdir(), "uvh5-stages-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Lets h5py write a file in stages and judges it at each. */
async function judgeStages(name: string, options: readonly string[]): Promise<Map<string, WholeCheck>> {
  const path = join(folder, name);
  const writer = spawn(pythonPath, [join(import.meta.dirname, "write-in-stages.py"), path, ...options]);
  const found = new Map<string, WholeCheck>();
  for await (const stage of createInterface({ input: writer.stdout })) {
    found.set(stage, isWhole(path, { expectedTimeCount: 5 }));
    writer.stdin.write("\n");
  }
  return found;
}

describeWith(pythonWith("h5py"), "a file that h5py is writing", () => {
  it("is never complete before it is closed when the writer does not flush", async () => {
    const found = await judgeStages("unflushed.hdf5", []);
    expect(found.size).toBe(7);
    for (const [stage, { verdict }] of found) {
      if (stage === "closed") expect(verdict).toBe("complete");
      else expect(["writing", "truncated"], stage).toContain(verdict);
    }
  });

  it("is never complete before its last integration when the writer flushes each", async () => {
    const found = await judgeStages("flushed.hdf5", ["flush"]);
    expect(found.size).toBe(12);
    for (const [stage, check] of found) {
      if (stage === "integration 5" || stage === "closed") continue;
      expect(["writing", "truncated"], `${stage}: ${check.code}`).toContain(check.verdict);
    }
    expect(found.get("integration 3")).toMatchObject({
      code: "FEWER_TIMES_THAN_EXPECTED",
      timeCount: 3,
      bltCount: 18,
      firstTimeJd: 2460000.5,
    });
    expect(found.get("header 4")).toMatchObject({ code: "ROWS_DISAGREE" });
    expect(found.get("closed")?.verdict).toBe("complete");
  });
});
