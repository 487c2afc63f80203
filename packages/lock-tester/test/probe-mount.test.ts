/** Probes of real directories. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommandLine } from "../src/cli/command-line.ts";
import { probeLines } from "../src/cli/probe.ts";
import { type MountProbe, probeMount } from "../src/probes/probe-mount.ts";

const matching = (pattern: RegExp) => expect.stringMatching(pattern) as string;
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
    const options = {
      program: "locktest",
      out: (line: string) => lines.push(line),
      err: (line: string) => lines.push(line),
    };
    expect(await runCommandLine(["probe", folder, "--json", "-"], options)).toBe(0);
    const told = JSON.parse(lines.splice(0).join("")) as Omit<MountProbe, "otherDirectory">;
    expect(told).toMatchObject({ directory: folder, other_directory: null });
    const found: MountProbe = { ...told, otherDirectory: null };
    expect(probeLines(found, false).slice(1)).toEqual([
      `${found.findings.length} questions, all as on a local disk`,
      "",
      ...[/^casacore  safe: /, /^HDF5      safe: /, / use HDF5_USE_FILE_LOCKING=TRUE$/, /^SQLite    safe: /].map(
        matching,
      ),
      ...[/ use journal_mode=WAL or DELETE$/, /^contimg   safe: /].map(matching),
    ]);
    expect(probeLines(found, true)).toHaveLength(9 + found.findings.length);
    expect(await runCommandLine(["probe", join(folder, "none")], options)).toBe(2);
    expect(await runCommandLine(["probe"], options)).toBe(2);
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
