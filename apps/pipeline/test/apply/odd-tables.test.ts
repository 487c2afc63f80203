/** Tables and Measurement Sets that do not fit, or fit in part: refused with a code, or flags exactly where there is no gain. */

import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { openTable, openTableForUpdate } from "@contimg/casacore-tables/node";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith, pythonWith, runPython } from "../../../../tools/oracles.ts";
import { fileSystemMsApplication } from "../../src/adapters/fs/ms-calibration/ms-application.ts";
import { systemClock } from "../../src/adapters/fs/system-clock.ts";
import type { ApplyMode } from "../../src/domain/cal-apply.ts";
import { defaultApplyOptions } from "../../src/domain/cal-apply.ts";
import type { ApplyReport, CalTableRequest } from "../../src/domain/cal-apply-report.ts";
import type { PipelineError } from "../../src/domain/error-codes.ts";
import { applyCalibration, requestsOfPaths } from "../../src/services/apply-calibration.ts";
import { contimg, contimgCommand } from "../e2e/run-contimg.ts";
import {
  applyTo,
  copyOfMs,
  type MsColumns,
  readColumns,
  type SolvedGroup,
  scratch,
  solvedGroup,
} from "./applied-group.ts";
import { type MadeTable, makeCalTable } from "./made-cal-table.ts";

let group: SolvedGroup;
let before: MsColumns;
/** Start of the first and end of the last integration. */
let startMjdSec = 0;
let endMjdSec = 0;
beforeAll(() => {
  group = solvedGroup(8, "--channels", "4", "--integrations", "3");
  before = readColumns(group.msPath);
  using main = openTable(group.msPath);
  const times = main.column("TIME").getScalarRange(0, main.rowCount) as Float64Array;
  startMjdSec = times[0]! - 6.5;
  endMjdSec = times.at(-1)! + 6.5;
}, 120_000);

function apply(
  msPath: string,
  requests: readonly CalTableRequest[],
  mode: ApplyMode = "corrected-data",
): Promise<ApplyReport> {
  return applyCalibration(
    { msPath, dataColumn: "DATA", requests, options: defaultApplyOptions },
    { application: fileSystemMsApplication(systemClock), locks: null },
    {
      mode,
      workerCount: 1,
      software: "contimg test",
      lockTimeoutMs: 0,
      monotonicMs: () => performance.now(),
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onWait: () => undefined,
    },
  );
}

const gain = (antenna: number, receptor: number, chan = 0) => {
  const phase = 0.7 * antenna + receptor + 0.1 * chan;
  return { re: 0.25 * Math.cos(phase), im: 0.25 * Math.sin(phase) };
};

async function made(name: string, table: Partial<MadeTable>): Promise<string> {
  const path = join(scratch(), name);
  await makeCalTable(path, group.msPath, {
    kind: "G",
    timesMjdSec: [(startMjdSec + endMjdSec) / 2],
    gainOf: gain,
    ...table,
  });
  return path;
}

/** How each mode refuses; another entry when the Measurement Set is not as it was. */
async function refusals(msPath: string, table: string): Promise<readonly string[]> {
  const columns = readColumns(msPath);
  const texts: string[] = [];
  for (const mode of ["on-the-fly", "corrected-data"] as const) {
    texts.push(
      await apply(msPath, requestsOfPaths([table]), mode).then(
        () => `${mode}: no error`,
        (thrown: unknown) => `${(thrown as PipelineError).code}: ${(thrown as PipelineError).message}`,
      ),
    );
  }
  const isAsBefore = isDeepStrictEqual(readColumns(msPath), columns) && !existsSync(join(msPath, ".contimg-flag"));
  return isAsBefore ? texts : [...texts, "something was changed"];
}

const twice = (pattern: RegExp) => [expect.stringMatching(pattern), expect.stringMatching(pattern)];

describe("is refused, and nothing changes:", () => {
  test("a table of another array", async () => {
    const table = await made("a_gpcal", {
      antennaRow: (row) => {
        const { shape, data } = row["POSITION"] as unknown as { shape: number[]; data: Float64Array };
        return { ...row, POSITION: { shape, data: data.map((metres) => metres + 3) } };
      },
    });
    expect(await refusals(group.msPath, table)).toEqual(
      twice(/^CAL_NOT_APPLICABLE: .*places of antennas: .* another array/),
    );
  });

  test("a table without antennas that have data", async () => {
    const used = new Set(
      (() => {
        using main = openTable(group.msPath);
        return main.column("ANTENNA1").getScalarRange(0, main.rowCount) as Int32Array;
      })(),
    );
    const first = [...used][0]!;
    const table = await made("a_gpcal", {
      antennaRow: (row, antenna) => (antenna === first ? { ...row, NAME: "elsewhere" } : row),
    });
    expect(await refusals(group.msPath, table)).toEqual(
      twice(
        /^CAL_NOT_APPLICABLE: .*antennas with data in .*: expected all \d+ by name, found \d+ antennas without \d+/,
      ),
    );
  });

  test("gains of 1, which change nothing", async () => {
    const table = await made("a_gpcal", { gainOf: () => ({ re: 1, im: 0 }) });
    expect(await refusals(group.msPath, table)).toEqual(twice(/^CAL_RESULT_TRIVIAL: .*the same: all gains are 1/));
  });

  test("a table without any solution", async () => {
    const table = await made("a_gpcal", { gainOf: () => ({ re: Number.NaN, im: 0 }) });
    expect(await refusals(group.msPath, table)).toEqual(
      twice(/^CAL_RESULT_TRIVIAL: .*left after calibration.* found 0.0 %/),
    );
  });

  test("a Measurement Set of which all is flagged", async () => {
    const copy = copyOfMs(group.msPath);
    const update = openTableForUpdate(copy);
    update.updateTiledRows("FLAG", 0, new Uint8Array(before.flags.length).fill(1));
    await update.finish();
    expect(await refusals(copy, await made("a_gpcal", {}))).toEqual(twice(/^CAL_RESULT_TRIVIAL: .*all \d+ flagged/));
  });

  test("a table that has vanished, named or registered", () => {
    const gone = join(scratch(), "gone_bpcal");
    const named = contimg("cal", "apply", group.msPath, "--table", gone, "--json");
    expect([named.status, named.events[0]!["code"]]).toEqual([1, "INPUT_UNREADABLE"]);
    renameSync(`${group.prefix}_bpcal`, gone);
    try {
      const registered = applyTo(group.msPath, group);
      expect(registered.status).toBe(1);
      expect(registered.stderr).toMatch(/CAL_MISSING: .* BP .*_bpcal is vanished: .* Solve with contimg cal solve/);
    } finally {
      renameSync(gone, `${group.prefix}_bpcal`);
    }
  });

  test("an expired table, unless it is borrowed", () => {
    const late = ["--at", "2025-10-06T00:00:00", "--dry-run"];
    const expired = applyTo(group.msPath, group, ...late);
    expect([expired.status, expired.events.at(-1)!["code"]]).toEqual([1, "CAL_MISSING"]);
    const borrowed = applyTo(group.msPath, group, ...late, "--borrow", "BP=7,GP=7");
    expect(borrowed.status, borrowed.stderr).toBe(0);
    expect(borrowed.events.map(({ event }) => event)).toEqual(["cal_chosen", "cal_plan"]);
    expect(borrowed.events[0]!["reasons"]).toMatchObject([{ kind: "borrowed" }, { kind: "borrowed" }]);
  });
});

describe("where a table has no gain", () => {
  const flaggedOf = (columns: MsColumns, isWithout: (row: number, chan: number, corr: number) => boolean) =>
    Uint8Array.from(before.flags, (flag, at) => {
      const [row, inRow] = [Math.floor(at / columns.perRow), at % columns.perRow];
      return flag | (isWithout(row, inRow >> 1, inRow & 1) ? 1 : 0);
    });

  test("for one polarisation, that is flagged and the other calibrated", async () => {
    const copy = copyOfMs(group.msPath);
    const table = await made("a_gpcal", {
      gainOf: (antenna, receptor) => ({ ...gain(antenna, receptor), isFlagged: receptor === 1 }),
    });
    await apply(copy, requestsOfPaths([table]));
    const after = readColumns(copy);
    expect(after.flags).toEqual(flaggedOf(after, (_row, _chan, corr) => corr === 1));
    expect(after.weights.every((weight, at) => (at & 1) === 0 || weight === 0)).toBe(true);
    expect(after.spectralWeights.every((weight, at) => (at & 1) === 0 || weight === 0)).toBe(true);
    // Again with a table that has both: the flags of the first are gone.
    await apply(copy, requestsOfPaths([await made("b_gpcal", {})]));
    expect(readColumns(copy).flags).toEqual(before.flags);
  });

  test("or one that is no number, just those samples are flagged", async () => {
    const copy = copyOfMs(group.msPath);
    const [badAntenna, badChan] = [
      (() => {
        using main = openTable(copy);
        return main.column("ANTENNA2").getScalar(main.rowCount - 2) as number;
      })(),
      2,
    ];
    const isBad = (antenna: number, receptor: number, chan: number) =>
      antenna === badAntenna && receptor === 0 && chan === badChan;
    const table = await made("a_bpcal", {
      kind: "B",
      gainOf: (antenna, receptor, _window, chan) =>
        isBad(antenna, receptor, chan) ? { re: Number.NaN, im: 1 } : gain(antenna, receptor, chan),
    });
    await apply(copy, requestsOfPaths([table]));
    const after = readColumns(copy);
    using main = openTable(copy);
    const [ant1, ant2] = ["ANTENNA1", "ANTENNA2"].map(
      (name) => main.column(name).getScalarRange(0, main.rowCount) as Int32Array,
    ) as [Int32Array, Int32Array];
    expect(after.flags).toEqual(
      flaggedOf(after, (row, chan, corr) => isBad(ant1[row]!, corr, chan) || isBad(ant2[row]!, corr, chan)),
    );
    expect(after.flags).not.toEqual(before.flags);
    expect(after.corrected!.every(Number.isFinite)).toBe(true);
  });
});

describe("several tables", () => {
  test("are applied in the order of their types, however they are named", async () => {
    const tables = [
      await made("a_gpcal", {}),
      await made("a_bpcal", { kind: "B", gainOf: (a, r, _w, c) => gain(a + 1, r, c) }),
    ];
    const terms = async (paths: readonly string[]) =>
      (await apply(group.msPath, requestsOfPaths(paths), "on-the-fly")).plan.terms.map(({ type }) => type);
    expect(await terms(tables)).toEqual(["BP", "GP"]);
    expect(await terms(tables.toReversed())).toEqual(["BP", "GP"]);
  });

  test("before and after are interpolated between, whichever antennas their phases are referred to", async () => {
    // Phases turn by up to 1.4 radians from one to the other; 0.5 of the way in the middle of the data.
    const phaseOf = (antenna: number, late: number) => 0.7 * antenna + late * 0.2 * ((antenna % 8) - 4);
    const middle = (startMjdSec + endMjdSec) / 2;
    const tableOf = (name: string, late: number, reference: number) =>
      made(name, {
        timesMjdSec: [middle + (late === 1 ? 1800 : -1800)],
        reference,
        gainOf(antenna) {
          const phase = phaseOf(antenna, late) - phaseOf(reference, late);
          return { re: (0.2 + 0.1 * late) * Math.cos(phase), im: (0.2 + 0.1 * late) * Math.sin(phase) };
        },
      });
    const copy = copyOfMs(group.msPath);
    const paths = [await tableOf("a_gpcal", 0, 1), await tableOf("b_gpcal", 1, 3)];
    await apply(copy, [{ type: "GP", orderIndex: null, paths }]);
    const after = readColumns(copy);
    using main = openTable(copy);
    const times = main.column("TIME").getScalarRange(0, main.rowCount) as Float64Array;
    const [ant1, ant2] = ["ANTENNA1", "ANTENNA2"].map(
      (name) => main.column(name).getScalarRange(0, main.rowCount) as Int32Array,
    ) as [Int32Array, Int32Array];
    let worst = 0;
    for (let row = 0; row < after.rowCount; row += 7) {
      const part = (times[row]! - (middle - 1800)) / 3600;
      const power = (0.2 + 0.1 * part) ** 2;
      const turn = -(phaseOf(ant1[row]!, part) - phaseOf(ant2[row]!, part));
      for (let at = row * after.perRow; at < (row + 1) * after.perRow; at++) {
        if (after.flags[at] !== 0) continue;
        const [re, im] = [before.data[2 * at]!, before.data[2 * at + 1]!];
        const expected = [
          (re * Math.cos(turn) - im * Math.sin(turn)) / power,
          (re * Math.sin(turn) + im * Math.cos(turn)) / power,
        ];
        const off = Math.hypot(after.corrected![2 * at]! - expected[0]!, after.corrected![2 * at + 1]! - expected[1]!);
        worst = Math.max(worst, off / Math.hypot(...expected));
      }
    }
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(2e-6);
  });
});

describeWith(pythonWith("casacore"), "a Measurement Set that casacore has open", () => {
  test("is refused, and left as it is", () => {
    const copy = copyOfMs(group.msPath);
    const output = runPython(
      `import sys, subprocess, casacore.tables as t
main = t.table(sys.argv[1], ack=False)
ran = subprocess.run(sys.argv[2:], capture_output=True, text=True)
print(ran.returncode, ran.stderr)`,
      [copy, ...contimgCommand, "cal", "apply", copy, "--table", `${group.prefix}_bpcal`, "--mode", "corrected-data"],
    );
    expect(output).toMatch(/^1 MS_IN_USE: .*in use by process/);
    expect(readColumns(copy)).toEqual(before);
  });
});
