/**
 * How the Python pipeline lost or spoilt data, and the tests that fail when this one would. Whoever renames or removes
 * such a test is reminded here.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repoRoot } from "../oracles.ts";

const APP = "apps/pipeline";
const QUEUE = `${APP}/test/contract/queue-database.test.ts`;
const WATCH = `${APP}/test/e2e/watch-directory.test.ts`;
const HISTORIES = `${APP}/test/arrivals/arrival-histories.test.ts`;
const WORKER = `${APP}/src/services/stream-worker.test.ts`;
const CONVERT = `${APP}/test/e2e/convert-bad-input.test.ts`;

/** What went wrong, and a text that the name of the test holds. */
const failures: readonly (readonly [failure: string, file: string, name: string])[] = [
  ["files that rsync renamed were looked for under their old names", WATCH, "that are renamed into place make a group"],
  [
    "half-written files were opened, failed, and were dropped for ever",
    WATCH,
    "that are copied in place enter when they are whole",
  ],
  [
    "names floored to 5 minutes split groups and mixed others",
    HISTORIES,
    "files belong together in bins of 5 min of their names",
  ],
  [
    "groups of equal name times: 98.6 % never complete",
    HISTORIES,
    "files belong together when their names have the same second",
  ],
  [
    "a later file put a group that was worked on, or done, back into the queue",
    QUEUE,
    "a late or second file does not put a group back",
  ],
  [
    "a conversion that made nothing was recorded as completed",
    `${APP}/src/services/run-chain.test.ts`,
    "a stage that does not make what it declares has failed",
  ],
  [
    "failures of a stage were recorded as success",
    WORKER,
    "is tried again after a wait, and failed with the whole error",
  ],
  ["poison groups were taken up again without end", WORKER, "a poison group cannot stop the stream for ever"],
  ["groups whose worker died were taken up again without end", QUEUE, "a group that kills its workers ends as failed"],
  ["groups of dead workers were never taken up again", QUEUE, "a worker that died loses its groups at once"],
  [
    "the alarm of the queue's depth counted what was done",
    `${APP}/src/services/queue-monitor.test.ts`,
    "counts groups that wait, not those that are done",
  ],
  ["the middle of an observation lacked 40,587 days", QUEUE, "is one transaction: state, ms_index"],
  [
    "groups were taken in the order in which their files came",
    QUEUE,
    "are claimed in order of their data, not of arrival",
  ],
  [
    "subbands that failed were left out of the Measurement Set in silence",
    `${APP}/src/stages/convert/check-subbands.test.ts`,
    "never drops a subband silently",
  ],
  ["a Measurement Set cut short by a timeout was used again", CONVERT, "killed: nothing has the final name"],
  [
    "whatever lay under the name was taken for the product",
    `${APP}/test/e2e/stream-worker.test.ts`,
    "any other Measurement Set under its name is never touched",
  ],
  [
    "a lock file that was held was removed as stale",
    "packages/file-locks/test/exclusion.test.ts",
    "which removes the lock file of a holder that takes long",
  ],
  [
    "PHASE_DIR was changed and REFERENCE_DIR not",
    `${APP}/src/adapters/fs/inspect/verify-table.test.ts`,
    "UVW that belong to REFERENCE_DIR make the difference an error",
  ],
  [
    "one set of tables was active: a new gain hid the bandpass",
    `${APP}/src/domain/cal-validity.test.ts`,
    "one set for all types",
  ],
  [
    "CORRECTED_DATA that was cut short, or lacked its weights, was imaged",
    `${APP}/test/apply/interrupted-apply.test.ts`,
    "leaves old or new columns together, and recovery makes all of one kind",
  ],
  [
    "tables without solutions left CORRECTED_DATA of zeros, and the run was a success",
    `${APP}/test/apply/odd-tables.test.ts`,
    "a table without any solution",
  ],
  [
    "a bandpass was valid forward only: groups before it, or done again later, found none",
    `${APP}/src/services/calibrate-group.test.ts`,
    "of long ago makes and uses what was valid then",
  ],
  [
    "a solve or its application that failed was logged, and the group was completed as if calibrated",
    `${APP}/src/services/calibrate-group.test.ts`,
    "is kept as failed, told, and tried again on the next group",
  ],
  [
    "820 of 1,861 calibrators were lost by the parser",
    `${APP}/src/adapters/catalogs/vla-calibrators.test.ts`,
    "has every entry and every flux that grep and awk count",
  ],
  [
    "calibrators were given 2.5 Jy when the list has no flux",
    `${APP}/src/domain/calibrator.test.ts`,
    "a flux that the list does not give is not known",
  ],
  [
    "sources were lost about 0 hours",
    `${APP}/src/stages/calibrate/calibrators-in-group.test.ts`,
    "is found from either side",
  ],
  ["gains of 0.07 were refused as too small", `${APP}/src/domain/cal-quality.test.ts`, "lets real gains of 0.07 pass"],
];

test.each(failures)("%s: there is a test", (_, file, name) => {
  expect(existsSync(join(repoRoot, file)), file).toBe(true);
  expect(readFileSync(join(repoRoot, file), "utf8")).toContain(name);
});
