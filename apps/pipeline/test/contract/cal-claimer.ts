/**
 * Solves for the given number of keys those that nobody else does, and registers a table that all processes register.
 * Started by the tests of several processes.
 *
 *     node cal-claimer.ts <registry> <owner> <number of keys>
 */

import { hostClock } from "../../src/adapters/host/host-clock.ts";
import { openCalRegistry } from "../../src/adapters/sqlite/cal-registry.ts";
import { newCalTable } from "./cal-tables.ts";

const [path, owner, keyCount] = process.argv.slice(2) as [string, string, string];
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));

const registry = openCalRegistry({ path, clock: hostClock() });
for (let at = 0; at < Number(keyCount); at++) {
  const shared = newCalTable({ type: "BP", path: `/cal/shared/${at}` });
  if (registry.register([shared])[0]!.outcome === "new") process.stdout.write(`registered ${at}\n`);
  const claim = registry.claimSolve(`key ${at}`, owner, 60_000);
  if (claim.kind !== "claimed") continue;
  // Two owners would differ in the content, and the second be refused.
  const table = newCalTable({ type: "GP", path: `/cal/${at}`, contentDigest: owner });
  if (registry.completeSolve(claim.lease, [table]) !== "lease-lost") process.stdout.write(`solved ${at}\n`);
}
registry.close();
process.stdin.destroy();
