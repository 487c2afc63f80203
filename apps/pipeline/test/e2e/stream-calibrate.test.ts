/** A drift scan through the whole chain: first bandpass, transit, hourly gains, nothing to solve on, a restart. */

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openTable } from "@contimg/casacore-tables/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultCalSchedule } from "../../src/domain/cal-schedule.ts";
import { defaultFlagConfig } from "../../src/stages/flag/config.ts";
import { runStreamUntil, type StreamPlace, SUBBAND_COUNT, startStream, streamPlace } from "./stream-group.ts";
import { calibratorCatalog, simulateGroup, skyCatalog, sourceOver } from "./stream-sky.ts";

/** Groups of 309 s: the first, the next, the transit of the calibrator, the hour after it, and a dark field. */
const [FIRST, NEXT, TRANSIT, LATER, LAST, DARK] = [0, 1, 6, 18, 19, 60] as const;
const INDICES: readonly number[] = [FIRST, NEXT, TRANSIT, LATER, LAST, DARK];

const sky = [
  sourceOver(FIRST, "S0", 6, 0.1),
  sourceOver(TRANSIT, "CAL", 20),
  sourceOver(LATER, "S2", 7),
  sourceOver(LAST, "S3", 4, 0.3),
];

let root: string;
let place: StreamPlace;
const idOf = new Map<number, string>();
const filesOf = new Map<number, readonly string[]>();
let correlator: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "contimg-stream-"));
  const bare = streamPlace({}, root);
  correlator = join(bare.root, "correlator");
  mkdirSync(correlator);
  for (const index of INDICES) {
    const { groupId, files } = simulateGroup(correlator, index, sky, SUBBAND_COUNT);
    idOf.set(index, groupId);
    filesOf.set(index, files);
  }
  place = {
    ...bare,
    setup: {
      ...bare.setup,
      chain: {
        ...bare.setup.chain,
        flag: defaultFlagConfig,
        calibratorCatalogPath: calibratorCatalog(bare.root, [sky[1]!]),
        calibration: {
          skyCatalogPath: skyCatalog(bare.root, sky),
          registryPath: join(bare.root, "cal_registry.sqlite3"),
          schedule: defaultCalSchedule,
          missing: "wait",
          applyMode: "on-the-fly",
          waitMs: 1_500,
          borrowBandpassDay: 0,
          borrowGainDay: 0,
        },
      },
    },
  };
}, 120_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

function arrive(...indices: readonly number[]): void {
  for (const index of indices)
    for (const name of filesOf.get(index)!) copyFileSync(join(correlator, name), join(place.setup.incomingDir, name));
}

function rows(sql: string, path = place.setup.queuePath): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 30_000 });
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

/** Of everything that applying changes. */
function digestOf(msPath: string): string {
  using main = openTable(msPath);
  const hash = createHash("sha256");
  for (const name of ["CORRECTED_DATA", "FLAG", "WEIGHT", "WEIGHT_SPECTRUM"]) {
    for (let row = 0; row < main.rowCount; row += 7) {
      const { data } = main.column(name).getArray(row) as { readonly data: Float32Array };
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest("hex");
}

/** Mean amplitude of what is not flagged: raw data are some hundredths. */
function calibratedMeanJy(msPath: string): number {
  using main = openTable(msPath);
  let [sum, count] = [0, 0];
  for (let row = 0; row < main.rowCount; row++) {
    const vis = main.column("CORRECTED_DATA").getArray(row)!.data as Float32Array;
    const flags = main.column("FLAG").getArray(row)!.data as Uint8Array;
    for (const [at, flag] of flags.entries()) {
      if (flag !== 0) continue;
      sum += Math.hypot(vis[2 * at]!, vis[2 * at + 1]!);
      count++;
    }
  }
  return sum / count;
}

const stateOf = (index: number) =>
  rows(`SELECT state FROM ingest_queue WHERE group_id = '${idOf.get(index)}'`)[0]?.["state"];
const areDone = (...indices: readonly number[]) => indices.every((index) => stateOf(index) === "completed");
const msRow = (index: number) =>
  rows(`SELECT path, status, stage, cal_applied FROM ms_index WHERE group_id = '${idOf.get(index)}'`)[0]!;
/** `BP nearest of 2025-…`: type, why, and the group that it was solved on. */
const applied = (index: number) =>
  rows(`SELECT * FROM calibration_applied WHERE group_id = '${idOf.get(index)}' ORDER BY position`).map((row) => {
    const from = [...idOf].find(([, groupId]) => (row["table_path"] as string).includes(groupId))![0];
    return `${row["table_type"]} ${row["why"]} of ${INDICES.indexOf(from)}`;
  });
const tables = () =>
  rows(
    "SELECT table_type, source_ms_path, status FROM caltables ORDER BY id",
    place.setup.chain.calibration!.registryPath,
  ).map((row) => {
    const from = [...idOf].find(([, groupId]) => (row["source_ms_path"] as string).includes(groupId))![0];
    return `${row["table_type"]} of ${INDICES.indexOf(from)} ${row["status"]}`;
  });

test("the first group makes a bandpass, and the next uses it", async () => {
  arrive(FIRST);
  let isNextThere = false;
  await runStreamUntil(place, () => {
    if (!isNextThere && areDone(FIRST)) {
      arrive(NEXT);
      isNextThere = true;
    }
    return areDone(FIRST, NEXT);
  });
  expect(tables()).toEqual(["BP of 0 active", "GP of 0 active", "2G of 0 active"]);
  expect(applied(FIRST)).toEqual(["BP exact of 0", "GP exact of 0", "2G exact of 0"]);
  expect(applied(NEXT)).toEqual(["BP nearest of 0", "GP only-before of 0", "2G only-before of 0"]);
  expect(msRow(NEXT)).toMatchObject({ status: "completed", stage: "apply", cal_applied: 1 });
  expect(place.lines.filter((line) => /^(WARNING|ERROR)/.test(line))).toEqual([]);
}, 120_000);

test("a stream that is killed behind the solve does it once, and the transit takes the place of the first bandpass", async () => {
  arrive(TRANSIT);
  // Convert, flag, calibrate: the third checkpoint is behind the solve.
  const killed = startStream(place, "checkpoint-recorded", "SIGKILL", 3);
  expect(await killed.ended).toEqual([null, "SIGKILL"]);
  expect(stateOf(TRANSIT)).toBe("in_progress");
  await runStreamUntil(place, () => areDone(TRANSIT));
  expect(tables().slice(3)).toEqual(["BP of 2 active", "GP of 2 active", "2G of 2 active"]);
  expect(applied(TRANSIT)).toEqual(["BP exact of 2", "GP exact of 2", "2G exact of 2"]);
  expect(msRow(TRANSIT)["path"]).toContain("/calibrators/2025-10-03/");
}, 120_000);

test("an hour later gains are solved on top of it, and a dark field waits, then goes on uncalibrated and says so", async () => {
  arrive(LAST, DARK);
  const before = place.lines.length;
  let hasWaited = false;
  await runStreamUntil(place, () => {
    hasWaited ||=
      rows(`SELECT error_code FROM ingest_queue WHERE group_id = '${idOf.get(DARK)}'`)[0]?.["error_code"] ===
      "CALIBRATION_MISSING";
    return areDone(LAST, DARK);
  });
  expect(tables().slice(6)).toEqual(["GP of 4 active", "2G of 4 active"]);
  expect(applied(LAST)).toEqual(["BP nearest of 2", "GP exact of 4", "2G exact of 4"]);
  expect(hasWaited).toBe(true);
  expect(applied(DARK)).toEqual([]);
  expect(msRow(DARK)).toMatchObject({ status: "uncalibrated", cal_applied: 0 });
  const said = place.lines.slice(before).join("\n");
  expect(said).toMatch(/ERROR: ALERT calibration-missing:GP: no GP is valid at 2025-10-03T1/);
  expect(said).toContain(`INFO: Group ${idOf.get(DARK)}: goes on uncalibrated`);
  expect(rows("SELECT alert_key FROM alerts WHERE resolved_at IS NULL")).toEqual([
    { alert_key: "calibration-missing:GP" },
  ]);
}, 120_000);

test("a group that comes long after those behind it is calibrated by what came of them", async () => {
  arrive(LATER);
  await runStreamUntil(place, () => areDone(LATER));
  expect(tables()).toHaveLength(8);
  expect(applied(LATER)).toEqual(["BP nearest of 2", "GP only-after of 4", "2G only-after of 4"]);
}, 120_000);

test("a group that is done again can have its corrected data written, once and again the same", async () => {
  const { path } = msRow(NEXT) as { path: string };
  const written: string[] = [];
  for (let time = 0; time < 2; time++) {
    const queue = place.queue();
    expect(queue.requeue(idOf.get(NEXT)!)).toBe(true);
    queue.close();
    const { chain } = place.setup;
    const calibration = { ...chain.calibration!, applyMode: "corrected-data" as const };
    await runStreamUntil(place, () => areDone(NEXT), { chain: { ...chain, calibration } });
    written.push(digestOf(path));
  }
  expect(written[1]).toBe(written[0]);
  expect(applied(NEXT).slice(0, 2)).toEqual(["BP nearest of 0", "GP only-before of 0"]);
  expect(msRow(NEXT)).toMatchObject({ status: "completed", cal_applied: 1 });
  expect(calibratedMeanJy(path)).toBeGreaterThan(1);
}, 120_000);

test("every group was done once, and nothing is left", () => {
  expect(rows("SELECT retry_count FROM ingest_queue WHERE retry_count > 0 OR state <> 'completed'")).toEqual([]);
  const converted = rows("SELECT group_id FROM stage_runs WHERE outcome = 'done' AND stage = 'convert'");
  expect(converted).toHaveLength(INDICES.length);
  for (const index of INDICES) expect(existsSync(msRow(index)["path"] as string)).toBe(true);
});

test("two groups at once solve once, and neither is left without", async () => {
  const other = streamPlace({ groupCount: 2 });
  const { chain } = place.setup;
  const registryPath = join(other.root, "cal_registry.sqlite3");
  const setup = {
    ...other.setup,
    chain: { ...other.setup.chain, flag: chain.flag, calibration: { ...chain.calibration!, registryPath } },
  };
  for (const index of [FIRST, NEXT])
    for (const name of filesOf.get(index)!) copyFileSync(join(correlator, name), join(setup.incomingDir, name));
  await runStreamUntil({ ...other, setup }, () => other.steps.filter((step) => step === "cleaned-up").length === 2);
  expect(rows("SELECT table_type FROM caltables ORDER BY id", registryPath).map((row) => row["table_type"])).toEqual([
    "BP",
    "GP",
    "2G",
  ]);
  expect(rows("SELECT cal_applied FROM ms_index", setup.queuePath)).toEqual([{ cal_applied: 1 }, { cal_applied: 1 }]);
  expect(other.lines.filter((line) => /^(WARNING|ERROR)/.test(line))).toEqual([]);
}, 120_000);
