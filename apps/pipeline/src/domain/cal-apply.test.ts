import { describe, expect, test } from "vitest";
import {
  type ApplyTarget,
  type CalTableOutline,
  defaultApplyOptions,
  groupsOfTables,
  planCalApply,
  termKindOf,
} from "./cal-apply.ts";

const CHAN_HZ = 1e6;

/** Windows of four channels one behind the other; of a table of gains one channel as wide as all four. */
const windows = (ids: readonly number[], chanCount = 4) =>
  ids.map((spwId, row) => ({
    spwId: row,
    freqHz: Float64Array.from(
      { length: chanCount },
      (_, chan) => 1.3e9 + (4 * spwId + (chan + 0.5) * (4 / chanCount)) * CHAN_HZ,
    ),
    chanWidthHz: new Float64Array(chanCount).fill((4 / chanCount) * CHAN_HZ),
  }));

const NAMES = ["1", "2", "7"];

const target = (bands: readonly number[], more: Partial<ApplyTarget> = {}): ApplyTarget => ({
  path: "/a.ms",
  antennaNames: NAMES,
  positionsM: Float64Array.of(1, 0, 0, 2, 0, 0, 3, 0, 0),
  isUsed: Uint8Array.of(1, 1, 1),
  windows: windows(bands),
  ...more,
});

function table(bands: readonly number[], more: Partial<CalTableOutline> & { readonly chanCount?: number } = {}) {
  const { chanCount = 4, ...rest } = more;
  return {
    path: "/t_bpcal",
    visCal: "B Jones",
    antennaNames: NAMES,
    positionsM: Float64Array.of(1, 0, 0, 2, 0, 0, 3, 0, 0),
    windows: windows(bands, chanCount).map((window) => ({ ...window, hasSolutions: true })),
    ...rest,
  };
}

const gains = (bands: readonly number[], more: Partial<CalTableOutline> = {}) =>
  table(bands, { path: "/t_gpcal", visCal: "G Jones", chanCount: 1, ...more });

const planned = (one: CalTableOutline, to: ApplyTarget, options = {}) =>
  planCalApply(groupsOfTables([one]), to, { ...defaultApplyOptions, ...options }).terms[0]!;

describe("windows", () => {
  const chosen = (one: CalTableOutline, to: ApplyTarget, options = {}) =>
    planned(one, to, options).tables[0]!.chanSpwIds.map((ids) => [...ids]);

  test("are those of the same frequencies, whatever their numbers", () => {
    expect(chosen(table([0, 1, 2]), target([0, 2]))).toEqual([
      [0, 0, 0, 0],
      [2, 2, 2, 2],
    ]);
    expect(chosen(table([2, 1, 0]), target([0, 2]))).toEqual([
      [2, 2, 2, 2],
      [0, 0, 0, 0],
    ]);
    expect(chosen(gains([0, 1]), target([1]))).toEqual([[1, 1, 1, 1]]);
  });

  test("joined to one take each channel from the window that covers it; a channel without any has none", () => {
    const joined = target([0], {
      windows: [{ ...windows([0], 8)[0]!, chanWidthHz: new Float64Array(8).fill(CHAN_HZ / 2) }],
    });
    const wide = {
      ...joined,
      windows: [
        {
          spwId: 0,
          freqHz: Float64Array.from({ length: 12 }, (_, chan) => 1.3e9 + (chan + 0.5) * CHAN_HZ),
          chanWidthHz: new Float64Array(12).fill(CHAN_HZ),
        },
      ],
    };
    expect(chosen(table([0, 1]), wide)).toEqual([[0, 0, 0, 0, 1, 1, 1, 1, -1, -1, -1, -1]]);
    expect(chosen(gains([0, 1]), wide)).toEqual([[0, 0, 0, 0, 1, 1, 1, 1, -1, -1, -1, -1]]);
  });

  test("of gains that were solved together are one for all; a bandpass is not stretched", () => {
    const combined = gains([0, 1, 2]);
    const one = { ...combined, windows: combined.windows.map((window, at) => ({ ...window, hasSolutions: at === 0 })) };
    expect(chosen(one, target([0, 1, 9]))).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(() => planned(table([0]), target([0, 1]))).toThrow(
      /spectral window 1 of \/a.ms: expected solutions at 1304.000 to 1308.000 MHz.*, found solutions of 0/,
    );
  });

  test("are as an spwmap says", () => {
    expect(chosen(gains([5, 6]), target([0, 1]), { spwMapIds: [1, 0] })).toEqual([
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ]);
    expect(() => planned(gains([5, 6]), target([0, 1]), { spwMapIds: [1] })).toThrow(/expected an entry of the spwmap/);
    expect(() => planned(gains([5, 6]), target([0]), { spwMapIds: [2] })).toThrow(/solutions of window 2 of the table/);
  });
});

describe("antennas", () => {
  const chosen = (one: CalTableOutline, to: ApplyTarget) => [...planned(one, to).tables[0]!.tableAntennaIds];

  test("are those of the same name; of those without data nothing is asked", () => {
    const turned = gains([0], {
      antennaNames: ["7", "1", "2"],
      positionsM: Float64Array.of(3, 0, 0, 1, 0, 0, 2, 0, 0),
    });
    expect(chosen(turned, target([0]))).toEqual([1, 2, 0]);
    const fewer = gains([0], { antennaNames: ["1", "7"], positionsM: Float64Array.of(1, 0, 0, 3, 0, 0) });
    expect(chosen(fewer, target([0], { isUsed: Uint8Array.of(1, 0, 1) }))).toEqual([0, -1, 1]);
  });

  test("that are missing, stand elsewhere, or have one name are refused", () => {
    const fewer = gains([0], { antennaNames: ["1", "7"] });
    expect(() => chosen(fewer, target([0]))).toThrow(/expected all 3 by name, found 2 antennas without 2/);
    const moved = gains([0], { positionsM: Float64Array.of(1, 0, 0, 2, 0, 0, 3, 0, 1.5) });
    expect(() => chosen(moved, target([0]))).toThrow(
      /within 1 m, found 1 of 3 elsewhere: 7; it is a table of another array/,
    );
    const near = gains([0], { positionsM: Float64Array.of(1, 0, 0.5, 2, 0, 0, 0, 0, 0) });
    expect(chosen(near, target([0]))).toEqual([0, 1, 2]);
    expect(() => chosen(gains([0], { antennaNames: ["1", "2", "2"] }), target([0]))).toThrow(
      /one antenna 2, found several/,
    );
  });
});

describe("terms", () => {
  test("are in the order of their types, which names tell before kinds", () => {
    const named = (path: string, visCal: string) => gains([0], { path, visCal });
    const tables = [named("/a_2gcal", "G Jones"), named("/x", "T Jones"), named("/b_kcal", "K Jones")];
    const plan = planCalApply(groupsOfTables(tables), target([0]), defaultApplyOptions);
    expect(plan.terms.map(({ type, kind, timeInterpolation }) => [type, kind, timeInterpolation])).toEqual([
      ["K", "delay", "nearest"],
      ["GP", "gain", "linear"],
      ["2G", "gain", "linear"],
    ]);
  });

  test("of kinds that are not known, of two kinds, or none at all are refused", () => {
    for (const visCal of ["M Mueller", "D Jones", "BPOLY", "Xf Jones"])
      expect(() => termKindOf({ path: "/t", visCal })).toThrow(/VisCal: expected B Jones, G Jones, T Jones or K Jones/);
    const mixed = [{ type: "GP", orderIndex: 50, tables: [gains([0]), table([0])] }] as const;
    expect(() => planCalApply(mixed, target([0]), defaultApplyOptions)).toThrow(/kind: expected gain as \/t_gpcal/);
    expect(() => planCalApply([], target([0]), defaultApplyOptions)).toThrow(/one at least, found none/);
  });
});
