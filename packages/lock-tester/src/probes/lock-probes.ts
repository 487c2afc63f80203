/** Probes of the kernel's locks: flock, POSIX records, open-file-description records. */

import type { KernelLockKind } from "@contimg/file-locks/node";
import { PROBE_NAMES } from "./finding.ts";
import { always, bothOpen, hand, KINDS, never, perKind, RECORDS } from "./hand.ts";
import type { Probe, ProbeTeam } from "./probe.ts";

const EXEC_SETTLE_MS = 20;
const EXEC_TRIES = 5;

export const lockProbes: readonly Probe[] = [
  ...perKind(
    KINDS,
    PROBE_NAMES.excludes,
    "do %s keep another process out, and let it in after the release?",
    always,
    async (a, b) => {
      if (!(await a.exclusive())) return false;
      if ((await b.exclusive()) || (await b.shared())) return false;
      await a.unlock();
      return await b.exclusive();
    },
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.shares,
    "do %s let readers in together, and keep a writer out?",
    always,
    async (a, b) => (await a.shared()) && (await b.shared()) && !(await b.exclusive()),
  ),
  ...perKind(
    RECORDS,
    PROBE_NAMES.ranges,
    "do %s of ranges that do not meet ignore each other, and meet in one byte?",
    always,
    async (a, b) => {
      await a.exclusive({ startByte: 10, endByte: 20 });
      const isApart =
        (await b.exclusive({ startByte: 0, endByte: 10 })) && (await b.exclusive({ startByte: 20, endByte: 30 }));
      return isApart && !(await b.exclusive({ startByte: 19, endByte: 20 }));
    },
  ),
  ...perKind(
    RECORDS,
    PROBE_NAMES.farRanges,
    "do %s tell bytes beyond 4 GiB from those before?",
    always,
    async (a, b) => {
      await a.exclusive({ startByte: 2 ** 32, endByte: 2 ** 32 + 10 });
      return (
        (await b.exclusive({ startByte: 0, endByte: 10 })) &&
        !(await b.exclusive({ startByte: 2 ** 32 + 9, endByte: 2 ** 33 }))
      );
    },
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.killFrees,
    "are %s of a killed process free at once?",
    always,
    async (_, _b, team, handle, kind) => {
      const name = await bothOpen(team, `${handle}-killed`);
      const holder = await team.third();
      await holder.does({ do: "open", handle, name });
      await hand(holder, kind, handle).exclusive();
      await holder.kill();
      return await hand(team.b, kind, `${handle}-killed`).exclusive();
    },
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.closeDropsAll,
    "does closing another descriptor of the file drop a process's %s?",
    (kind) => kind === "posix",
    async (_a, _b, team, handle, kind) => {
      const name = await bothOpen(team, `${handle}-again`);
      const second = hand(team.b, kind, `${handle}-again`);
      await team.a.does({ do: "open", handle: `${handle}-held`, name });
      const held = hand(team.a, kind, `${handle}-held`);
      await held.exclusive();
      await team.a.does({ do: "close", handle: `${handle}-again` });
      return await second.exclusive();
    },
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.dupUnlocks,
    "does unlocking a copy of the descriptor unlock %s?",
    always,
    async (a, b, team, handle, kind) => {
      await a.exclusive();
      await team.a.does({ do: "dup", handle, copy: `${handle}-copy` });
      await hand(team.a, kind, `${handle}-copy`).unlock();
      return await b.exclusive();
    },
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.inherited,
    "does a program that is started with the open file keep its starter's %s?",
    (kind) => kind !== "posix",
    async (a, b, team, handle) => {
      await a.exclusive();
      await team.a.does({ do: "start-heir", handle });
      try {
        await team.a.does({ do: "close", handle });
        return !(await b.exclusive());
      } finally {
        await team.a.does({ do: "end-heir" });
      }
    },
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.survivesExec,
    "does a process that becomes another program by exec keep %s?",
    always,
    async (_, _b, team, handle, kind) => {
      const name = await bothOpen(team, `${handle}-exec`);
      const other = await team.third();
      // No answer is what is expected of a process that is another one now.
      const execs = other.does({ do: "lock-and-exec", kind, name }).catch(() => true);
      await Promise.race([other.gone(), execs]);
      const second = hand(team.b, kind, `${handle}-exec`);
      // In between the process has no lock yet, or the old program's descriptors are just being closed.
      for (let i = 0; i < EXEC_TRIES; i++) {
        if (!(await second.exclusive())) return true;
        await second.unlock();
        await new Promise((resolve) => setTimeout(resolve, EXEC_SETTLE_MS));
      }
      return false;
    },
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.upgrades,
    "can the only reader become writer with %s?",
    always,
    async (a, b) => (await a.shared()) && (await a.exclusive()) && !(await b.shared()),
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.failedUpgradeKeeps,
    "does a reader keep %s when it cannot become writer?",
    (kind) => kind !== "flock",
    async (a, b) => {
      await a.shared();
      await b.shared();
      if (await a.exclusive()) return false;
      return !(await b.exclusive());
    },
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.downgrades,
    "can a writer become reader with %s, so that others read as well and none writes?",
    always,
    async (a, b) => (await a.exclusive()) && (await a.shared()) && (await b.shared()) && !(await b.exclusive()),
  ),
  ...perKind(
    ["flock"],
    PROBE_NAMES.meetsFcntl,
    "do %s keep out those by fcntl, as over NFS?",
    never,
    async (a, _, team, handle) => {
      await a.exclusive();
      return !(await hand(team.b, "posix", handle).exclusive());
    },
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.readOnlyExclusive,
    "can a file that is open for reading only be locked exclusively by %s?",
    (kind) => kind === "flock",
    (_a, _b, team, handle, kind) => lockReadOnly(team, handle, kind, "exclusive"),
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.readOnlyShared,
    "can a file that is open for reading only be locked shared by %s?",
    always,
    (_a, _b, team, handle, kind) => lockReadOnly(team, handle, kind, "shared"),
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.unlinkedExcludes,
    "do %s still keep others out when the file was removed and made anew?",
    never,
    async (_a, _, team, handle, kind) => {
      const name = await bothOpen(team, `${handle}-unlinked`);
      await hand(team.a, kind, `${handle}-unlinked`).exclusive();
      await team.a.does({ do: "unlink", name });
      await team.b.does({ do: "open", handle: `${handle}-new`, name });
      return !(await hand(team.b, kind, `${handle}-new`).exclusive());
    },
  ),
  ...perKind(
    KINDS,
    PROBE_NAMES.renamedExcludes,
    "do %s follow the file when it is renamed?",
    always,
    async (_a, _, team, handle, kind) => {
      const name = await bothOpen(team, `${handle}-renamed`);
      await hand(team.a, kind, `${handle}-renamed`).exclusive();
      await team.a.does({ do: "rename", name, newName: `${name}-new` });
      await team.b.does({ do: "open", handle: `${handle}-new`, name: `${name}-new` });
      return !(await hand(team.b, kind, `${handle}-new`).exclusive());
    },
  ),
];

async function lockReadOnly(
  team: ProbeTeam,
  handle: string,
  kind: KernelLockKind,
  mode: "shared" | "exclusive",
): Promise<boolean> {
  const name = await bothOpen(team, `${handle}-writable`);
  await team.a.does({ do: "open", handle: `${handle}-ro`, name, readOnly: true });
  try {
    return await team.a.does({ do: "lock", kind, handle: `${handle}-ro`, mode });
  } catch (error) {
    // The system says so of a descriptor that cannot write.
    if ((error as { code?: string }).code === "EBADF") return false;
    throw error;
  }
}
