/** Every kind of bad input: an error that names file, field, expected and found; inputs untouched; no half-made output. */

import { spawn } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { contimg, contimgCommand, type Ran, runCommandLine, scratchDirectory, treeOf } from "./run-contimg.ts";
import { simulatedGroup } from "./simulated-group.ts";

let group: string;
beforeAll(() => {
  group = simulatedGroup({ seed: 21 });
});

interface Prepared {
  readonly input: string;
  readonly output: string;
  file(subband: number): string;
}

function prepare(): Prepared {
  const root = scratchDirectory();
  const input = join(root, "in");
  cpSync(group, input, { recursive: true });
  const output = join(root, "out");
  return {
    input,
    output,
    file(subband) {
      const name = readdirSync(input).find((each) => each.endsWith(`_sb${String(subband).padStart(2, "0")}.hdf5`));
      return join(input, name!);
    },
  };
}

const stateOf = (directory: string) =>
  readdirSync(directory)
    .toSorted()
    .map((name) => [name, statSync(join(directory, name)).size, statSync(join(directory, name)).mtimeMs]);

/** Converts and checks what must hold after any failure. */
function convertRefused({ input, output }: Prepared, ...more: readonly string[]): Ran {
  const before = stateOf(input);
  const ran = contimg("convert", input, "--output-dir", output, "--json", ...more);
  expect(ran.status).toBe(1);
  expect(stateOf(input)).toEqual(before);
  if (existsSync(output)) expect(treeOf(output).filter((path) => /\.ms$|staging/.test(path))).toEqual([]);
  return ran;
}

const refusedOf = (ran: Ran) => ran.events.filter((event) => event["event"] === "file_refused");
const failedOf = (ran: Ran) => ran.events.filter((event) => event["event"] === "group_failed");

describe("a file that cannot be used is refused by name, and its group is then incomplete", () => {
  test.each<[string, (prepared: Prepared) => void, string, RegExp]>([
    [
      "truncated",
      (p) => truncateSync(p.file(3), Math.floor(statSync(p.file(3)).size * 0.7)),
      "UVH5_TRUNCATED",
      /_sb03\.hdf5: .*\d+/,
    ],
    ["empty", (p) => truncateSync(p.file(3), 0), "UVH5_EMPTY", /_sb03\.hdf5/],
    [
      "no HDF5",
      (p) => writeFileSync(p.file(3), "SIMPLE  =                    T".padEnd(4096)),
      "UVH5_NOT_UVH5",
      /_sb03\.hdf5/,
    ],
    [
      "still being written, by its name",
      (p) => renameSync(p.file(3), p.file(3).replace(".hdf5", "_incomplete.hdf5")),
      "UVH5_STILL_WRITTEN",
      /_sb03_incomplete\.hdf5/,
    ],
  ])("%s", (_what, damage, code, message) => {
    const prepared = prepare();
    damage(prepared);
    const ran = convertRefused(prepared);
    expect(refusedOf(ran)).toMatchObject([{ code }]);
    expect(refusedOf(ran)[0]!["message"]).toMatch(message);
    expect(failedOf(ran)).toMatchObject([{ code: "UVH5_SUBBAND_MISSING" }]);
    expect(failedOf(ran)[0]!["message"]).toMatch(/found 15 of 16 subbands, missing sb03/);
    expect(ran.stderr).toContain(code);
  });

  test("damaged inside: a flipped structure byte is never taken for data", () => {
    const prepared = prepare();
    const bytes = readFileSync(prepared.file(5));
    const tree = bytes.indexOf("TREE");
    bytes[tree + 6] = 0xee;
    writeFileSync(prepared.file(5), bytes);
    const ran = convertRefused(prepared);
    expect(refusedOf(ran)).toHaveLength(1);
    expect(refusedOf(ran)[0]!["message"]).toMatch(/_sb05\.hdf5: .*expected .*, found /);
  });

  test("a directory under a subband's name", () => {
    const prepared = prepare();
    const path = prepared.file(3);
    rmSync(path);
    mkdirSync(path);
    expect(refusedOf(convertRefused(prepared))).toMatchObject([{ code: "INPUT_UNREADABLE", path }]);
  });
});

describe("a group whose files do not belong together is refused whole", () => {
  test("a subband that is there twice", () => {
    const prepared = prepare();
    copyFileSync(prepared.file(7), join(prepared.input, "2025-10-03T11:49:09_sb07.hdf5"));
    const ran = convertRefused(prepared);
    expect(failedOf(ran)).toMatchObject([{ code: "UVH5_SUBBAND_DUPLICATE" }]);
    expect(failedOf(ran)[0]!["message"]).toMatch(/sb07 is in two files/);
  });

  test("a subband of another array", () => {
    const prepared = prepare();
    const other = simulatedGroup({ seed: 22, antennaCount: 10 });
    const name = readdirSync(other).find((each) => each.includes("_sb04"))!;
    copyFileSync(join(other, name), prepared.file(4));
    const ran = convertRefused(prepared);
    expect(failedOf(ran)).toMatchObject([{ code: "UVH5_SUBBANDS_DIFFER" }]);
    expect(failedOf(ran)[0]!["message"]).toMatch(/_sb04\.hdf5: .* is \d+, expected \d+ as in .*_sb00\.hdf5/);
  });

  test("files of two groups under one time are two groups, each incomplete", () => {
    const prepared = prepare();
    const later = simulatedGroup({ seed: 21, groupIndex: 1 });
    for (const subband of [0, 1, 2]) {
      const tag = `_sb${String(subband).padStart(2, "0")}`;
      const name = readdirSync(later).find((each) => each.includes(tag))!;
      copyFileSync(join(later, name), prepared.file(subband));
    }
    const failed = failedOf(convertRefused(prepared));
    expect(failed.map((event) => event["code"])).toEqual(["UVH5_SUBBAND_MISSING", "UVH5_SUBBAND_MISSING"]);
    expect(failed.map((event) => String(event["message"]).match(/found (\d+) of 16/)?.[1])).toEqual(["13", "3"]);
  });

  test("other groups go on", () => {
    const prepared = prepare();
    const later = simulatedGroup({ seed: 21, groupIndex: 1 });
    cpSync(later, prepared.input, { recursive: true });
    truncateSync(prepared.file(3), 0);
    const ran = contimg("convert", prepared.input, "--output-dir", prepared.output, "--json");
    expect(ran.status).toBe(1);
    expect(ran.events.filter((event) => event["event"] === "group_converted")).toHaveLength(1);
    expect(ran.events.at(-1)).toMatchObject({ event: "summary", groups: 2, converted: 1, failed: 1, files_refused: 1 });
  });
});

describe("an output that cannot be made leaves nothing behind", () => {
  test("it exists: an error, or skipped when asked; never overwritten", () => {
    const prepared = prepare();
    const first = contimg("convert", prepared.input, "--output-dir", prepared.output, "--json");
    expect(first.status, first.stderr).toBe(0);
    const path = String(first.events.find((event) => event["event"] === "group_converted")!["ms_path"]);
    const before = statSync(join(path, "table.dat"));
    const again = contimg("convert", prepared.input, "--output-dir", prepared.output, "--json");
    expect(again.status).toBe(1);
    expect(failedOf(again)).toMatchObject([{ code: "OUTPUT_EXISTS" }]);
    const skipped = contimg("convert", prepared.input, "--output-dir", prepared.output, "--json", "--skip-existing");
    expect(skipped.status).toBe(0);
    expect(statSync(join(path, "table.dat"))).toEqual(before);
  });

  test("no room in the middle of the conversion", () => {
    const prepared = prepare();
    // A limit on the size of a file stands for a full disk: writing fails past it in the same way.
    const limited = ["bash", "-c", 'ulimit -f 64; exec "$@"', "bash", ...contimgCommand];
    const ran = runCommandLine([...limited, "convert", prepared.input, "--output-dir", prepared.output, "--json"]);
    expect(ran.status).toBe(1);
    expect(failedOf(ran), ran.stderr).toMatchObject([{ code: "DISK_FULL", disposition: "halt" }]);
    expect(treeOf(prepared.output).filter((path) => /\.ms$|staging/.test(path))).toEqual([]);
  });

  test("the output directory is a file", () => {
    const prepared = prepare();
    mkdirSync(prepared.output);
    writeFileSync(join(prepared.output, "ms"), "");
    const ran = convertRefused(prepared);
    expect(failedOf(ran)[0]!["code"]).toMatch(/OUTPUT_NOT_WRITABLE|OUTPUT_EXISTS/);
  });

  const big = () => simulatedGroup({ seed: 36, antennaCount: 96, integrationCount: 3, channelCount: 24 });

  test("interrupted: exit status 130, and nothing of it is kept", async () => {
    const output = scratchDirectory();
    const args = [...contimgCommand.slice(1), "convert", big(), "--output-dir", output, "--json"];
    const child = spawn(contimgCommand[0]!, args, { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.once("data", () => child.kill("SIGINT"));
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect(status).toBe(130);
    expect(treeOf(output).filter((path) => /\.ms$|staging/.test(path))).toEqual([]);
  });

  test("killed: nothing has the final name, and the next conversion clears up and succeeds", async () => {
    const output = scratchDirectory();
    const args = [...contimgCommand.slice(1), "convert", big(), "--output-dir", output, "--json"];
    const child = spawn(contimgCommand[0]!, args, { stdio: "ignore" });
    const staging = () => treeOf(output).filter((path) => /staging/.test(path) && path.endsWith(".ms"));
    while (child.exitCode === null && (!existsSync(output) || staging().length === 0)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    expect(treeOf(output).filter((path) => path.endsWith(".ms"))).toEqual(staging());
    expect(staging()).toHaveLength(1);
    const next = contimg("convert", big(), "--output-dir", output, "--json");
    expect(next.status, next.stderr).toBe(0);
    expect(staging()).toEqual([]);
  });
});

describe("usage errors end with status 2 and say what was expected", () => {
  test.each([
    [["convert", "in"], /required option '--output-dir/],
    [["convert", "in", "--output-dir", "out", "--phase-center", "somewhere"], /expected mid, none or RA,DEC/],
    [
      ["convert", "in", "--output-dir", "out", "--expected-subbands", "x"],
      /expected a whole number from 1 to 64, found "x"/,
    ],
    [["convert", "in", "--output-dir", "out", "--start", "yesterday"], /expected a UTC time such as/],
    [["convrt"], /Did you mean convert/],
  ])("%j", (args, message) => {
    const ran = contimg(...args);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(message);
  });

  test("a table of the Earth's orientation that is none is named, with the line", () => {
    const table = join(scratchDirectory(), "finals.txt");
    writeFileSync(table, "no table\n");
    const ran = contimg("convert", group, "--output-dir", join(table, ".."), "--iers-finals", table, "--json");
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(/^INPUT_UNREADABLE: .*finals\.txt: .*expected .*, found /m);
  });

  test("data outside the table of the Earth's orientation say how to mend it", () => {
    const late = simulatedGroup({ seed: 37, startJd: 2459000.5 });
    const table = join(import.meta.dirname, "iers/finals2000A.all");
    const ran = contimg("convert", late, "--output-dir", scratchDirectory(), "--iers-finals", table, "--json");
    expect(failedOf(ran)).toMatchObject([{ code: "TIME_OUT_OF_RANGE" }]);
    expect(ran.stderr).toMatch(
      /Earth orientation: expected a time within MJD \d+ to \d+, found MJD 59000; give newer tables with --iers-finals/,
    );
  });

  test("an input that is not there is named", () => {
    const ran = contimg("convert", "/nowhere/at/all", "--output-dir", "/tmp/never-made", "--json");
    expect(ran.status).toBe(1);
    expect(ran.events[0]).toMatchObject({ event: "file_refused", code: "INPUT_UNREADABLE", path: "/nowhere/at/all" });
  });
});
