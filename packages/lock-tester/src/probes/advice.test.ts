import { describe, expect, test } from "vitest";
import { type AdviceGrounds, adviceFor } from "./advice.ts";
import { fileProbes } from "./file-probes.ts";
import { type Finding, PROBE_NAMES } from "./finding.ts";
import { lockProbes } from "./lock-probes.ts";
import { waitingProbes } from "./waiting-probes.ts";

/** What a local disk answers, but for what a test changes: `posix excludes` by `no`, or by a code. */
function grounds(changes: Readonly<Record<string, string>>, rest: Partial<AdviceGrounds> = {}): AdviceGrounds {
  const findings = [...lockProbes, ...fileProbes, ...waitingProbes].map(({ probe, lock, question, usual }): Finding => {
    const change = changes[`${lock} ${probe}`] ?? changes[lock];
    if (change === undefined) return { probe, lock, question, usual, answer: usual };
    if (change === "no" || change === "yes") return { probe, lock, question, usual, answer: change };
    return { probe, lock, question, usual, answer: "error", code: change };
  });
  return { findings, reach: "local file system", isAcrossMounts: false, ...rest };
}

const inShort = (of: AdviceGrounds) =>
  Object.fromEntries(adviceFor(of).map(({ program, safety, setting }) => [program, [safety, setting]]));

describe("what a mount means for programs", () => {
  test("a local disk: nothing to do", () => {
    expect(inShort(grounds({}))).toEqual({
      casacore: ["safe", ""],
      HDF5: ["safe", "HDF5_USE_FILE_LOCKING=TRUE"],
      SQLite: ["safe", "journal_mode=WAL or DELETE"],
      contimg: ["safe", ""],
    });
  });

  test("NFS with its lock service: all but a write-ahead log", () => {
    expect(inShort(grounds({ "flock meets-fcntl": "yes" }, { reach: "shared" }))).toMatchObject({
      casacore: ["safe", ""],
      SQLite: ["safe", "journal_mode=DELETE"],
    });
  });

  test.each(["local", "unknown"] as const)("a mount whose locks reach is %s: processes of one machine", (reach) => {
    expect(inShort(grounds({}, { reach }))).toMatchObject({
      casacore: ["one-host", ""],
      HDF5: ["one-host", "HDF5_USE_FILE_LOCKING=TRUE"],
      SQLite: ["one-host", "journal_mode=DELETE"],
      contimg: ["one-host", ""],
    });
  });

  test("tried from two mounts, it is known", () => {
    expect(inShort(grounds({}, { reach: "unknown", isAcrossMounts: true }))).toMatchObject({ casacore: ["safe", ""] });
  });

  test("NFS without its lock service: casacore would only pretend, HDF5 would not open", () => {
    const advice = adviceFor(grounds({ flock: "ENOLCK", posix: "ENOLCK", ofd: "ENOLCK" }, { reach: "shared" }));
    expect(advice.map(({ program, safety }) => [program, safety])).toEqual([
      ["casacore", "unsafe"],
      ["HDF5", "with-setting"],
      ["SQLite", "with-setting"],
      ["contimg", "with-setting"],
    ]);
    expect(advice[0]!.reason).toMatch(/takes ENOLCK for success/);
    expect(advice[0]!.setting).toMatch(/^table.nolocking: T/);
    expect(advice[1]!.setting).toMatch(/^HDF5_USE_FILE_LOCKING=BEST_EFFORT/);
    expect(advice[2]!.setting).toMatch(/vfs=unix-dotfile/);
  });

  test("locks that keep nobody out: one program at a time, and no locks that pretend", () => {
    const none = { "flock excludes": "no", "posix excludes": "no", "name directory-once": "no" };
    expect(inShort(grounds(none))).toEqual({
      casacore: ["unsafe", "one program at a time"],
      HDF5: ["unsafe", "HDF5_USE_FILE_LOCKING=FALSE, and one writer at a time"],
      SQLite: ["unsafe", "locking_mode=EXCLUSIVE, and one program at a time"],
      contimg: ["with-setting", "--lock-dir on a local disk, and one machine that works on these Measurement Sets"],
    });
  });

  test("flock alone is missing: only HDF5 and contimg mind", () => {
    expect(inShort(grounds({ flock: "ENOSYS" }))).toMatchObject({
      casacore: ["safe", ""],
      HDF5: ["with-setting", expect.stringMatching(/BEST_EFFORT/) as string],
      SQLite: ["safe", "journal_mode=WAL or DELETE"],
      contimg: ["with-setting", expect.stringMatching(/--lock-dir/) as string],
    });
  });

  test("locks without fresh data protect nothing", () => {
    const advice = adviceFor(grounds({ "data sees-writes": "no" }, { isAcrossMounts: true, reach: "unknown" }));
    expect(advice.map(({ safety, setting }) => `${safety}: ${setting}`)).toEqual(
      Array(4).fill("unsafe: one mount at a time"),
    );
  });

  test("every probe has a name of the list and is asked once for each kind of lock", () => {
    const all = [...lockProbes, ...fileProbes, ...waitingProbes].map(({ lock, probe }) => `${lock} ${probe}`);
    expect(new Set(all).size).toBe(all.length);
    expect(new Set(all.map((text) => text.split(" ")[1]))).toEqual(new Set(Object.values(PROBE_NAMES)));
  });
});
