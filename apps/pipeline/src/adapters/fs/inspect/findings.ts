/** What a verification found, in the order in which it looked. */

import { isCasacoreTableError } from "@contimg/casacore-tables/node";
import type { Finding, Severity } from "../../../ports/ms-inspector.ts";

/** How many cases of one kind are told one by one; the rest is counted. */
const SHOWN_CASE_COUNT = 3;

export class Findings {
  readonly list: Finding[] = [];

  add(severity: Severity, check: string, message: string): void {
    this.list.push({ severity, check, message });
  }

  /** One finding for many cases of the same: the first few, and how many more. Nothing when there are none. */
  addCases(severity: Severity, check: string, cases: readonly string[]): void {
    if (cases.length === 0) return;
    const more = cases.length > SHOWN_CASE_COUNT ? `; and ${cases.length - SHOWN_CASE_COUNT} more` : "";
    this.add(severity, check, cases.slice(0, SHOWN_CASE_COUNT).join("; ") + more);
  }

  /**
   * Runs a check. Storage that cannot be read ends the check and is a finding; when nothing under its name is wrong and
   * it returned a text, that is its "ok".
   */
  run(check: string, look: () => string | undefined): void {
    const before = this.list.length;
    try {
      const text = look();
      const isGood = this.list.slice(before).every((found) => found.check !== check || found.severity === "ok");
      if (text !== undefined && isGood) this.add("ok", check, text);
    } catch (error) {
      if (!isCasacoreTableError(error)) throw error;
      const isKnownGap = isCasacoreTableError(error, "UnknownDataManager");
      this.add(isKnownGap ? "warning" : "error", check, `${isKnownGap ? "not checked: " : ""}${error.message}`);
    }
  }
}
