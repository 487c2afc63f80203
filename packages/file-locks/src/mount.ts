/** What a mount's options say about locks: whether they reach other machines. */

export interface MountVerdict {
  readonly fileSystem: string;
  readonly options: string;
  /** `shared`: locks reach every machine that mounts it; `local`: they keep apart only processes of this one. */
  readonly reach: "local file system" | "shared" | "local" | "unknown";
  readonly reason: string;
}

const LOCAL = new Set(["ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "f2fs", "bcachefs", "ramfs"]);

/**
 * Judges the mount that holds `path`.
 *
 * @param mountInfo  text of `/proc/self/mountinfo`
 * @param path  absolute, without symbolic links
 */
export function judgeMount(mountInfo: string, path: string): MountVerdict {
  let best: { point: string; fileSystem: string; options: string } | undefined;
  for (const line of mountInfo.split("\n")) {
    const [mount, device] = line.split(" - ");
    const fields = mount?.split(" ") ?? [];
    const point = fields[4]?.replace(/\\(\d{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    if (point === undefined || device === undefined) continue;
    const isAbove = path === point || path.startsWith(point === "/" ? "/" : `${point}/`);
    // Of mounts over one point the last is the one that is seen.
    if (!isAbove || (best && best.point.length > point.length)) continue;
    const [fileSystem = "", , superOptions = ""] = device.split(" ");
    best = { point, fileSystem, options: [fields[5], superOptions].filter(Boolean).join(",") };
  }
  if (!best) return { fileSystem: "unknown", options: "", reach: "unknown", reason: "no mount found" };
  return { fileSystem: best.fileSystem, options: best.options, ...reachOf(best.fileSystem, best.options.split(",")) };
}

function reachOf(kind: string, options: readonly string[]): Pick<MountVerdict, "reach" | "reason"> {
  const has = (option: string) => options.includes(option);
  if (LOCAL.has(kind)) return { reach: "local file system", reason: "one machine, one kernel" };
  if (kind.startsWith("nfs")) {
    const local = options.find((option) => /^local_lock=(all|flock)$/.test(option));
    if (has("nolock") || local) return { reach: "local", reason: `mounted with ${local ?? "nolock"}` };
    return { reach: "shared", reason: "locks go to the NFS server" };
  }
  if (kind === "lustre") {
    if (has("flock")) return { reach: "shared", reason: "mounted with flock" };
    return { reach: "local", reason: has("localflock") ? "mounted with localflock" : "mounted without flock" };
  }
  if (kind === "fuse.glusterfs") return { reach: "shared", reason: "locks go to the GlusterFS servers" };
  if (kind.startsWith("fuse")) return { reach: "unknown", reason: "FUSE: it depends on the program behind the mount" };
  return { reach: "unknown", reason: "not a file system that is known here" };
}
