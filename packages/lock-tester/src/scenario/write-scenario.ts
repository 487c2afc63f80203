/** A scenario as text that can be read again: what a failing run was cut down to. */

import { commandText } from "./command.ts";
import type { Action, Addressees, FlatStep, Scenario } from "./scenario.ts";

/** JSON lines that are YAML as well: one step a line, so that a person can cut further. */
export function writeScenario(steps: readonly FlatStep[], about: Omit<Scenario, "steps"> = {}): string {
  const head = [
    ...(about.lockerCount === undefined ? [] : [`lockers: ${about.lockerCount}`]),
    ...(about.primitive === undefined ? [] : [`primitive: ${JSON.stringify(about.primitive)}`]),
    ...(about.seed === undefined ? [] : [`seed: ${about.seed}`]),
  ];
  return `${[...head, "steps:", ...steps.map((step) => `  - ${JSON.stringify(stepRecord(step))}`)].join("\n")}\n`;
}

function stepRecord(step: FlatStep): unknown {
  switch (step.kind) {
    case "send":
      return sendRecord(step.to, step.action);
    case "barrier":
      return { barrier: step.to === "all" ? true : step.to };
    case "wait":
      return { wait: `${step.durationMs}ms` };
    case "signal":
      return { signal: step.signal, to: step.to };
    case "disk":
      return { disk: step.state };
    case "clock":
      return { clock: step.change.kind === "step" ? { step: step.change.sec } : step.change.kind, to: step.to };
  }
}

function sendRecord(to: Addressees, action: Action): unknown {
  if (action.kind === "contend") {
    const { count, mode, readerFraction, holdMs, pauseMs, timeoutMs, ranges } = action;
    return {
      contend: {
        count,
        mode,
        readers: readerFraction,
        hold: `${holdMs}ms`,
        pause: `${pauseMs}ms`,
        timeout: `${timeoutMs}ms`,
        ...(ranges.length > 0 ? { ranges: ranges.map(({ startByte, endByte }) => [startByte, endByte]) } : {}),
      },
      to,
    };
  }
  const range = action.kind === "lock" || action.kind === "release" ? action.range : undefined;
  return {
    send: commandText(action),
    to,
    ...(range ? { range: [range.startByte, range.endByte] } : {}),
    ...(action.kind === "lock" && action.timeoutMs !== undefined ? { timeout: `${action.timeoutMs}ms` } : {}),
  };
}
