/** `contimg doctor`: is this machine fit to run on? Each finding comes with its repair. */

import type { Clock } from "../ports/clock.ts";
import type { Environment, MachineFacts } from "../ports/environment.ts";
import { type Finding, finding, gigabytes } from "./finding.ts";
import { inspectDirectories, type NeededDirectory } from "./inspect-directories.ts";

export interface EnvironmentNeeds {
  readonly directories: readonly NeededDirectory[];
  /** Missing directories are made, as at the start of the stream. */
  readonly makesDirectories: boolean;
  readonly tmpfs: {
    readonly path: string;
    /** Whether Measurement Sets are to be built there. */
    readonly isUsed: boolean;
    readonly warnPercent: number;
    readonly criticalPercent: number;
  };
  readonly diskWarnBytes: number;
  readonly diskCriticalBytes: number;
  /** Measurement Sets are locked. */
  readonly needsLocks: boolean;
}

/** Input of a full group of 16 subbands: 16 files of 145.3 MB. Twice as much must be free for a Measurement Set in memory. */
const GROUP_BYTES = 2.33e9;
/** The clock was wrong if it shows a day before this was written. */
const BUILT_UNIX_SEC = Date.UTC(2026, 10, 1) / 1000;
const UNIX_EPOCH_MJD = 40_587;
const SEC_PER_DAY = 86_400;
/** Predictions reach a year ahead; a table whose measured part is older than this gives UT1 to no better than 20 ms. */
const ORIENTATION_SOON_DAY = 30;
const LEAST_NODE = [24, 15] as const;
const LEAST_OPEN_FILES = 4096;
const LEAST_WATCHES = 1024;
const LEAST_MEMORY_BYTES = 4e9;
const GROUP_BITS = 0o050;

/** Looks at everything; never throws for what is wrong with the machine. */
export function inspectEnvironment(environment: Environment, clock: Clock, needs: EnvironmentNeeds): Finding[] {
  const machine = environment.machine();
  return [
    ...inspectDirectories(environment, machine, needs),
    inspectTmpfs(environment, needs),
    ...inspectClock(clock, machine),
    inspectEarthOrientation(environment, clock),
    ...inspectMachine(machine),
    ...(needs.needsLocks ? [inspectLockDoors(machine)] : []),
  ];
}

function inspectTmpfs(environment: Environment, { tmpfs }: EnvironmentNeeds): Finding {
  const name = "tmpfs";
  const { kind, isWritable, fileSystem, reason } = environment.directory(tmpfs.path);
  const off = "use --no-stage-to-tmpfs, or name another directory with --tmpfs-path";
  const worst = tmpfs.isUsed ? "problem" : "ok";
  if (kind !== "directory" || fileSystem === null) {
    return finding(worst, name, `${tmpfs.path} is ${reason || "not there"}`, tmpfs.isUsed ? off : "");
  }
  const usedPercent = 100 * (1 - fileSystem.freeBytes / Math.max(1, fileSystem.totalBytes));
  const size = `${tmpfs.path}: ${fileSystem.typeName}, ${gigabytes(fileSystem.freeBytes)} of ${gigabytes(fileSystem.totalBytes)} free`;
  if (!tmpfs.isUsed) return finding("ok", name, `${size}; not used`);
  if (!isWritable) return finding("problem", name, `${tmpfs.path} cannot be written`, off);
  if (!fileSystem.isMemory) return finding("warning", name, `${size}: no memory file system`, off);
  const free = `remove what is left there, or enlarge it: sudo mount -o remount,size=50G ${tmpfs.path}`;
  if (usedPercent > tmpfs.criticalPercent)
    return finding("problem", name, `${size}, ${usedPercent.toFixed(0)} % used`, free);
  if (usedPercent > tmpfs.warnPercent)
    return finding("warning", name, `${size}, ${usedPercent.toFixed(0)} % used`, free);
  if (fileSystem.freeBytes < 2 * GROUP_BYTES) {
    return finding(
      "warning",
      name,
      `${size}: too little for a full group, which needs ${gigabytes(2 * GROUP_BYTES)}`,
      free,
    );
  }
  return finding("ok", name, size);
}

function inspectClock(clock: Clock, machine: MachineFacts): Finding[] {
  const nowSec = clock.nowUnixSec();
  const before = clock.monotonicMs();
  const shown = new Date(nowSec * 1000).toISOString();
  const setIt = "sudo timedatectl set-ntp true";
  return [
    nowSec < BUILT_UNIX_SEC
      ? finding("problem", "clock", `it is said to be ${shown}, before this program was made`, setIt)
      : machine.isClockSynchronised === false
        ? finding("warning", "clock", `${shown}, not synchronised`, setIt)
        : finding(
            "ok",
            "clock",
            `${shown}, ${machine.isClockSynchronised ? "synchronised" : "synchronisation cannot be told here"}`,
          ),
    clock.monotonicMs() >= before
      ? finding("ok", "monotonic clock", "does not step back")
      : finding("problem", "monotonic clock", "stepped back", "restart the machine; report it if it stays"),
  ];
}

function inspectEarthOrientation(environment: Environment, clock: Clock): Finding {
  const name = "Earth orientation";
  const fix =
    "fetch finals2000A.all and Leap_Second.dat of the IERS, and name them with --iers-finals and --leap-seconds";
  let days: ReturnType<Environment["earthOrientation"]>;
  try {
    days = environment.earthOrientation();
  } catch (error) {
    return finding("problem", name, (error as Error).message, fix);
  }
  const todayMjd = UNIX_EPOCH_MJD + clock.nowUnixSec() / SEC_PER_DAY;
  const leftDays = Math.floor(days.endMjd - todayMjd);
  const found = `measured until MJD ${days.lastMeasuredMjd}, predicted until MJD ${days.endMjd}`;
  if (leftDays < 0) return finding("problem", name, `${found}: ended ${-leftDays} days ago`, fix);
  if (leftDays < ORIENTATION_SOON_DAY) return finding("warning", name, `${found}: ends in ${leftDays} days`, fix);
  return finding("ok", name, found);
}

function inspectMachine(machine: MachineFacts): Finding[] {
  const [major = 0, minor = 0] = machine.nodeVersion.split(".").map(Number);
  const isNodeFit = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  const { openFileLimitCount: files, watchLimitCount: watches, umaskBits } = machine;
  const memory = gigabytes(machine.memoryBytes);
  return [
    isNodeFit
      ? finding("ok", "Node", machine.nodeVersion)
      : finding(
          "problem",
          "Node",
          `${machine.nodeVersion}; ${LEAST_NODE.join(".")} or newer is needed`,
          "run it as npx contimg, which brings its own",
        ),
    machine.memoryBytes < LEAST_MEMORY_BYTES
      ? finding("warning", "memory", `${memory}, ${machine.coreCount} cores`, "give it 4 GB, or --max-workers 1")
      : finding("ok", "memory", `${memory}, ${machine.coreCount} cores`),
    files !== null && files < LEAST_OPEN_FILES
      ? finding("warning", "open files", `at most ${files}`, `ulimit -n 65536, or LimitNOFILE=65536 in the unit`)
      : finding("ok", "open files", files === null ? "limit unknown" : `at most ${files}`),
    watches !== null && watches < LEAST_WATCHES
      ? finding("warning", "inotify", `at most ${watches} watches`, "sudo sysctl fs.inotify.max_user_watches=65536")
      : finding("ok", "inotify", watches === null ? "limit unknown" : `at most ${watches} watches`),
    (umaskBits & GROUP_BITS) !== 0
      ? finding(
          "warning",
          "umask",
          `${umaskBits.toString(8).padStart(4, "0")}: the group cannot read products`,
          "umask 0022, or UMask=0022 in the unit",
        )
      : finding("ok", "umask", umaskBits.toString(8).padStart(4, "0")),
  ];
}

function inspectLockDoors({ lockDoors }: MachineFacts): Finding {
  const name = "locking programs";
  if (lockDoors.length === 0) {
    return finding("problem", name, "neither koffi nor flock(1)", "sudo apt-get install util-linux");
  }
  if (!lockDoors.includes("koffi")) {
    return finding("warning", name, "flock(1) only, which is slower", "npm install --include=optional");
  }
  return finding("ok", name, lockDoors.join(", "));
}
