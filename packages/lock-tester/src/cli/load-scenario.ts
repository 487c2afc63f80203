/** A scenario from a file: YAML, JSON or a module. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { LockTesterError } from "../errors.ts";
import { readScenario } from "../scenario/read-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";

/** @throws LockTesterError when it cannot be read */
export async function loadScenario(path: string): Promise<Scenario> {
  if (/\.[cm]?[jt]s$/.test(path)) {
    const module = (await import(pathToFileURL(resolve(path)).href)) as { readonly scenario?: unknown };
    if (!isScenario(module.scenario))
      throw new LockTesterError("scenario", `${path}: expected an export "scenario" with steps`);
    return module.scenario;
  }
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LockTesterError("usage", `${path}: cannot be read: ${code}`, { cause: error });
  }
  return readScenario(text, path);
}

function isScenario(value: unknown): value is Scenario {
  return typeof value === "object" && value !== null && "steps" in value && Array.isArray(value.steps);
}
