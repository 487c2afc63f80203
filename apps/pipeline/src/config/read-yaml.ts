/** The layer of the configuration file. */

import { dirname, resolve } from "node:path";
import { type Document, isAlias, isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { checked, type GivenValue, type Layer, layerOf, type Origin, type Rejection, showValue } from "./layers.ts";
import { type SectionName, settings, settingsByKey } from "./settings.ts";
import { suggestName } from "./suggest-name.ts";

export const environmentNames = ["development", "production", "testing"] as const;
export type EnvironmentName = (typeof environmentNames)[number];

/** A longer file is no configuration, and looking for doubled keys takes the square of their number. */
const MOST_CHARACTERS = 65_536;
/** Nesting that the settings need is 4; a parser that recurses must not be led deep. */
const MOST_LEVELS = 64;
const DEEP_ON_ONE_LINE = /(?:[-?:][ \t]+){64}/;
const DEEP_BY_INDENT = /^ {512}/m;

type Outcome = { readonly value: GivenValue } | { readonly rejection: Rejection };
type Mapping = Iterable<Pair<Node, Node | null>>;

/**
 * Reads the text of a configuration file. Only what is needed of YAML is accepted: mappings of plain values. Aliases,
 * tags, merge keys, several documents and doubled keys are rejected, whatever they would expand to.
 *
 * @param path         for messages; relative paths in the file count from its folder
 * @param environment  overrides the file's own `environment:`; undefined: that, or `production`
 */
export function readYaml(text: string, path: string, environment: EnvironmentName | undefined): Layer {
  const lines = new LineCounter();
  const originAt = (offset: number | undefined): Origin => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { kind: "file", path, lineIndex: Math.max(1, line), columnIndex: Math.max(1, col) };
  };
  const reject = (node: Node | null | undefined, key: string, expected: string, found: string): Rejection => ({
    origin: originAt(node?.range?.[0]),
    key,
    expected,
    found,
  });
  const whole = (expected: string, found: string): Layer => ({
    values: [],
    rejections: [reject(null, "the file", expected, found)],
  });

  const oversize = oversizeOf(text);
  if (oversize !== undefined) return whole(oversize.expected, oversize.found);
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false, merge: false });
  } catch (error) {
    // The parser's own limits: a stack that is too deep, a length that is too large.
    return whole("YAML", error instanceof Error ? error.message : String(error));
  }
  const flaws = [...document.errors, ...document.warnings];
  if (flaws.length > 0) {
    return {
      values: [],
      rejections: flaws.slice(0, 20).map((flaw) => ({
        origin: originAt(flaw.pos[0]),
        key: "the file",
        expected: "YAML",
        found: firstLine(flaw.message),
      })),
    };
  }
  const root = document.contents as Node | null;
  if (root === null || (isScalar(root) && root.value === null)) return { values: [], rejections: [] };
  if (!isMap(root)) return { values: [], rejections: [reject(root, "the file", "sections", kindOf(root))] };

  const outcomes: Outcome[] = [];
  const pairsOf = (node: Node | null, key: string, names: readonly string[]): [string, Node | null, Node][] => {
    if (node === null || (isScalar(node) && node.value === null && node.tag === undefined)) return [];
    if (!isMap(node)) {
      outcomes.push({ rejection: reject(node, key, "a mapping", kindOf(node)) });
      return [];
    }
    return [...(node.items as Mapping)].flatMap((pair): [string, Node | null, Node][] => {
      const name = isScalar(pair.key) && typeof pair.key.value === "string" ? pair.key.value : undefined;
      if (name !== undefined && names.includes(name)) return [[name, pair.value, pair.key]];
      outcomes.push({
        rejection: {
          ...reject(
            pair.key,
            key,
            `one of ${names.join(", ")}`,
            name === undefined ? kindOf(pair.key) : showValue(name),
          ),
          suggestion: name === undefined ? undefined : suggestName(name, names),
        },
      });
      return [];
    });
  };
  const readSection = (section: string, node: Node | null, prefix: string): void => {
    const members = Object.keys(settings[section as SectionName]);
    for (const [name, value, keyNode] of pairsOf(node, `${prefix}${section}`, members)) {
      const key = `${section}.${name}`;
      outcomes.push(readValue(key, value ?? keyNode, value === null ? null : scalarOf(value)));
    }
  };
  const readValue = (key: string, node: Node, found: ScalarValue | null): Outcome => {
    const setting = settingsByKey.get(key)!;
    const origin = originAt(node.range?.[0]);
    if (found !== null && "odd" in found) {
      return { rejection: { origin, key, expected: setting.expected, found: found.odd } };
    }
    const value = found === null ? null : found.value;
    const isPath = setting.kind === "path" && typeof value === "string" && value !== "";
    return checked(key, setting, isPath ? resolve(dirname(resolve(path)), value) : value, origin);
  };

  const sections = Object.keys(settings);
  const top = pairsOf(root, "the file", [...sections, "environment", "environments"]);
  for (const [name, node] of top) if (sections.includes(name)) readSection(name, node, "");

  let chosen = environment ?? "production";
  const choice = top.find(([name]) => name === "environment");
  if (choice !== undefined) {
    const [, node, keyNode] = choice;
    const value = node === null ? null : scalarOf(node);
    const named = environmentNames.find((name) => value !== null && "value" in value && value.value === name);
    if (named === undefined) {
      const found = value === null ? "nothing" : "odd" in value ? value.odd : showValue(value.value);
      outcomes.push({
        rejection: reject(node ?? keyNode, "environment", `one of ${environmentNames.join(", ")}`, found),
      });
    } else chosen = environment ?? named;
  }
  const environments = top.find(([name]) => name === "environments");
  for (const [name, node] of pairsOf(environments?.[1] ?? null, "environments", environmentNames)) {
    const before = outcomes.length;
    for (const [section, members] of pairsOf(node, `environments.${name}`, sections)) {
      readSection(section, members, `environments.${name}.`);
    }
    // What is wrong in another environment is said; what is right there does not count.
    if (name !== chosen) {
      outcomes.push(...outcomes.splice(before).filter((outcome) => "rejection" in outcome));
    }
  }
  return layerOf(outcomes);
}

/** A text that would lead the parser, which recurses, too deep or take it too long. */
function oversizeOf(text: string): { readonly expected: string; readonly found: string } | undefined {
  if (text.length > MOST_CHARACTERS) {
    return { expected: `at most ${MOST_CHARACTERS} characters`, found: String(text.length) };
  }
  let openCount = 0;
  for (const char of text) {
    if (char === "[" || char === "{") openCount++;
    else if (char === "]" || char === "}") openCount--;
    if (openCount > MOST_LEVELS) break;
  }
  if (openCount > MOST_LEVELS || DEEP_ON_ONE_LINE.test(text) || DEEP_BY_INDENT.test(text)) {
    return { expected: `at most ${MOST_LEVELS} levels`, found: "more" };
  }
  return undefined;
}

type ScalarValue = { readonly value: unknown } | { readonly odd: string };

function scalarOf(node: Node): ScalarValue {
  if (!isScalar(node)) return { odd: kindOf(node) };
  if (node.tag !== undefined && node.tag !== null) return { odd: `the tag ${showValue(node.tag)}` };
  if (node.anchor !== undefined) return { odd: `the anchor &${showValue(node.anchor)}` };
  return { value: node.value };
}

function kindOf(node: Node): string {
  if (isAlias(node)) return `the alias ${showValue(node.source)}`;
  if (isMap(node)) return "a mapping";
  return isScalar(node) ? showValue(node.value) : "a list";
}

const firstLine = (message: string) => message.split("\n")[0]!;
