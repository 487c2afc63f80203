/** Tables held in memory, so that tests can change any byte of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type ByteSource, TableIoError, type TableSources } from "../src/node.ts";

/** The files of a folder by their path in it, with "/" between the parts. */
export function loadFiles(root: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(root, path), new Uint8Array(readFileSync(path)));
  }
  return files;
}

/** A file system of those files. Reading beyond the end of a file is a defect of the reader, hence no tagged error. */
export function sourcesOf(files: ReadonlyMap<string, Uint8Array>): TableSources {
  return {
    exists: (path) => files.has(path),
    open: (path): ByteSource => {
      const bytes = files.get(path);
      if (bytes === undefined) throw new TableIoError(path, "open it", new Error("no such file"));
      return {
        name: path,
        sizeBytes: bytes.length,
        read: (target, offsetBytes) => {
          if (!(offsetBytes >= 0 && offsetBytes + target.length <= bytes.length)) {
            throw new Error(`${path}: read of ${target.length} bytes at ${offsetBytes} outside the file`);
          }
          target.set(bytes.subarray(offsetBytes, offsetBytes + target.length));
        },
        close: () => {},
      };
    },
  };
}
