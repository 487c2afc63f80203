/** Which calibration tables there are, and who solves for which at the moment. */

import type { CalTable, CalTableStatus, CalTableType, NewCalTable, RetirementCause } from "../domain/cal-table.ts";

export interface Registered {
  readonly table: CalTable;
  /**
   * `new`; `already`: the same content was registered before, nothing changed; `replaced`: under the path of a table
   * that is no longer active.
   */
  readonly outcome: "new" | "already" | "replaced";
}

export interface CalTableFilter {
  readonly types?: readonly CalTableType[];
  readonly statuses?: readonly CalTableStatus[];
  /** Valid at some time from then on. */
  readonly fromMjd?: number;
  /** Valid at some time up to then. */
  readonly toMjd?: number;
  readonly maxCount?: number;
}

/** A right to solve. Whoever comes with an older token changes nothing. */
export interface SolveLease {
  readonly key: string;
  readonly token: number;
  readonly owner: string;
}

export type SolveClaim =
  | {
      readonly kind: "claimed";
      readonly lease: SolveLease;
      /** 1 for the first; a solve that was given up or whose owner died counts. */
      readonly attemptCount: number;
      readonly lastFailure: string | null;
    }
  | { readonly kind: "busy"; readonly owner: string; readonly expiresInMs: number }
  /** It was solved, and none of its tables is lost. */
  | { readonly kind: "done"; readonly tables: readonly CalTable[] };

/** Any number of processes of this machine may have it open. */
export interface CalRegistry {
  /**
   * All or none. The same path with the same content is registered once, however often it is said; a retired table
   * becomes active again only when it was lost, not when an operator retired it.
   *
   * @throws PipelineError CAL_TABLE_INVALID; CAL_TABLE_CONFLICT when an active table of other content has the path
   */
  register(tables: readonly NewCalTable[]): readonly Registered[];

  /** The latest reference first. */
  list(filter: CalTableFilter): readonly CalTable[];

  /** Number of the table of that type that was registered last, whatever became of it; 0: none ever was. */
  newestId(type: CalTableType): number;

  find(id: number): CalTable | undefined;
  findPath(path: string): CalTable | undefined;

  /**
   * All that may matter to a choice at that instant: active tables that are valid at some time within `marginDay` of
   * it, and of each type those whose validity ended last before and begins next after.
   */
  candidates(mjd: number, marginDay: number): readonly CalTable[];

  /** `changed`: it is no longer the active table that the caller has seen. The reason is kept in its notes. */
  retire(seen: CalTable, cause: RetirementCause, reason: string): "done" | "changed";

  /**
   * Lets one solve for `key` at a time: data and types, such as `2025-10-29T13:54:17 BP`. A lease that ran out is given
   * to the next who asks; so is one whose owner is known to be dead.
   */
  claimSolve(key: string, owner: string, leaseMs: number, isDead?: (owner: string) => boolean): SolveClaim;

  /** false: the lease is lost. */
  renewSolve(lease: SolveLease, leaseMs: number): boolean;

  /**
   * Registers the tables and ends the claim, both or neither.
   *
   * @throws PipelineError as {@link CalRegistry.register}; the lease is still held then
   */
  completeSolve(lease: SolveLease, tables: readonly NewCalTable[]): readonly Registered[] | "lease-lost";

  /** The next who asks may solve at once. */
  abandonSolve(lease: SolveLease, reason: string): "done" | "lease-lost";

  close(): void;
}
