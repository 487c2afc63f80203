/** `contimg cal` as an operator uses it. */

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Command } from "commander";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { calTableFiles } from "../../src/adapters/fs/cal-table-files.ts";
import { hostClock } from "../../src/adapters/host/host-clock.ts";
import { openCalRegistry } from "../../src/adapters/sqlite/cal-registry.ts";
import { addCalCommand } from "../../src/cli/commands/cal.ts";
import { calibration } from "../../src/compose/calibration.ts";
import { withContent } from "../../src/services/find-calibration.ts";
import { newCalTable } from "../contract/cal-tables.ts";
import { writeSmallCalTable } from "../contract/small-cal-table.ts";
import { contimg, contimgCommand, type Ran, runCommandLine, scratchDirectory } from "./run-contimg.ts";

/** 2025-10-29T12:00:00 */
const NOON_MJD = 60_977.5;
const HOUR_DAY = 1 / 24;

let folder: string;
let registryPath: string;
beforeEach(() => {
  folder = scratchDirectory();
  registryPath = join(folder, "cal_registry.sqlite3");
});

/** A command line from its words to its output, in this process: starting one for each would take most of the time. */
function cal(...args: readonly string[]): Ran {
  const said = { stdout: "", stderr: "" };
  const hear = (name: "stdout" | "stderr") =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
  const ears = [hear("stdout"), hear("stderr")];
  try {
    const program = new Command("contimg").exitOverride();
    addCalCommand(program, calibration);
    program.parse(["cal", ...args, "--registry-db", registryPath], { from: "user" });
    const lines = said.stdout.split("\n").filter((line) => line.startsWith("{"));
    const events = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    return { status: Number(process.exitCode ?? 0), ...said, events };
  } finally {
    for (const ear of ears) ear.mockRestore();
    process.exitCode = undefined;
  }
}

const calProcess = (...args: readonly string[]): Ran => contimg("cal", ...args, "--registry-db", registryPath);

async function write(name: string, kind: "B" | "G" | "K", mjd: number, gain = 0.07): Promise<string> {
  const path = join(folder, name);
  await writeSmallCalTable(path, kind, mjd, (antennaId) => ({ re: gain, im: 0.01 * antennaId }));
  return path;
}

/** Without a command for each test. */
async function registerDay(): Promise<void> {
  const entries = [
    ["2025-10-29T12:00:00_0~23_bpcal", "BP", "B", NOON_MJD],
    ["2025-10-29T12:00:00_0~23_gpcal", "GP", "G", NOON_MJD],
    ["2025-10-29T13:00:00_0~23_gpcal", "GP", "G", NOON_MJD + HOUR_DAY],
  ] as const;
  const registry = openCalRegistry({ path: registryPath, clock: hostClock() });
  for (const [name, type, kind, referenceMjd] of entries) {
    const path = await write(name, kind, referenceMjd);
    const setName = name.replace(/_[bg]pcal$/, "");
    const { contentDigest: _, ...table } = newCalTable({ path, type, setName, referenceMjd });
    registry.register([withContent(calTableFiles, table)]);
  }
  registry.close();
}

describe("a registry of a day", () => {
  beforeEach(registerDay);

  test("is listed, newest data first", () => {
    const { stdout, status } = cal("ls");
    expect(status).toBe(0);
    const rows = stdout.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
    expect(rows[0]).toEqual(["id", "type", "status", "reference", "valid from", "valid until", "set", "path"]);
    expect(rows[2]!.slice(0, 7)).toEqual([
      "3",
      "GP",
      "active",
      "2025-10-29T13:00:00",
      "2025-10-29T12:00:00",
      "2025-10-29T14:00:00",
      "2025-10-29T13:00:00_0~23",
    ]);
    expect(cal("ls", "--type", "BP", "--json").events).toMatchObject([
      {
        id: 1,
        table_type: "BP",
        status: "active",
        order_index: 30,
        refant: "103",
        cal_field: "0~23",
        reference_mjd: NOON_MJD,
      },
    ]);
    expect(cal("ls", "--from", "2025-10-29T13:30:00", "--json").events.map(({ id }) => id)).toEqual([3, 1]);
  });

  test("says what is applied, of each type, and why", () => {
    const { status, stdout } = cal("active", "--at", "2025-10-29T12:30:00");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^BP +\| 1 +\| nearest +\| 30 min earlier/m);
    expect(stdout).toMatch(/^GP +\| 2 +\| interpolated: before \| 30 min earlier/m);
    expect(stdout).toMatch(/^GP +\| 3 +\| interpolated: after +\| 30 min later/m);
    const [answer] = cal("active", "--at", String(NOON_MJD + HOUR_DAY / 2), "--json").events;
    expect(answer).toMatchObject({
      complete: true,
      utc: "2025-10-29T12:30:00",
      reasons: [],
      tables: [
        { table_type: "BP", id: 1, why: "nearest", interpolation: "nearest", borrowed: false },
        { table_type: "GP", id: 2, why: "before", interpolation: "linear" },
        { table_type: "GP", id: 3, why: "after", interpolation: "linear" },
      ],
    });
  });

  test("says what is missing, and borrows when told to", () => {
    const late = cal("active", "--at", "2025-10-29T15:00:00");
    expect(late.status).toBe(1);
    expect(late.stdout).toContain("missing GP: valid until 2025-10-29T14:00:00, again from -");
    const borrowed = cal("active", "--at", "2025-10-29T15:00:00", "--borrow", "GP=0.05");
    expect(borrowed.status).toBe(0);
    expect(borrowed.stdout).toMatch(/^GP +\| 3 +\| BORROWED +\| 2.0 h earlier/m);
    expect(cal("active", "--at", "2025-10-29T12:30:00", "--with-delays").status).toBe(1);
  });

  test("says what is not as it was, and retires it when told to", () => {
    rmSync(join(folder, "2025-10-29T12:00:00_0~23_bpcal/table.f0"));
    rmSync(join(folder, "2025-10-29T12:00:00_0~23_gpcal"), { recursive: true });
    const asked = cal("active", "--at", "2025-10-29T12:30:00");
    expect(asked.status).toBe(1);
    expect(asked.stdout).toMatch(/left out BP .*_bpcal \(corrupt\)/);
    expect(asked.stdout).toMatch(/^GP +\| 3 +\| first after, none before/m);
    expect(cal("ls", "--status", "retired").stdout).toContain("no table");
    expect(cal("active", "--at", "2025-10-29T12:30:00", "--no-check").status).toBe(0);
    expect(cal("active", "--at", "2025-10-29T12:30:00", "--retire").stdout).toMatch(/retired GP .*_gpcal \(vanished\)/);
    expect(cal("ls", "--status", "retired", "--json").events).toMatchObject([
      { id: 2, retired_cause: "vanished" },
      { id: 1, retired_cause: "corrupt" },
    ]);
  });

  test("shows one table, by number or path", () => {
    const { status, stdout } = cal("show", "1");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^on disk +whole, B Jones$/m);
    expect(stdout).toMatch(/^valid +from 2025-10-28T12:00:00 until before 2025-10-30T12:00:00$/m);
    const path = join(folder, "2025-10-29T12:00:00_0~23_bpcal");
    expect(cal("show", `${path}/`, "--json").events).toMatchObject([{ id: 1, path, on_disk: "whole" }]);
  });

  test("retires with a reason, once", () => {
    expect(cal("retire", "1", "3", "--reason", "antenna 5 moved").status).toBe(0);
    expect(cal("show", "1").stdout).toMatch(/^note +\S+ retired \(by-operator\): antenna 5 moved$/m);
    const again = cal("retire", "3", "99", "--reason", "again", "--json");
    expect(again.status).toBe(1);
    expect(again.events).toMatchObject([
      { id: 3, retired: false, status: "retired" },
      { id: null, path: "99", retired: false, status: null },
    ]);
    expect(again.stderr).toMatch(/only active tables are retired\nno table 99/);
    expect(cal("active", "--at", "2025-10-29T12:30:00").status).toBe(1);
  });

  test("registers the same again without change, and refuses another in its place", async () => {
    const name = "2025-10-29T12:00:00_0~23_bpcal";
    expect(cal("register", join(folder, name), "--json").events).toMatchObject([{ outcome: "already", id: 1 }]);
    rmSync(join(folder, name), { recursive: true });
    await write(name, "B", NOON_MJD, 0.08);
    const other = cal("register", join(folder, name));
    expect([other.status, other.stderr]).toEqual([1, expect.stringMatching(/^CAL_TABLE_CONFLICT: .*content digest/)]);
  });

  test("answers SQL by the names of old", () => {
    const database = new DatabaseSync(registryPath, { readOnly: true });
    const rows = database
      .prepare(
        "SELECT set_name, table_type, order_index FROM caltables WHERE status = 'active' AND valid_start_mjd <= 60977.6 AND valid_end_mjd > 60977.6 ORDER BY order_index",
      )
      .all();
    database.close();
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { set_name: "2025-10-29T12:00:00_0~23", table_type: "BP", order_index: 30 },
    ]);
  });
});

test("two tables are compared, registered or not", async () => {
  const [a, b] = [await write("a_gpcal", "G", NOON_MJD, 0.07), await write("b_gpcal", "G", NOON_MJD, 0.14)];
  const { status, stdout } = cal("compare", a, b);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^0 +\| 2 +\| 0.0 % +\| 0.0 % +\| 2.0000/m);
  expect(cal("compare", a, a, "--json").events).toMatchObject([
    { amplitude_ratio: 1, phase_rms_deg: 0, common_count: 8 },
  ]);
  const bandpass = await write("a_bpcal", "B", NOON_MJD);
  const unlike = cal("compare", a, bandpass);
  expect([unlike.status, unlike.stderr]).toEqual([1, expect.stringContaining("one has G Jones, the other B Jones")]);
  expect(cal("compare", "1", "2").stderr).toContain("CAL_REGISTRY_UNUSABLE");
});

test("looking makes no registry; an empty one has no table and lacks everything", () => {
  for (const args of [["ls"], ["show", "1"], ["active"], ["retire", "1", "--reason", "no"]]) {
    const { status, stderr } = cal(...args);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^CAL_REGISTRY_UNUSABLE: .*there is no such registry/)]);
  }
  expect(existsSync(registryPath)).toBe(false);
  const none = cal("register", join(folder, "no_bpcal"));
  expect([none.status, none.stderr]).toEqual([1, expect.stringMatching(/^CAL_TABLE_INVALID: .*found nothing/)]);
  expect(cal("ls").stdout).toContain("no table");
  expect(cal("ls", "--json").stdout).toBe("");
  expect(cal("active").stdout).toMatch(/missing BP: no active table of that type is registered/);
  expect(cal("active", "--json")).toMatchObject({
    status: 1,
    events: [
      { complete: false, tables: [], reasons: [{ kind: "missing", type: "BP", last_valid_mjd: null }, { type: "GP" }] },
    ],
  });
  expect(cal("show", "5").stderr).toContain("expected the number or path of a registered table");
});

test("what cannot be understood is wrong usage, and says what is right", () => {
  const time = calProcess("active", "--at", "2025-02-31T00:00:00");
  expect(time.status).toBe(2);
  expect(time.stderr).toContain("expected a UTC time such as 2025-10-29T13:54:17, or an MJD such as 60977.5794");
  expect(calProcess("retire", "1")).toMatchObject({ status: 2, stderr: expect.stringContaining("--reason") });
  expect(() => cal("retire", "1", "--reason", " ")).toThrow(/--reason: expected why, found nothing/);
  expect(calProcess("ls", "--status", "done")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("expected"),
  });
});

test("a command in a process of its own says the same", async () => {
  await registerDay();
  for (const args of [["ls"], ["active", "--at", "2025-10-29T15:00:00", "--json"], ["show", "99"]]) {
    expect(calProcess(...args)).toEqual(cal(...args));
  }
});

test("tables of CASA are registered by name, into the state directory when one is set", async () => {
  const stateDir = join(folder, "state");
  mkdirSync(stateDir);
  const paths = [
    await write("2025-10-29T12:00:00_0~23_bpcal", "B", NOON_MJD),
    await write("2025-10-29T12:00:00_0~23_gpcal", "G", NOON_MJD),
  ];
  const command = ["env", `CONTIMG_STATE_DIR=${stateDir}`, ...contimgCommand, "cal", "register", ...paths, "--json"];
  const { status, events } = runCommandLine([...command, "--refant", "103", "--cal-field", "0~23"]);
  expect(status).toBe(0);
  expect(events).toMatchObject(
    ["BP", "GP"].map((type) => ({
      outcome: "new",
      table_type: type,
      set_name: "2025-10-29T12:00:00_0~23",
      refant: "103",
      cal_field: "0~23",
      reference_mjd: NOON_MJD,
    })),
  );
  expect(events.map((event) => event["valid_end_mjd"])).toEqual([NOON_MJD + 1, NOON_MJD + HOUR_DAY]);
  expect(existsSync(join(stateDir, "cal_registry.sqlite3"))).toBe(true);
});
