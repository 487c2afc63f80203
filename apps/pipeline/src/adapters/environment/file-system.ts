/** Which file system a directory is on. */

import { statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { FileSystemFacts } from "../../ports/environment.ts";

/** Numbers of statfs(2). */
const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x2fc12fc1, "zfs"],
  [0x794c7630, "overlay"],
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
  [0x6969, "nfs"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x517b, "smb"],
  [0x65735546, "fuse"],
  [0x0bd00bd0, "lustre"],
  [0x00c36400, "ceph"],
  [0x47504653, "gpfs"],
  [0x19830326, "beegfs"],
  [0x01021997, "9p"],
]);
const NETWORK = new Set(["nfs", "cifs", "smb2", "smb", "fuse", "lustre", "ceph", "gpfs", "beegfs", "9p"]);
const MEMORY = new Set(["tmpfs", "ramfs"]);

/** @throws Error of the system when no directory above `path` can be looked at */
export function fileSystemOf(path: string): FileSystemFacts {
  let existing = resolve(path);
  for (;;) {
    try {
      const { type, bavail, bsize, blocks } = statfsSync(existing);
      const number = type >>> 0;
      const typeName = TYPE_NAMES.get(number) ?? `0x${number.toString(16)}`;
      return {
        typeName,
        isNetwork: NETWORK.has(typeName),
        isMemory: MEMORY.has(typeName),
        freeBytes: bavail * bsize,
        totalBytes: blocks * bsize,
        deviceId: String(statSync(existing).dev),
      };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== "ENOENT" && code !== "ENOTDIR") || existing === dirname(existing)) throw error;
      existing = dirname(existing);
    }
  }
}
