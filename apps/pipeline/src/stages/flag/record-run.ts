/** What FLAG_CMD and HISTORY say about a run. Commands are those of CASA's flagdata where it has one that does the same. */

import {
  type BadInput,
  type FlagCommand,
  type FlagPlan,
  type FlagRule,
  type FlagTotals,
  type FlagWindow,
  flaggedFraction,
  flagRules,
} from "../../domain/flagging.ts";

const quoted = (text: string) => `'${text}'`;
const percent = (count: number, sampleCount: number) =>
  `${sampleCount === 0 ? "0" : ((100 * count) / sampleCount).toFixed(3)} %`;

/** A channel selection of CASA: `3:5~9;40`. */
function spwText(channels: readonly Uint8Array[], windows: readonly FlagWindow[]): string {
  const parts = new Map<number, string>();
  for (const [id, marks] of channels.entries()) {
    const ranges: string[] = [];
    for (let chan = 0; chan < marks.length; chan++) {
      if (marks[chan] === 0 || (chan > 0 && marks[chan - 1] === 1)) continue;
      let last = chan;
      while (marks[last + 1] === 1) last++;
      ranges.push(chan === last ? `${chan}` : `${chan}~${last}`);
    }
    const { spwIndex } = windows[id]!;
    if (ranges.length > 0) parts.set(spwIndex, `${spwIndex}:${ranges.join(";")}`);
  }
  return [...parts.values()].join(",");
}

/** Seconds since MJD 0 as CASA writes times: 2025/10/03/11:48:50.558. */
function casaTime(mjdSec: number): string {
  const text = new Date(Math.round((mjdSec - 40_587 * 86_400) * 1000)).toISOString();
  return text.slice(0, 23).replaceAll("-", "/").replace("T", "/");
}

/** What CASA would be told to do the same; nothing where it has no such command, since a false one could be applied. */
function casaCommands(rule: FlagRule, { ms, rows, channels, clip, dataColumn }: FlagPlan): readonly string[] {
  const name = (antenna: number) => ms.antennas[antenna]!.name;
  const column = dataColumn === "CORRECTED_DATA" ? "corrected" : "data";
  switch (rule) {
    case "autocorrelation":
      return ["mode='manual' autocorr=True"];
    case "antenna":
      return [`mode='manual' antenna=${quoted(rows.antennaIds.map(name).join(","))}`];
    case "baseline":
      return [
        `mode='manual' antenna=${quoted(rows.baselines.map(([one, other]) => `${name(one)}&${name(other)}`).join(";"))}`,
      ];
    case "scan":
      return [`mode='manual' scan=${quoted(rows.scanNumbers.join(","))}`];
    case "time":
      return [
        `mode='manual' timerange=${quoted(rows.times.map(({ startSec, endSec }) => `${casaTime(startSec)}~${casaTime(endSec)}`).join(","))}`,
      ];
    case "quack": {
      const { at, intervalSec } = rows.quack!;
      const modes = [...(at === "end" ? [] : ["beg"]), ...(at === "begin" ? [] : ["endb"])];
      return modes.map((mode) => `mode='quack' quackmode=${quoted(mode)} quackinterval=${intervalSec}`);
    }
    case "shadow":
      return [`mode='shadow' tolerance=${rows.shadow!.toleranceM}`];
    case "channel":
      return [`mode='manual' spw=${quoted(spwText(channels!, ms.windows))}`];
    case "clip":
      return [`mode='clip' datacolumn=${quoted(column)} clipminmax=[${clip!.minJy},${clip!.maxJy}]`];
    case "zero":
      return [`mode='clip' datacolumn=${quoted(column)} clipzeros=True`];
    case "non-finite":
      return [`mode='clip' datacolumn=${quoted(column)}`];
    default:
      return [];
  }
}

/** Rows for the rules that flagged something and that CASA knows, and one for each bad input. HISTORY has all of them. */
export function flagCommands(
  plan: FlagPlan,
  { rules, all }: FlagTotals,
  badInputs: readonly BadInput[],
): readonly FlagCommand[] {
  const ofRules = flagRules
    .filter((rule) => rules[rule] > 0 && rule !== "dead-input" && rule !== "noisy-input")
    .flatMap((rule) => {
      const reason = `${rule}, ${percent(rules[rule], all.sampleCount)}`;
      return casaCommands(rule, plan).map((command) => ({ command, reason }));
    });
  const ofInputs = badInputs.map((input) => {
    const { name } = plan.ms.antennas[input.antennaIndex]!;
    const corrs = new Set(
      plan.ms.windows.flatMap(({ corrs: some, receptors }) =>
        some.filter((_corr, at) => receptors[at]!.every((receptor) => receptor === input.receptorIndex)),
      ),
    );
    return {
      command: `mode='manual' antenna=${quoted(name)} correlation=${quoted([...corrs].join(","))}`,
      reason: `${input.verdict}-input, ${input.reasons.join(", ")}`,
    };
  });
  return [...ofRules, ...ofInputs];
}

export interface RunNotes {
  readonly software: string;
  readonly rescuedVersion: string | null;
}

/** Lines of HISTORY: the parameters as they were used, and what came of them. */
export function historyLines(
  plan: FlagPlan,
  totals: FlagTotals,
  badInputs: readonly BadInput[],
  { software, rescuedVersion }: RunNotes,
): readonly string[] {
  const { ms: _ms, channels, bands, rfi, ...rest } = plan;
  const parameters = {
    ...rest,
    channels: channels === null ? null : spwText(channels, plan.ms.windows),
    bands: bands.length,
    subbandChannelCount: bands[0]!.subbandChannelCount,
    rfi,
  };
  return [
    `${software}: flags from ${plan.startsFromBase ? `version ${plan.baseVersion}` : "the present ones"}, rules asked of ${plan.dataColumn}`,
    `parameters ${JSON.stringify(parameters)}`,
    ...flagRules
      .filter((rule) => totals.rules[rule] > 0)
      .map((rule) => `${rule}: ${totals.rules[rule]} samples, ${percent(totals.rules[rule], totals.all.sampleCount)}`),
    ...badInputs.map(
      ({ antennaIndex, receptorIndex, verdict, reasons }) =>
        `antenna ${plan.ms.antennas[antennaIndex]!.name} receptor ${receptorIndex}: ${verdict}, ${reasons.join(", ")}`,
    ),
    ...(rescuedVersion === null ? [] : [`flags that were changed meanwhile are version ${rescuedVersion}`]),
    `flagged ${(100 * flaggedFraction(totals.before)).toFixed(3)} % before, ${(100 * flaggedFraction(totals.all)).toFixed(3)} % after`,
  ];
}
