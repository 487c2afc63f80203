/** The ways to lock that can be tested by name. */

import type { LockPrimitive } from "../primitive.ts";
import { fcntl, flock, ofd } from "./kernel-lock.node.ts";

export const primitives: ReadonlyMap<string, LockPrimitive> = new Map(
  [flock, fcntl, ofd].map((primitive) => [primitive.name, primitive]),
);
