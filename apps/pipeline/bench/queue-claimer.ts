/**
 * Claims and completes groups until none is left, and prints what it completed. Started by queue-claims.ts and by the
 * tests of several processes.
 *
 *     node queue-claimer.ts <queue database> <owner>
 */

import { hostClock } from "../src/adapters/host/host-clock.ts";
import { openQueueDatabase } from "../src/adapters/sqlite/queue-database.ts";

const [path, owner] = process.argv.slice(2) as [string, string];
const queue = openQueueDatabase({
  path,
  productsPath: null,
  clock: hostClock(),
  expectedSubbandCount: 1,
  chunkMinutes: 5,
});

process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));

for (;;) {
  const claimed = queue.claim(owner, 60_000);
  if (!claimed) break;
  const { lease } = claimed;
  const end = queue.complete(lease, {
    msPath: `/out/${lease.groupId}.ms`,
    startMjd: 60951,
    endMjd: 60951.1,
    raDeg: 177,
    decDeg: 54,
    storageBasePath: "/out",
    stage: "convert",
    timings: { loadSec: 1, phaseSec: 1, writeSec: 1, totalSec: 3 },
    writerType: "contimg",
    calibrators: null,
    calibration: null,
  });
  if (end === "done") process.stdout.write(`${lease.groupId} ${lease.token}\n`);
}
queue.close();
process.stdin.destroy();
