/**
 * Probes of waits in the kernel. They come last: on some mounts, FUSE ones among them, a wait cannot be ended, and the
 * process that waits not even killed.
 */

import { PROBE_NAMES } from "./finding.ts";
import { always, KINDS, perKind } from "./hand.ts";
import type { Probe } from "./probe.ts";

/** The kernel sees a circle when the second wait begins. */
const DEADLOCK_MS = 1000;

export const waitingProbes: readonly Probe[] = [
  ...perKind(
    KINDS,
    PROBE_NAMES.interruptible,
    "does a signal end the wait for %s, with nothing held?",
    always,
    async (a, b, team) => {
      await a.exclusive();
      const waiting = b.wait();
      await team.b.does({ do: "interrupt" });
      if (await waiting) return false;
      await a.unlock();
      return await a.exclusive();
    },
  ),
  ...perKind(
    ["posix"],
    PROBE_NAMES.seesDeadlock,
    "does the system refuse a wait for %s that would never end (EDEADLK)?",
    always,
    async (a, b, team) => {
      const [first, second] = [
        { startByte: 0, endByte: 1 },
        { startByte: 1, endByte: 2 },
      ] as const;
      await a.exclusive(first);
      await b.exclusive(second);
      const waits = [a.wait(second), b.wait(first)].map((wait) =>
        wait.then(
          () => false,
          (error: { code?: string }) => error.code === "EDEADLK",
        ),
      );
      const isSeen = await Promise.race([
        ...waits,
        new Promise<boolean>((resolve) => setTimeout(resolve, DEADLOCK_MS, false)),
      ]);
      await Promise.all([team.a, team.b].map((member) => member.does({ do: "interrupt" })));
      await Promise.all([a.unlock(), b.unlock()]);
      await Promise.all(waits);
      return isSeen;
    },
  ),
];
