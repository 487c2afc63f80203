/** `probe DIRECTORY [OTHER]`: what a mount's locks do, and what to set. */

import { writeFileSync } from "node:fs";
import type { Advice } from "../probes/advice.ts";
import { type Finding, findingOf, PROBE_NAMES } from "../probes/finding.ts";
import { type MountProbe, probeMount } from "../probes/probe-mount.ts";
import { snakeCaseJson } from "../report/json.ts";
import { type Arguments, usage } from "./arguments.ts";

const SAFETY_WORDS = {
  safe: "safe",
  "one-host": "safe between processes of one machine",
  "with-setting": "only with a setting",
  unsafe: "not safe",
} as const;

/** @returns 0 when every program's locks work as they are */
export async function probe(given: Arguments, out: (line: string) => void): Promise<0 | 1> {
  const [, directory, otherDirectory, ...more] = given.positionals;
  if (directory === undefined || more.length > 0)
    throw usage("probe: expected a directory, and perhaps the same directory by another mount");
  const found = await probeMount(directory, otherDirectory === undefined ? {} : { otherDirectory });
  const json = given.text("json");
  if (json === "-") out(snakeCaseJson(found));
  else {
    for (const line of probeLines(found, given.has("actions"))) out(line);
    if (json !== undefined) writeFileSync(json, `${snakeCaseJson(found)}\n`);
  }
  return found.advice.every(({ safety }) => safety === "safe" || safety === "one-host") ? 0 : 1;
}

/** @param isComplete  every answer, not only those that a local disk would not give */
export function probeLines(
  { directory, otherDirectory, mount, findings, advice }: MountProbe,
  isComplete: boolean,
): readonly string[] {
  const unusual = findings.filter(({ answer, usual }) => answer !== usual);
  // Of locks that keep nobody out the other answers follow.
  const isVain = ({ lock, probe: name }: Finding) =>
    name !== PROBE_NAMES.excludes && findingOf(findings, lock, PROBE_NAMES.excludes)?.answer === "no";
  const where = otherDirectory === null ? directory : `${directory} and ${otherDirectory}, one process in each`;
  const count = unusual.length === 0 ? "all as on a local disk" : `${unusual.length} not as on a local disk`;
  return [
    `${where}: ${mount.fileSystem} (${mount.options}); ${mount.reason}`,
    `${findings.length} questions, ${count}${unusual.length > 0 || isComplete ? ":" : ""}`,
    ...(isComplete ? findings : unusual.filter((finding) => !isVain(finding))).map(findingLine),
    "",
    ...advice.flatMap(adviceLines),
  ];
}

function findingLine({ question, answer, code, usual }: Finding): string {
  const said = answer === "error" ? (code ?? "error") : answer;
  return `  ${said.padEnd(10)} ${question}${answer === usual ? "" : ` (locally: ${usual})`}`;
}

function adviceLines({ program, safety, setting, reason }: Advice): readonly string[] {
  const first = `${program.padEnd(9)} ${SAFETY_WORDS[safety]}: ${reason}`;
  return setting === "" ? [first] : [first, `${"".padEnd(9)} use ${setting}`];
}
