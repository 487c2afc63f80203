/** `contimg flag` on Measurement Sets of simulated groups: what it finds, and what casacore then reads. */

import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { describeWith, pythonWith, runPython } from "../../../../tools/oracles.ts";
import { contimg } from "../e2e/run-contimg.ts";
import { copyOf, filesOf, type SimulatedMs, scoreMs, simulatedMs } from "./simulated-ms.ts";

/** All that flagging changes, as casacore reads it; arrays in numpy's order. */
const DUMP = `
import sys, json, zlib, numpy as np, casacore.tables as t
main = t.table(sys.argv[1], ack=False)
flag, flag_row = main.getcol("FLAG"), main.getcol("FLAG_ROW")
cross = main.getcol("ANTENNA1") != main.getcol("ANTENNA2")
def rows(name):
    table = t.table(sys.argv[1] + "/" + name, ack=False)
    return [{c: np.asarray(table.getcell(c, r)).tolist() if table.iscelldefined(c, r) else None for c in table.colnames()} for r in range(table.nrows())]
print(json.dumps(dict(
    crc=zlib.crc32(flag.tobytes()), shape=flag.shape, flagged=int(flag.sum()), crossFlagged=int(flag[cross].sum()),
    autosFlagged=bool(flag[~cross].all()), rowsAgree=bool((flag_row == flag.all(axis=(1, 2))).all()), rows=int(flag_row.sum()),
    commands=rows("FLAG_CMD"), history=rows("HISTORY"), valid=t.tableexists(sys.argv[1]))))
`;

interface Dump {
  readonly crc: number;
  readonly shape: readonly number[];
  readonly flagged: number;
  readonly crossFlagged: number;
  readonly autosFlagged: boolean;
  readonly rowsAgree: boolean;
  readonly rows: number;
  readonly commands: readonly Readonly<Record<string, unknown>>[];
  readonly history: readonly Readonly<Record<string, unknown>>[];
}

const dump = (msPath: string) => JSON.parse(runPython(DUMP, [msPath])) as Dump;

interface Flagged {
  readonly samples: number;
  readonly flagged_samples: number;
  readonly flagged_rows: number;
  readonly rules: Readonly<Record<string, { readonly samples: number; readonly fraction: number }>>;
  readonly bad_inputs: readonly {
    readonly antenna_id: number;
    readonly receptor: number;
    readonly verdict: string;
    readonly reasons: readonly string[];
  }[];
  readonly base_is_new: boolean;
  readonly rescued_version: string | null;
}

function flag(msPath: string, ...options: readonly string[]): Flagged {
  const ran = contimg("flag", msPath, "--json", ...options);
  if (ran.status !== 0) throw new Error(ran.stderr);
  return ran.events.find((event) => event["event"] === "flagged") as unknown as Flagged;
}

/** Every file but those of the flags, by content. */
function otherFiles(msPath: string): string {
  const hash = createHash("sha1");
  for (const path of readdirSync(msPath, { recursive: true, encoding: "utf8" }).toSorted()) {
    if (!/^(table\.f\d+(_TSM\d+)?|ANTENNA\/.*|table\.dat)$/.test(path) || statSync(join(msPath, path)).size > 2 ** 22)
      continue;
    if (/^table\.f\d/.test(path)) continue;
    hash.update(path).update(readFileSync(join(msPath, path)));
  }
  return hash.digest("hex");
}

let directory = "";
const sets: SimulatedMs[] = [];
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "contimg-flag-"));
  sets.push(
    simulatedMs(join(directory, "a"), { seed: 110, antennaCount: 20, integrationCount: 6, channelCount: 8 }),
    simulatedMs(join(directory, "b"), { seed: 7, antennaCount: 16, integrationCount: 12, channelCount: 24 }),
  );
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each([0, 1])("a simulated group, seed of set %i", (at) => {
  it("has 95 % of its interference flagged and at most 2 % of the rest, its dead and noisy inputs and no others", () => {
    const ms = { ...sets[at]!, msPath: copyOf(sets[at]!.msPath) };
    const report = flag(ms.msPath);
    const { recallRatio, falseRatio } = scoreMs(ms);
    expect(recallRatio).toBeGreaterThanOrEqual(0.95);
    expect(falseRatio).toBeLessThanOrEqual(0.02);
    const both = (antennas: readonly number[], verdict: string) =>
      antennas.flatMap((antenna) => [`${antenna} 0 ${verdict}`, `${antenna} 1 ${verdict}`]);
    const expected = [
      ...both(ms.dead, "dead"),
      ...both(ms.noisy, "noisy"),
      ...ms.deadYy.map((antenna) => `${antenna} 1 dead`),
    ];
    const found = report.bad_inputs.map(({ antenna_id: id, receptor, verdict }) => `${id} ${receptor} ${verdict}`);
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect(report.bad_inputs.every(({ reasons }) => reasons.length > 0)).toBe(true);
  });
});

describeWith(pythonWith("casacore", "numpy"), "what casacore reads of a flagged Measurement Set", () => {
  it("is what was reported: FLAG, FLAG_ROW, FLAG_CMD, HISTORY; all else is as it was", () => {
    const msPath = copyOf(sets[0]!.msPath);
    const before = dump(msPath);
    const [filesBefore, othersBefore] = [filesOf(msPath), otherFiles(msPath)];
    const report = flag(msPath, "--antenna", "5", "--spw", "3:2~4,*:0", "--quack", "13");
    const after = dump(msPath);
    expect(after.shape).toEqual(before.shape);
    expect(after.flagged).toBe(report.flagged_samples);
    expect(after.rows).toBe(report.flagged_rows);
    expect(after).toMatchObject({ autosFlagged: true, rowsAgree: true });
    const ruleSum = Object.values(report.rules).reduce((sum, { samples }) => sum + samples, 0);
    expect(before.flagged + ruleSum).toBe(after.flagged);
    expect(after.commands.map((row) => row["COMMAND"])).toEqual(
      expect.arrayContaining([
        "mode='manual' autocorr=True",
        "mode='manual' antenna='5'",
        "mode='quack' quackmode='beg' quackinterval=13",
        expect.stringMatching(/^mode='manual' spw='0:0,1:0,2:0,3:0;2~4,4:0,/),
      ]),
    );
    const inputs = after.commands.filter((row) => /(dead|noisy)-input/.test(row["REASON"] as string));
    expect(inputs).toHaveLength(report.bad_inputs.length);
    for (const row of after.commands)
      expect(row).toMatchObject({ TYPE: "FLAG", APPLIED: true, LEVEL: 0, SEVERITY: 0, INTERVAL: 0 });
    expect(after.history.slice(0, before.history.length)).toEqual(before.history);
    const messages = after.history.slice(before.history.length).map((row) => row["MESSAGE"]);
    for (const [rule, { samples }] of Object.entries(report.rules))
      expect(messages).toContainEqual(expect.stringContaining(`${rule}: ${samples} samples`));
    expect(filesOf(msPath)).toEqual(filesBefore);
    expect(otherFiles(msPath)).toBe(othersBefore);
  });

  it("is the same after a second run, and after a restoration what it was", () => {
    const msPath = copyOf(sets[0]!.msPath);
    const before = dump(msPath);
    expect(flag(msPath)).toMatchObject({ base_is_new: true, rescued_version: null });
    const first = dump(msPath);
    expect(flag(msPath)).toMatchObject({ base_is_new: false, rescued_version: null });
    const second = dump(msPath);
    expect(second.crc).toBe(first.crc);
    expect(second.commands.map((row) => row["COMMAND"])).toEqual(first.commands.map((row) => row["COMMAND"]));
    expect(contimg("flag", "restore", msPath, "before_contimg_flag").status).toBe(0);
    const restored = dump(msPath);
    expect(restored).toMatchObject({ crc: before.crc, rowsAgree: true, commands: [] });
    expect(flag(msPath)).toMatchObject({ base_is_new: false, rescued_version: null });
    expect(dump(msPath).crc).toBe(first.crc);
  });

  it("keeps flags that another program changed in between as a version that casacore made could be", () => {
    const msPath = copyOf(sets[0]!.msPath);
    flag(msPath);
    const first = dump(msPath);
    runPython(
      `import sys, casacore.tables as t
main = t.table(sys.argv[1], readonly=False, ack=False)
flag = main.getcol("FLAG", 100, 50); flag[:] = True; main.putcol("FLAG", flag, 100, 50); main.putcell("FLAG_ROW", 300, True)`,
      [msPath],
    );
    const changed = dump(msPath);
    expect(flag(msPath).rescued_version).toBe("before_contimg_flag_2");
    expect(dump(msPath).crc).toBe(first.crc);
    const versions = contimg("flag", "list", msPath, "--json").events.map((event) => event["name"]);
    expect(versions).toEqual(["before_contimg_flag", "before_contimg_flag_2"]);
    const list = readFileSync(`${msPath}.flagversions/FLAG_VERSION_LIST`, "utf8");
    expect(list).toBe(
      "before_contimg_flag : flags before contimg flag\nbefore_contimg_flag_2 : flags that were changed after contimg wrote them\n",
    );
    const version = JSON.parse(
      runPython(
        `import sys, json, numpy as np, casacore.tables as t
v = t.table(sys.argv[1] + ".flagversions/flags.before_contimg_flag_2", ack=False)
flag = v.getcol("FLAG")
print(json.dumps([v.colnames(), list(flag.shape), int(flag.sum()), v.getcol("FLAG_ROW").tolist()[300], bool(flag[300].all())]))`,
        [msPath],
      ),
    ) as unknown[];
    expect(version.slice(0, 2)).toEqual([["FLAG", "FLAG_ROW"], first.shape]);
    expect(version[2]).toBeGreaterThanOrEqual(changed.flagged);
    expect(version.slice(3)).toEqual([true, true]);
  });

  it("takes a version that casacore wrote, as flagmanager does", () => {
    const msPath = copyOf(sets[0]!.msPath);
    runPython(
      `import sys, os, numpy as np, casacore.tables as t
ms = sys.argv[1]; os.makedirs(ms + ".flagversions")
main = t.table(ms, ack=False)
desc = t.maketabdesc([t.makearrcoldesc("FLAG", False, ndim=2), t.makescacoldesc("FLAG_ROW", False)])
info = {"*1": {"TYPE": "TiledShapeStMan", "NAME": "TiledFlag", "SEQNR": 0, "COLUMNS": ["FLAG"], "SPEC": {"DEFAULTTILESHAPE": np.array([2, 8, 1024], np.int32)}}}
v = t.table(ms + ".flagversions/flags.casa", desc, nrow=main.nrows(), dminfo=info, ack=False)
flag = np.random.default_rng(5).random(main.getcol("FLAG").shape) < 0.3
v.putcol("FLAG", flag); v.putcol("FLAG_ROW", flag.all(axis=(1, 2))); v.close()
open(ms + ".flagversions/FLAG_VERSION_LIST", "w").write("casa : by hand : twice\\n")`,
      [msPath],
    );
    const ran = contimg("flag", "restore", msPath, "casa", "--json");
    expect(ran.stderr).toBe("");
    const same = runPython(
      `import sys, casacore.tables as t
ms = sys.argv[1]
print((t.table(ms, ack=False).getcol("FLAG") == t.table(ms + ".flagversions/flags.casa", ack=False).getcol("FLAG")).all())`,
      [msPath],
    );
    expect(same.trim()).toBe("True");
    expect(contimg("flag", "list", msPath, "--json").events[0]).toMatchObject({
      name: "casa",
      comment: "by hand : twice",
    });
  });
});

test("versions: saved, listed, never overwritten; unknown ones refused", () => {
  const msPath = copyOf(sets[0]!.msPath);
  expect(contimg("flag", "save", msPath, "mine", "--comment", "before anything").status).toBe(0);
  expect(contimg("flag", "save", msPath, "mine")).toMatchObject({ status: 1 });
  expect(contimg("flag", "save", msPath, "mine").stderr).toMatch(/^FLAG_VERSION_EXISTS: /);
  expect(contimg("flag", "save", msPath, "../mine").stderr).toMatch(/^CONFIG_INVALID: /);
  expect(contimg("flag", "restore", msPath, "yours").stderr).toMatch(
    /^FLAG_VERSION_UNKNOWN: .*expected a version yours, found mine/,
  );
  expect(contimg("flag", "versions", msPath, "--json").events).toEqual([
    { event: "flag_version", ms_path: msPath, name: "mine", comment: "before anything" },
  ]);
});
