/** Alerts of the service: kept in the queue database, and said in lines that operators look for. */

import type { AlertStore, Alerts } from "../ports/alerts.ts";
import type { Log } from "../ports/log.ts";

/** @param repeatMs  an alert that lasts is said again after so long */
export function createAlerts(store: AlertStore, log: Log, repeatMs: number): Alerts {
  return {
    raise(key, severity, text) {
      const outcome = store.raiseAlert(key, severity, text, repeatMs);
      if (outcome === "known") return;
      const line = `ALERT ${key}: ${text}`;
      if (severity === "ERROR") log.error(line, { alert: key });
      else log.warning(line, { alert: key });
    },
    resolve(key) {
      if (store.resolveAlert(key)) log.info(`ALERT ${key}: resolved`, { alert: key });
    },
  };
}
