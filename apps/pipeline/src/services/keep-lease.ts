/** Renews a lease for as long as its group is worked on. */

import type { Lease } from "../domain/queue.ts";
import type { Clock } from "../ports/clock.ts";
import type { GroupQueue } from "../ports/group-queue.ts";
import type { Log } from "../ports/log.ts";

/** An operator who cancels a group does not wait longer for its worker to notice. */
const LONGEST_INTERVAL_MS = 5_000;

export interface LeaseKeeper {
  /** Aborted when the group is no longer ours. */
  readonly lost: AbortSignal;
  end(): void;
}

export function keepLease(
  queue: Pick<GroupQueue, "renew">,
  lease: Lease,
  leaseMs: number,
  clock: Clock,
  log: Log,
): LeaseKeeper {
  const losing = new AbortController();
  let renewedMs = clock.monotonicMs();
  const timer = setInterval(
    () => {
      try {
        if (queue.renew(lease, leaseMs)) renewedMs = clock.monotonicMs();
        else losing.abort();
      } catch (error) {
        // The lease holds for a while yet: the next attempt may succeed.
        log.warning(`Lease of group ${lease.groupId} could not be renewed: ${(error as Error).message}`);
        if (clock.monotonicMs() - renewedMs > leaseMs) losing.abort();
      }
      if (losing.signal.aborted) clearInterval(timer);
    },
    Math.min(LONGEST_INTERVAL_MS, leaseMs / 3),
  );
  return { lost: losing.signal, end: () => clearInterval(timer) };
}
