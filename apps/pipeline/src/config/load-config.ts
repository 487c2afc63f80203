/** The configuration: built-in values, a file, variables, flags; each layer counts more than the one before. */

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PipelineError } from "../domain/error-codes.ts";
import {
  checked,
  describeRejection,
  type GivenValue,
  type Layer,
  layerOf,
  type Origin,
  showValue,
  valueOfText,
} from "./layers.ts";
import { CONFIG_VARIABLE, ENVIRONMENT_VARIABLE, readEnvironment, type Variables } from "./read-environment.ts";
import { type EnvironmentName, environmentNames, readYaml } from "./read-yaml.ts";
import { type Config, configOf, type SettingKey, settingList } from "./settings.ts";

export interface ConfigSources {
  /** `--config`; undefined: what CONTIMG_CONFIG says, or no file. */
  readonly configPath: string | undefined;
  readonly variables: Variables;
  /** Given flags by name without dashes: text, or what a switch or parser made of it. */
  readonly flags: ReadonlyMap<string, unknown>;
  /** Relative paths of variables and flags count from here. */
  readonly currentDir: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Where each value comes from. */
  readonly origins: ReadonlyMap<SettingKey, Origin>;
  readonly values: ReadonlyMap<SettingKey, unknown>;
  /** The file that was read. */
  readonly path: string | null;
}

const MOST_REJECTIONS = 20;

/** @throws PipelineError CONFIG_INVALID naming all that is wrong: where, which key, what was expected and found */
export function loadConfig({ configPath, variables, flags, currentDir }: ConfigSources): LoadedConfig {
  const path = configPath ?? (variables[CONFIG_VARIABLE] || null);
  const layers = [
    path === null ? emptyLayer : readConfigFile(resolve(currentDir, path), environmentOf(variables)),
    withAbsolutePaths(readEnvironment(variables), currentDir),
    withAbsolutePaths(readFlags(flags), currentDir),
  ];
  const rejections = layers.flatMap((layer) => layer.rejections);
  if (rejections.length > 0) {
    const lines = rejections.slice(0, MOST_REJECTIONS).map(describeRejection);
    const more = rejections.length > lines.length ? `\nand ${rejections.length - lines.length} more` : "";
    throw new PipelineError("CONFIG_INVALID", lines.join("\n") + more, { subject: rejections[0]!.key });
  }
  const given = new Map(layers.flatMap((layer) => layer.values).map((value) => [value.key as SettingKey, value]));
  for (const derived of derivedValues(given, currentDir)) given.set(derived.key as SettingKey, derived);
  assertConsistent(given);
  const values = new Map<SettingKey, unknown>(
    settingList.map(([key, setting]) => {
      const value = given.get(key);
      return [key, value === undefined ? setting.schema.parse(undefined) : value.value];
    }),
  );
  return {
    config: configOf(values),
    origins: new Map(settingList.map(([key]) => [key, given.get(key)?.origin ?? { kind: "default" }])),
    values,
    path: path === null ? null : resolve(currentDir, path),
  };
}

/** The layer of one file, by itself. @throws PipelineError CONFIG_INVALID when it cannot be read */
export function readConfigFile(path: string, environment: EnvironmentName | undefined): Layer {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const found = error instanceof TypeError ? "bytes that are not UTF-8" : (error as Error).message;
    throw new PipelineError("CONFIG_INVALID", `${path}: expected a readable text file, found ${found}`, {
      subject: path,
      cause: error,
    });
  }
  return readYaml(text, path, environment);
}

const emptyLayer: Layer = { values: [], rejections: [] };

function environmentOf(variables: Variables): EnvironmentName | undefined {
  const given = variables[ENVIRONMENT_VARIABLE] ?? "";
  if (given === "") return undefined;
  const name = environmentNames.find((one) => one === given);
  if (name !== undefined) return name;
  throw new PipelineError(
    "CONFIG_INVALID",
    `variable ${ENVIRONMENT_VARIABLE}: environment: expected one of ${environmentNames.join(", ")}, found ${showValue(given)}`,
    { subject: ENVIRONMENT_VARIABLE },
  );
}

function readFlags(flags: ReadonlyMap<string, unknown>): Layer {
  return layerOf(
    settingList.flatMap(([key, setting]) => {
      if (setting.flag === null || !flags.has(setting.flag)) return [];
      const found = flags.get(setting.flag);
      const value = typeof found === "string" ? valueOfText(setting, found) : found;
      return [checked(key, setting, value, { kind: "flag", name: setting.flag })];
    }),
  );
}

const pathKeys = new Set<string>(settingList.filter(([, { kind }]) => kind === "path").map(([key]) => key));

function withAbsolutePaths(layer: Layer, currentDir: string): Layer {
  const values = layer.values.map((given) =>
    pathKeys.has(given.key) && typeof given.value === "string"
      ? { ...given, value: resolve(currentDir, given.value) }
      : given,
  );
  return { ...layer, values };
}

/** Where databases and checkpoints lie when nobody says: in the state directory; without one, as the old converter had it. */
function derivedValues(given: ReadonlyMap<SettingKey, GivenValue>, currentDir: string): GivenValue[] {
  const textOf = (key: SettingKey) => given.get(key)?.value as string | null | undefined;
  const derived: GivenValue[] = [];
  const stateDir = textOf("directories.state_dir");
  const fromState: Origin = { kind: "derived", from: "directories.state_dir" };
  let queuePath = textOf("databases.queue_db");
  if (queuePath === undefined || queuePath === null) {
    queuePath = stateDir ? join(stateDir, "ingest.sqlite3") : resolve(currentDir, "streaming_queue.sqlite3");
    const origin: Origin = stateDir ? fromState : { kind: "default" };
    derived.push({ key: "databases.queue_db", value: queuePath, origin });
  }
  if (stateDir && !textOf("databases.products_db")) {
    derived.push({ key: "databases.products_db", value: join(stateDir, "products.sqlite3"), origin: fromState });
  }
  if (!textOf("databases.cal_registry_db")) {
    const value = stateDir ? join(stateDir, "cal_registry.sqlite3") : resolve(currentDir, "cal_registry.sqlite3");
    derived.push({ key: "databases.cal_registry_db", value, origin: stateDir ? fromState : { kind: "default" } });
  }
  if (!textOf("directories.checkpoint_dir")) {
    const value = join(dirname(queuePath), "checkpoints");
    const origin: Origin = { kind: "derived", from: "databases.queue_db" };
    derived.push({ key: "directories.checkpoint_dir", value, origin });
  }
  return derived;
}

/** Settings that contradict each other. */
function assertConsistent(given: ReadonlyMap<SettingKey, GivenValue>): void {
  const defaults = new Map<string, unknown>(settingList.map(([key, { schema }]) => [key, schema.parse(undefined)]));
  const value = (key: SettingKey) => (given.get(key)?.value ?? defaults.get(key)) as number | null;
  const requireAtMost = (key: SettingKey, limitKey: SettingKey) => {
    const [found, limit] = [value(key), value(limitKey)];
    if (found === null || limit === null || found <= limit) return;
    const origin = given.get(key)?.origin ?? given.get(limitKey)?.origin ?? { kind: "default" };
    const expected = `at most ${limitKey} (${limit})`;
    const message = describeRejection({ origin, key, expected, found: String(found) });
    throw new PipelineError("CONFIG_INVALID", message, { subject: key });
  };
  requireAtMost("stream.min_subbands", "stream.expected_subbands");
  requireAtMost("stream.collecting_timeout_sec", "stream.collecting_close_timeout_sec");
  requireAtMost("monitoring.disk_critical_gb", "monitoring.disk_warn_gb");
  requireAtMost("monitoring.tmpfs_warn_percent", "monitoring.tmpfs_critical_percent");
}
