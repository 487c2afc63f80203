/** Mistakes that an author could make, each of which the crash suite must find. */

import type { Mutant } from "./live-stream.ts";

export const mutants: readonly (Mutant & {
  /** Streams that must fall asleep before it shows; default 0. */
  readonly stallCount?: number;
})[] = [
  {
    name: "groups of dead workers stay theirs",
    file: "src/adapters/sqlite/queue-stats.ts",
    text: ".filter((row) => row.is_over === 1 || isDead(row.lease_owner!))",
    replacement: ".filter(() => false)",
  },
  {
    name: "a group is committed before its Measurement Set has its name",
    file: "src/services/process-group.ts",
    text: 'options.onStep("chain-started", groupId);',
    replacement:
      'queue.complete(lease, { msPath: "/nowhere/" + groupId + ".ms", startMjd: 0, endMjd: 0, raDeg: 0, decDeg: 0, storageBasePath: "/", stage: "convert", timings: { loadSec: 0, phaseSec: 0, writeSec: 0, totalSec: 0 }, writerType: "", calibrators: null, calibration: null }); options.onStep("chain-started", groupId);',
  },
  {
    name: "a Measurement Set of an earlier attempt is not taken over",
    file: "src/stages/convert/index.ts",
    text: "builder.inputsDigestOf(msPath) === options.inputsDigest",
    replacement: "false",
  },
  {
    name: "what dead processes left is not swept",
    file: "src/services/stream-worker.ts",
    text: "const { removed, failed } = ports.orphans.sweep(active);",
    replacement: "const { removed, failed } = { removed: [], failed: [] };",
  },
  {
    name: "checkpoints of completed groups stay",
    file: "src/services/process-group.ts",
    text: "ports.checkpoints.remove(groupId);",
    replacement: "",
  },
  {
    name: "a completed group keeps its lease",
    file: "src/adapters/sqlite/claims.ts",
    text: "${NOT_HELD}, ${NO_LEASE} WHERE ${HELD}",
    replacement: "${NOT_HELD} WHERE ${HELD}",
  },
  {
    name: "a worker completes a group that was taken from it",
    file: "src/adapters/sqlite/claims.ts",
    text: "group_id = ? AND lease_token = ? AND",
    replacement: "group_id = ? AND ? > 0 AND",
    stallCount: 1,
  },
  {
    name: "a complete group is not made ready",
    file: "src/adapters/sqlite/arrivals.ts",
    text: ">= expected_subbands THEN 'pending'",
    replacement: ">= expected_subbands THEN 'collecting'",
  },
  {
    name: "the catalogue of products is forgotten",
    file: "src/adapters/sqlite/claims.ts",
    text: "INSERT OR REPLACE INTO ms_index",
    replacement: "INSERT OR REPLACE INTO temp.ms_index",
  },
  {
    name: "files are looked into under their unfinished names",
    file: "src/services/directory-watcher.ts",
    text: "if (isUnfinishedName(name)) return examineUnfinished(name, file, candidate);",
    replacement:
      'if (isUnfinishedName(name)) { decided(name, file, ledger.recordUnusable(file, "foreign", "")); return; }',
  },
];
