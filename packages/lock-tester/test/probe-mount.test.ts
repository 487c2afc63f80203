/** Probes of real directories. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommandLine } from "../src/cli/command-line.ts";
import { probeMount } from "../src/probes/probe-mount.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-mount-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a probe of a mount", () => {
  test("finds on a local disk what Linux documents, and leaves nothing", async () => {
    const seen: string[] = [];
    const probe = await probeMount(folder, { onFinding: ({ lock, probe: name }) => seen.push(`${lock} ${name}`) });
    expect(probe.findings.filter(({ answer, usual }) => answer !== usual)).toEqual([]);
    expect(probe.findings.length).toBeGreaterThan(50);
    expect(seen).toEqual(probe.findings.map(({ lock, probe: name }) => `${lock} ${name}`));
    expect(probe.advice.map(({ safety }) => safety)).toEqual(["safe", "safe", "safe", "safe"]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is told as text and as JSON, with an exit status", async () => {
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const run = (...args: string[]) => runCommandLine(["probe", ...args], { program: "locktest", out: say, err: say });
    const report = join(folder, "probe.json");
    expect(await run(folder, "--quiet", "--json", report)).toBe(0);
    expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({ directory: folder, other_directory: null });
    expect(lines.splice(0).map((line) => line.split(/ +/)[0])).toEqual([
      `${folder}:`,
      "casacore",
      "HDF5",
      "SQLite",
      "contimg",
    ]);
    expect(await run(join(folder, "none"))).toBe(2);
    expect(await run()).toBe(2);
    expect(lines.join("\n")).toMatch(/ENOENT[^]*expected a directory/);
  });

  test("says what is wrong with a directory before it starts anything", async () => {
    await expect(probeMount(join(folder, "none"))).rejects.toMatchObject({ tag: "system", code: "ENOENT" });
    writeFileSync(join(folder, "file"), "");
    await expect(probeMount(join(folder, "file"))).rejects.toThrow(/expected a directory/);
    mkdirSync(join(folder, "other"));
    await expect(probeMount(folder, { otherDirectory: join(folder, "other") })).rejects.toThrow(
      /does not show what is made in/,
    );
    await expect(probeMount("/proc")).rejects.toMatchObject({ tag: "system" });
    expect(readdirSync(folder).toSorted()).toEqual(["file", "other"]);
  });
});
