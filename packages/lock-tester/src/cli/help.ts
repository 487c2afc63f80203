/** What `--help` says. */

import { primitives } from "../primitives/index.ts";

export function helpText(program: string): string {
  const names = [...primitives.values()].map(({ name, summary }) => `  ${name.padEnd(18)}${summary}`);
  return `Usage: ${program} FILE [LOCKERS] [options]
       ${program} join HOST:PORT --token TOKEN
       ${program} compare BEFORE.json AFTER.json
       ${program} probe DIRECTORY [SAME_DIRECTORY_BY_ANOTHER_MOUNT]

Tests whether the locks of a file system can be trusted: starts processes that lock FILE (10 of them when LOCKERS is not
given), and looks at what they protect with it. FILE is made when it is not there, and is removed again. "probe" tries what
locks in a directory do when files are closed, processes fork, names change…, and says what casacore, HDF5 and SQLite need.

Without options all lockers ask for a write lock at the same time, one second from now, release it, and stop.

What is done:
  --acquisitions N      each locker locks and unlocks N times instead
  --mode MODE           exclusive (default), shared, mixed or upgrade, for --acquisitions
  --hold DURATION       how long each holds the lock, as 5ms (default: no longer than looking takes)
  --pause DURATION      between two acquisitions of one locker
  --scenario FILE       steps from a YAML or JSON file, or from a .ts module that exports "scenario"
  --battery             everything that usually breaks locks, in about 15 seconds; 5 lockers
  --seed N              of random steps and choices

With what:
  --primitive NAMES     ways to lock, with commas between them, or "all"; default flock
  --list                lists them
  --timeout DURATION    how long read and write wait for a lock (default 60s)
  --poll DURATION       poll so often, also where the kernel could wait
  --redis URL           the server for redis and redis-fenced
  --processes N         lockers share processes, where the lock is not the process's (default: 16 at most)
  --limit DURATION      the test ends after this (default 10min)

On several machines, where FILE is on a shared file system with the same path:
  --listen [HOST:]PORT  wait for machines to join; 0.0.0.0:PORT to be reached from others
  --hosts N             how many (default 1)
  --token TOKEN         for join: what the controller printed

What is told:
  --json FILE           the report; "-" for standard output
  --html FILE           the report with a timeline, for a browser
  --actions             the outcome and lateness of every action
  --shrink FILE         when the test fails, cut it down to few steps and write them
  --quiet               the verdict only
  -h, --help

Ways to lock:
${names.join("\n")}
  module:/PATH.ts#NAME  one of your own

Exit status: 0 the locks were to be trusted, 1 they were not, 2 the test could not be run.

Examples:
  ${program} /tmp/lock-file 10
  ${program} /data/lock-file --battery --primitive flock,fcntl,ofd --html report.html
  ${program} /data/lock-file 10 --acquisitions 100 --hold 5ms --json report.json
  ${program} /data/lock-file 4 --scenario steps.yaml --shrink failing.yaml
  ${program} /nfs/lock-file 8 --acquisitions 100 --listen 0.0.0.0:7777 --hosts 1
  ${program} compare before.json after.json
  ${program} probe /data/output/ms`;
}
