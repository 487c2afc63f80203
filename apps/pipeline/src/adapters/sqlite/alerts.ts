/** Alerts, beside the queue that they are about. */

import type { Alert, AlertSeverity } from "../../domain/alert.ts";
import type { AlertStore } from "../../ports/alerts.ts";
import { inTransaction } from "./open-database.ts";
import type { QueueContext } from "./queue-context.ts";

interface AlertRow {
  readonly alert_key: string;
  readonly severity: AlertSeverity;
  readonly message: string;
  readonly raised_at: number;
  readonly last_raised_at: number;
  readonly last_said_at: number;
  readonly last_said_boot_ms: number;
  readonly last_said_boot_id: string;
  readonly raise_count: number;
  readonly resolved_at: number | null;
}

export function alertStore({ database, clock }: QueueContext): AlertStore {
  const find = (key: string) =>
    database.prepare("SELECT * FROM alerts WHERE alert_key = ?").get(key) as unknown as AlertRow | undefined;

  const record = (key: string, event: "raised" | "repeated" | "resolved", severity: AlertSeverity, text: string) =>
    database
      .prepare("INSERT INTO alert_history (alert_key, event, severity, message, at) VALUES (?, ?, ?, ?, ?)")
      .run(key, event, severity, text, clock.nowUnixSec());

  const saidBeforeMs = (row: AlertRow) =>
    row.last_said_boot_id === clock.bootId
      ? clock.sinceBootMs() - row.last_said_boot_ms
      : Math.max(0, (clock.nowUnixSec() - row.last_said_at) * 1000);

  return {
    raiseAlert: (key, severity, text, repeatMs) =>
      inTransaction(database, () => {
        const before = find(key);
        const isOpen = before !== undefined && before.resolved_at === null;
        // One that comes and goes is no news each time; one that got worse is.
        const isKnown = before !== undefined && before.severity === severity && saidBeforeMs(before) < repeatMs;
        const now = clock.nowUnixSec();
        database
          .prepare(
            `INSERT INTO alerts VALUES (?1, ?2, ?3, ?4, ?4, ?4, ?5, ?6, 1, NULL)
             ON CONFLICT (alert_key) DO UPDATE SET severity = ?2, message = ?3, last_raised_at = ?4, resolved_at = NULL,
               raised_at = CASE WHEN resolved_at IS NULL THEN raised_at ELSE ?4 END,
               raise_count = CASE WHEN resolved_at IS NULL THEN raise_count + 1 ELSE 1 END,
               last_said_at = CASE WHEN ?7 THEN last_said_at ELSE ?4 END,
               last_said_boot_ms = CASE WHEN ?7 THEN last_said_boot_ms ELSE ?5 END,
               last_said_boot_id = CASE WHEN ?7 THEN last_said_boot_id ELSE ?6 END`,
          )
          .run(key, severity, text, now, clock.sinceBootMs(), clock.bootId, isKnown ? 1 : 0);
        if (!isOpen) record(key, "raised", severity, text);
        else if (!isKnown) record(key, "repeated", severity, text);
        return isKnown ? "known" : isOpen ? "repeated" : "raised";
      }),

    resolveAlert: (key) =>
      inTransaction(database, () => {
        const before = find(key);
        if (before === undefined || before.resolved_at !== null) return false;
        database.prepare("UPDATE alerts SET resolved_at = ? WHERE alert_key = ?").run(clock.nowUnixSec(), key);
        record(key, "resolved", before.severity, before.message);
        return true;
      }),

    listAlerts({ onlyOpen, maxCount }): readonly Alert[] {
      const rows = database
        .prepare(
          `SELECT * FROM alerts WHERE resolved_at IS NULL OR NOT ?1
           ORDER BY resolved_at IS NOT NULL, last_raised_at DESC, alert_key LIMIT ?2`,
        )
        .all(onlyOpen ? 1 : 0, maxCount) as unknown as readonly AlertRow[];
      return rows.map((row) => ({
        key: row.alert_key,
        severity: row.severity,
        text: row.message,
        raisedUnixSec: row.raised_at,
        lastRaisedUnixSec: row.last_raised_at,
        raiseCount: row.raise_count,
        resolvedUnixSec: row.resolved_at,
      }));
    },
  };
}
