/** Something that operators should look after: raised, again and again while it lasts, and resolved. */

export const alertSeverities = ["WARNING", "ERROR"] as const;
export type AlertSeverity = (typeof alertSeverities)[number];

/** An alert is known by its key, such as `calibration-missing:BP`: raised twice it is still one. */
export type AlertChange =
  | {
      readonly kind: "raise";
      readonly key: string;
      readonly severity: AlertSeverity;
      /** One sentence that stands alone. */
      readonly text: string;
    }
  | { readonly kind: "resolve"; readonly key: string };

/** One alert as it stands. */
export interface Alert {
  readonly key: string;
  readonly severity: AlertSeverity;
  readonly text: string;
  readonly raisedUnixSec: number;
  readonly lastRaisedUnixSec: number;
  readonly raiseCount: number;
  /** null: it lasts. */
  readonly resolvedUnixSec: number | null;
}
