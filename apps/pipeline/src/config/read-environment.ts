/** The layer of the variables. */

import { checked, type Layer, layerOf, valueOfText } from "./layers.ts";
import { settingList } from "./settings.ts";
import { suggestName } from "./suggest-name.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** Variables that say where the configuration is, and which part of it counts. */
export const CONFIG_VARIABLE = "CONTIMG_CONFIG";
export const ENVIRONMENT_VARIABLE = "CONTIMG_ENVIRONMENT";

/** The project's own tests set these; they are not for operators. */
const OF_TESTS = /^CONTIMG_(?:(?:FUZZ|REQUIRE|UPDATE|BENCH|TEST|CRASH)(?:_.*)?|.*_(?:RUNS|CASES))$/;

const known: ReadonlyMap<string, (typeof settingList)[number]> = new Map(
  settingList.flatMap((entry) => entry[1].variables.map((name) => [name, entry] as const)),
);

/**
 * Variables with an empty value count as not set. Where several names of one setting are set, ours (`CONTIMG_…`) counts.
 * An unknown name that begins with `CONTIMG_` is rejected.
 */
export function readEnvironment(variables: Variables): Layer {
  const outcomes: Parameters<typeof layerOf>[0][number][] = [];
  for (const [key, setting] of settingList) {
    const name = setting.variables.find((candidate) => (variables[candidate] ?? "") !== "");
    if (name === undefined) continue;
    const value = valueOfText(setting, variables[name]!);
    outcomes.push(checked(key, setting, value, { kind: "variable", name }));
  }
  for (const name of Object.keys(variables)) {
    if (!name.startsWith("CONTIMG_") || known.has(name) || OF_TESTS.test(name)) continue;
    if (name === CONFIG_VARIABLE || name === ENVIRONMENT_VARIABLE) continue;
    const names = [...known.keys(), CONFIG_VARIABLE, ENVIRONMENT_VARIABLE].filter((one) => one.startsWith("CONTIMG_"));
    outcomes.push({
      rejection: {
        origin: { kind: "variable", name },
        key: "unknown variable",
        expected: "the name of a setting",
        // Its value may be a secret of another program.
        found: "another name",
        suggestion: suggestName(name, names),
      },
    });
  }
  return layerOf(outcomes);
}
