import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { repoRoot } from "../../../../tools/oracles.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-commands-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const main = join(repoRoot, "apps/pipeline/src/cli/main.ts");

function contimg(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=@contimg/source", main, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...variables },
  });
  return { status, stdout, stderr };
}

/** Any machine has this much. */
const anyDisk = { CONTIMG_DISK_WARN_GB: "0", CONTIMG_DISK_CRITICAL_GB: "0" };

test("config show says each value and where it is from", () => {
  writeFileSync(join(folder, "c.yaml"), "stream:\n  max_retries: 4\n");
  const { status, stdout } = contimg(
    ["config", "show", "--origin", "--json", "--config", "c.yaml", "--no-monitoring"],
    { CONTIMG_STATE_DIR: "state" },
  );
  expect(status).toBe(0);
  const { settings } = JSON.parse(stdout) as { settings: Record<string, { value: unknown; origin: string }> };
  expect(settings["stream.max_retries"]).toEqual({ value: 4, origin: `${join(folder, "c.yaml")}:2:16` });
  expect(settings["monitoring.enabled"]).toEqual({ value: false, origin: "flag --monitoring" });
  expect(settings["directories.state_dir"]).toEqual({
    value: join(folder, "state"),
    origin: "variable CONTIMG_STATE_DIR",
  });
  expect(settings["databases.queue_db"]).toEqual({
    value: join(folder, "state/ingest.sqlite3"),
    origin: "from directories.state_dir",
  });
});

test("config check names every mistake, in every environment", () => {
  writeFileSync(join(folder, "bad.yaml"), "log: {level: 5}\nenvironments:\n  testing:\n    steam: {}\n");
  const { status, stderr } = contimg(["config", "check", "bad.yaml"]);
  expect(status).toBe(1);
  expect(stderr).toContain("bad.yaml:1:14: log.level: expected one of DEBUG");
  expect(stderr).toContain("bad.yaml:4:5: environments.testing: expected one of directories");
  expect(stderr.trimEnd().split("\n")).toHaveLength(2);
  expect(contimg(["config", "check", join(repoRoot, "config/contimg.yaml")])).toMatchObject({ status: 0 });
});

test("config schema is the recorded one", () => {
  const recorded = readFileSync(join(repoRoot, "config/contimg.schema.json"), "utf8");
  expect(JSON.parse(contimg(["config", "schema"]).stdout)).toEqual(JSON.parse(recorded));
});

test("doctor makes what is missing when told to, and leaves nothing else behind", () => {
  const flags = ["--input-dir", "in", "--output-dir", "out", "--json"];
  const before = contimg(["doctor", ...flags], anyDisk);
  expect(before.status).toBe(1);
  expect(before.stdout).toContain(`"fix":"sudo mkdir -p ${folder}/in`);
  expect(existsSync(join(folder, "in"))).toBe(false);

  const after = contimg(["doctor", "--create", ...flags], anyDisk);
  const findings = after.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>);
  expect(findings.filter(({ verdict }) => verdict === "problem")).toEqual([]);
  expect(after.status).toBe(0);
  expect(findings.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["output_dir: rename", "output_dir: locks", "queue_db: write-ahead log", "Node"]),
  );
  expect(readdirSync(folder).toSorted()).toEqual(["checkpoints", "in", "out"]);
  expect(readdirSync(join(folder, "out"))).toEqual([]);
});

test("the stream does not start on a machine that is not fit, and says why", () => {
  writeFileSync(join(folder, "out"), "a file");
  mkdirSync(join(folder, "in"));
  const { status, stderr } = contimg(["stream", "--input-dir", "in", "--output-dir", "out"], anyDisk);
  expect(status).toBe(1);
  expect(stderr).toContain(`CRITICAL: ENVIRONMENT_UNFIT: output_dir: ${folder}/out is no directory -> name another`);
});

test("the stream does not start with wrong settings", () => {
  const { status, stderr } = contimg(["stream", "--input-dir", "in", "--output-dir", "out", "--max-retries", "-1"]);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr:
      "CONFIG_INVALID: flag --max-retries: stream.max_retries: expected a whole number from 0 to 1000, found -1\n",
  });
});

test("queue and ledger look where a stream with the same variables writes", () => {
  const inFolder = contimg(["queue", "stats"]);
  expect(inFolder.stderr).toContain(join(folder, "streaming_queue.sqlite3"));
  const inState = contimg(["ledger"], { CONTIMG_STATE_DIR: "state" });
  expect(inState.stderr).toContain(join(folder, "state/ingest.sqlite3"));
  const named = contimg(["ledger", "--queue-db", "other.db"], { CONTIMG_STATE_DIR: "state" });
  expect(named.stderr).toContain("other.db");
});
