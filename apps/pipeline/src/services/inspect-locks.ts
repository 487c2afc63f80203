/** Whether the locks of Measurement Sets hold where two processes want them at once. */

import type { LockTrial } from "../ports/lock-trial.ts";
import { type Finding, finding } from "./finding.ts";
import type { EnvironmentNeeds } from "./inspect-environment.ts";

/** One finding for each directory of Measurement Sets that was found fit so far. */
export async function inspectLocks(
  needs: EnvironmentNeeds,
  before: readonly Finding[],
  tryLocks: LockTrial,
): Promise<readonly Finding[]> {
  if (!needs.needsLocks) return [];
  const fit = needs.directories.filter(
    ({ name, role }) =>
      role === "output" &&
      before.some((one) => one.name === name) &&
      !before.some((one) => one.verdict === "problem" && (one.name === name || one.name.startsWith(`${name}:`))),
  );
  const findings: Finding[] = [];
  for (const { name, path } of fit) {
    const { verdict, sentence } = await tryLocks(path);
    const title = `${name}: locks under contention`;
    if (verdict === "trusted") findings.push(finding("ok", title, sentence));
    else {
      const fix = `look closer: contimg locktest ${path}/lock-test --battery --primitive ms-lock`;
      findings.push(finding(verdict === "inconclusive" ? "warning" : "problem", title, sentence, fix));
    }
  }
  return findings;
}
