import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { HostProcesses } from "../../ports/host-processes.ts";

/** What identifies a process: each part narrows the one before. */
interface Identity {
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  /** Clock ticks since boot at its start: a reused number has another. */
  readonly startTicks: string;
}

/** State and start time of a process, from the text of `/proc/<pid>/stat`. The name in brackets may hold anything. */
export function parseProcStat(text: string): { readonly state: string; readonly startTicks: string } {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startTicks: fields[19] ?? "" };
}

const textOf = ({ host, bootId, pidNamespace, pid, startTicks }: Identity) =>
  [host, bootId, pidNamespace, pid, startTicks].join("/");

function parseIdentity(text: string): Identity | undefined {
  const [host, bootId, pidNamespace, pid, startTicks, ...rest] = text.split("/");
  if (!host || !bootId || !pidNamespace || !/^\d+$/.test(pid ?? "") || !startTicks || rest.length > 0) return undefined;
  return { host, bootId, pidNamespace, pid: Number(pid), startTicks };
}

export function hostProcesses(): HostProcesses {
  const self: Identity = {
    host: hostname().replaceAll("/", "_"),
    bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    pidNamespace: readlinkSync("/proc/self/ns/pid").replace(/\D/g, ""),
    pid: process.pid,
    startTicks: parseProcStat(readFileSync("/proc/self/stat", "utf8")).startTicks,
  };
  return {
    identity: textOf(self),
    state(text) {
      const other = parseIdentity(text);
      if (other === undefined || other.host !== self.host) return "unknown";
      if (other.bootId !== self.bootId) return "dead";
      if (other.pidNamespace !== self.pidNamespace) return "unknown";
      try {
        const { state, startTicks } = parseProcStat(readFileSync(`/proc/${other.pid}/stat`, "utf8"));
        // A zombie has ended and only waits for its parent to notice.
        return startTicks !== other.startTicks || state === "Z" || state === "X" ? "dead" : "running";
      } catch (error) {
        const errno = (error as NodeJS.ErrnoException).code;
        if (errno === "ENOENT" || errno === "ESRCH") return "dead";
        return "unknown";
      }
    },
  };
}
