/** What a probe found out about a mount. */

export type ProbedLock = "flock" | "posix" | "ofd" | "name" | "sqlite" | "data";

export interface Finding {
  readonly probe: string;
  readonly lock: ProbedLock;
  /** To be answered with yes or no. */
  readonly question: string;
  /** `error`: the system refused; `code` says how. */
  readonly answer: "yes" | "no" | "error";
  /** The system's, as ENOLCK; `no answer`: a call did not come back within five seconds. */
  readonly code?: string;
  /** What Linux answers on a local disk. */
  readonly usual: "yes" | "no";
}

export const PROBE_NAMES = {
  excludes: "excludes",
  shares: "shares",
  ranges: "ranges",
  farRanges: "far-ranges",
  killFrees: "kill-frees",
  closeDropsAll: "close-drops-all",
  dupUnlocks: "dup-unlocks",
  inherited: "inherited",
  survivesExec: "survives-exec",
  failedUpgradeKeeps: "failed-upgrade-keeps",
  upgrades: "upgrades",
  downgrades: "downgrades",
  interruptible: "interruptible",
  seesDeadlock: "sees-deadlock",
  meetsFcntl: "meets-fcntl",
  readOnlyExclusive: "read-only-exclusive",
  readOnlyShared: "read-only-shared",
  unlinkedExcludes: "unlinked-excludes",
  renamedExcludes: "renamed-excludes",
  createsOnce: "creates-once",
  directoryOnce: "directory-once",
  linksOnce: "links-once",
  seesWrites: "sees-writes",
  writerExcludes: "writer-excludes",
  walShares: "wal-shares",
} as const;

export type ProbeName = (typeof PROBE_NAMES)[keyof typeof PROBE_NAMES];

/** @returns undefined when it was not tried */
export function findingOf(findings: readonly Finding[], lock: ProbedLock, probe: ProbeName): Finding | undefined {
  return findings.find((finding) => finding.lock === lock && finding.probe === probe);
}
