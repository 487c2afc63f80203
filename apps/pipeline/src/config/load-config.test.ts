import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isPipelineError } from "../domain/error-codes.ts";
import { describeOrigin } from "./layers.ts";
import { type LoadedConfig, loadConfig } from "./load-config.ts";
import { readEnvironment } from "./read-environment.ts";
import { readYaml } from "./read-yaml.ts";
import { settingList } from "./settings.ts";
import { streamSetupOf } from "./stream-setup.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-config-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Given {
  readonly yaml?: string | Uint8Array;
  readonly variables?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, unknown>>;
}

let fileCount = 0;
function load({ yaml, variables = {}, flags = {} }: Given): LoadedConfig {
  const path = join(folder, `c${fileCount++}.yaml`);
  if (yaml !== undefined) writeFileSync(path, yaml);
  return loadConfig({
    configPath: yaml === undefined ? undefined : path,
    variables,
    flags: new Map(Object.entries(flags)),
    currentDir: "/work",
  });
}

function complaint(given: Given): string {
  try {
    load(given);
  } catch (error) {
    if (!isPipelineError(error, "CONFIG_INVALID")) throw error;
    return error.message.replaceAll(/\/\S*\/c\d+\.yaml/g, "FILE");
  }
  return "accepted";
}

describe("layers", () => {
  test("each counts more than the one before, and each value knows where it is from", () => {
    const { config, origins } = load({
      yaml: "stream:\n  poll_interval_sec: 7\n  max_retries: 9\n  stage_workers: 2\n",
      variables: { CONTIMG_MAX_RETRIES: "8", CONTIMG_STAGE_WORKERS: "3" },
      flags: { "stage-workers": "4" },
    });
    expect(config.stream).toMatchObject({ pollIntervalSec: 7, maxRetries: 8, stageWorkers: 4, concurrency: 1 });
    const from = (key: Parameters<typeof origins.get>[0]) => describeOrigin(origins.get(key)!).replace(/.*\//, "");
    expect(from("stream.poll_interval_sec")).toMatch(/^c\d+\.yaml:2:22$/);
    expect(from("stream.max_retries")).toBe("variable CONTIMG_MAX_RETRIES");
    expect(from("stream.stage_workers")).toBe("flag --stage-workers");
    expect(from("stream.concurrency")).toBe("default");
  });

  test("the values are those of the seed when nothing is given", () => {
    const { config } = load({});
    expect(config.stream).toMatchObject({
      expectedSubbands: 16,
      chunkDurationMin: 5,
      ompThreads: 4,
      maxRetries: 3,
      inProgressTimeoutSec: 900,
      collectingTimeoutSec: 600,
      collectingCloseTimeoutSec: 86_400,
      pollIntervalSec: 5,
      workerPollIntervalSec: 5,
      useSubprocess: false,
      cleanupTemp: false,
      settleTimeSec: 60,
    });
    expect(config.monitoring).toMatchObject({ enabled: true, intervalSec: 60, profile: false });
    expect(config.log.level).toBe("INFO");
    expect(config.locks.lockTimeoutSec).toBe(3600);
  });

  test("names of older installations work, and ours counts before them", () => {
    expect(load({ variables: { DSA110_LOG_LEVEL: "DEBUG", STAGE_TO_TMPFS: "true" } }).config).toMatchObject({
      log: { level: "DEBUG" },
      conversion: { stageToTmpfs: true },
    });
    const both = { DSA110_LOG_LEVEL: "DEBUG", CONTIMG_LOG_LEVEL: "ERROR" };
    expect(load({ variables: both }).config.log.level).toBe("ERROR");
  });

  test("an empty variable is none", () => {
    expect(load({ variables: { CONTIMG_MAX_RETRIES: "" } }).config.stream.maxRetries).toBe(3);
  });

  test("the chosen environment changes what the file says for all", () => {
    const yaml =
      "environment: testing\nstream: {expected_subbands: 12}\nenvironments:\n  testing:\n    stream:\n      expected_subbands: 4\n  production:\n    log: {level: ERROR}\n";
    expect(load({ yaml }).config).toMatchObject({ stream: { expectedSubbands: 4 }, log: { level: "INFO" } });
    const production = load({ yaml, variables: { CONTIMG_ENVIRONMENT: "production" } }).config;
    expect(production).toMatchObject({ stream: { expectedSubbands: 12 }, log: { level: "ERROR" } });
  });

  test("nothing of the result can be changed", () => {
    const { config } = load({});
    expect(() => Object.assign(config.stream, { maxRetries: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config, { stream: {} })).toThrow(TypeError);
  });
});

describe("paths", () => {
  test("count from the current directory, in a file from its folder", () => {
    const { config } = load({ yaml: "directories: {input_dir: in}", flags: { "output-dir": "out" } });
    expect(config.directories).toMatchObject({ inputDir: join(folder, "in"), outputDir: "/work/out" });
  });

  test("the queue is in the current directory until there is a state directory", () => {
    expect(load({}).config.databases).toEqual({
      queueDb: "/work/streaming_queue.sqlite3",
      productsDb: null,
      calRegistryDb: "/work/cal_registry.sqlite3",
    });
    const { config, origins } = load({ variables: { CONTIMG_STATE_DIR: "/state" } });
    expect(config.databases).toEqual({
      queueDb: "/state/ingest.sqlite3",
      productsDb: "/state/products.sqlite3",
      calRegistryDb: "/state/cal_registry.sqlite3",
    });
    expect(config.directories.checkpointDir).toBe("/state/checkpoints");
    expect(describeOrigin(origins.get("databases.queue_db")!)).toBe("from directories.state_dir");
    const named = load({ variables: { CONTIMG_STATE_DIR: "/state", CONTIMG_QUEUE_DB: "/q/a.db" } }).config;
    expect(named.databases.queueDb).toBe("/q/a.db");
    expect(named.directories.checkpointDir).toBe("/q/checkpoints");
  });

  test("the stream needs an input and an output", () => {
    expect(() => streamSetupOf(load({}).config)).toThrow(/directories.input_dir: expected a path \(--input-dir/);
    const { config } = load({
      flags: { "input-dir": "in", "output-dir": "out", "lock-timeout": "2.5", "phase-center": "180,+50" },
    });
    const setup = streamSetupOf(config);
    expect(setup).toMatchObject({ incomingDir: "/work/in", collecting: { minSubbandCount: 16 } });
    expect(setup.chain.locks).toEqual({ isEnabled: true, lockDir: null, timeoutMs: 2500 });
    expect(setup.chain.convert.phaseCentre).toMatchObject({ kind: "icrs", raRad: Math.PI });
  });
});

describe("a rejection says where, which key, what was expected and found", () => {
  test.each<[string, Given, string]>([
    [
      "type",
      { yaml: "stream:\n  max_retries: many" },
      'FILE:2:16: stream.max_retries: expected a whole number from 0 to 1000, found "many"',
    ],
    [
      "fraction",
      { yaml: "stream: {max_retries: 1.5}" },
      "FILE:1:23: stream.max_retries: expected a whole number from 0 to 1000, found 1.5",
    ],
    [
      "misspelt key",
      { yaml: "stream:\n  poll_intervall_sec: 5" },
      "FILE:2:3: stream: expected one of expected_subbands, ",
    ],
    ["misspelt section", { yaml: "steam: {}" }, 'found "steam"; did you mean stream?'],
    [
      "doubled key",
      { yaml: "log:\n  level: INFO\n  level: ERROR" },
      "FILE:3:3: the file: expected YAML, found Map keys must be unique",
    ],
    ["broken YAML", { yaml: "log: [" }, "FILE:1:7: the file: expected YAML"],
    ["a list", { yaml: "- log" }, "FILE:1:1: the file: expected sections, found a list"],
    [
      "an alias",
      { yaml: "log: &a {level: INFO}\nstream: *a" },
      'FILE:2:9: stream: expected a mapping, found the alias "a"',
    ],
    ["a merge key", { yaml: "log:\n  <<: {level: INFO}" }, 'FILE:2:3: log: expected one of level, format, found "<<"'],
    ["a tag", { yaml: "log: {level: !!binary aGk=}" }, "log.level: expected one of DEBUG, INFO"],
    ["two documents", { yaml: "log: {}\n---\nlog: {}" }, "the file: expected YAML"],
    ["bytes", { yaml: new Uint8Array([0xff, 0xfe, 0x00]) }, "found bytes that are not UTF-8"],
    [
      "a wrong environment",
      { yaml: "environment: live" },
      'FILE:1:14: environment: expected one of development, production, testing, found "live"',
    ],
    [
      "in another environment",
      { yaml: "environments: {testing: {log: {level: 1}}}" },
      "log.level: expected one of DEBUG",
    ],
    [
      "a variable",
      { variables: { CONTIMG_MAX_RETRIES: "0x10" } },
      'variable CONTIMG_MAX_RETRIES: stream.max_retries: expected a whole number from 0 to 1000, found "0x10"',
    ],
    [
      "an unknown variable",
      { variables: { CONTIMG_MAX_RETRYS: "1" } },
      "variable CONTIMG_MAX_RETRYS: unknown variable: expected the name of a setting, found another name; did you mean CONTIMG_MAX_RETRIES?",
    ],
    [
      "a flag",
      { flags: { "log-level": "LOUD" } },
      'flag --log-level: log.level: expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL, found "LOUD"',
    ],
    [
      "not finite",
      { yaml: "stream: {poll_interval_sec: .inf}" },
      "stream.poll_interval_sec: expected a number of seconds from 0.05 to 3600",
    ],
    ["a direction", { flags: { "phase-center": "1,91" } }, 'found "1,91"'],
    [
      "contradiction",
      { flags: { "min-subbands": 17 } },
      "flag --min-subbands: stream.min_subbands: expected at most stream.expected_subbands (16), found 17",
    ],
  ])("%s", (_, given, expected) => expect(complaint(given)).toContain(expected));

  test("all that is wrong is said at once", () => {
    const given = { yaml: "log: {level: 1}\nx: 2", variables: { CONTIMG_NO: "1" }, flags: { concurrency: "0" } };
    expect(complaint(given).split("\n")).toHaveLength(4);
  });

  test("the value of an unknown variable is not shown", () => {
    expect(complaint({ variables: { CONTIMG_SLACK_TOKEN: "hunter2" } })).not.toContain("hunter2");
  });

  test("a file that is not there", () => {
    const given = () => loadConfig({ configPath: "/none.yaml", variables: {}, flags: new Map(), currentDir: "/" });
    expect(given).toThrow(/\/none\.yaml: expected a readable text file, found ENOENT/);
  });
});

describe("hostile texts", () => {
  const runCount = Number(process.env["CONTIMG_FUZZ"] ?? 2000);

  test.each([
    ["an alias bomb", `a: &a [x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*a,*a,*a,*a]`).join("\n")}`],
    ["brackets", "[".repeat(100_000)],
    ["braces", "{a: ".repeat(60_000)],
    ["dashes", "- ".repeat(100_000)],
    ["question marks", "? ".repeat(100_000)],
    ["deep indents", Array.from({ length: 700 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    ["many keys", Array.from({ length: 8000 }, (_, i) => `${i.toString(36)}:`).join("\n")],
    [
      "a prototype",
      "__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\nlog: {__proto__: {polluted: 1}}",
    ],
    ["too long", "#".repeat(300_000)],
    ["quotes", '"'.repeat(100_001)],
    ["ampersands", "&a ".repeat(50_000)],
    ["colons", ": ".repeat(100_000)],
    ["tags", "!".repeat(100_000)],
  ])("%s is rejected", (_, text) => {
    expect(readYaml(text, "f.yaml", undefined).rejections.length).toBeGreaterThan(0);
    expect(Object.prototype).not.toHaveProperty("polluted");
  });

  const fragment = fc.constantFrom(
    ..."log: stream: level: environments: testing: __proto__: constructor: &a *a <<: !!map ? - [ ] { } : # | > ' \" % @ ` , --- ... \n \t  \u2028 \u0000 \ufeff 1 0x1 1e999 true null ~ é \u{1f4a5} \ud800".split(
      " ",
    ),
    "\n  ",
    "\n    ",
    "\n",
    " ",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join("")),
    fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join(" ")),
    fc.json().map((json) => `log: ${json}`),
  );

  test("no text makes the reader fail otherwise than by naming line and key", () => {
    fc.assert(
      fc.property(text, (yaml) => {
        for (const { origin, key, expected, found } of readYaml(yaml, "f.yaml", undefined).rejections) {
          expect(describeOrigin(origin)).toMatch(/^f\.yaml:[1-9]\d*:[1-9]\d*$/);
          expect(key).not.toBe("");
          expect(expected).not.toBe("");
          expect(found).not.toBe("");
        }
        expect(Object.prototype).not.toHaveProperty("polluted");
      }),
      { numRuns: runCount },
    );
  });

  test("no variable does either, and what is accepted is in range", () => {
    const name = fc.constantFrom(...settingList.flatMap(([, { variables }]) => variables));
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(fc.string({ unit: "binary" }), fc.float().map(String))), (variables) => {
        const { values, rejections } = readEnvironment(variables);
        for (const { key, value } of values) {
          const setting = settingList.find(([one]) => one === key)![1];
          expect(setting.schema.safeParse(value).success).toBe(true);
        }
        for (const { origin } of rejections) expect(origin.kind).toBe("variable");
      }),
      { numRuns: Math.ceil(runCount / 4) },
    );
  });
});
