/** All probes of a directory, and what they mean. */

import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { judgeMount, type MountVerdict } from "@contimg/file-locks";
import { openKernelLockDoor } from "@contimg/file-locks/node";
import { LockTesterError, systemError } from "../errors.ts";
import { type Advice, adviceFor } from "./advice.ts";
import { fileProbes } from "./file-probes.ts";
import type { Finding } from "./finding.ts";
import { lockProbes } from "./lock-probes.ts";
import { type Probe, ProbeFault, ProbeTeam } from "./probe.ts";
import { waitingProbes } from "./waiting-probes.ts";

export interface MountProbe {
  readonly directory: string;
  /** The same directory by another mount, where the second process was; null: both were here. */
  readonly otherDirectory: string | null;
  readonly mount: MountVerdict;
  readonly findings: readonly Finding[];
  readonly advice: readonly Advice[];
}

export interface ProbeOptions {
  /** The same directory as another mount shows it: whether locks by one keep out those by the other. */
  readonly otherDirectory?: string;
  /** Called after each probe. */
  onFinding?(finding: Finding): void;
}

/** So often a call may not come back; then what is left is not tried. */
const MOST_HANGS = 2;
const NO_ANSWER = "no answer";

/**
 * Tries what locks in a directory do, with processes of its own, in a folder that it removes again.
 *
 * @throws LockTesterError when the directory cannot be written, or the other is not the same
 */
export async function probeMount(directory: string, options: ProbeOptions = {}): Promise<MountProbe> {
  if (!openKernelLockDoor())
    throw new LockTesterError("unusable", "probing needs koffi, which is not installed, and 64-bit Linux");
  const real = attempt(directory, () => realpathSync(directory));
  if (!attempt(directory, () => statSync(real)).isDirectory())
    throw new LockTesterError("usage", `${directory}: expected a directory`);
  const folder = attempt(`${directory}: no folder for the probe can be made in it`, () =>
    mkdtempSync(join(real, ".lock-probe-")),
  );
  try {
    const other = options.otherDirectory === undefined ? folder : join(options.otherDirectory, basename(folder));
    if (!statSync(other, { throwIfNoEntry: false }))
      throw new LockTesterError("usage", `${options.otherDirectory}: does not show what is made in ${directory}`);
    const findings = await askAll(new ProbeTeam([folder, other]), options);
    const mount = judgeMount(
      attempt("/proc/self/mountinfo", () => readFileSync("/proc/self/mountinfo", "utf8")),
      real,
    );
    return {
      directory,
      otherDirectory: options.otherDirectory ?? null,
      mount,
      findings,
      advice: adviceFor({ findings, reach: mount.reach, isAcrossMounts: options.otherDirectory !== undefined }),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function askAll(team: ProbeTeam, { onFinding }: ProbeOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  let hangCount = 0;
  await team.start();
  try {
    for (const probe of [...lockProbes, ...fileProbes, ...waitingProbes]) {
      if (hangCount > MOST_HANGS) findings.push(findingFor(probe, { answer: "error", code: NO_ANSWER }));
      else findings.push(findingFor(probe, await ask(probe, team)));
      const last = findings.at(-1)!;
      onFinding?.(last);
      if (last.code !== NO_ANSWER || hangCount > MOST_HANGS) continue;
      hangCount++;
      // A process that is caught in a call answers nothing else either.
      await team.end();
      if (hangCount <= MOST_HANGS) await team.start();
    }
    return findings;
  } finally {
    await team.end();
  }
}

async function ask(probe: Probe, team: ProbeTeam): Promise<Pick<Finding, "answer" | "code">> {
  try {
    return { answer: (await probe.ask(team)) ? "yes" : "no" };
  } catch (error) {
    if (error instanceof ProbeFault) return { answer: "error", code: error.code };
    throw error;
  }
}

function findingFor({ probe, lock, question, usual }: Probe, said: Pick<Finding, "answer" | "code">): Finding {
  return { probe, lock, question, usual, ...said };
}

function attempt<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw systemError(what, error);
  }
}
