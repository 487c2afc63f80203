/** What a mount's findings mean for the programs that keep data there, and what to set. Pure: a table of rules. */

import type { MountVerdict } from "@contimg/file-locks";
import { type Finding, findingOf, PROBE_NAMES, type ProbedLock, type ProbeName } from "./finding.ts";

/**
 * - `safe`: as it is
 * - `one-host`: between processes of this machine only
 * - `with-setting`: with the setting that is named
 * - `unsafe`: one program at a time, whatever is set
 */
export type Safety = "safe" | "one-host" | "with-setting" | "unsafe";

export interface Advice {
  readonly program: "casacore" | "HDF5" | "SQLite" | "contimg";
  readonly safety: Safety;
  /** What to set; empty: nothing. */
  readonly setting: string;
  readonly reason: string;
}

export interface AdviceGrounds {
  readonly findings: readonly Finding[];
  readonly reach: MountVerdict["reach"];
  /** The two processes of the probe were on different mounts of the directory. */
  readonly isAcrossMounts: boolean;
}

/** Codes by which a file system says that it has no such locks. */
const NO_LOCKS = new Set(["ENOLCK", "ENOSYS", "EOPNOTSUPP", "ENOTSUP", "EINVAL"]);

export function adviceFor(grounds: AdviceGrounds): readonly Advice[] {
  return [casacoreAdvice, hdf5Advice, sqliteAdvice, contimgAdvice].map((advise) => {
    const advice = advise(grounds);
    // Locks without this protect nothing: what is read under them is old.
    const seen = findingOf(grounds.findings, "data", PROBE_NAMES.seesWrites);
    if (seen?.answer !== "no" || (advice.safety !== "safe" && advice.safety !== "one-host")) return advice;
    const where = grounds.isAcrossMounts ? "one mount at a time" : ONE_AT_A_TIME;
    const reason = "locks exclude, but a process does not see what another wrote under them";
    return { ...advice, safety: "unsafe", setting: where, reason };
  });
}

const is = (grounds: AdviceGrounds, lock: ProbedLock, probe: ProbeName) =>
  findingOf(grounds.findings, lock, probe)?.answer === "yes";

/** Why a kind of lock is no protection here; undefined: it is one. */
function failing(grounds: AdviceGrounds, lock: ProbedLock, ...probes: readonly ProbeName[]): Finding | undefined {
  for (const probe of probes) {
    const finding = findingOf(grounds.findings, lock, probe);
    if (finding?.answer !== "yes") return finding;
  }
  return undefined;
}

/** What a lock that works here is worth between machines. */
function worth({ reach, isAcrossMounts }: AdviceGrounds): Pick<Advice, "safety" | "reason"> {
  if (isAcrossMounts) return { safety: "safe", reason: "both mounts were kept apart" };
  if (reach === "local") return { safety: "one-host", reason: "this mount's locks do not reach other machines" };
  if (reach === "unknown")
    return { safety: "one-host", reason: "whether locks reach other machines was not tried: probe from two mounts" };
  return { safety: "safe", reason: reach === "shared" ? "locks go to the server" : "a local disk" };
}

const ONE_AT_A_TIME = "one program at a time";

function casacoreAdvice(grounds: AdviceGrounds): Advice {
  const bad = failing(grounds, "posix", PROBE_NAMES.excludes, PROBE_NAMES.shares, PROBE_NAMES.ranges);
  const program = "casacore";
  if (!bad) {
    const { safety, reason } = worth(grounds);
    const own = is(grounds, "posix", PROBE_NAMES.closeDropsAll)
      ? "; open a table once in a process: closing a second one of it drops its locks"
      : "";
    return { program, safety, setting: "", reason: `record locks work, ${reason}${own}` };
  }
  if (bad.code === "ENOLCK")
    return {
      program,
      safety: "unsafe",
      setting: "table.nolocking: T in ~/.casarc, and one program at a time",
      reason: "casacore takes ENOLCK for success: it would say that it locks, and not",
    };
  if (bad.code && NO_LOCKS.has(bad.code))
    return {
      program,
      safety: "with-setting",
      setting: "table.nolocking: T in ~/.casarc, and one program at a time",
      reason: `record locks fail with ${bad.code}: tables could not be opened`,
    };
  return { program, safety: "unsafe", setting: ONE_AT_A_TIME, reason: because(bad) };
}

function hdf5Advice(grounds: AdviceGrounds): Advice {
  const bad = failing(grounds, "flock", PROBE_NAMES.excludes, PROBE_NAMES.shares);
  const program = "HDF5";
  if (!bad) {
    const { safety, reason } = worth(grounds);
    return { program, safety, setting: "HDF5_USE_FILE_LOCKING=TRUE", reason: `flock works, ${reason}` };
  }
  if (bad.code && NO_LOCKS.has(bad.code))
    return {
      program,
      safety: "with-setting",
      setting: "HDF5_USE_FILE_LOCKING=BEST_EFFORT (FALSE before HDF5 1.12.1), and one writer at a time",
      reason: `flock fails with ${bad.code}: files could not be opened`,
    };
  return {
    program,
    safety: "unsafe",
    setting: "HDF5_USE_FILE_LOCKING=FALSE, and one writer at a time",
    reason: `${because(bad)}: its locks would only pretend`,
  };
}

function sqliteAdvice(grounds: AdviceGrounds): Advice {
  const bad =
    failing(grounds, "posix", PROBE_NAMES.excludes, PROBE_NAMES.shares, PROBE_NAMES.ranges) ??
    failing(grounds, "sqlite", PROBE_NAMES.writerExcludes);
  const program = "SQLite";
  if (!bad) {
    const { safety, reason } = worth(grounds);
    const isOneKernel = grounds.reach === "local file system" && !grounds.isAcrossMounts;
    const hasWal = isOneKernel && is(grounds, "sqlite", PROBE_NAMES.walShares);
    return {
      program,
      safety,
      setting: hasWal ? "journal_mode=WAL or DELETE" : "journal_mode=DELETE",
      reason: hasWal
        ? `record locks work, ${reason}`
        : `${reason}; a write-ahead log needs memory that all processes share`,
    };
  }
  if (is(grounds, "name", PROBE_NAMES.directoryOnce) && is(grounds, "data", PROBE_NAMES.seesWrites))
    return {
      program,
      safety: "with-setting",
      setting: "vfs=unix-dotfile and journal_mode=DELETE, by all programs that open it",
      reason: because(bad),
    };
  return {
    program,
    safety: "unsafe",
    setting: "locking_mode=EXCLUSIVE, and one program at a time",
    reason: because(bad),
  };
}

function contimgAdvice(grounds: AdviceGrounds): Advice {
  const bad = failing(grounds, "flock", PROBE_NAMES.excludes, PROBE_NAMES.killFrees);
  const program = "contimg";
  if (!bad) return { program, setting: "", ...worth(grounds) };
  return {
    program,
    safety: "with-setting",
    setting: "--lock-dir on a local disk, and one machine that works on these Measurement Sets",
    reason: because(bad),
  };
}

const KIND_NAME = {
  flock: "locks by flock",
  posix: "fcntl record locks",
  ofd: "open-file locks",
  name: "names",
  sqlite: "SQLite",
  data: "data",
};

function because({ lock, probe, code, answer }: Finding): string {
  const kind = KIND_NAME[lock];
  if (answer === "error") return `${kind}: ${probe} fails with ${code}`;
  if (probe === PROBE_NAMES.excludes) return `${kind} keep nobody out`;
  return `${kind}: ${probe}: no`;
}
