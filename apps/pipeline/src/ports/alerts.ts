import type { Alert, AlertSeverity } from "../domain/alert.ts";

/** Where alerts are kept. */
export interface AlertStore {
  /**
   * @param repeatMs  at least so long between two that are said, also when it was resolved between them
   * @returns whether operators are to be told: `raised` for the first time, `repeated`, or `known`
   */
  raiseAlert(key: string, severity: AlertSeverity, text: string, repeatMs: number): "raised" | "repeated" | "known";
  /** @returns whether it lasted until now */
  resolveAlert(key: string): boolean;
  /** Those that last first, then the newest. */
  listAlerts(filter: { readonly onlyOpen: boolean; readonly maxCount: number }): readonly Alert[];
}

/** Tells operators what they should look after, once, and again from time to time while it lasts. */
export interface Alerts {
  raise(key: string, severity: AlertSeverity, text: string): void;
  resolve(key: string): void;
}
