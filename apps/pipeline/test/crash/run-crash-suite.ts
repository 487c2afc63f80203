/**
 * `npm run crash`: kills streams at each step of their protocol and at random instants, puts them to sleep beyond their
 * lease, sets the clock under them, starts them again, and checks that every group is there exactly once.
 *
 *   npm run crash                          200 groups, 200 kills
 *   npm run crash -- --bounded             the part that continuous integration runs
 *   npm run crash -- --kills 10000 --groups 1000 --seed 7
 *   npm run crash -- --mutants             only the mistakes that the suite must find
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type CrashReport, crash } from "./crash-suite.ts";
import { mutants } from "./mutants.ts";

const { values: flags } = parseArgs({
  options: {
    bounded: { type: "boolean", default: false },
    mutants: { type: "boolean", default: false },
    groups: { type: "string" },
    kills: { type: "string" },
    seed: { type: "string" },
  },
});
const seed = Number(flags.seed ?? Math.floor(Math.random() * 1e6));
const groupCount = Number(flags.groups ?? (flags.bounded ? 24 : 200));
const killCount = Number(flags.kills ?? (flags.bounded ? 16 : 200));
const isTerminal = process.stderr.isTTY;
let failedCount = 0;

function show(name: string, report: CrashReport, isFine: boolean, startMs: number): void {
  const sec = ((performance.now() - startMs) / 1000).toFixed(0);
  console.log(
    `${isFine ? "ok    " : "FAILED"}  ${name}: ${report.killCount} kills, ${report.findings.length} findings, ${sec} s`,
  );
  if (isFine) return;
  failedCount++;
  for (const finding of report.findings.slice(0, 20)) console.log(`        ${finding}`);
}

const onProgress = (text: string) => {
  if (isTerminal) process.stderr.write(`\r\u001b[2K${text}`);
};

console.log(`seed ${seed}`);
interface Part {
  readonly name: string;
  readonly usesSubprocess: boolean;
  readonly isFlagging?: boolean;
  readonly streamCount: number;
  readonly stallCount: number;
  readonly clockIsStepped: boolean;
}

const stallCount = flags.bounded ? 1 : Math.ceil(killCount / 40);
const parts: readonly Part[] = [
  { name: "one stream, threads", usesSubprocess: false, streamCount: 1, stallCount: 0, clockIsStepped: false },
  { name: "one stream, processes", usesSubprocess: true, streamCount: 1, stallCount: 0, clockIsStepped: false },
  {
    name: "two streams on one queue, some asleep beyond their lease, the clock set ± 1 h",
    usesSubprocess: false,
    streamCount: 2,
    stallCount,
    clockIsStepped: true,
  },
  {
    name: "one stream that flags as well",
    usesSubprocess: false,
    isFlagging: true,
    streamCount: 1,
    stallCount: 0,
    clockIsStepped: false,
  },
];

if (!flags.mutants) {
  for (const [at, { name, ...part }] of parts.entries()) {
    const startMs = performance.now();
    const report = await crash({
      ...part,
      groupCount: Math.ceil(groupCount / parts.length),
      killCount: Math.ceil(killCount / parts.length),
      seed: seed + at,
      mutant: undefined,
      onProgress,
    });
    const slept = report.stallCount >= part.stallCount;
    show(name, report, report.findings.length === 0 && slept, startMs);
    if (!slept)
      console.log(`        only ${report.stallCount} of ${part.stallCount} streams lost a group in their sleep`);
  }
}
if (flags.mutants || flags.bounded) {
  for (const mutant of mutants) {
    const source = readFileSync(join(import.meta.dirname, "../..", mutant.file), "utf8");
    if (source.split(mutant.text).length !== 2) {
      console.log(
        `FAILED  ${mutant.name}: ${mutant.file} holds its text ${source.split(mutant.text).length - 1} times, expected once`,
      );
      failedCount++;
      continue;
    }
    const startMs = performance.now();
    const report = await crash({
      groupCount: 6,
      killCount: 2,
      stallCount: mutant.stallCount ?? 0,
      seed,
      usesSubprocess: false,
      streamCount: 1,
      clockIsStepped: false,
      mutant,
      onProgress,
    });
    show(`a mistake that must be found: ${mutant.name}`, report, report.findings.length > 0, startMs);
  }
}
console.log(failedCount === 0 ? "no group lost, doubled or torn" : `${failedCount} failed; again with --seed ${seed}`);
process.exitCode = failedCount === 0 ? 0 : 1;
