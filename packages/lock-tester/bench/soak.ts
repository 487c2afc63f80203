/**
 * False alarms: correct locks, acquired until a number is reached, with the oracle on. Any violation ends it with status 1.
 *
 *   node --conditions=@contimg/source packages/lock-tester/bench/soak.ts          ten million
 *   node --conditions=@contimg/source packages/lock-tester/bench/soak.ts 1e8      a hundred million
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContendAction } from "@contimg/lock-tester";
import { runLockTest } from "@contimg/lock-tester/node";

const wanted = Number(process.argv[2] ?? "1e7");
/** Of one run: its logs are 64 bytes an acquisition. */
const RUN_COUNT = 500_000;
const RANGES = [
  [0, 10],
  [5, 15],
  [10, 20],
  [0, 20],
].map(([startByte, endByte]) => ({ startByte: startByte!, endByte: endByte! }));

interface Kind {
  readonly primitive: string;
  readonly lockerCount: number;
  readonly action: Partial<ContendAction>;
  /** Of RUN_COUNT, for those that are slow. */
  readonly share: number;
}

const KINDS: readonly Kind[] = [
  { primitive: "flock", lockerCount: 1, action: {}, share: 1 },
  { primitive: "flock", lockerCount: 3, action: {}, share: 1 },
  { primitive: "flock", lockerCount: 2, action: { mode: "mixed" }, share: 1 },
  { primitive: "fcntl", lockerCount: 2, action: {}, share: 1 },
  { primitive: "fcntl", lockerCount: 2, action: { mode: "mixed", ranges: RANGES }, share: 0.4 },
  { primitive: "ofd", lockerCount: 2, action: { mode: "mixed", ranges: RANGES }, share: 0.4 },
  { primitive: "o-excl", lockerCount: 2, action: {}, share: 0.1 },
  { primitive: "mkdir", lockerCount: 2, action: {}, share: 0.1 },
  { primitive: "link", lockerCount: 2, action: {}, share: 0.1 },
  { primitive: "ms-lock", lockerCount: 2, action: {}, share: 0.01 },
];

const folder = mkdtempSync(join(tmpdir(), "contimg-lock-soak-"));
let acquiredCount = 0;
let violationCount = 0;
const startMs = performance.now();
try {
  for (let round = 0; acquiredCount < wanted && violationCount === 0; round++) {
    const { primitive, lockerCount, action, share } = KINDS[round % KINDS.length]!;
    const count = Math.ceil((share * Math.min(RUN_COUNT, wanted)) / lockerCount);
    const report = await runLockTest({
      path: join(folder, "lock"),
      lockerCount,
      primitive,
      seed: round,
      openOptions: primitive === "ms-lock" || share === 1 ? {} : { pollMs: 1 },
      scenario: {
        steps: [
          {
            kind: "send",
            to: "all",
            action: {
              kind: "contend",
              count,
              mode: "exclusive",
              readerFraction: 0.7,
              holdMs: 0,
              pauseMs: 0,
              timeoutMs: 60_000,
              ranges: [],
              ...action,
            },
          },
        ],
      },
    });
    acquiredCount += report.oracle.acquisitionCount;
    violationCount += report.oracle.violationCount;
    const speed = report.numbers.throughputPerSec.toFixed(0);
    console.log(
      `${acquiredCount} after ${((performance.now() - startMs) / 1000).toFixed(0)} s; ${primitive} ${speed} a second: ${report.verdict}`,
    );
    if (report.verdict !== "trusted") {
      console.log(report.sentence);
      violationCount ||= 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${violationCount} false alarms in ${acquiredCount} acquisitions`);
process.exitCode = violationCount === 0 ? 0 : 1;
