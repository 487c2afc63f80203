/** Directories and what they must be able to do. */

import type { DirectoryFacts, Environment, MachineFacts, ProbeResult } from "../ports/environment.ts";
import { type Finding, finding, gigabytes } from "./finding.ts";
import type { EnvironmentNeeds } from "./inspect-environment.ts";

export interface NeededDirectory {
  /** As in the configuration: `output_dir`. */
  readonly name: string;
  readonly path: string;
  /**
   * What it is for: `input` is only read; `output` gets Measurement Sets by renaming; `work` holds what is in the
   * making; `state` holds databases; `data` any other product; `logs` log files.
   */
  readonly role: "input" | "output" | "work" | "state" | "data" | "logs";
}

export function inspectDirectories(
  environment: Environment,
  machine: MachineFacts,
  needs: EnvironmentNeeds,
): Finding[] {
  const findings: Finding[] = [];
  const measured = new Set<string>();
  for (const directory of needs.directories) {
    const made = needs.makesDirectories ? makeMissing(environment, machine, directory) : undefined;
    if (made !== undefined) {
      findings.push(made);
      continue;
    }
    const facts = environment.directory(directory.path);
    const access = inspectAccess(directory, facts, machine);
    findings.push(access);
    if (access.verdict === "problem" || facts.fileSystem === null) continue;
    if (directory.role !== "input") findings.push(...inspectAbilities(environment, directory, needs));
    if (directory.role === "logs" || directory.role === "state" || measured.has(facts.fileSystem.deviceId)) continue;
    measured.add(facts.fileSystem.deviceId);
    findings.push(inspectSpace(directory, facts.fileSystem, needs));
  }
  return findings;
}

const quoted = (path: string) => (/^[\w/.,:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

const makeCommand = (path: string, { userName }: MachineFacts) =>
  `sudo mkdir -p ${quoted(path)} && sudo chown ${userName}: ${quoted(path)}`;

/** A finding when the directory could not be made. */
function makeMissing(
  environment: Environment,
  machine: MachineFacts,
  { name, path }: NeededDirectory,
): Finding | undefined {
  if (environment.directory(path).kind !== "absent") return undefined;
  try {
    environment.makeDirectory(path);
    return undefined;
  } catch (error) {
    return finding("problem", name, `${path} cannot be made: ${(error as Error).message}`, makeCommand(path, machine));
  }
}

function inspectAccess({ name, path, role }: NeededDirectory, facts: DirectoryFacts, machine: MachineFacts): Finding {
  const { kind, reason, isReadable, isWritable, isOpenToAll, fileSystem } = facts;
  const own = `sudo chown ${machine.userName}: ${quoted(path)} && sudo chmod u+rwx ${quoted(path)}`;
  if (kind === "absent") return finding("problem", name, `${path} is not there`, makeCommand(path, machine));
  if (kind === "other") return finding("problem", name, `${path} is no directory`, `name another ${name}`);
  if (kind === "unreadable") return finding("problem", name, `${path}: ${reason}`, own);
  if (!isReadable) return finding("problem", name, `${path} cannot be read by ${machine.userName}`, own);
  if (role !== "input" && !isWritable) {
    return finding("problem", name, `${path} cannot be written by ${machine.userName}`, own);
  }
  const found = `${path} on ${fileSystem?.typeName ?? "an unknown file system"}`;
  if (role === "state" && fileSystem?.isMemory) {
    return finding("warning", name, `${found}: lost when the machine restarts`, `name a ${name} on a disk`);
  }
  if (isOpenToAll) return finding("warning", name, `${found}, writable by everybody`, `chmod o-w ${quoted(path)}`);
  return finding("ok", name, found);
}

function inspectAbilities(
  environment: Environment,
  { name, path, role }: NeededDirectory,
  needs: EnvironmentNeeds,
): Finding[] {
  const probed = (what: string, { works, found }: ProbeResult, fix: string) =>
    finding(works ? "ok" : "problem", `${name}: ${what}`, works ? found : `${path}: ${found}`, works ? "" : fix);
  switch (role) {
    case "output": {
      const findings = [
        probed("rename", environment.probeRename(path), "use a local file system that allows : in names"),
        probed("sync", environment.probeSync(path), "use a local disk, or repair it: dmesg | tail"),
      ];
      if (!needs.needsLocks) return findings;
      const { advice, ...locks } = environment.probeLocks(path);
      return [...findings, probed("locks", locks, advice)];
    }
    case "state":
      return [
        probed("write-ahead log", environment.probeWriteAheadLog(path), "put databases on a local disk: --queue-db"),
        probed("sync", environment.probeSync(path), "use a local disk, or repair it: dmesg | tail"),
      ];
    default:
      return [];
  }
}

function inspectSpace(
  { name, path }: NeededDirectory,
  { freeBytes, totalBytes, typeName }: NonNullable<DirectoryFacts["fileSystem"]>,
  { diskWarnBytes, diskCriticalBytes }: EnvironmentNeeds,
): Finding {
  const found = `${gigabytes(freeBytes)} of ${gigabytes(totalBytes)} free on the ${typeName} of ${path}`;
  const fix = "archive and remove old products, or set monitoring.disk_critical_gb and disk_warn_gb to what you accept";
  if (freeBytes < diskCriticalBytes) {
    return finding("problem", `${name}: space`, `${found}, less than ${gigabytes(diskCriticalBytes)}`, fix);
  }
  if (freeBytes < diskWarnBytes) {
    return finding("warning", `${name}: space`, `${found}, less than ${gigabytes(diskWarnBytes)}`, fix);
  }
  return finding("ok", `${name}: space`, found);
}
