/**
 * `npm run crash`: kills streams at each step of their protocol and at random instants, starts them again, and checks
 * that every group is there exactly once.
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
if (!flags.mutants) {
  for (const usesSubprocess of [false, true]) {
    const startMs = performance.now();
    const report = await crash({
      groupCount: Math.ceil(groupCount / 2),
      killCount: Math.ceil(killCount / 2),
      seed: seed + Number(usesSubprocess),
      usesSubprocess,
      onProgress,
    });
    show(
      usesSubprocess ? "stream with a process for each group" : "stream with threads",
      report,
      report.findings.length === 0,
      startMs,
    );
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
    const report = await crash({ groupCount: 6, killCount: 2, seed, usesSubprocess: false, mutant, onProgress });
    show(`a mistake that must be found: ${mutant.name}`, report, report.findings.length > 0, startMs);
  }
}
console.log(failedCount === 0 ? "no group lost, doubled or torn" : `${failedCount} failed; again with --seed ${seed}`);
process.exitCode = failedCount === 0 ? 0 : 1;
