import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repoRoot } from "../oracles.ts";
import { isNamedWithUnit } from "./unit-names.ts";

const withUnit = `freqHz chanWidthHz raRad decDeg uvwM uvwLambda timeMjdSec timeJd mjd timeoutMs peakJyPerBeam speedMPerSec
  earthOmegaDegPerDay rowBytes SPEED_OF_LIGHT_M_PER_SEC SIDEREAL_DAY_SEC nowUnixSec pmRaMasPerYear bandwidthMHz sec xM freqHzOut`;
const unitless =
  "rowCount chanIndex antennaIds nAntennas fluxRatio x shape polIndexIn MAX_ROW_COUNT chanCountOut rowStart startByte";
const nameless = `freq frequency timeout ra flux width total time interval tolerance radius item MAX_FREQ program alarms
  timeOfRow phase altitude wavelength network timeOut xStart`;

describe("the name of a number", () => {
  test.each(withUnit.split(/\s+/))("%s says its unit", (name) => expect(isNamedWithUnit(name)).toBe(true));
  test.each(unitless.split(/\s+/))("%s says that it has none", (name) => expect(isNamedWithUnit(name)).toBe(true));
  test.each(nameless.split(/\s+/))("%s says neither", (name) => expect(isNamedWithUnit(name)).toBe(false));
});

describe("the check of a file", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "contimg-units-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function complaintsAbout(source: string): { status: number | null; names: string[] } {
    const file = join(folder, "a.ts");
    writeFileSync(file, source);
    const run = spawnSync(process.execPath, [join(repoRoot, "tools/units/check-units.ts"), file], { encoding: "utf8" });
    return {
      status: run.status,
      names: [...run.stderr.matchAll(/'(\w+)' is a number/g)].map((match) => match[1] ?? ""),
    };
  }

  test("finds numbers and arrays of numbers wherever an export shows them", () => {
    const { status, names } = complaintsAbout(`
      export interface A { freq: number; okHz: number; list: readonly number[] | undefined; nested: { depth: bigint } }
      export type B = { grid: Float64Array };
      export class C { width = 1; #hidden = 2; private inside = 3; constructor(size: number) { void size; this.width = this.#hidden + this.inside; } }
      export function f(time: number, text: string): void { const local = 1; void [time, text, local]; }
      export const g = (angle: number): number => angle;
      export const LIMIT = 5;
      type Branded = number & { readonly brand: "x" };
      export interface D { epoch: Branded }
      interface Hidden { speed: number } void (0 as unknown as Hidden);
    `);
    expect(names.toSorted()).toEqual(
      ["freq", "list", "depth", "grid", "width", "size", "time", "angle", "LIMIT", "epoch"].toSorted(),
    );
    expect(status).toBe(1);
  });

  test("passes when every number is named", () => {
    expect(complaintsAbout("export interface A { freqHz: number; kind: 1 | 2; timesSec: { load: number } }")).toEqual({
      status: 0,
      names: [],
    });
  });

  test("fails when there is nothing to check", () => {
    expect(complaintsAbout("export const a = 'x';").status).toBe(1);
  });
});
