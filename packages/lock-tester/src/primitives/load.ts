/** A primitive by its name, or from a module of the caller's. */

import { pathToFileURL } from "node:url";
import { LockTesterError } from "../errors.ts";
import type { LockPrimitive } from "../primitive.ts";
import { primitives } from "./index.ts";

const MODULE = /^module:(\/[^#]+)#(\w+)$/;

/** @throws LockTesterError `usage` when there is none of that name */
export async function loadPrimitive(name: string): Promise<LockPrimitive> {
  const known = primitives.get(name);
  if (known) return known;
  const parts = MODULE.exec(name);
  if (!parts) {
    const names = [...primitives.keys()].join(", ");
    throw new LockTesterError(
      "usage",
      `no primitive "${name}": expected one of ${names}, or module:/path/to.ts#export`,
    );
  }
  const [, path = "", exportName = ""] = parts;
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new LockTesterError("usage", `${path}: cannot be loaded: ${(error as Error).message}`, { cause: error });
  }
  const found = module[exportName];
  if (!isPrimitive(found)) throw new LockTesterError("usage", `${path}: "${exportName}" is no primitive`);
  return found;
}

function isPrimitive(value: unknown): value is LockPrimitive {
  return typeof value === "object" && value !== null && "open" in value && "supports" in value && "owner" in value;
}
