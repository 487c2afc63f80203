/** `contimg queue alerts`: what operators should look after. */

import type { Alert } from "../../domain/alert.ts";
import type { Output } from "../output.ts";
import { type QueueAccess, utcText } from "../queue-access.ts";
import { type Cell, tableLines, usesColor } from "../table.ts";

export interface AlertFlags {
  readonly all: boolean;
  readonly limit: number;
}

const HEADER = ["alert", "severity", "since", "last", "times", "ended", "what"];
const COLOR_OF_SEVERITY = { WARNING: 33, ERROR: 31 } as const;

const json = (alert: Alert) => ({
  alert: alert.key,
  severity: alert.severity,
  message: alert.text,
  raised_at: alert.raisedUnixSec,
  last_raised_at: alert.lastRaisedUnixSec,
  raise_count: alert.raiseCount,
  resolved_at: alert.resolvedUnixSec,
});

const row = (alert: Alert): readonly Cell[] => [
  { text: alert.key },
  { text: alert.severity, ...(alert.resolvedUnixSec === null && { colorCode: COLOR_OF_SEVERITY[alert.severity] }) },
  { text: utcText(alert.raisedUnixSec) },
  { text: utcText(alert.lastRaisedUnixSec) },
  { text: String(alert.raiseCount) },
  { text: alert.resolvedUnixSec === null ? "" : utcText(alert.resolvedUnixSec) },
  { text: alert.text },
];

/** @returns 1 when an alert lasts, so that a script can ask */
export function showAlerts({ queue }: QueueAccess, output: Output, { all, limit }: AlertFlags): 0 | 1 {
  const alerts = queue.listAlerts({ onlyOpen: !all, maxCount: limit });
  for (const alert of alerts) output.event(json(alert));
  for (const line of tableLines(HEADER, alerts.map(row), usesColor(process.stdout, process.env))) output.line(line);
  if (alerts.length === 0) output.line("no alert");
  return alerts.some(({ resolvedUnixSec }) => resolvedUnixSec === null) ? 1 : 0;
}
