/** Runs a command and measures it as the operating system does: all its threads and children. */

import { spawnSync } from "node:child_process";

export interface Measurement {
  readonly wallSec: number;
  readonly cpuSec: number;
  /** Largest resident memory of any one process. */
  readonly peakBytes: number;
  readonly stdout: string;
}

/** wait4 is what tells a child's peak memory, and Node does not offer it. */
const WAIT4 = `
import json, resource, subprocess, sys, time
t = time.perf_counter()
p = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
w = time.perf_counter() - t
r = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps(dict(code=p.returncode, wall=w, cpu=r.ru_utime + r.ru_stime, rss=r.ru_maxrss * 1024, out=p.stdout.decode())))
`;

export function measure(command: readonly string[], env: Readonly<Record<string, string>> = {}): Measurement {
  const run = spawnSync("/usr/bin/python3", ["-c", WAIT4, ...command], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (run.status !== 0) throw new Error(`${command.join(" ")}: could not be measured`);
  const { code, wall, cpu, rss, out } = JSON.parse(run.stdout) as {
    code: number;
    wall: number;
    cpu: number;
    rss: number;
    out: string;
  };
  if (code !== 0) throw new Error(`${command.join(" ")}: exit status ${code}\n${out}`);
  return { wallSec: wall, cpuSec: cpu, peakBytes: rss, stdout: out };
}

/** The middle one by wall time. */
export function median(measurements: readonly Measurement[]): Measurement {
  return measurements.toSorted((a, b) => a.wallSec - b.wallSec)[measurements.length >> 1]!;
}

export function row(name: string, m: Measurement, peer?: Measurement): string {
  const ratio = peer
    ? `   ${(m.wallSec / peer.wallSec).toFixed(2)} x wall, ${(m.cpuSec / peer.cpuSec).toFixed(2)} x CPU`
    : "";
  return `${name.padEnd(44)} ${m.wallSec.toFixed(2).padStart(7)} s wall ${m.cpuSec.toFixed(2).padStart(7)} s CPU ${(m.peakBytes / 1e6).toFixed(0).padStart(6)} MB${ratio}`;
}
