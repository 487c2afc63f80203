import { expect, test } from "vitest";
import { PipelineError } from "../domain/error-codes.ts";
import type { CatalogStore } from "../ports/source-catalog.ts";
import { blocksStream } from "./finding.ts";
import { CALIBRATION_OFF, CALIBRATORS_OFF, inspectCalibration } from "./inspect-calibration.ts";

const store = {
  openSurvey(path: string) {
    if (path !== "/nvss")
      throw new PipelineError("CATALOG_UNUSABLE", `${path}: there is no such file`, { subject: path });
    return { info: { sourceCount: 3, survey: "nvss" }, close() {} };
  },
  openCalibrators: () => ({ calibratorCount: 1_861, close() {} }),
} as unknown as Pick<CatalogStore, "openSurvey" | "openCalibrators">;

test("without catalogues all is well, and it is said what is off", () => {
  const found = inspectCalibration(store, { isWanted: true, skyCatalogPath: null, calibratorCatalogPath: null });
  expect(found.map(({ verdict, found: text }) => [verdict, text])).toEqual([
    ["ok", CALIBRATION_OFF],
    ["ok", CALIBRATORS_OFF],
  ]);
});

test("catalogues that can be opened are told with what they hold", () => {
  const found = inspectCalibration(store, { isWanted: true, skyCatalogPath: "/nvss", calibratorCatalogPath: "/vla" });
  expect(found.map(({ found: text }) => text)).toEqual(["/nvss: 3 sources of nvss", "/vla: 1861 calibrators"]);
});

test("a catalogue that cannot be used keeps the stream from starting, unless nobody wants it", () => {
  const needs = { skyCatalogPath: "/gone", calibratorCatalogPath: null };
  const [finding] = inspectCalibration(store, { isWanted: true, ...needs });
  expect(finding).toMatchObject({ verdict: "problem", found: "/gone: there is no such file" });
  expect(finding!.fix).toContain("contimg catalog build nvss");
  expect(blocksStream(finding!)).toBe(true);
  expect(inspectCalibration(store, { isWanted: false, ...needs })[0]).toMatchObject({ verdict: "ok" });
});
