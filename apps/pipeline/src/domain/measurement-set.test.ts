import { expect, test } from "vitest";
import { organisedMsPath } from "./measurement-set.ts";

test("Measurement Sets are organised by class and date, with one ms/ in the path", () => {
  const expected = "/stage/ms/science/2025-10-03/2025-10-03T11:48:50.ms";
  expect(organisedMsPath("/stage", "science", "2025-10-03T11:48:50")).toBe(expected);
  expect(organisedMsPath("/stage/ms/", "science", "2025-10-03T11:48:50")).toBe(expected);
  expect(organisedMsPath("/teams", "failed", "2025-10-03T11:48:50")).toBe(
    "/teams/ms/failed/2025-10-03/2025-10-03T11:48:50.ms",
  );
});
