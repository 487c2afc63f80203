/** Mounts and hosts of a test's own: FUSE file systems, and network namespaces as machines. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MOUNT_MARK, type Oracle, runCommand } from "../../../tools/oracles.ts";

/** The right to mount FUSE file systems and to make network namespaces. */
export function canMakeHosts(): Oracle {
  return { name: "mounts and hosts", isAvailable: mayOpenFuse() && mayMountApart(), missing: MOUNT_MARK };
}

function mayOpenFuse(): boolean {
  try {
    closeSync(openSync("/dev/fuse", "r+"));
    return true;
  } catch {
    return false; // openSync has no answer but an exception
  }
}

function mayMountApart(): boolean {
  const path = mkdtempSync(join(tmpdir(), "contimg-mount-"));
  const args = ["--net", "--mount", "mount", "-t", "tmpfs", "-o", "size=64k", "contimg-test", path];
  const isAvailable = spawnSync("unshare", args, { stdio: "ignore" }).status === 0;
  rmdirSync(path);
  return isAvailable;
}

/** Shows `source` at `point` once more, by a FUSE file system that keeps locks to itself. */
export function mountBind(source: string, point: string): void {
  mkdirSync(point, { recursive: true });
  runCommand("bindfs", [source, point]);
}

export function unmount(point: string): void {
  spawnSync("umount", ["--lazy", point], { stdio: "ignore" });
}

/** Two machines with a wire between them, as network namespaces with a first process each. */
export class TwoHosts {
  readonly addresses = ["10.77.19.1", "10.77.19.2"] as const;
  readonly #anchors: readonly number[];
  readonly #stops: (() => void)[] = [];

  private constructor(anchors: readonly number[]) {
    this.#anchors = anchors;
  }

  static async make(): Promise<TwoHosts> {
    const children = [0, 1].map(() =>
      spawn("unshare", ["--net", "--mount", "--propagation", "private", "sleep", "600"], { stdio: "ignore" }),
    );
    await Promise.all(children.map((child) => once(child, "spawn")));
    const hosts = new TwoHosts(children.map((child) => child.pid!));
    hosts.#stops.push(() => children.forEach((child) => child.kill("SIGKILL")));
    const [one, two] = hosts.#anchors.map(String) as [string, string];
    const own = readFileLink("/proc/self/ns/net");
    // The namespaces are there a moment after the process is.
    while (hosts.#anchors.some((anchor) => readFileLink(`/proc/${anchor}/ns/net`) === own)) await sleep(5);
    await sleep(20);
    runCommand("ip", ["link", "add", "wire", "netns", one, "type", "veth", "peer", "name", "wire", "netns", two]);
    for (const [i, address] of hosts.addresses.entries()) {
      hosts.run(i, "ip", ["addr", "add", `${address}/24`, "dev", "wire"]);
      for (const device of ["wire", "lo"]) hosts.run(i, "ip", ["link", "set", device, "up"]);
    }
    return hosts;
  }

  /** A command that runs on a host: its network, and its mounts. */
  on(host: number, command: string, args: readonly string[]): [string, string[]] {
    return [
      "nsenter",
      ["--target", String(this.#anchors[host]), "--net", "--mount", `--wd=${process.cwd()}`, command, ...args],
    ];
  }

  run(host: number, command: string, args: readonly string[]): string {
    return runCommand(...this.on(host, command, args));
  }

  whenEnding(stop: () => void): void {
    this.#stops.unshift(stop);
  }

  end(): void {
    for (const stop of this.#stops) stop();
  }
}

const readFileLink = (path: string) => (existsSync(path) ? runCommand("readlink", [path]).trim() : "");

const SERVER_PORT = 24_117;

/**
 * GlusterFS: a server on the first host, mounted by both at the same `point`. Its locks are the server's, for everybody.
 *
 * @param isDirect  without a cache on the hosts, so that each sees what the other has written
 */
export async function shareByGluster(hosts: TwoHosts, folder: string, point: string, isDirect: boolean): Promise<void> {
  const brick = join(folder, "brick");
  for (const path of [brick, point]) mkdirSync(path, { recursive: true });
  const volumes = {
    server: `volume brick
  type storage/posix
  option directory ${brick}
end-volume
volume locks
  type features/locks
  subvolumes brick
end-volume
volume server
  type protocol/server
  option transport-type tcp
  option transport.address-family inet
  option transport.socket.listen-port ${SERVER_PORT}
  option auth.addr.locks.allow *
  subvolumes locks
end-volume
`,
    client: `volume client
  type protocol/client
  option transport-type tcp
  option remote-host ${hosts.addresses[0]}
  option remote-port ${SERVER_PORT}
  option remote-subvolume locks
end-volume
`,
  };
  const file = (name: string) => join(folder, name);
  for (const [name, text] of Object.entries(volumes)) writeFileSync(file(`${name}.vol`), text);
  const start = (host: number, program: string, name: string, volume: string, more: readonly string[]) => {
    const pid = file(`${name}.pid`);
    hosts.run(host, program, ["-f", file(`${volume}.vol`), "-l", file(`${name}.log`), "-p", pid, ...more]);
    hosts.whenEnding(() => process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL"));
  };
  start(0, "glusterfsd", "server", "server", []);
  for (const host of [0, 1])
    start(host, "glusterfs", `client-${host}`, "client", [...(isDirect ? ["--direct-io-mode=enable"] : []), point]);
  const isMounted = (host: number) => hosts.run(host, "stat", ["-f", "-c", "%T", point]).includes("fuse");
  for (let i = 0; !(isMounted(0) && isMounted(1)); i++) {
    if (i > 200)
      throw new Error(`GlusterFS is not mounted: ${readFileSync(file("client-0.log"), "utf8").slice(-2000)}`);
    await sleep(50);
  }
}

/** On each host a FUSE mount of one folder, at the same `point`: locks know their own host only. */
export function shareByBind(hosts: TwoHosts, folder: string, point: string): void {
  const source = join(folder, "source");
  for (const path of [source, point]) mkdirSync(path, { recursive: true });
  for (const host of [0, 1]) {
    // Unbuffered, as far as it goes: the locks are what shall differ.
    hosts.run(host, "bindfs", ["-o", "direct_io", source, point]);
    hosts.whenEnding(() => void spawnSync(...hosts.on(host, "umount", ["--lazy", point])));
  }
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "mounted-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
