/** Scenarios as YAML, of which JSON is a part. What is wrong is told with its line and column. */

import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { LockTesterError } from "../errors.ts";
import type { ByteRange } from "../primitive.ts";
import { isFlaw, parseCommand, parseDurationMs } from "./command.ts";
import type { Action, Addressees, ClockChange, ContendAction, Place, Scenario, Signal, Step } from "./scenario.ts";

const MOST_CHARACTERS = 1_000_000;
const MOST_LEVELS = 32;
const SIGNALS: readonly Signal[] = ["SIGKILL", "SIGSTOP", "SIGCONT", "SIGTERM"];
const MODES = ["exclusive", "shared", "mixed", "upgrade"] as const;
const STEP_NAMES = ["send", "barrier", "wait", "signal", "disk", "clock", "loop", "contend", "random"] as const;
type StepName = (typeof STEP_NAMES)[number];
/** Keys that may stand beside the one that names the step. */
const BESIDE: Readonly<Record<StepName, readonly string[]>> = {
  send: ["to", "range", "timeout"],
  barrier: [],
  wait: [],
  signal: ["to"],
  disk: [],
  clock: ["to"],
  loop: ["steps"],
  contend: ["to"],
  random: ["to"],
};
const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * @param name  of the file, for messages
 * @throws LockTesterError `scenario`: `name:line:column: what is wrong`
 */
export function readScenario(text: string, name: string): Scenario {
  return new ScenarioReader(text, name).read();
}

class ScenarioReader {
  readonly #text: string;
  readonly #name: string;
  readonly #lines = new LineCounter();

  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
  }

  read(): Scenario {
    if (this.#text.length > MOST_CHARACTERS) return this.#fail(null, `expected at most ${MOST_CHARACTERS} characters`);
    if (/(?:[-?:][ \t]+){32}/.test(this.#text) || /^ {256}/m.test(this.#text) || nesting(this.#text) > MOST_LEVELS)
      return this.#fail(null, `expected at most ${MOST_LEVELS} levels`);
    const document = parseDocument(this.#text, { lineCounter: this.#lines, prettyErrors: false, merge: false });
    const flaw = document.errors[0] ?? document.warnings[0];
    if (flaw) return this.#failAt(flaw.pos[0], flaw.message.split("\n")[0]!);
    const entries = this.#entries(document.contents as Node | null, ["steps", "seed", "lockers", "primitive"]);
    const steps = entries.get("steps");
    if (steps === undefined) return this.#fail(document.contents as Node | null, 'expected a list called "steps"');
    const seed = this.#optional(entries.get("seed"), (node) => this.#wholeNumber(node, 0, 2 ** 32 - 1));
    const lockerCount = this.#optional(entries.get("lockers"), (node) => this.#wholeNumber(node, 1, 1_000_000));
    const primitive = this.#optional(entries.get("primitive"), (node) => this.#string(node));
    return {
      steps: this.#steps(steps),
      ...(seed === undefined ? {} : { seed }),
      ...(lockerCount === undefined ? {} : { lockerCount }),
      ...(primitive === undefined ? {} : { primitive }),
    };
  }

  #steps(node: Node): readonly Step[] {
    return this.#list(node).map((item) => ({ ...this.#step(item), place: this.#place(item.range?.[0]) }));
  }

  #step(node: Node): Step {
    if (isScalar(node)) {
      if (node.value === "barrier") return { kind: "barrier", to: "all" };
      return { kind: "send", to: "all", action: this.#command(node) };
    }
    const names = isMap(node) ? (node.items as Iterable<Pair<Node, Node | null>>) : [];
    let name: StepName | undefined;
    for (const { key } of names) name ??= STEP_NAMES.find((known) => isScalar(key) && key.value === known);
    if (!name) return this.#fail(node, `expected a command or one of ${STEP_NAMES.join(", ")}`);
    const entries = this.#entries(node, [name, ...BESIDE[name]]);
    const value = entries.get(name)!;
    const to = this.#optional(entries.get("to"), (toNode) => this.#addressees(toNode)) ?? "all";
    switch (name) {
      case "send":
        return this.#send(value, to, entries);
      case "barrier":
        return { kind: "barrier", to: isScalar(value) && value.value === true ? "all" : this.#addressees(value) };
      case "wait":
        return { kind: "wait", durationMs: this.#durationMs(value) };
      case "signal":
        return { kind: "signal", to, signal: this.#oneOf(value, SIGNALS) };
      case "disk":
        return { kind: "disk", state: this.#oneOf(value, ["full", "free"] as const) };
      case "clock":
        return { kind: "clock", to, change: this.#clock(value) };
      case "loop": {
        const steps = entries.get("steps");
        if (!steps) return this.#fail(node, 'loop: expected "steps" beside it');
        return { kind: "loop", count: this.#wholeNumber(value, 0, 1_000_000), steps: this.#steps(steps) };
      }
      case "contend":
        return { kind: "send", to, action: this.#contend(value) };
      case "random":
        return this.#random(value, to);
    }
  }

  /** One command, or a list of them, for the same lockers. */
  #send(value: Node, to: Addressees, entries: ReadonlyMap<string, Node>): Step {
    const range = this.#optional(entries.get("range"), (node) => this.#range(node));
    const timeoutMs = this.#optional(entries.get("timeout"), (node) => this.#durationMs(node));
    const one = (node: Node): Step => {
      const action = this.#command(node);
      const takes = {
        ...(range && (action.kind === "lock" || action.kind === "release") ? { range } : {}),
        ...(timeoutMs !== undefined && action.kind === "lock" ? { timeoutMs } : {}),
      };
      return { kind: "send", to, action: { ...action, ...takes } as Action, place: this.#place(node.range?.[0]) };
    };
    if (!isSeq(value)) return one(value);
    return { kind: "loop", count: 1, steps: this.#list(value).map(one) };
  }

  #command(node: Node): Action {
    const text = this.#string(node);
    const parsed = parseCommand(text);
    if (!isFlaw(parsed)) return parsed;
    const isQuoted = isScalar(node) && node.type !== "PLAIN";
    return this.#failAt((node.range?.[0] ?? 0) + parsed.columnOffset + (isQuoted ? 1 : 0), parsed.message);
  }

  #contend(node: Node): ContendAction {
    const entries = this.#entries(node, ["count", "mode", "readers", "hold", "pause", "timeout", "range", "ranges"]);
    const range = entries.get("range");
    const ranges = entries.get("ranges");
    const mode = this.#optional(entries.get("mode"), (value) => this.#oneOf(value, MODES)) ?? "exclusive";
    return {
      kind: "contend",
      count: this.#optional(entries.get("count"), (value) => this.#wholeNumber(value, 1, 1e9)) ?? 1,
      mode,
      readerFraction: this.#optional(entries.get("readers"), (value) => this.#fraction(value)) ?? 0.8,
      holdMs: this.#optional(entries.get("hold"), (value) => this.#durationMs(value)) ?? 0,
      pauseMs: this.#optional(entries.get("pause"), (value) => this.#durationMs(value)) ?? 0,
      timeoutMs: this.#optional(entries.get("timeout"), (value) => this.#durationMs(value)) ?? DEFAULT_TIMEOUT_MS,
      ranges: range ? [this.#range(range)] : ranges ? this.#list(ranges).map((item) => this.#range(item)) : [],
    };
  }

  #random(node: Node, to: Addressees): Step {
    const entries = this.#entries(node, ["count", "ranges", "hold", "readers"]);
    const hold = entries.get("hold");
    const [shortest, longest = shortest] = hold ? (isSeq(hold) ? this.#list(hold) : [hold]) : [];
    const ranges = entries.get("ranges");
    const count = entries.get("count");
    if (!count) return this.#fail(node, 'random: expected "count"');
    return {
      kind: "random",
      to,
      count: this.#wholeNumber(count, 1, 1_000_000),
      ranges: ranges ? this.#list(ranges).map((item) => this.#range(item)) : [],
      shortestHoldMs: shortest ? this.#durationMs(shortest) : 0,
      longestHoldMs: longest ? this.#durationMs(longest) : 2,
      readerFraction: this.#optional(entries.get("readers"), (value) => this.#fraction(value)) ?? 0.5,
    };
  }

  #clock(node: Node): ClockChange {
    if (isScalar(node)) return { kind: this.#oneOf(node, ["stall", "resume"] as const) };
    const step = this.#entries(node, ["step"]).get("step");
    if (!step) return this.#fail(node, "clock: expected stall, resume or step: SECONDS");
    return { kind: "step", sec: this.#number(step, -1e9, 1e9) };
  }

  /** `all`, a number, a list of numbers, or `1-9` with both ends. */
  #addressees(node: Node): Addressees {
    if (isSeq(node)) return this.#list(node).map((item) => this.#wholeNumber(item, 0, 1_000_000));
    if (isScalar(node) && node.value === "all") return "all";
    const span = isScalar(node) && typeof node.value === "string" ? /^(\d+)-(\d+)$/.exec(node.value) : null;
    if (!span) return [this.#wholeNumber(node, 0, 1_000_000)];
    const [first, last] = [Number(span[1]), Number(span[2])];
    if (last < first || last > 1_000_000) return this.#fail(node, "expected the lower number first");
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }

  #range(node: Node): ByteRange {
    const [start, end, ...more] = this.#list(node);
    if (!start || !end || more.length > 0) return this.#fail(node, "expected [first byte, byte after the last]");
    const startByte = this.#wholeNumber(start, 0, Number.MAX_SAFE_INTEGER);
    const endByte = this.#wholeNumber(end, 0, Number.MAX_SAFE_INTEGER);
    if (endByte <= startByte) return this.#fail(node, `expected an end after byte ${startByte}, found ${endByte}`);
    return { startByte, endByte };
  }

  #durationMs(node: Node): number {
    const found = isScalar(node) ? node.value : undefined;
    const durationMs = typeof found === "string" ? parseDurationMs(found) : undefined;
    return durationMs ?? this.#fail(node, `expected a duration, as 5ms or 1.5s, found ${shown(node)}`);
  }

  #fraction(node: Node): number {
    return this.#number(node, 0, 1);
  }

  #number(node: Node, least: number, most: number): number {
    const found = isScalar(node) ? node.value : undefined;
    if (typeof found === "number" && found >= least && found <= most) return found;
    return this.#fail(node, `expected a number from ${least} to ${most}, found ${shown(node)}`);
  }

  #wholeNumber(node: Node, least: number, most: number): number {
    const found = isScalar(node) ? node.value : undefined;
    if (typeof found === "number" && Number.isInteger(found) && found >= least && found <= most) return found;
    return this.#fail(node, `expected a whole number from ${least} to ${most}, found ${shown(node)}`);
  }

  #string(node: Node): string {
    if (isScalar(node) && typeof node.value === "string") return node.value;
    return this.#fail(node, `expected text, found ${shown(node)}`);
  }

  #oneOf<T extends string>(node: Node, names: readonly T[]): T {
    const found = names.find((name) => isScalar(node) && node.value === name);
    return found ?? this.#fail(node, `expected one of ${names.join(", ")}, found ${shown(node)}`);
  }

  #list(node: Node): readonly Node[] {
    if (!isSeq(node)) return this.#fail(node, `expected a list, found ${shown(node)}`);
    return (node.items as readonly (Node | null)[]).map((item) => item ?? this.#fail(node, "found an empty item"));
  }

  #entries(node: Node | null, names: readonly string[]): ReadonlyMap<string, Node> {
    if (!isMap(node)) return this.#fail(node, `expected ${names.join(", ")}, found ${node ? shown(node) : "nothing"}`);
    const entries = new Map<string, Node>();
    for (const { key, value } of node.items as Iterable<Pair<Node, Node | null>>) {
      const name = isScalar(key) ? String(key.value) : "?";
      if (!names.includes(name)) return this.#fail(key, `unknown key "${name}": expected one of ${names.join(", ")}`);
      if (value === null) return this.#fail(key, `${name}: found nothing`);
      entries.set(name, value);
    }
    return entries;
  }

  #optional<T>(node: Node | undefined, read: (node: Node) => T): T | undefined {
    return node === undefined ? undefined : read(node);
  }

  #place(offset: number | undefined): Place {
    const { line, col } = this.#lines.linePos(offset ?? 0);
    return { lineIndex: Math.max(1, line), columnIndex: Math.max(1, col) };
  }

  #fail(node: Node | null, message: string): never {
    return this.#failAt(node?.range?.[0] ?? 0, message);
  }

  #failAt(offset: number, message: string): never {
    const { lineIndex, columnIndex } = this.#place(offset);
    throw new LockTesterError("scenario", `${this.#name}:${lineIndex}:${columnIndex}: ${message}`);
  }
}

function nesting(text: string): number {
  let openCount = 0;
  let mostOpen = 0;
  for (const char of text) {
    if (char === "[" || char === "{") mostOpen = Math.max(mostOpen, ++openCount);
    else if (char === "]" || char === "}") openCount--;
  }
  return mostOpen;
}

function shown(node: Node): string {
  if (isMap(node)) return "a mapping";
  return isScalar(node) ? JSON.stringify(node.value) : isSeq(node) ? "a list" : "an alias";
}
