/** Checks the import graph under the current folder; `--json` prints what it found for a program to read. */
import { existsSync } from "node:fs";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { architecture } from "./rules.ts";

/** One import that breaks a rule. */
export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

/** How much was looked at and what was found. */
export interface ArchitectureReport {
  readonly moduleCount: number;
  readonly violations: readonly Violation[];
}

async function checkArchitecture(): Promise<ArchitectureReport> {
  const folders = ["apps", "packages", "tools"].filter((folder) => existsSync(folder));
  const { output } = await cruise(folders, {
    ...architecture.options,
    ruleSet: { forbidden: architecture.forbidden ?? [] },
    validate: true,
  });
  if (typeof output === "string") throw new Error("the graph came as text");
  const { summary, modules }: ICruiseResult = output;
  const own = modules.filter(
    (module) => /^(apps|packages)\//.test(module.source) && !module.source.includes("node_modules/"),
  );
  return {
    moduleCount: own.length,
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

const report = await checkArchitecture();
if (process.argv.includes("--json")) {
  process.stdout.write(JSON.stringify(report));
} else {
  const reasons = new Map((architecture.forbidden ?? []).map((rule) => [rule.name, rule.comment]));
  for (const { rule, from, to } of report.violations) {
    console.error(`${from} → ${to}\n  ${rule}: ${reasons.get(rule) ?? ""}`);
  }
  const ruleCount = architecture.forbidden?.length ?? 0;
  console.log(`${report.moduleCount} modules, ${ruleCount} rules, ${report.violations.length} violations`);
  // A graph of nothing breaks no rule: an unsupported compiler or a renamed folder would pass unseen.
  if (report.moduleCount === 0) console.error("no module was found to check");
}
if (report.moduleCount === 0 || report.violations.length > 0) process.exitCode = 1;
