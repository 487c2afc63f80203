/** Measurement Sets that are odd, damaged, or of other telescopes: each is flagged, or refused with a code and left as it is. */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTable, openTableForUpdate } from "@contimg/casacore-tables/node";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { describeWith, pythonWith, runPython, sharedData, sharedDataDir } from "../../../../tools/oracles.ts";
import { isPipelineError } from "../../src/domain/error-codes.ts";
import { scratchDirectory } from "../e2e/run-contimg.ts";
import { flagService, runFlags } from "./run-service.ts";
import { copyOf, filesOf, type SimulatedMs, simulatedMs } from "./simulated-ms.ts";

let directory = "";
let ms: SimulatedMs;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "contimg-flag-"));
  ms = simulatedMs(directory, { seed: 5, antennaCount: 8, integrationCount: 4, channelCount: 4 });
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isPipelineError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no error";
}

describe("what cannot be flagged", () => {
  test("nothing there, a file, a directory without a table", async () => {
    const scratch = scratchDirectory();
    writeFileSync(join(scratch, "file.ms"), "");
    for (const [name, found] of [
      ["none.ms", "nothing there"],
      ["file.ms", "a file"],
      ["", "a directory without table.dat"],
    ])
      expect(await codeOf(runFlags(flagService(), join(scratch, name!)))).toMatch(
        new RegExp(`^INPUT_UNREADABLE: .*${found}`),
      );
  });

  test("another column, another table, an antenna, a channel or a scan that is not there", async () => {
    const run = (changes: Parameters<typeof runFlags>[2]) => codeOf(runFlags(flagService(), ms.msPath, changes));
    expect(await run({ dataColumn: "CORRECTED_DATA" })).toMatch(/^MS_UNSUITABLE: .*expected CORRECTED_DATA, found /);
    expect(await codeOf(runFlags(flagService(), join(ms.msPath, "ANTENNA")))).toMatch(/^MS_UNSUITABLE: /);
    expect(await run({ antennas: "1,nowhere" })).toMatch(/^CONFIG_INVALID: --antenna: .*found "nowhere"/);
    expect(await run({ baselines: "1" })).toMatch(/^CONFIG_INVALID: --baseline: /);
    expect(await run({ channels: "99" })).toMatch(/^CONFIG_INVALID: --spw: .*0 to 15/);
    expect(await run({ channels: "0:2~9" })).toMatch(/^CONFIG_INVALID: --spw: .*0 to 3/);
    expect(await run({ scans: "7" })).toMatch(/^CONFIG_INVALID: --scan: expected one of 1, found "7"/);
    expect(await run({ times: "2025-10-03" })).toMatch(/^CONFIG_INVALID: --timerange: /);
  });

  test("an antenna beyond the ANTENNA table", async () => {
    const copy = copyOf(ms.msPath);
    const update = openTableForUpdate(copy);
    update.updateScalars("ANTENNA2", 17, Int32Array.of(4000));
    await update.finish();
    const before = filesOf(copy);
    expect(await codeOf(runFlags(flagService(), copy))).toMatch(
      /^MS_UNSUITABLE: .*ANTENNA2 of row 17: expected 0 to \d+, found 4000/,
    );
    expect(filesOf(copy)).toEqual(before);
  });

  test("AOFlagger that is not installed, or fails", async () => {
    const copy = copyOf(ms.msPath);
    const before = filesOf(copy);
    const run = (command: string) =>
      codeOf(runFlags(flagService(), copy, { engine: "aoflagger", aoflagger: { command, strategyPath: null } }));
    expect(await run("no-such-aoflagger")).toMatch(
      /^AOFLAGGER_FAILED: .*expected the command no-such-aoflagger, found none: install AOFlagger/,
    );
    expect(await run("false")).toMatch(/^AOFLAGGER_FAILED: .*false ended with status 1/);
    expect(filesOf(copy)).toEqual(before);
  });
});

describe("odd data", () => {
  it("all flagged before: stays so, and finds no input worth a word but dead", async () => {
    const copy = copyOf(ms.msPath);
    const update = openTableForUpdate(copy);
    update.updateTiledRows("FLAG", 0, new Uint8Array(update.rowCount * 8).fill(1));
    await update.finish();
    const report = await runFlags(flagService(), copy);
    expect(report.totals.all.flaggedCount).toBe(report.totals.all.sampleCount);
    expect(report.totals.before).toEqual(report.totals.all);
    expect(report.totals.flaggedRowCount).toBe(report.rowCount);
    expect(new Set(report.badInputs.map(({ verdict }) => verdict))).toEqual(new Set(["dead"]));
  });

  it("zeros and values that are not finite are told apart, wherever they are", async () => {
    const copy = copyOf(ms.msPath);
    const update = openTableForUpdate(copy);
    const samples = (value: number) => Float32Array.from({ length: 16 }, (_, i) => (i < 4 ? value : 1));
    const row = 4 * 36 + 1; // a cross-correlation
    update.updateTiledRows("DATA", row, samples(0));
    update.updateTiledRows("DATA", row + 1, samples(Number.NaN));
    update.updateTiledRows("DATA", row + 3, samples(Number.POSITIVE_INFINITY));
    await update.finish();
    const report = await runFlags(flagService(), copy, {
      engine: "none",
      flagsDeadInputs: false,
      flagsNoisyInputs: false,
    });
    expect(report.totals.rules).toMatchObject({ zero: 2, "non-finite": 4, rfi: 0 });
    using main = openTable(copy);
    expect([...(main.column("FLAG").getArray(row).data as Uint8Array)]).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
  });

  it("gives the same on any number of threads, and whatever windows are searched alone", async () => {
    const [one, three] = [copyOf(ms.msPath), copyOf(ms.msPath)];
    const a = await runFlags(flagService(), one, {}, 1);
    const b = await runFlags(flagService({ threadsFromSampleCount: 0 }), three, {}, 3);
    expect(b.totals).toEqual(a.totals);
    const alone = await runFlags(flagService(), three, { rfiScope: "spw" }, 1);
    expect(alone.totals.rules.autocorrelation).toBe(a.totals.rules.autocorrelation);
    expect(alone.totals.rules.rfi).toBeGreaterThan(0);
  });

  it("starts from the present flags when it is told to, and saves them all the same", async () => {
    const copy = copyOf(ms.msPath);
    const only = { engine: "none", flagsDeadInputs: false, flagsNoisyInputs: false } as const;
    const first = await runFlags(flagService(), copy, { ...only, startsFromSaved: false });
    expect(first).toMatchObject({ isBaseNew: true, baseVersion: "before_contimg_flag" });
    const second = await runFlags(flagService(), copy, { ...only, startsFromSaved: false, scans: "1" });
    expect(second).toMatchObject({ isBaseNew: false, rescuedVersion: null, totals: { before: first.totals.all } });
    expect(second.totals.all.flaggedCount).toBe(second.totals.all.sampleCount);
    expect((await runFlags(flagService(), copy, only)).totals.all).toEqual(first.totals.all);
  });

  it("does what each rule says, and counts it once", async () => {
    const copy = copyOf(ms.msPath);
    const only = {
      engine: "none",
      flagsDeadInputs: false,
      flagsNoisyInputs: false,
      flagsAutocorrelations: false,
    } as const;
    const run = async (changes: Parameters<typeof runFlags>[2]) =>
      (await runFlags(flagService(), copy, { ...only, ...changes })).totals;
    const rows = 36 * 4 * 16;
    const samples = rows * 8;
    expect((await run({})).all).toEqual({ flaggedCount: 0, sampleCount: samples });
    expect((await run({ flagsAutocorrelations: true })).rules.autocorrelation).toBe((samples * 8) / 36);
    const antennas = (await run({ antennas: "1" })).rules.antenna;
    expect(antennas).toBe((samples * 8) / 36);
    const both = await run({ antennas: "1", flagsAutocorrelations: true, channels: "2" });
    expect(both.rules).toMatchObject({ autocorrelation: (samples * 8) / 36, antenna: (samples * 7) / 36 });
    expect(both.rules.channel).toBe((samples * 21) / 36 / 16);
    expect((await run({ scans: "1" })).all.flaggedCount).toBe(samples);
    expect((await run({ quack: { intervalSec: 13, at: "end" } })).rules.quack).toBe(samples / 2);
    expect((await run({ quack: { intervalSec: 12, at: "both" } })).rules.quack).toBe(samples / 2);
    expect((await run({ shadowToleranceM: -1e4 })).rules.shadow).toBeGreaterThan(samples / 2);
    expect((await run({ clip: { minJy: 0, maxJy: 0 } })).rules.clip).toBe((samples * 28) / 36);
    expect(
      (
        await run({
          channels: "*:1",
          growth: { growTimeRatio: 0.9, growFreqRatio: 0.2, flagNearTime: false, flagNearFreq: false },
        })
      ).rules.growth,
    ).toBe(((samples * 28) / 36) * 0.75);
  });
});

describeWith([sharedData(), pythonWith("casacore", "numpy")], "Measurement Sets of other telescopes", () => {
  const names = [
    "2018-03-21-01_26_33_0004384620257280_000000_downselected.ms",
    "day2_TDEM0003_10s_norx_1src_1spw.ms",
    "zen.2456865.60537.xy.uvcRREAAM.ms",
  ];
  it.each(names)("%s is flagged, and casacore reads what was reported", async (name) => {
    const copy = join(scratchDirectory(), "other.ms");
    cpSync(join(sharedDataDir()!, "real/ms", name), copy, { recursive: true });
    runPython(
      `import os, sys; [os.chmod(os.path.join(d, n), 0o755) for d, ds, fs in os.walk(sys.argv[1]) for n in ds + fs + ["."]]`,
      [copy],
    );
    const report = await runFlags(flagService(), copy);
    const found = JSON.parse(
      runPython(
        `import sys, json, casacore.tables as t
main = t.table(sys.argv[1], ack=False); flag = main.getcol("FLAG")
others = [c for c in main.colnames() if c not in ("FLAG", "FLAG_CATEGORY") and main.iscelldefined(c, 0)]
print(json.dumps([int(flag.sum()), flag.size, int(main.getcol("FLAG_ROW").sum()), bool((main.getcol("FLAG_ROW") == flag.all(axis=(1, 2))).all()),
  len(t.table(sys.argv[1] + "/FLAG_CMD", ack=False)), [len(main.getcol(c)) for c in others] == [main.nrows()] * len(others)]))`,
        [copy],
      ),
    ) as unknown[];
    expect(found.slice(0, 4)).toEqual([
      report.totals.all.flaggedCount,
      report.totals.all.sampleCount,
      report.totals.flaggedRowCount,
      true,
    ]);
    expect(found[5]).toBe(true);
    await flagService().restore(copy, "before_contimg_flag", "undone");
    const same = runPython(
      `import sys, casacore.tables as t
print((t.table(sys.argv[1], ack=False).getcol("FLAG") == t.table(sys.argv[2], ack=False).getcol("FLAG")).all())`,
      [copy, join(sharedDataDir()!, "real/ms", name)],
    );
    expect(same.trim()).toBe("True");
  });

  it("whose flags are not kept in tiles are refused", async () => {
    const copy = join(scratchDirectory(), "other.ms");
    cpSync(join(sharedDataDir()!, "real/ms/1090008640_birli_pyuvdata.ms"), copy, { recursive: true });
    expect(await codeOf(runFlags(flagService(), copy))).toMatch(
      /^MS_UNSUITABLE: .*storage of FLAG: expected tiles, found StandardStMan/,
    );
  });
});
