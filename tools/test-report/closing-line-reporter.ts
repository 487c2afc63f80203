import type { SerializedError } from "vitest";
import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";
import { MOUNT_MARK, SHARED_DATA_MARK } from "../oracles.ts";

/** A group of skipped tests under the title that says why. */
export interface SkippedGroup {
  readonly file: string;
  readonly title: string;
  readonly testCount: number;
}

/** What a run came to, counted in tests; a file that did not load or an error outside a test counts as one failure. */
export interface RunTally {
  readonly passedCount: number;
  readonly failedCount: number;
  readonly skippedCount: number;
  readonly skippedGroups: readonly SkippedGroup[];
}

/** Which skips this run must not have. */
export interface SkipPolicy {
  readonly oraclesRequired: boolean;
  readonly sharedDataRequired: boolean;
  readonly mountRequired: boolean;
}

/** Reads the policy from CONTIMG_REQUIRE_ORACLES, CONTIMG_REQUIRE_SHARED and CONTIMG_REQUIRE_MOUNT. */
export function skipPolicyOf(env: Readonly<Record<string, string | undefined>>): SkipPolicy {
  return {
    oraclesRequired: env["CONTIMG_REQUIRE_ORACLES"] === "1",
    sharedDataRequired: env["CONTIMG_REQUIRE_SHARED"] === "1",
    mountRequired: env["CONTIMG_REQUIRE_MOUNT"] === "1",
  };
}

/**
 * The groups whose skipping breaks the policy. What can be installed must be there; recorded data and the right to mount
 * cannot, and are forgiven unless they are required by name.
 */
export function forbiddenSkips(tally: RunTally, policy: SkipPolicy): readonly SkippedGroup[] {
  return tally.skippedGroups.filter(({ title }) => {
    if (title.includes("apt-get install")) return policy.oraclesRequired;
    if (title.includes(SHARED_DATA_MARK)) return policy.sharedDataRequired;
    return title.includes(MOUNT_MARK) ? policy.mountRequired : policy.oraclesRequired;
  });
}

/** The last line of a run, in the form `N passed, N failed` with `, N skipped` when there are any. */
export function closingLine(tally: RunTally): string {
  const skipped = tally.skippedCount === 0 ? "" : `, ${tally.skippedCount} skipped`;
  return `${tally.passedCount} passed, ${tally.failedCount} failed${skipped}`;
}

/** Counts the tests of a finished run. */
export function tallyOf(modules: readonly TestModule[], outsideErrorCount: number): RunTally {
  let passedCount = 0;
  let failedCount = outsideErrorCount;
  const groups = new Map<string, { file: string; title: string; testCount: number }>();
  let skippedCount = 0;
  for (const module of modules) {
    failedCount += module.errors().length;
    for (const suite of module.children.allSuites()) failedCount += suite.errors().length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === "passed") passedCount += 1;
      else if (result.state === "failed") failedCount += 1;
      else {
        skippedCount += 1;
        const title = skipTitle(test, result.state === "skipped" ? result.note : "did not finish");
        const key = `${module.relativeModuleId}\n${title}`;
        const group = groups.get(key) ?? { file: module.relativeModuleId, title, testCount: 0 };
        group.testCount += 1;
        groups.set(key, group);
      }
    }
  }
  return { passedCount, failedCount, skippedCount, skippedGroups: [...groups.values()] };
}

/** The title of the group that was skipped: the one that says why in brackets, else the outermost. */
function skipTitle(test: TestCase, note: string | undefined): string {
  if (note !== undefined) return `${test.name} [${note}]`;
  const titles = [test.name];
  for (let above: TestSuite | TestModule = test.parent; above.type === "suite"; above = above.parent) {
    if (above.options.mode === "skip" || above.options.mode === "todo") titles.unshift(above.name);
  }
  return titles.find((title) => title.endsWith("]")) ?? titles[0] ?? test.name;
}

/**
 * Closes a test run: names what was skipped and why, fails the run when a required comparison was skipped, and prints
 * `N passed, N failed` as the very last line.
 */
export class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tally = tallyOf(modules, errors.length);
    const forbidden = forbiddenSkips(tally, skipPolicyOf(process.env));
    const lines: string[] = [];
    for (const group of tally.skippedGroups) {
      const mark = forbidden.includes(group) ? "SKIPPED, BUT REQUIRED" : "skipped";
      const tests = group.testCount === 1 ? "1 test" : `${group.testCount} tests`;
      lines.push(`${mark}: ${group.title} (${tests}, ${group.file})`);
    }
    const forbiddenTestCount = forbidden.reduce((sum, group) => sum + group.testCount, 0);
    if (forbiddenTestCount > 0) {
      process.exitCode = 1;
      lines.push(`${forbiddenTestCount} tests were skipped in a run that must skip none: each counts as failed.`);
    }
    lines.push(
      closingLine({
        ...tally,
        failedCount: tally.failedCount + forbiddenTestCount,
        skippedCount: tally.skippedCount - forbiddenTestCount,
      }),
    );
    // At exit, so that nothing the runner still prints can come after it.
    process.once("exit", () => process.stdout.write(`\n${lines.join("\n")}\n`));
  }
}
