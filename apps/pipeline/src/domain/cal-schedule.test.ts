import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type BandpassGrade,
  type CalSchedule,
  defaultCalSchedule,
  gradeOf,
  gradeParameters,
  type SolvableGroup,
  solveDue,
} from "./cal-schedule.ts";
import { type CalTable, type CalTableType, orderIndexOf, usualValidity } from "./cal-table.ts";
import { chooseCalibration, defaultCalPolicy } from "./cal-validity.ts";

const MJD = 60_951;
const SIDEREAL_DAY = 0.997_269_57;
/** 24 integrations; the next group begins at once. */
const GROUP_DAY = 309.237_648 / 86_400;

function table(id: number, type: CalTableType, referenceMjd: number, more: Partial<CalTable> = {}): CalTable {
  return {
    id,
    path: `/ms/${id}_${type}`,
    type,
    setName: String(id),
    orderIndex: orderIndexOf(type),
    referenceMjd,
    ...usualValidity(type, referenceMjd),
    calField: null,
    refant: null,
    sourceMsPath: null,
    solvedWith: [],
    parameters: {},
    softwareVersion: null,
    solverCommand: null,
    quality: {},
    phaseCentre: null,
    notes: null,
    createdUnixSec: 0,
    status: "active",
    retiredCause: null,
    contentDigest: null,
    ...more,
  };
}

const groupAt = (startMjd: number, more: Partial<SolvableGroup> = {}): SolvableGroup => ({
  startMjd,
  endMjd: startMjd + GROUP_DAY,
  transitFluxJy: null,
  hasCalibratorsAtDec: true,
  modelFluxJy: 5,
  ...more,
});

const middleOf = ({ startMjd, endMjd }: SolvableGroup) => startMjd + (endMjd - startMjd) / 2;

/** A stream of which every solve succeeds, unless told otherwise. */
class Telescope {
  readonly tables: CalTable[] = [];
  readonly solves: { readonly what: "bandpass" | "gains"; readonly mjd: number; readonly why?: string }[] = [];
  readonly schedule: CalSchedule;

  constructor(schedule: CalSchedule = defaultCalSchedule) {
    this.schedule = schedule;
  }

  dueOf(group: SolvableGroup) {
    const bandpass =
      chooseCalibration(this.tables, middleOf(group), defaultCalPolicy).choices.find(({ type }) => type === "BP")
        ?.tables[0]?.table ?? null;
    return solveDue(this.tables, bandpass, group, this.schedule);
  }

  /** As the calibrate stage: again and again, until nothing is due or a solve fails. */
  process(group: SolvableGroup, succeeds = true): void {
    for (let due = this.dueOf(group); due !== null; due = this.dueOf(group)) {
      const mjd = middleOf(group);
      this.solves.push({ what: due.what, mjd, ...(due.what === "bandpass" && { why: due.why }) });
      if (!succeeds) return;
      let bandpass: CalTable;
      if (due.what === "bandpass") {
        bandpass = table(this.tables.length + 1, "BP", mjd, { parameters: gradeParameters(due.grade) });
        this.tables.push(bandpass);
      } else bandpass = due.bandpass;
      const solvedWith = [{ type: bandpass.type, path: bandpass.path }];
      this.tables.push(table(this.tables.length + 1, "GP", mjd, { solvedWith }));
    }
  }

  choiceAt(group: SolvableGroup) {
    return chooseCalibration(this.tables, middleOf(group), defaultCalPolicy);
  }

  bandpasses = () => this.solves.filter(({ what }) => what === "bandpass");
}

/** Groups of so many days without a gap, with a calibrator of 8 Jy that transits once a sidereal day at `transitMjd`. */
function daysOf(dayCount: number, transitMjd: number, more: (mjd: number) => Partial<SolvableGroup> = () => ({})) {
  const count = Math.ceil(dayCount / GROUP_DAY);
  return Array.from({ length: count }, (_, at) => {
    const startMjd = MJD + at * GROUP_DAY;
    const day = Math.ceil((startMjd - transitMjd) / SIDEREAL_DAY);
    const next = transitMjd + day * SIDEREAL_DAY;
    return groupAt(startMjd, { transitFluxJy: next < startMjd + GROUP_DAY ? 8 : null, ...more(startMjd) });
  });
}

describe("a bandpass", () => {
  test("is made on the first group, then where the calibrator transits, and so once a sidereal day", () => {
    const telescope = new Telescope();
    const transitMjd = MJD + 0.6;
    for (const group of daysOf(5, transitMjd)) {
      telescope.process(group);
      expect(telescope.choiceAt(group)).toMatchObject({ isComplete: true });
    }
    const made = telescope.bandpasses();
    expect(made.map(({ why }) => why)).toEqual(
      ["first", "better", "interval", "interval", "interval", "interval"].slice(0, made.length),
    );
    expect(made).toHaveLength(6);
    for (const [day, { mjd }] of made.slice(1).entries())
      expect(Math.abs(mjd - transitMjd - day * SIDEREAL_DAY)).toBeLessThanOrEqual(GROUP_DAY / 2);
  });

  test("of a weaker calibrator gives way to that of the best, and does not come back", () => {
    const telescope = new Telescope();
    const weakMjd = MJD + 0.2;
    for (const group of daysOf(4, MJD + 0.6, (startMjd) => {
      const isWeak = Math.abs(((startMjd + GROUP_DAY / 2 - weakMjd + 0.5) % SIDEREAL_DAY) - 0.5) < GROUP_DAY / 2;
      return isWeak ? { transitFluxJy: 2 } : {};
    }))
      telescope.process(group);
    const hours = telescope.bandpasses().map(({ mjd }) => Math.round(24 * (mjd - MJD)));
    expect(hours).toEqual([0, 5, 14, 38, 62, 86]);
  });

  test("is made where the model has most flux, when no calibrator is at that declination", () => {
    const telescope = new Telescope();
    const flux = (mjd: number) => ({
      hasCalibratorsAtDec: false,
      transitFluxJy: null,
      modelFluxJy: 5 + 4 * Math.cos((2 * Math.PI * (mjd - MJD - 0.6)) / SIDEREAL_DAY),
    });
    for (const group of daysOf(5, MJD, flux)) telescope.process(group);
    const ofDay = [1, 2, 3, 4].map(
      (day) => telescope.bandpasses().filter(({ mjd }) => mjd >= MJD + day && mjd < MJD + day + 1).length,
    );
    expect(ofDay).toEqual([1, 1, 1, 1]);
    expect(telescope.bandpasses().length).toBeLessThan(16);
    for (const { mjd } of telescope.bandpasses().slice(-3)) expect(flux(mjd).modelFluxJy).toBeGreaterThan(8);
  });

  test("that was solved by hand stays for its day", () => {
    const telescope = new Telescope();
    telescope.tables.push(table(1, "BP", MJD + 0.1));
    telescope.process(groupAt(MJD + 0.3, { transitFluxJy: 20 }));
    expect(telescope.bandpasses()).toEqual([]);
    telescope.process(groupAt(MJD + 0.1 + SIDEREAL_DAY, { transitFluxJy: 20 }));
    expect(telescope.bandpasses()).toHaveLength(1);
  });

  test("is left to operators when they want it so", () => {
    const telescope = new Telescope({ bandpassIntervalDay: 0, gainIntervalDay: 1 / 24 });
    telescope.process(groupAt(MJD, { transitFluxJy: 20 }));
    expect(telescope.solves).toEqual([]);
  });
});

describe("gains", () => {
  test("are made so that every group of a stream without gaps has them, and no oftener than needed", () => {
    const telescope = new Telescope();
    for (const group of daysOf(1, MJD + 0.6)) {
      telescope.process(group);
      expect(telescope.choiceAt(group).isComplete).toBe(true);
    }
    const gains = telescope.solves.filter(({ what }) => what === "gains");
    expect(gains.length).toBeLessThanOrEqual(26);
    // A gain is an hour valid: one that fails leaves the one before in force until the next group.
    const times = telescope.tables.filter(({ type }) => type === "GP").map(({ referenceMjd }) => referenceMjd);
    for (const [at, mjd] of times.slice(1).entries()) expect(mjd - times[at]!).toBeLessThan(1 / 24);
  });

  test("are made again when the bandpass below them was replaced", () => {
    const telescope = new Telescope();
    telescope.process(groupAt(MJD));
    telescope.tables.push(table(10, "BP", MJD + GROUP_DAY));
    expect(telescope.dueOf(groupAt(MJD + GROUP_DAY))).toMatchObject({ what: "gains", bandpass: { id: 10 } });
  });

  test("are not made without a bandpass, nor without a sky", () => {
    const telescope = new Telescope({ bandpassIntervalDay: 0, gainIntervalDay: 1 / 24 });
    expect(telescope.dueOf(groupAt(MJD))).toBeNull();
    telescope.tables.push(table(1, "BP", MJD));
    expect(telescope.dueOf(groupAt(MJD, { modelFluxJy: 0 }))).toBeNull();
  });
});

test("a grade survives its way through a table", () => {
  const grade: BandpassGrade = { kind: "transit", fluxJy: 7.5 };
  expect(gradeOf(table(1, "BP", MJD, { parameters: gradeParameters(grade) }))).toEqual(grade);
  expect(gradeOf(table(1, "BP", MJD, { parameters: { scheduleGrade: "8 Jy" } }))).toBeNull();
});

/** What the schedule promises, said the long way: by looking at every table that counts. */
function oracle(tables: readonly CalTable[], group: SolvableGroup, schedule: CalSchedule): "bandpass" | "gains" | null {
  const mjd = middleOf(group);
  if (group.modelFluxJy <= 0) return null;
  const active = tables.filter((one) => one.status === "active" && one.validStartMjd! <= mjd && mjd < one.validEndMjd!);
  const bandpasses = active.filter(({ type }) => type === "BP");
  const nearer = (a: CalTable, b: CalTable) =>
    Math.abs(a.referenceMjd - mjd) - Math.abs(b.referenceMjd - mjd) || b.id - a.id;
  const isOld = (one: CalTable, intervalDay: number) =>
    Math.abs(one.referenceMjd - mjd) + GROUP_DAY + 1 / 86_400 >= intervalDay;
  if (schedule.bandpassIntervalDay > 0) {
    if (bandpasses.length === 0) return "bandpass";
    const competes = group.transitFluxJy !== null || !group.hasCalibratorsAtDec;
    let keepsOne = false;
    for (const one of bandpasses) {
      if (isOld(one, schedule.bandpassIntervalDay * SIDEREAL_DAY)) continue;
      const has = gradeOf(one);
      const wins =
        has !== null &&
        (group.transitFluxJy === null
          ? has.kind === "model" && group.modelFluxJy > 1.2 * has.fluxJy
          : has.kind === "model" || group.transitFluxJy > 1.2 * has.fluxJy);
      if (!wins) keepsOne = true;
    }
    if (competes && !keepsOne) return "bandpass";
  }
  const [applied] = bandpasses.sort(nearer);
  if (applied === undefined || schedule.gainIntervalDay <= 0) return null;
  for (const one of active) {
    if (one.type !== "GP" || isOld(one, schedule.gainIntervalDay)) continue;
    const below = one.solvedWith.filter(({ type }) => type === "BP").map(({ path }) => path);
    if (below.length === 0 || below.includes(applied.path)) return null;
  }
  return "gains";
}

interface Event {
  readonly slot: number;
  readonly kind: "group" | "retire" | "by-hand";
  readonly succeeds: boolean;
  readonly transits: boolean;
  readonly fluxJy: number;
  readonly at: number;
}

const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.record({
    // Three days of groups, in any order, with gaps and repetitions.
    slot: fc.nat(840),
    kind: fc.constantFrom("group", "group", "group", "group", "retire", "by-hand"),
    succeeds: fc.boolean(),
    transits: fc.boolean(),
    fluxJy: fc.constantFrom(0, 1, 2, 5, 5.2, 8),
    at: fc.nat(),
  }),
  { maxLength: 60 },
);

test("whatever comes in whatever order, what is due is what the oracle says, and nothing is due twice", () => {
  fc.assert(
    fc.property(
      events,
      fc.boolean(),
      fc.constantFrom(0, 0.5, 1),
      (happened, hasCalibratorsAtDec, bandpassIntervalDay) => {
        const telescope = new Telescope({ bandpassIntervalDay, gainIntervalDay: 1 / 24 });
        for (const { slot, kind, succeeds, transits, fluxJy, at } of happened) {
          const group = groupAt(MJD + slot * GROUP_DAY, {
            hasCalibratorsAtDec,
            transitFluxJy: transits && hasCalibratorsAtDec ? fluxJy : null,
            modelFluxJy: fluxJy,
          });
          if (kind === "retire" && telescope.tables.length > 0) {
            const place = at % telescope.tables.length;
            telescope.tables[place] = { ...telescope.tables[place]!, status: "retired" };
          } else if (kind === "by-hand") {
            telescope.tables.push(table(telescope.tables.length + 1, at % 2 === 0 ? "BP" : "GP", middleOf(group)));
          } else {
            expect(telescope.dueOf(group)?.what ?? null).toBe(oracle(telescope.tables, group, telescope.schedule));
            const before = telescope.solves.length;
            telescope.process(group, succeeds);
            // Bandpass with its gains, or gains alone: never more on one group.
            expect(telescope.solves.length - before).toBeLessThanOrEqual(1);
            if (succeeds) expect(telescope.dueOf(group)).toBeNull();
          }
        }
      },
    ),
    { numRuns: 400 },
  );
});
