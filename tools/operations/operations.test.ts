/** What lies under ops/, config/ and docs/operations says what the program does. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { addStreamCommand } from "../../apps/pipeline/src/cli/commands/stream.ts";
import { configJsonSchema } from "../../apps/pipeline/src/config/json-schema.ts";
import { loadConfig } from "../../apps/pipeline/src/config/load-config.ts";
import { readEnvironment } from "../../apps/pipeline/src/config/read-environment.ts";
import { environmentNames, readYaml } from "../../apps/pipeline/src/config/read-yaml.ts";
import { settingList } from "../../apps/pipeline/src/config/settings.ts";
import { streamSetupOf } from "../../apps/pipeline/src/config/stream-setup.ts";
import { repoRoot } from "../oracles.ts";
import { settingsTable } from "./settings-table.ts";

const textOf = (path: string) => readFileSync(join(repoRoot, path), "utf8");

const UNIT = "ops/systemd/dsa110-streaming-converter.service";
const unit = textOf(UNIT);
const unitValue = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit.replaceAll("\\\n", " "))?.[1] ?? "";

interface Compose {
  services: Record<string, { command: string[]; environment: Record<string, string>; stop_grace_period: string }>;
}
const compose = (parseDocument(textOf("ops/docker/docker-compose.yml")).toJS() as Compose).services[
  "streaming-converter"
]!;
const dockerfile = textOf("ops/docker/Dockerfile").replaceAll("\\\n", " ");
const dockerCommand = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)![1]!) as string[];

const commandLines: readonly (readonly [string, readonly string[]])[] = [
  ["the unit", unitValue("ExecStart").split(/\s+/).slice(1)],
  ["docker-compose.yml", compose.command],
  ["the Dockerfile", dockerCommand],
];

/** Flags of `contimg stream` as given, and what they set. */
function parseStream(args: readonly string[]) {
  const program = new Command("contimg").exitOverride();
  const never = () => {
    throw new Error("nothing runs here");
  };
  addStreamCommand(program, { openLog: never, inspectMachine: never, composeStream: never });
  program.configureOutput({ writeErr: () => undefined });
  const stream = program.commands.find((command) => command.name() === "stream")!;
  stream.copyInheritedSettings(program).action(() => undefined);
  program.parse(args, { from: "user" });
  const flags = new Map<string, unknown>(
    settingList.flatMap(([, { flag }]) => {
      const name = (flag ?? "").replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
      return flag !== null && stream.getOptionValueSource(name) === "cli" ? [[flag, stream.getOptionValue(name)]] : [];
    }),
  );
  return streamSetupOf(loadConfig({ configPath: undefined, variables: {}, flags, currentDir: "/" }).config);
}

describe("command lines", () => {
  test.each(commandLines)(
    "of %s have flags that contimg stream knows, and the directories of the manual",
    (_, args) => {
      const setup = parseStream(args);
      expect(setup.incomingDir).toBe("/data/incoming_data");
      expect(setup.chain).toMatchObject({
        outputDir: "/data/output/ms",
        scratchDir: "/data/scratch",
        checkpointDir: "/data/checkpoints",
      });
      expect(setup.worker.chunkDurationMin).toBe(5);
    },
  );

  test("a flag that is not known is found", () => {
    expect(() => parseStream(["stream", "--input-dir", "a", "--output-dir", "b", "--registry", "c"])).toThrow(
      /unknown option/,
    );
  });

  test("a stop is waited for longer than the stream takes", () => {
    const setup = parseStream(commandLines[0]![1]);
    expect(Number(unitValue("TimeoutStopSec")) * 1000).toBeGreaterThan(setup.worker.graceMs);
    expect(Number.parseInt(compose.stop_grace_period, 10) * 1000).toBeGreaterThan(setup.worker.graceMs);
  });

  test("the unit restarts as the old one did", () => {
    expect([unitValue("Type"), unitValue("Restart"), unitValue("RestartSec")]).toEqual(["simple", "always", "10"]);
  });
});

describe("variables", () => {
  const assigned = (text: string) =>
    Object.fromEntries([...text.matchAll(/^#?([A-Z]\w*)=(.*)$/gm)].map((match) => [match[1]!, match[2]!]));

  test.each([
    ["contimg.env", assigned(textOf("ops/systemd/contimg.env"))],
    ["docker-compose.yml", compose.environment],
  ])("of %s are settings", (_, variables) => {
    expect(Object.keys(variables).length).toBeGreaterThan(2);
    const { rejections, values } = readEnvironment(variables);
    expect(rejections).toEqual([]);
    const chosen = Object.keys(variables).filter((name) => !/^CONTIMG_(CONFIG|ENVIRONMENT)$/.test(name));
    expect(values).toHaveLength(chosen.length);
  });
});

describe("the configuration file", () => {
  test.each(environmentNames)("config/contimg.yaml is right for %s", (environment) => {
    const { rejections, values } = readYaml(textOf("config/contimg.yaml"), "/etc/contimg/contimg.yaml", environment);
    expect(rejections).toEqual([]);
    expect(values.length).toBeGreaterThan(10);
  });

  test("config/contimg.schema.json is what contimg config schema prints", () => {
    expect(JSON.parse(textOf("config/contimg.schema.json"))).toEqual(configJsonSchema());
  });
});

test("docs/operations/configuration.md lists every setting as it is", () => {
  const path = join(repoRoot, "docs/operations/configuration.md");
  const [start, end] = ["<!-- settings -->\n", "<!-- end of settings -->"];
  const text = readFileSync(path, "utf8");
  const [before, rest] = text.split(start) as [string, string];
  const [table, after] = rest.split(end) as [string, string];
  if (process.env["CONTIMG_UPDATE_DOCS"] === "1") writeFileSync(path, before + start + settingsTable() + end + after);
  else expect(table, "CONTIMG_UPDATE_DOCS=1 npm test -- tools/operations rewrites it").toBe(settingsTable());
});

function isOnPath(command: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false; // accessSync has no answer but an exception
    }
  });
}

// No oracle that must be there: a container has no systemd.
if (isOnPath("systemd-analyze")) {
  describe("systemd", () => {
    test("understands every line of the unit", () => {
      const folder = mkdtempSync(join(tmpdir(), "contimg-unit-"));
      try {
        const path = join(folder, "dsa110-streaming-converter.service");
        // The program and the user of the real machine need not be here.
        writeFileSync(
          path,
          unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`).replaceAll(/^(User|Group)=.*/gm, "$1=root"),
        );
        const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
        const complaints = (stdout + stderr).split("\n").filter((line) => line.includes("dsa110-streaming-converter"));
        expect(complaints).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
}
