/** What probing a directory found, for people. */

import type { MountProbe } from "../probes/probe-mount.ts";

/** @param isShort  advice only */
export function probeLines({ directory, mount, findings, advice }: MountProbe, isShort: boolean): readonly string[] {
  const width = Math.max(...findings.map(({ question }) => question.length));
  const found = findings.map(({ lock, question, answer, code, usual }) => {
    const odd = answer === usual ? "" : "  unlike a local disk";
    return `${lock.padEnd(8)}${question.padEnd(width)}  ${answer}${code === undefined ? "" : ` (${code})`}${odd}`;
  });
  return [
    `${directory}: ${mount.fileSystem}, ${mount.reach} (${mount.reason})`,
    ...(isShort ? [] : ["", ...found, ""]),
    ...advice.map(
      ({ program, safety, setting, reason }) =>
        `${program.padEnd(10)}${safety.padEnd(14)}${setting === "" ? "" : `${setting}: `}${reason}`,
    ),
  ];
}
