import { describe, expect, test } from "vitest";
import type { AlertChange } from "../domain/alert.ts";
import { defaultApplyOptions } from "../domain/cal-apply.ts";
import type { AppliedCalibration } from "../domain/cal-apply-report.ts";
import { type ErrorCode, PipelineError } from "../domain/error-codes.ts";
import type { GroupCalibration } from "../domain/group-calibration.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import { applyDeclaration, applyOnTheFlyDeclaration } from "../stages/apply/index.ts";
import { defineStage, type StageContext } from "../stages/stage.ts";
import { applyInStream } from "./apply-in-stream.ts";

const ms = { path: "/ms/a.ms", groupId: "a" } as MeasurementSet;
const context: StageContext = { signal: new AbortController().signal, onProgress() {} };
const applied: AppliedCalibration = {
  msPath: ms.path,
  dataColumn: "DATA",
  requests: [{ type: "BP", orderIndex: 30, paths: ["/cal/bp"] }],
  options: defaultApplyOptions,
};
const calibration: GroupCalibration = {
  status: "calibrated",
  mjd: 60_951,
  tables: [{ type: "BP", path: "/cal/bp", tableId: 1, why: "nearest", offsetDay: 0 }],
  solvedPaths: [],
  reasons: [],
};
const none: GroupCalibration = { ...calibration, status: "uncalibrated", tables: [] };

/** Either mode, with what happened; `code`: how it fails. */
function bench(mode: "on-the-fly" | "corrected-data", code?: ErrorCode) {
  const happened: string[] = [];
  const alerts: AlertChange[] = [];
  const run = async () => {
    happened.push("applied");
    if (code) throw new PipelineError(code, "antenna 5 is not in the table", { subject: "/cal/bp" });
  };
  const plan = async () => "plan";
  const onAlert = (change: AlertChange) => void alerts.push(change);
  const stage =
    mode === "on-the-fly"
      ? applyInStream(
          defineStage({
            ...applyOnTheFlyDeclaration,
            plan,
            run: () => run().then(() => ({ "applied-calibration": applied })),
          }),
          onAlert,
        )
      : applyInStream(
          defineStage({
            ...applyDeclaration,
            plan,
            run: () => run().then(() => ({ "ms:CORRECTED_DATA": ms, "ms:FLAG": ms, "ms:WEIGHT": ms })),
          }),
          onAlert,
        );
  const process = async (chosen: GroupCalibration) => {
    const planned: unknown = await stage.plan({ "ms:DATA": ms, calibration: chosen } as never, context);
    return { isSkipped: stage.isAdopting!(planned), outputs: await stage.run(planned, context) };
  };
  return { stage, happened, alerts, process };
}

describe.each(["on-the-fly", "corrected-data"] as const)("applied %s", (mode) => {
  test("a group keeps the calibration that was chosen, and all that is declared is there", async () => {
    const { stage, process, alerts, happened } = bench(mode);
    const { outputs, isSkipped } = await process(calibration);
    expect([happened, isSkipped, outputs.calibration]).toEqual([["applied"], false, calibration]);
    expect(stage.produces.filter((kind) => outputs[kind] === undefined)).toEqual([]);
    expect(alerts).toEqual([{ kind: "resolve", key: "calibration-apply" }]);
  });

  test("a group without calibration is passed on as it is, and nothing claims to be corrected", async () => {
    const { stage, process, happened } = bench(mode);
    const { outputs, isSkipped } = await process(none);
    expect([happened, isSkipped, outputs.calibration]).toEqual([[], true, none]);
    expect(outputs["applied-calibration"]).toMatchObject({ requests: [] });
    expect(outputs["ms:CORRECTED_DATA"]).toBeUndefined();
    expect(stage.produces.filter((kind) => outputs[kind] === undefined)).toEqual([]);
  });

  test.each(["CAL_NOT_APPLICABLE", "CAL_RESULT_TRIVIAL"] as const)(
    "%s is an alert, and the group goes on marked",
    async (code) => {
      const { process, alerts } = bench(mode, code);
      const { outputs } = await process(calibration);
      expect(outputs.calibration).toMatchObject({
        status: "uncalibrated",
        tables: [],
        reasons: ["antenna 5 is not in the table"],
      });
      expect(outputs["applied-calibration"]).toMatchObject({ requests: [] });
      expect(alerts).toMatchObject([{ kind: "raise", key: "calibration-apply", severity: "ERROR" }]);
    },
  );

  test("what is wrong with the machine is an error as ever", async () => {
    const { process, alerts } = bench(mode, "DISK_FULL");
    await expect(process(calibration)).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(alerts).toEqual([]);
  });
});
